"""Energy counters of a plant: what is counted, over which periods, and when those begin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

T = TypeVar("T")

PER_INVERTER = 4  # PV, charge, discharge (joules), running time (seconds)
_STATION = 5  # export, import, load, drawn, third party (joules)


@dataclass(frozen=True, slots=True)
class Energies:
    """Energies of a station in joules, each one direction and never negative.

    `drawn` is what the inverters took in on their AC side, to charge batteries; `third_party` what another maker's
    inverter gave. pv + discharge + grid_import + third_party = load + charge + grid_export.
    """

    pv: float
    charge: float
    discharge: float
    grid_export: float
    grid_import: float
    load: float
    drawn: float = 0.0
    third_party: float = 0.0


NOTHING = Energies(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class InverterEnergies:
    """Energies of one inverter and its batteries in joules, and its running time in seconds."""

    pv: float
    charge: float
    discharge: float
    running_seconds: float


@dataclass(frozen=True, slots=True)
class ByPeriod(Generic[T]):
    """The same quantity since station-local midnight, Monday, the first of the month, of the year, and ever."""

    today: T
    week: T
    month: T
    year: T
    lifetime: T


@dataclass(slots=True)
class Ledger:
    """Everything the plant carries from one step to the next.

    `totals` holds `PER_INVERTER` numbers for each inverter, then those of the station; `begins` the totals at the
    start of each running period; `stored` the joules in each battery; `day` the local date as an ordinal.
    """

    step: int
    day: int
    totals: list[float]
    stored: list[float]
    begins: dict[str, Sequence[float]]

    def copy(self) -> "Ledger":
        """An independent ledger with the same entries."""
        return Ledger(self.step, self.day, list(self.totals), list(self.stored), dict(self.begins))

    def begin_day(self, day: int) -> None:
        """Restart the periods that begin with local date `day`."""
        before, now, totals = date.fromordinal(self.day), date.fromordinal(day), tuple(self.totals)
        self.begins["today"] = totals
        if (self.day - 1) // 7 != (day - 1) // 7:
            self.begins["week"] = totals
        if (before.year, before.month) != (now.year, now.month):
            self.begins["month"] = totals
        if before.year != now.year:
            self.begins["year"] = totals
        self.day = day


def vector_length(inverters: int) -> int:
    """How many numbers the counters of a plant with so many inverters have."""
    return inverters * PER_INVERTER + _STATION


def station_energies(vector: Sequence[float]) -> Energies:
    """The station's view of a counter vector."""
    devices = vector[:-_STATION]
    sums = (sum(devices[kind::PER_INVERTER]) for kind in range(3))
    pv, charge, discharge = sums
    return Energies(pv, charge, discharge, *vector[-_STATION:])


def inverter_energies(vector: Sequence[float], index: int) -> InverterEnergies:
    """One inverter's view of a counter vector."""
    return InverterEnergies(*vector[index * PER_INVERTER : (index + 1) * PER_INVERTER])


def by_period(
    totals: Sequence[float], begins: Mapping[str, Sequence[float]], view: Callable[[Sequence[float]], T]
) -> ByPeriod[T]:
    """`view` of what each period has counted so far."""

    def since(period: str) -> T:
        return view([now - then for now, then in zip(totals, begins[period], strict=True)])

    return ByPeriod(since("today"), since("week"), since("month"), since("year"), view(totals))
