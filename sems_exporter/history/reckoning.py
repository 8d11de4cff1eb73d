"""Lifetime counters of the past, reckoned backwards from a reading through the energies of the days in between.

All in whole joules: sums of them are exact, so that no rounding lets a counter fall.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sems_exporter.history.courses import Basis, Course, grid
from sems_exporter.model.plant import KWH

SLACK_SHARE = 0.005
SLACK_JOULES = 1 * KWH
"""How far below zero the reckoning may come by rounding alone: of each day a twentieth of a kilowatt hour at most."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A time in which a store has nothing of a series: after `begin` and up to `end`.

    `before` is what a counter stood at in the store at `begin`, None where there is nothing earlier; `after` is the
    instant and the value with which it goes on, None where nothing does.
    """

    begin: float
    end: float
    before: float | None = None
    after: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A counter in one hole. `stopped` is the day before which the days have more energy than the counter counted."""

    samples: dict[int, float]
    stopped: date | None = None


class Sum:
    """What the days bring together, from the first of them on; `courses` are of days that follow each other."""

    def __init__(self, courses: Sequence[Course]) -> None:
        self.courses = courses
        self._starts = [course.day.start for course in courses]
        self._before = [0]
        for course in courses:
            self._before.append(self._before[-1] + course.joules)

    def at(self, instant: float) -> int:
        """Joules from the first midnight to an instant; none before, and no more after the last day."""
        place = bisect_right(self._starts, instant) - 1
        return 0 if place < 0 else self._before[place] + self.courses[place].until(instant)

    def between(self, begin: float, end: float) -> int:
        """Joules from one instant to another."""
        return self.at(end) - self.at(begin)


def reckon(total: Sum, hole: Hole, level: tuple[float, int], most: float, step: int) -> Reckoned:
    """The counter within a hole, every `step` seconds where a curve shapes the day, and at every midnight.

    A second sample a second after midnight makes `increase()` over the day exact: without it Prometheus takes the first
    five minutes of a day for missing. The counter goes by what follows the hole, where nothing does by `level`, an
    instant and what it stood at then; it never exceeds `most`, what it stands at now.
    """
    at, stood = level
    if hole.after is not None:
        (at, most), stood = hole.after, int(hole.after[1])
    least = hole.before or 0.0
    if least > most:
        return Reckoned({})
    slack = SLACK_JOULES + SLACK_SHARE * stood
    samples: dict[int, float] = {}
    for course in reversed(total.courses):
        if course.day.end <= hole.begin or course.day.start > hole.end or course.basis is Basis.UNKNOWN:
            continue
        first = stood - total.between(course.day.start, at)
        if hole.before is None and first < -slack:
            return Reckoned(samples, course.day.date)
        for instant in _instants(course, step):
            if hole.begin < instant <= hole.end:
                samples[instant] = min(max(float(first + course.until(instant)), least), most)
    return Reckoned(samples)


def _instants(course: Course, step: int) -> Iterator[int]:
    """The instants of a day at which the counter is known."""
    day = course.day
    yield from (day.start, day.start + 1)
    if course.basis is Basis.CURVE:
        yield from grid(day.start, day.end, step)
    elif day.is_over:
        yield day.end
