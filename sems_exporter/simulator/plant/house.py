"""The house: what it draws at an instant."""

from math import exp

from sems_exporter.simulator.plant.noise import smooth, uniform
from sems_exporter.simulator.plant.specs import EvChargerSpec, HouseSpec

_SLOT = 600  # seconds; at most one spike begins in a slot
_WAKING_HOURS = 17.0


def load_watts(house: HouseSpec, seed: int, timestamp: float, local_seconds: float) -> float:
    """The draw at `timestamp`; `local_seconds` is the time of the local day, which the habits follow."""
    hour = local_seconds / 3600.0
    base = house.base_watts * (0.8 + 0.4 * smooth(seed, "base", timestamp, 900.0))
    morning = house.morning_peak_watts * _bump(hour, 7.4, 0.9)
    evening = house.evening_peak_watts * _bump(hour, 19.0, 1.7)
    mood = 0.55 + 0.9 * smooth(seed, "mood", timestamp, 5_400.0)
    return base + (morning + evening) * mood + _spike(house, seed, timestamp, hour)


def ev_session(charger: EvChargerSpec, seed: int, day: int) -> tuple[float, float]:
    """When a car charges on a local day (an ordinal), in seconds of that day; (0, 0) when none comes."""
    if uniform(seed, "ev-evening", day) >= charger.evenings:
        return 0.0, 0.0
    begin = 18.0 * 3600.0 + int(uniform(seed, "ev-begin", day) * 120.0) * 60.0
    watt_hours = charger.session_watt_hours * (0.6 + 0.8 * uniform(seed, "ev-energy", day))
    minutes = min(220.0, watt_hours / charger.rated_watts * 60.0 // 1.0)
    return begin, begin + minutes * 60.0


def ev_watts(charger: EvChargerSpec | None, seed: int, day: int, local_seconds: float) -> float:
    """What the charger draws at an instant of a local day."""
    if charger is None:
        return 0.0
    begin, end = ev_session(charger, seed, day)
    return charger.rated_watts if begin <= local_seconds < end else 0.0


def _bump(hour: float, centre: float, width: float) -> float:
    distance = (hour - centre) / width
    return exp(-0.5 * distance * distance)


def _spike(house: HouseSpec, seed: int, timestamp: float, hour: float) -> float:
    if not 6.0 <= hour < 6.0 + _WAKING_HOURS:
        return 0.0
    slot, within = divmod(timestamp, _SLOT)
    chance = house.spikes_per_day * _SLOT / (_WAKING_HOURS * 3600.0)
    if uniform(seed, "spike", int(slot)) >= chance:
        return 0.0
    begin = uniform(seed, "spike-begin", int(slot)) * 300.0
    return house.spike_watts if begin <= within < begin + 240.0 else 0.0
