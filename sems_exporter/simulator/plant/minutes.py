"""A plant minute by minute: what it did, and for days before the simulation what it may have done.

Powers in watts, with the signs of the flow: battery + discharge, grid + export.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from math import radians, sin
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sems_exporter.simulator.plant.battery import capacity_joules
from sems_exporter.simulator.plant.history import Paths
from sems_exporter.simulator.plant.solver import STEP_SECONDS, StepPowers, local_day
from sems_exporter.simulator.plant.specs import PlantSpec
from sems_exporter.simulator.plant.sun import sun_position


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

    PV, and all that it feeds, follows the sun; the battery is emptied between sunset and midnight; what the grid gives
    the house it gives before sunrise.
    """
    times = range(*day_bounds(zone, day), STEP_SECONDS)
    hours = [local_day(zone, timestamp)[1] / 3600.0 for timestamp in times]
    sun = [max(0.0, sin(radians(sun_position(t, spec.latitude, spec.longitude).elevation))) for t in times]
    night = spec.night_charge
    by_sun = _spread(sun)
    evening = _spread([float(light == 0.0 and hour >= 12.0) for light, hour in zip(sun, hours, strict=True)])
    early = _spread([float(light == 0.0 and hour < 12.0) for light, hour in zip(sun, hours, strict=True)])
    cheap = _spread([float(night is not None and night.from_hour <= hour < night.to_hour) for hour in hours])
    kept = min((battery.efficiency for battery in spec.batteries), default=1.0)
    discharged = paths.discharged + paths.bought * kept**2
    minutes = []
    for place, timestamp in enumerate(times):
        bought = paths.bought * cheap(place)
        battery = discharged * evening(place) - paths.stored * by_sun(place) - bought
        grid = paths.exported * by_sun(place) - paths.drawn_by_house * early(place) - bought
        pv, third = paths.pv * by_sun(place), paths.third_party * by_sun(place)
        minutes.append(Minute(timestamp, pv, battery, third, pv + third + battery - grid, grid, None))
    return _charged(spec, minutes, kept)


def _spread(weights: Sequence[float]) -> Callable[[int], float]:
    """How many watts one joule gives in the minute of a place, spread by these weights; evenly if there are none."""
    whole = sum(weights)
    if not whole:
        return lambda _: 1.0 / (len(weights) * STEP_SECONDS)
    return lambda place: weights[place] / (whole * STEP_SECONDS)


def _charged(spec: PlantSpec, minutes: list[Minute], kept: float) -> list[Minute]:
    """The same with the state of charge, whose lowest is the lowest allowed."""
    capacity = sum(map(capacity_joules, spec.batteries))
    if not capacity:
        return minutes
    level, levels = 0.0, []
    for minute in minutes:
        levels.append(level)
        watts = minute.battery_watts
        level -= watts * STEP_SECONDS * (1.0 / kept if watts > 0.0 else kept)
    lowest = min(battery.min_state_of_charge for battery in spec.batteries)
    base = lowest - min(levels) / capacity
    return [m._replace(charge=min(1.0, base + own / capacity)) for m, own in zip(minutes, levels, strict=True)]
