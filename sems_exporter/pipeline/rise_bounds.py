"""How fast a counter can grow at most: no honest plant is faster, and what is faster is no energy.

The portal tells what an inverter and a plant are rated at. House and grid connection have no rating there, so they are
taken for some multiple of the plant.
"""

from sems_exporter.model.plant import Inverter, Meter, Station
from sems_exporter.model.schema import Entity, measures

PEAK_SHARE = 2.0
"""DC side and battery by AC rating: GoodWe allows modules of twice the power, and a battery is charged beside."""
LEAST_POWER = 5e3
"""Watts that any device may have, whatever its rating says: some are typed in by hand."""
UNRATED_POWER = 350e3
"""Watts of the largest string inverter of the maker, where nothing is known."""
CONNECTION_SHARE = 10.0
"""Grid connection by installed power: a works may have a few modules on its roof."""
LEAST_CONNECTION = 100e3
UNRATED_CONNECTION = 1e6
HOUSE_POWER = 20e3
"""Watts that a house takes at night at most: it heats, and charges a vehicle."""
MOMENT_SHARE = 3.0
MOMENT_POWER = 3e3
"""What a plant gave or took since midnight on average, by what it does now, and watts that it may have done anyhow."""
RUNNING_POWER = 1e3
"""Watts that are told as energy within minutes, so that a 0 beside them is none."""
CLOCK_SHARE = 4.0
"""Seconds of operation in a second; so many that whole hours may come at once."""


def rate(scope: Entity, name: str, station: Station) -> float | None:
    """The most that counter `name` of `scope` can grow by in a second; None for money, which has no bound."""
    unit = measures(type(scope))[name].unit
    if unit == "seconds":
        return CLOCK_SHARE
    if unit != "joules":
        return None
    if isinstance(scope, Meter) or name.startswith(("grid_", "load_")):
        size = _size(station)
        return UNRATED_CONNECTION if size is None else max(CONNECTION_SHARE * size, LEAST_CONNECTION)
    return _plant_rate(scope, station)


def night_rate(scope: Entity, name: str, station: Station) -> float | None:
    """Estimate the most it grows by soon after midnight, when yesterday's energy may still stand for today's."""
    most = rate(scope, name, station)
    return None if most is None else min(most, max(_plant_rate(scope, station), HOUSE_POWER))


def first_rate(scope: Entity, name: str, station: Station) -> float | None:
    """Estimate the same where nobody saw midnight, so that the powers of this moment are all there is to go by."""
    power, most = power_of(scope, name, station), night_rate(scope, name, station)
    return most if power is None or most is None else min(most, max(MOMENT_SHARE * power, MOMENT_POWER))


def power_of(scope: Entity, name: str, station: Station) -> float | None:
    """Return the watts of this moment that the counter `name` adds up, of `scope` or else of its station."""
    of_power = name.partition("_energy")[0] + "_power"
    told = (getattr(each, of_power, None) for each in (scope, station))
    return next((watts for watts in told if watts is not None), None)


def _plant_rate(scope: Entity, station: Station) -> float:
    """The most joules in a second that modules and batteries of `scope` can turn over."""
    size = (scope.rated_power if isinstance(scope, Inverter) else None) or _size(station)
    return UNRATED_POWER if size is None else PEAK_SHARE * max(size, LEAST_POWER)


def _size(station: Station) -> float | None:
    """Watts of the whole plant, the larger of modules and inverters."""
    ratings = [inverter.rated_power for inverter in station.inverters]
    rated = sum(rating for rating in ratings if rating is not None) if None not in ratings else 0.0
    return max(station.installed_power or 0.0, rated) or None
