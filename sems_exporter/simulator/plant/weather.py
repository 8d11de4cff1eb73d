"""The sky and the air over a plant: repeatable, and a function of the instant only."""

from math import cos, pi

from sems_exporter.simulator.plant.noise import smooth

_DAY = 86400.0
_YEAR = 365.2425 * _DAY
# Fronts of days, fields of hours, single clouds of minutes: (topic, seconds, weight).
_OCTAVES = (
    ("front", 1.4 * _DAY, 0.45),
    ("field", 14_400.0, 0.27),
    ("bank", 2_700.0, 0.18),
    ("cloud", 480.0, 0.10),
)


def cloud_cover(seed: int, timestamp: float) -> float:
    """The covered share of the sky, 0 to 1."""
    mean = sum(weight * smooth(seed, topic, timestamp, period) for topic, period, weight in _OCTAVES)
    return min(1.0, max(0.0, 0.42 + 2.4 * (mean - 0.5)))


def air_temperature(seed: int, timestamp: float, latitude: float, longitude: float) -> float:
    """The air in degrees Celsius: climate by latitude, season, time of the solar day, and some weather."""
    height = min(1.0, abs(latitude) / 60.0)
    side = 1.0 if latitude >= 0.0 else -1.0
    # Warmest about 20 July in the north and at 15 h solar time everywhere.
    season = cos(2.0 * pi * (timestamp / _YEAR - 0.55)) * 9.0 * height * side
    time_of_day = cos(2.0 * pi * (timestamp / _DAY + longitude / 360.0 - 0.625)) * 4.0
    front = (smooth(seed, "air", timestamp, 2.0 * _DAY) - 0.5) * 8.0
    return 24.5 - 15.0 * height + season + time_of_day + front
