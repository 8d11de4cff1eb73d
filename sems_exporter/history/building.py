"""Files of a set of stations, month by month, from what is in the archive and what a store already has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from sems_exporter.exposition.samples import label
from sems_exporter.history import openmetrics
from sems_exporter.history.archive import Archive
from sems_exporter.history.courses import Basis
from sems_exporter.history.days import midnight
from sems_exporter.history.fetching import Span
from sems_exporter.history.further import Column, Further
from sems_exporter.history.past import Past, read_past
from sems_exporter.history.reckoning import Hole
from sems_exporter.history.series import Notes, Series, labelled, sample_names, series_of, within
from sems_exporter.history.store import Store
from sems_exporter.model.plant import Station
from sems_exporter.portal.past import SETTLES

STATIONS_PER_FILE = 5
"""So many are in memory at once; three years of one take some 70 MB."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A station whose past is wanted, as it was read now, and the labels that scraping gives its series."""

    span: Span
    station: Station
    target: Mapping[str, str]


class Builder:
    """Makes files of the archive. `told` is called with each file that is written."""

    def __init__(
        self,
        archive: Archive,
        store: Store | None,
        step: int,
        told: Callable[[str], None],
        further: Sequence[Further] = (),
    ) -> None:
        self._archive = archive
        self._store = store
        self._step = step
        self._told = told
        self._further = further
        self.notes: Notes = {}
        self.files: list[str] = []
        self.samples = 0

    def build(self, wanted: Sequence[Wanted]) -> None:
        """Write the files of all stations."""
        for number, first in enumerate(range(0, len(wanted), STATIONS_PER_FILE)):
            self._build(wanted[first : first + STATIONS_PER_FILE], f"-{number + 1}" if number else "")

    def _build(self, wanted: Sequence[Wanted], part: str) -> None:
        pasts = [read_past(self._archive, each.span, each.station, self._step) for each in wanted]
        limits = [self._limits(each, past) for each, past in zip(wanted, pasts, strict=True)]
        holes = [self._holes(each, *limit) for each, limit in zip(wanted, limits, strict=True)]
        columns = [self._columns(*each) for each in zip(wanted, pasts, limits, strict=True)]
        for past in pasts:
            _tell(past, self.notes)
        for begin, end in openmetrics.months(min(first for first, _ in limits), max(last for _, last in limits)):
            found = [
                series
                for each, past, own, further in zip(wanted, pasts, holes, columns, strict=True)
                for series in (
                    *series_of(past, within(own, begin, end), each.target, step=self._step, notes=self.notes),
                    *(Series(one.family, one.labels, one.between(begin, end)) for one in further),
                )
            ]
            # One family after the other, and within it one station after the other.
            name = openmetrics.write(self._archive.openmetrics, begin, found, part)
            if name is not None:
                self.files.append(name)
                self.samples += sum(len(series.samples) for series in found)
                self._told(name)

    def _limits(self, wanted: Wanted, past: Past) -> tuple[int, int]:
        """The first and the last instant that may be written."""
        known = [course.day.start for total in past.totals.values() for course in total.courses if _says(course.basis)]
        known += [day.start for day in past.days if day.powers]
        first = max(midnight(wanted.span.first, past.zone), min(known, default=past.days[-1].start))
        youngest = past.station.fetched_at - SETTLES
        return first, min(int(youngest.timestamp()), past.days[-1].end, _end_of(wanted.span, past))

    def _holes(self, wanted: Wanted, begin: int, end: int) -> dict[str, list[Hole]]:
        names = sample_names()
        found = self._found(wanted, begin, end, list(names.values()), {})
        return {attribute: found[name] for attribute, name in names.items()}

    def _columns(self, wanted: Wanted, past: Past, limits: tuple[int, int]) -> list[Column]:
        """The further series of a station, with all their labels."""
        find = partial(self._found, wanted, *limits)
        own = label("station", wanted.station.id)
        return [
            replace(column, labels=labelled(wanted.target, f"{own},{column.labels}" if column.labels else own))
            for make in self._further
            for column in make(past, find, self._step)
        ]

    def _found(
        self, wanted: Wanted, begin: int, end: int, names: Sequence[str], further: Mapping[str, str]
    ) -> dict[str, list[Hole]]:
        """The holes of the station's series of these names and further labels."""
        if begin > end:
            return {name: [] for name in names}
        if self._store is None:
            return {name: [Hole(begin - 1, end)] for name in names}
        return self._store.holes(names, {**wanted.target, "station": wanted.station.id, **further}, begin, end)


def _says(basis: Basis) -> bool:
    return basis is not Basis.UNKNOWN


def _end_of(span: Span, past: Past) -> int:
    last = [day.end for day in past.days if day.date <= span.last]
    return last[-1] if last else past.days[0].start


def _tell(past: Past, notes: Notes) -> None:
    """Note on how many days curve and day differ, and of how many the portal tells no energy."""
    for name, total in past.totals.items():
        over = [course for course in total.courses if course.day.is_over]
        known = [number for number, course in enumerate(over) if _says(course.basis)]
        place = f"{past.station.name or past.station.id}: {name.replace('_', ' ')}"
        differing = [course.day.date for course in over if course.basis is Basis.DIFFERS]
        unknown = [course.day.date for course in over[min(known, default=0) :] if not _says(course.basis)]
        if differing:
            notes[f"{past.station.id} {name} differs"] = (
                f"{place}: on {_days(differing)} the curve is more than 5 % off the portal's energy of the day; "
                "the day counts, and how it came is left out"
            )
        if known and unknown:
            notes[f"{past.station.id} {name} unknown"] = (
                f"{place}: of {_days(unknown)} the portal tells no energy; nothing is written of them, and what their "
                "curves have is taken for the height of the counter before"
            )


def _days(dates: Sequence[date]) -> str:
    return f"{len(dates)} days from {dates[0]} on" if len(dates) > 1 else f"one day, {dates[0]},"
