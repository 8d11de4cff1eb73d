"""A plant minute by minute: what it did, and for days before the simulation what it may have done.

Powers in watts, with the signs of the flow: battery + discharge, grid + export.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sems_exporter.simulator.plant.battery import capacity_joules
from sems_exporter.simulator.plant.history import Paths
from sems_exporter.simulator.plant.house import ev_watts, load_watts
from sems_exporter.simulator.plant.solver import STEP_SECONDS, StepPowers, local_day, possible_watts
from sems_exporter.simulator.plant.specs import PlantSpec

_NOON = 12.0
_SKY_STEPS = 5  # of an estimated day the sky is looked at every so many minutes
_HALVINGS = 60


class Minute(NamedTuple):
    """One minute from `timestamp` (seconds since the epoch) on; `charge` is the state of charge, 0 to 1."""

    timestamp: int
    pv_watts: float
    battery_watts: float
    third_watts: float
    load_watts: float
    grid_watts: float
    charge: float | None


def of_step(spec: PlantSpec, step: int, powers: StepPowers, stored: Sequence[float]) -> Minute:
    """A minute that was simulated."""
    capacity = sum(map(capacity_joules, spec.batteries))
    return Minute(
        step * STEP_SECONDS,
        sum(powers.pv_watts),
        sum(powers.battery_watts),
        powers.third_watts,
        powers.load_watts,
        powers.grid_watts,
        sum(stored) / capacity if capacity else None,
    )


def day_bounds(zone: ZoneInfo, day: date) -> tuple[int, int]:
    """The timestamps of a local date's two midnights."""
    begin, end = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (day, day + timedelta(days=1)))
    return int(begin.timestamp()), int(end.timestamp())


def estimated(spec: PlantSpec, zone: ZoneInfo, day: date, paths: Paths) -> list[Minute]:
    """The minutes of a day of which only the energies are known, which are their exact integrals.

    Sun, clouds and house are those of the live plant at these instants, scaled to the day. PV feeds the house first,
    then fills the batteries, and the rest is exported; from noon on the batteries give the house what PV does not.
    """
    times = range(*day_bounds(zone, day), STEP_SECONDS)
    pv, third = _sun(spec, times, paths)
    sun = [own + other for own, other in zip(pv, third, strict=True)]
    hours, habits = _habits(spec, zone, times)
    direct = _filled(habits, sun, paths.direct / STEP_SECONDS)
    scale = max(used / (habit or 1.0) for used, habit in zip(direct, habits, strict=True)) or 1.0
    night = spec.night_charge
    cheap = [float(night is not None and night.from_hour <= hour < night.to_hour) for hour in hours]
    discharged = paths.discharged + paths.bought * _kept(spec)
    lacking = [habit * scale - used for used, habit in zip(direct, habits, strict=True)]
    drawn = _drawn(lacking, cheap, discharged, paths.drawn_by_house)
    surplus = [light - used for light, used in zip(sun, direct, strict=True)]
    bought = _filled(cheap, None, paths.bought / STEP_SECONDS)
    most = sum(battery.max_charge_watts for battery in spec.batteries)
    stored = _in_turn(surplus, most, range(len(times)), paths.stored / STEP_SECONDS)
    later = [place for place, hour in enumerate(hours) if hour >= _NOON]
    earlier = [place for place, hour in enumerate(hours) if hour < _NOON and not cheap[place]]
    most = sum(battery.max_discharge_watts for battery in spec.batteries)
    given = _in_turn(drawn, most, [*later, *earlier], discharged / STEP_SECONDS)
    minutes = []
    for place, timestamp in enumerate(times):
        battery = given[place] - stored[place] - bought[place]
        grid = surplus[place] - stored[place] - (drawn[place] - given[place]) - bought[place]
        minutes.append(Minute(timestamp, pv[place], battery, third[place], direct[place] + drawn[place], grid, None))
    return _charged(spec, minutes)


