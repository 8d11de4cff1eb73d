"""Asking for the past: month by month the energies of days, then week by week the curves, the newest first.

An answer that is kept is not asked for again, so that a run goes on where an earlier one ended. Where the portal says
nothing any more, it is not asked further back.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.history.archive import Archive, Kept, has_settled, week_of
from sems_exporter.history.days import dates
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import TimeZone
from sems_exporter.portal import Portal, past
from sems_exporter.portal.past import MOST_DAYS, Answer, CurveQuestion, DaysQuestion, Question
from sems_exporter.portal.session.rate_limiter import RateLimiter

log = logging.getLogger(__name__)

EMPTY_IN_A_ROW = 2
"""Windows without anything in them, one after the other, before which the portal keeps nothing."""
SHARE_OF_BUDGET = 5
"""The past is asked for with a fifth of the account's budget: what is now comes first."""
WAITS = (30.0, 60.0, 120.0)
"""Seconds before a request that failed in passing is sent again."""
LONGEST_PAUSE = 3600.0
PASSING = (*errors.ON_THE_WAY, errors.ServerFault, errors.AnswerUnreadable, errors.AnswerEmpty)


@dataclass(frozen=True, slots=True)
class Span:
    """What is wanted of a station: local dates from `first` to `last`, both included.

    The energies of all days until `today` are needed, because the counters are reckoned backwards from now.
    """

    station: str
    name: str
    zone: TimeZone
    first: date
    last: date
    today: date


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back the portal goes: the first date with an energy and the first with a curve; None where none has."""

    energies: date | None
    curves: date | None


def requests_per_minute(budget: int) -> int:
    """What of an account's budget the past may take."""
    return max(1, budget // SHARE_OF_BUDGET)


def months(span: Span) -> list[DaysQuestion]:
    """The questions about the energies of days, the newest first."""
    firsts = sorted({day.replace(day=1) for day in dates(span.first, span.today)}, reverse=True)
    return [DaysQuestion(span.station, month) for month in firsts]


def weeks(span: Span) -> list[CurveQuestion]:
    """The questions about curves, the newest first."""
    firsts = sorted({week_of(day) for day in dates(span.first, span.last)}, reverse=True)
    return [
        CurveQuestion(span.station, first, min(first + timedelta(days=MOST_DAYS - 1), span.today), span.zone)
        for first in firsts
    ]


class Fetcher:
    """Asks one account. `told` is called after each request with how many are done, and how many there are at most."""

    def __init__(
        self,
        portal: Portal,
        archive: Archive,
        clock: Clock,
        *,
        per_minute: int,
        stop: threading.Event,
        told: Callable[[int, int], None],
    ) -> None:
        self._portal = portal
        self._archive = archive
        self._clock = clock
        self._pace = RateLimiter(per_minute, clock, stop)
        self._stop = stop
        self._told = told
        self._left = 0
        self.requests = 0

    def missing(self, spans: Sequence[Span], *, curves: bool = True) -> int:
        """How many requests the spans take at most, as far as nothing is kept yet."""
        return sum(
            not self._is_there(question, span.zone)
            for span in spans
            for question in (*months(span), *(weeks(span) if curves else ()))
        )

    def fetch(self, spans: Sequence[Span], *, curves: bool = True) -> dict[str, Reach]:
        """Fetch what is not kept yet; raises the PortalError that ended it, or Stopping. What was kept stays kept."""
        self._left = self.missing(spans, curves=curves)
        return {span.station: self._span(span, curves=curves) for span in spans}

    def _span(self, span: Span, *, curves: bool) -> Reach:
        with_energy = [
            day for answer in self._answers(months(span), span.zone, _energy_dates) for day in _energy_dates(answer)
        ]
        energies = min(with_energy, default=None)
        if not curves:
            return Reach(energies, None)
        wanted = weeks(span)
        # Weeks in which a plant told nothing are no end of what the portal keeps: they are not asked for at all.
        told = {week_of(day) for day in with_energy}
        likely = [week for week in wanted if not told or week.first in told or week.last >= span.today]
        self._left -= sum(week not in likely and not self._is_there(week, span.zone) for week in wanted)
        with_curve = [day for answer in self._answers(likely, span.zone, _curve_dates) for day in _curve_dates(answer)]
        return Reach(energies, min(with_curve, default=None))

    def _answers(
        self, questions: Sequence[Question], zone: TimeZone, says: Callable[[Answer], Collection[date]]
    ) -> Iterator[Answer]:
        """The answers one after the other, until some in a row say nothing."""
        empty = 0
        for number, question in enumerate(questions):
            kept = self._archive.kept(question) if self._is_there(question, zone) else None
            if kept is None:
                kept = Kept(self._clock.now(), self._asked(question))
                self._archive.keep(question, kept)
                self.requests += 1
                self._left -= 1
                self._told(self.requests, self.requests + self._left)
            yield kept.answer
            empty = 0 if says(kept.answer) else empty + 1
            if empty == EMPTY_IN_A_ROW:
                self._left -= sum(not self._is_there(each, zone) for each in questions[number + 1 :])
                return

    def _is_there(self, question: Question, zone: TimeZone) -> bool:
        """Tell whether there is an answer that is final."""
        asked_at = self._archive.asked_at(question)
        return asked_at is not None and has_settled(question, asked_at, zone)

    def _asked(self, question: Question) -> Answer:
        """The portal's answer; what fails in passing is asked again some times."""
        for wait in (*WAITS, None):
            self._pace.acquire()
            try:
                return self._portal.past(question)
            except errors.RateLimited as error:
                if wait is None or error.until is None:
                    raise
                log.warning("the portal asks for a pause; the history goes on after it", extra={"until": error.until})
                self._wait(min(LONGEST_PAUSE, (error.until - self._clock.now()).total_seconds() + wait))
            except PASSING as error:
                if wait is None:
                    raise
                log.info("a request failed and is sent again", extra={"reason": error.reason, "seconds": wait})
                self._wait(wait)
        raise AssertionError("the last try returns or raises")

    def _wait(self, seconds: float) -> None:
        if self._clock.wait(self._stop, max(0.0, seconds)):
            raise errors.Stopping("the program is ending")


def _energy_dates(answer: Answer) -> list[date]:
    """The dates of which the portal tells some energy."""
    return [day for day, values in past.day_energies(answer, Diagnostics()).items() if any(values.values())]


def _curve_dates(answer: Answer) -> set[date]:
    """The dates of which the portal tells some power."""
    return {at.date() for points in past.curves(answer, Diagnostics()).values() for at, _ in points}
