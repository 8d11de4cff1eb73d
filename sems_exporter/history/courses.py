"""How the energy of a day came together: the portal's number for the day is the truth, its curve only the shape."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import accumulate, pairwise

from sems_exporter.history.days import MINUTE, Day
from sems_exporter.model.plant import KWH

AGREE_SHARE = 0.05
AGREE_JOULES = 0.1 * KWH
"""How far the curve's integral may be off the day's energy and still be its shape; the portal rounds to 0.1 kWh."""
LONGEST_SPACING = 15 * MINUTE

ENERGIES = (
    "pv_energy",
    "load_energy",
    "grid_import_energy",
    "grid_export_energy",
    "battery_charge_energy",
    "battery_discharge_energy",
    "self_consumption_energy",
)
"""What the portal counts by day, by the name that is that of the lifetime counter or, with _today, of the day's."""


class Basis(Enum):
    """What is known of the energy of a day."""

    CURVE = "curve"
    """The energy, and how it came."""
    DAY = "day"
    """The energy alone: there is no curve."""
    DIFFERS = "differs"
    """The energy; the curve has another one, so that it is not believed."""
    UNKNOWN = "unknown"
    """Nothing official. What the curve has is taken for the level of the days before."""


@dataclass(frozen=True, slots=True)
class Course:
    """The joules of a day, and the share of them that had come at each of `instants`.

    `integral` are those of the curve, None where there is none.
    """

    day: Day
    joules: int
    basis: Basis
    integral: float | None = None
    instants: Sequence[int] = ()
    shares: Sequence[float] = ()

    def until(self, instant: float) -> int:
        """Joules from midnight to an instant of the day; evenly spread where the curve does not tell."""
        if instant <= self.day.start:
            return 0
        if instant >= self.day.end:
            return self.joules
        if self.shares:
            place = bisect_right(self.instants, instant)
            return int(self.joules * self.shares[place - 1]) if place else 0
        return int(self.joules * (instant - self.day.start) / (self.day.end - self.day.start))


def course(day: Day, minutes_by_name: Mapping[str, Mapping[int, float]], energy: str, step: int) -> Course:
    """How `energy`, one of ENERGIES, came together on a day, from one multiple of `step` seconds to the next."""
    minutes = _minutes(day, minutes_by_name, energy)
    spacing = _spacing(minutes)
    sums = list(accumulate(max(0.0, watts) * spacing for watts in minutes.values()))
    integral = sums[-1] if sums else 0.0
    official = day.energies.get(energy)
    if official == 0 and integral > AGREE_JOULES:
        # A 0 for a whole day stands for "no reading", too.
        official = None
    joules = round(integral) if official is None else official
    if official is None:
        basis = Basis.UNKNOWN
    elif not minutes or (joules and not integral):
        basis = Basis.DAY
    elif abs(integral - joules) > max(AGREE_SHARE * joules, AGREE_JOULES):
        basis = Basis.DIFFERS
    else:
        basis = Basis.CURVE
    course = Course(day, joules, basis, integral if minutes else None)
    if basis is not Basis.CURVE:
        return course
    ends = [instant + spacing for instant in minutes]
    instants = array("q", grid(day.start, day.end, step))
    places = (bisect_right(ends, instant) for instant in instants)
    shares = array("d", (sums[place - 1] / (integral or 1.0) if place else 0.0 for place in places))
    return replace(course, instants=instants, shares=shares)


def grid(begin: int, end: int, step: int) -> Iterable[int]:
    """The multiples of `step` after `begin` and up to `end`."""
    return range(begin - begin % step + step, end + 1, step)


def _minutes(day: Day, by_name: Mapping[str, Mapping[int, float]], energy: str) -> Mapping[int, float]:
    """The power that the energy comes of, in order of time."""
    if energy == "self_consumption_energy":
        load, bought = (by_name.get(name, {}) for name in ("load_power", "grid_import_power"))
        found = {at: max(0.0, watts - bought[at]) for at, watts in load.items() if at in bought}
    else:
        found = dict(by_name.get(energy.replace("_energy", "_power"), {}))
    return dict(sorted((at, watts) for at, watts in found.items() if day.start <= at < day.end))


def _spacing(minutes: Mapping[int, float]) -> int:
    """Seconds from one point of the curve to the next, as most of them have it."""
    apart = Counter(later - earlier for earlier, later in pairwise(minutes))
    usual = apart.most_common(1)[0][0] if apart else MINUTE
    return min(usual, LONGEST_SPACING)