def _sun(spec: PlantSpec, times: Sequence[int], paths: Paths) -> tuple[list[float], list[float]]:
    """What the sky gives the plant's own modules and those of another maker, minute by minute."""
    sky = [possible_watts(spec, instant) for instant in times[::_SKY_STEPS]]
    rated = sum(inverter.rated_watts for inverter in spec.inverters)
    other = spec.third_party.rated_watts if spec.third_party else 0.0

    def given(powers: Sequence[float], limit: float, joules: float) -> list[float]:
        return _filled(_between(powers, len(times)), [limit] * len(times), joules / STEP_SECONDS)

    return given([own for own, _ in sky], rated, paths.pv), given([o for _, o in sky], other, paths.third_party)


def _drawn(lacking: Sequence[float], cheap: Sequence[float], discharged: float, bought: float) -> list[float]:
    """What the house draws from batteries and grid; while these are charged at a cheap tariff, from the grid alone."""
    by_night = [watts * share for watts, share in zip(lacking, cheap, strict=True)]
    by_day = [watts - other for watts, other in zip(lacking, by_night, strict=True)]
    whole = discharged + bought
    at_night = min(bought, whole * sum(by_night) / (sum(lacking) or 1.0))
    parts = (_filled(by_night, None, at_night / STEP_SECONDS), _filled(by_day, None, (whole - at_night) / STEP_SECONDS))
    return [one + other for one, other in zip(*parts, strict=True)]


def _habits(spec: PlantSpec, zone: ZoneInfo, times: Sequence[int]) -> tuple[list[float], list[float]]:
    """The hour of the local day and what the house and its car draw, minute by minute."""
    hours, watts = [], []
    for timestamp in times:
        day, seconds = local_day(zone, timestamp)
        hours.append(seconds / 3600.0)
        house = load_watts(spec.house, spec.seed, timestamp, seconds)
        watts.append(house + ev_watts(spec.ev_charger, spec.seed, day, seconds))
    return hours, watts


def _between(coarse: Sequence[float], count: int) -> list[float]:
    """`count` values on straight lines through every `_SKY_STEPS`th."""
    following = [*coarse[1:], coarse[-1]]
    return [
        first + (second - first) * part / _SKY_STEPS
        for first, second in zip(coarse, following, strict=True)
        for part in range(_SKY_STEPS)
    ][:count]


def _filled(weights: Sequence[float], limits: Sequence[float] | None, total: float) -> list[float]:
    """Spread `total` by weights, nowhere above the limits; evenly or beyond them where it cannot be otherwise."""
    if limits is None or sum(limit for weight, limit in zip(weights, limits, strict=True) if weight) <= total:
        weights, whole = (weights, sum(weights)) if sum(weights) else ([1.0] * len(weights), len(weights))
        return [weight * total / whole for weight in weights]
    low, high = 0.0, total / sum(weights)
    while _cut_sum(weights, limits, high) < total:
        low, high = high, high * 2.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _cut_sum(weights, limits, middle) < total else (low, middle)
    return [min(weight * high, limit) for weight, limit in zip(weights, limits, strict=True)]


def _cut_sum(weights: Sequence[float], limits: Sequence[float], scale: float) -> float:
    return sum(min(weight * scale, limit) for weight, limit in zip(weights, limits, strict=True))


def _in_turn(limits: Sequence[float], most: float, places: Sequence[int], total: float) -> list[float]:
    """Take from the limits, place after place and `most` at once if that is enough, until `total` is reached."""
    taken = [0.0] * len(limits)
    for at_once in (most, inf):
        for place in places:
            more = min(min(limits[place], at_once) - taken[place], total)
            taken[place] += more
            total -= more
    return taken


def _kept(spec: PlantSpec) -> float:
    """What a round trip through a battery keeps."""
    return min((battery.efficiency for battery in spec.batteries), default=1.0) ** 2


def _charged(spec: PlantSpec, minutes: list[Minute]) -> list[Minute]:
    """The same with the state of charge, whose lowest is the lowest allowed."""
    capacity = sum(map(capacity_joules, spec.batteries))
    if not capacity:
        return minutes
    kept = _kept(spec) ** 0.5
    level, levels = 0.0, []
    for minute in minutes:
        levels.append(level)
        watts = minute.battery_watts
        level -= watts * STEP_SECONDS * (1.0 / kept if watts > 0.0 else kept)
    lowest = min(battery.min_state_of_charge for battery in spec.batteries)
    base = lowest - min(levels) / capacity
    return [m._replace(charge=min(1.0, base + own / capacity)) for m, own in zip(minutes, levels, strict=True)]
