"""The energies of one station on its last seven local days; what is not known of a day is absent."""

from array import array
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Self

from sems_exporter.model.plant import DAY_ENERGY

DAYS = 7
_ABSENT = -1
_JOULES = 3600
"""Of a step; a day's energies are kept to the watt hour."""
_WHOLE = 0
"""In place of an instant: the portal has told the day after its end."""
LEAST_SHARE = 0.99
LEAST_MISSING = 0.1 * 1000 * _JOULES
"""A day may have this much less than what was read in the midst of it, because the portal rounds."""


class Energies(NamedTuple):
    """Joules of a day; None is not known."""

    pv: float | None = None
    load: float | None = None
    grid_import: float | None = None
    grid_export: float | None = None
    battery_charge: float | None = None
    battery_discharge: float | None = None


NOTHING = Energies()
MEASURED = tuple(f"{name}_energy_today" for name in Energies._fields)
"""The attributes of a station that they are."""
_WIDTH = len(Energies._fields) + 1
_EMPTY = array("q", [_ABSENT] * _WIDTH)


@dataclass(frozen=True, slots=True)
class DayTotal:
    """The energies of a day, of which `until` (Unix time) is known; None where it is the whole day."""

    energies: Energies
    until: float | None


class Week:
    """Takes 8 bytes a value and day. `newest` is the ordinal of the latest day."""

    __slots__ = ("_values", "newest")

    def __init__(self) -> None:
        self.newest: int | None = None
        self._values = _EMPTY * DAYS

    def read(self, day: date, energies: Energies, until: float) -> bool:
        """Note what the counters of the current day stood at; tells whether that is news."""
        if self.newest is not None and self.newest > day.toordinal():
            self._set_back(day.toordinal())
        self._advance(day.toordinal())
        before = self._slot(day)
        self._put(day, energies, max(_WHOLE + 1, int(until)))
        return self._slot(day) != before

    def tell(self, day: date, energies: Energies) -> None:
        """Note what the portal says of a day that is over.

        Nothing but zeros stands for no data as well, and what is less than was read that day is not all of it: both
        are passed over.
        """
        known = self.at(day)
        if self.newest is None or not 0 < self.newest - day.toordinal() < DAYS or not any(energies):
            return
        if known is None or all(map(_holds, energies, known.energies)):
            self._put(day, energies, _WHOLE)

    def at(self, day: date) -> DayTotal | None:
        """A day as far as it is known; None where nothing is."""
        if self.newest is None or not 0 <= self.newest - day.toordinal() < DAYS:
            return None
        *raw, until = self._slot(day)
        if until == _ABSENT:
            return None
        energies = Energies(*(None if value == _ABSENT else float(value * _JOULES) for value in raw))
        return DayTotal(energies, None if until == _WHOLE else float(until))

    def encoded(self) -> tuple[int, list[int]] | None:
        """The latest day and all values; None where there are none."""
        return None if self.newest is None else (self.newest, self._values.tolist())

    @classmethod
    def decoded(cls, newest: int, values: object) -> Self:
        """What `encoded` gave; ValueError for anything else."""
        week = cls()
        if not isinstance(values, list) or len(values) != len(week._values):
            raise ValueError("another number of values")
        if not all(type(value) is int and _ABSENT <= value <= DAY_ENERGY // _JOULES for value in values):
            raise ValueError("an impossible value")
        week.newest, week._values = newest, array("q", values)
        return week

    def _slot(self, day: date) -> "array[int]":
        start = day.toordinal() % DAYS * _WIDTH
        return self._values[start : start + _WIDTH]

    def _put(self, day: date, energies: Energies, until: int) -> None:
        start = day.toordinal() % DAYS * _WIDTH
        raw = [_ABSENT if value is None else round(value / _JOULES) for value in energies]
        self._values[start : start + _WIDTH] = array("q", [*raw, until])

    def _advance(self, day: int) -> None:
        """Make room for `day`, if it is later than all others."""
        for later in range(max(self.newest or 0, day - DAYS) + 1, day + 1):
            self._clear(later)
        self.newest = day

    def _set_back(self, day: int) -> None:
        """Forget what is from after `day`: the clock was set back, and nobody knows when that was."""
        for later in range(day + 1, min(self.newest or day, day + DAYS) + 1):
            self._clear(later)

    def _clear(self, day: int) -> None:
        start = day % DAYS * _WIDTH
        self._values[start : start + _WIDTH] = _EMPTY


def _holds(whole: float | None, part: float | None) -> bool:
    """Tell whether a day's energy can be `whole` where it was `part` already."""
    return part is None or (whole is not None and whole >= part * LEAST_SHARE - LEAST_MISSING)
