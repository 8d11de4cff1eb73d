"""A station's past put together from the archive: its days, how their energies came, and what it is."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from sems_exporter.history.archive import Archive, Json, week_of
from sems_exporter.history.courses import ENERGIES, Basis, course
from sems_exporter.history.days import Day, dates, local_date, midnight, placed
from sems_exporter.history.fetching import Span, months, weeks
from sems_exporter.history.powers import means
from sems_exporter.history.reckoning import Sum
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station, TimeZone
from sems_exporter.model.schema import measures
from sems_exporter.portal import past as answers

COUNTERS = tuple(name for name in ENERGIES if name in measures(Station))
"""The lifetime counters of a station that the energies of days lead back from."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the counters are reckoned from: what they stood at, in joules, at the local midnight `at`."""

    at: int
    counters: Mapping[str, int]

    @classmethod
    def of(cls, station: Station, zone: TimeZone) -> "Reading":
        """The reading at the last midnight before the station was read: the counters without what is of today."""
        at = midnight(local_date(station.fetched_at.timestamp(), zone), zone)
        counters = {
            name: int(total) - round(getattr(station, f"{name}_today") or 0.0)
            for name in COUNTERS
            if (total := getattr(station, name)) is not None
        }
        return cls(at, counters)

    def as_json(self) -> dict[str, Json]:
        """For the archive."""
        return {"at": self.at, "counters": dict(self.counters)}

    @classmethod
    def from_json(cls, document: Mapping[str, Json]) -> "Reading | None":
        """From the archive; None where it is not whole."""
        at, counters = document.get("at"), document.get("counters")
        if not isinstance(at, int) or not isinstance(counters, dict):
            return None
        return cls(at, {name: value for name, value in counters.items() if isinstance(value, int)})


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a station's past. `station` is as it was read now, `totals` are by attribute of ENERGIES."""

    station: Station
    zone: TimeZone
    days: tuple[Day, ...]
    totals: Mapping[str, Sum]
    reading: Reading

    def today(self, name: str, begin: float = -math.inf, end: float = math.inf) -> dict[int, float]:
        """An energy of the day so far, at the instants of the days that lie between `begin` and `end`.

        At the last second of a day it is all of it, so that the highest is the day's energy.
        """
        samples: dict[int, float] = {}
        for one in self.totals[name].courses:
            if one.basis is Basis.UNKNOWN or one.day.end < begin or one.day.start > end:
                continue
            if one.basis is Basis.CURVE:
                samples |= {t: float(one.until(t)) for t in one.instants if t < one.day.end}
            if one.day.is_over:
                samples[one.day.end - 1] = float(one.joules)
        return samples


def read_past(archive: Archive, span: Span, station: Station, step: int) -> Past:
    """The past of a station from `span.first` on until it was read, in steps of so many seconds."""
    energies, now = energies_by_date(archive, span), int(station.fetched_at.timestamp())
    today = local_date(now, span.zone)
    so_far = {name: round(told) for name in ENERGIES if (told := getattr(station, f"{name}_today")) is not None}
    days, courses = [], []
    for day, minutes in _with_minutes(archive, span, dates(span.first, today)):
        bare = Day(
            day, midnight(day, span.zone), midnight(day + timedelta(days=1), span.zone), energies=energies.get(day, {})
        )
        if day == today:
            bare = replace(bare, end=max(bare.start + 1, now), is_over=False, energies=so_far)
        days.append(replace(bare, powers=means(bare, minutes, step)))
        courses.append({name: course(days[-1], minutes, name, step) for name in ENERGIES})
    totals = {name: Sum([of_day[name] for of_day in courses]) for name in ENERGIES}
    reading = _settled_reading(archive, span, Reading.of(station, span.zone), totals)
    return Past(station, span.zone, tuple(days), totals, reading)


def _settled_reading(archive: Archive, span: Span, reading: Reading, totals: Mapping[str, Sum]) -> Reading:
    """The reading that earlier runs went by, so that all files are reckoned to the same joule, else this one."""
    kept = Reading.from_json(archive.reading(span.station))
    if kept is not None and kept.at >= midnight(span.first, span.zone):
        new = {name: value - totals[name].between(kept.at, reading.at) for name, value in reading.counters.items()}
        reading = Reading(kept.at, {**new, **kept.counters})
    archive.keep_reading(span.station, reading.as_json())
    return reading


def energies_by_date(archive: Archive, span: Span) -> dict[date, dict[str, int]]:
    """Joules of each date as the portal tells them, by the names of ENERGIES."""
    found: dict[date, dict[str, int]] = {}
    for question in months(span):
        if (kept := archive.kept(question)) is not None:
            for day, values in answers.day_energies(kept.answer, Diagnostics()).items():
                found[day] = {name.removesuffix("_today"): round(value) for name, value in values.items()}
    return found


Minutes = Mapping[str, Mapping[int, float]]
"""Values of the curve by attribute, and by the instant at which the minute begins."""


def _with_minutes(archive: Archive, span: Span, days: Iterable[date]) -> Iterator[tuple[date, Minutes]]:
    """Each day with the minutes of its curve; one week at a time is in memory."""
    questions = {question.first: question for question in weeks(span)}
    for first, of_week in groupby(days, week_of):
        question = questions.get(first)
        kept = archive.kept(question) if question else None
        points = answers.curves(kept.answer, Diagnostics()) if kept else {}
        placed_points = {name: placed(found, span.zone) for name, found in points.items()}
        for day in of_week:
            begin, end = midnight(day, span.zone), midnight(day + timedelta(days=1), span.zone)
            yield (
                day,
                {
                    name: {at: v for at, v in found.items() if begin <= at < end}
                    for name, found in placed_points.items()
                },
            )
