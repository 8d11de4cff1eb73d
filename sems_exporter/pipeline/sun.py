"""Where the sun stands over a station, so that an alert can ask "by daylight?" without another service."""

import math
from datetime import datetime, timedelta

HAURWITZ_IRRADIANCE = 1098.0
HAURWITZ_TURBIDITY = 0.057
STANDARD_IRRADIANCE = 1000.0
"""W/m² at which the installed power of modules is rated."""
TWILIGHT = -6.0
"""Degrees below which no module gives anything."""


def elevation(latitude: float, longitude: float, instant: datetime) -> float:
    """Degrees of the sun's centre above the horizon, refraction included; negative below it."""
    # Only stations with coordinates need it, and it takes 35 ms to import.
    from astral import Observer  # noqa: PLC0415
    from astral.sun import elevation as of_sun  # noqa: PLC0415

    return of_sun(Observer(latitude, longitude), instant)


def is_dark(latitude: float, longitude: float, start: datetime, end: datetime) -> bool:
    """Tell whether there has been no daylight from `start` to `end`, which are at most a day apart."""
    hours = range(int((end - start) / timedelta(hours=1)) + 1)
    instants = (*(start + timedelta(hours=hour) for hour in hours), end)
    return all(elevation(latitude, longitude, instant) < TWILIGHT for instant in instants)


def clear_sky_power(installed_power: float, sun_elevation: float) -> float:
    """Watts that a clear sky gives on horizontal modules of `installed_power` watts.

    Haurwitz's model of 1945 for the irradiance, which needs nothing but the elevation; good for asking whether a plant
    makes anything near what it could, not for billing.
    """
    height = math.sin(math.radians(sun_elevation))
    if height <= 0:
        return 0.0
    irradiance = HAURWITZ_IRRADIANCE * height * math.exp(-HAURWITZ_TURBIDITY / height)
    return installed_power * irradiance / STANDARD_IRRADIANCE
