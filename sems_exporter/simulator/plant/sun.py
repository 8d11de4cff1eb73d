"""Where the sun stands and what it sends through a clear sky.

The position follows the low-precision formulas of the Astronomical Almanac (good to about 0.01 degrees until 2050,
refraction left out); the clear sky is Meinel's attenuation by air mass with a tenth of it scattered. Good enough for a
demonstration, not for yield forecasts.
"""

from math import asin, atan2, cos, degrees, radians, sin
from typing import NamedTuple

_J2000 = 946_728_000.0  # 2000-01-01T12:00Z as a Unix timestamp
_SOLAR_CONSTANT = 1353.0  # W/m2 outside the atmosphere
_GROUND_REFLECTANCE = 0.2


class SunPosition(NamedTuple):
    """Elevation above the horizon and azimuth clockwise from north, both in degrees."""

    elevation: float
    azimuth: float


class Irradiance(NamedTuple):
    """Light under one sky, W/m2: straight from the sun (normal to it) and scattered (on the flat)."""

    direct: float
    diffuse: float


def sun_position(timestamp: float, latitude: float, longitude: float) -> SunPosition:
    """The sun seen from `latitude`, `longitude` (degrees, north and east positive) at a Unix `timestamp`."""
    days = (timestamp - _J2000) / 86400.0
    anomaly = radians((357.528 + 0.9856003 * days) % 360.0)
    mean_longitude = 280.460 + 0.9856474 * days
    ecliptic = radians((mean_longitude + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)) % 360.0)
    obliquity = radians(23.439 - 0.0000004 * days)
    declination = asin(sin(obliquity) * sin(ecliptic))
    right_ascension = atan2(cos(obliquity) * sin(ecliptic), cos(ecliptic))
    sidereal = radians((280.46062 + 360.98564737 * days + longitude) % 360.0)
    return _from_horizon(declination, sidereal - right_ascension, radians(latitude))


def _from_horizon(declination: float, hour_angle: float, latitude: float) -> SunPosition:
    sine = sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle)
    east = -cos(declination) * sin(hour_angle)
    north = cos(latitude) * sin(declination) - sin(latitude) * cos(declination) * cos(hour_angle)
    elevation = degrees(asin(max(-1.0, min(1.0, sine))))
    return SunPosition(elevation, degrees(atan2(east, north)) % 360.0)


def clear_sky(elevation: float) -> Irradiance:
    """Light of a cloudless sky for a sun at `elevation` degrees; dark below the horizon."""
    if elevation <= 0.0:
        return Irradiance(0.0, 0.0)
    sine = sin(radians(elevation))
    air_mass = 1.0 / (sine + 0.50572 * (elevation + 6.07995) ** -1.6364)
    direct = _SOLAR_CONSTANT * 0.7 ** (air_mass**0.678)
    return Irradiance(direct, 0.1 * direct * sine**0.5)


def under_clouds(sky: Irradiance, cover: float) -> Irradiance:
    """The same light under a cloud `cover` of 0 (clear) to 1 (overcast): less direct, at first more scattered."""
    direct = sky.direct * (1.0 - cover) ** 1.5
    scattered = 0.22 * (sky.direct * 0.6 + sky.diffuse) * cover * (1.25 - cover)
    return Irradiance(direct, sky.diffuse * (1.0 - 0.6 * cover) + scattered * min(1.0, sky.diffuse / 40.0))


def on_plane(light: Irradiance, sun: SunPosition, tilt: float, azimuth: float) -> float:
    """W/m2 on a plane tilted `tilt` degrees from the flat, facing `azimuth` degrees clockwise from north."""
    height, slope = radians(sun.elevation), radians(tilt)
    facing = cos(height) * sin(slope) * cos(radians(sun.azimuth - azimuth)) + sin(height) * cos(slope)
    level = light.direct * max(0.0, sin(height)) + light.diffuse
    sky_view, ground_view = (1.0 + cos(slope)) / 2.0, (1.0 - cos(slope)) / 2.0
    return light.direct * max(0.0, facing) + light.diffuse * sky_view + _GROUND_REFLECTANCE * level * ground_view
