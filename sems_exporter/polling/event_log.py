"""What the log is told of an account's polling: once when something begins, once when it ends."""

import logging

from sems_exporter.clock import Clock
from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.polling.results import CHANGED, WHAT_TO_DO, RefreshResult
from sems_exporter.telemetry.logs import ChangeLimiter

log = logging.getLogger(__name__)

MOST_NEWS = 1000


class EventLog:
    """Remembers what was said, so that a night without internet does not fill the disk, nor a fault that flickers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of_problem, self._of_parts = ChangeLimiter(), ChangeLimiter()
        self._news: set[tuple[Unknown, str]] = set()
        self._missing: set[str] = set()
        self._said: set[str] = set()
        self._changes: frozenset[str] = frozenset()

    def say_once(self, text: str) -> None:
        """Say something that stays true for long."""
        if text not in self._said:
            self._said.add(text)
            log.warning(text)

    def tell(self, outcome: RefreshResult, findings: Diagnostics) -> None:
        """Tell what is new in the portal's answers, and which parts of stations come and go."""
        for news in findings.details:
            if news not in self._news and len(self._news) < MOST_NEWS:
                self._news.add(news)
                kind, detail = news
                log.warning("the portal says something new", extra={"kind": kind.value, "detail": detail})
        for limited in findings.limited:
            self.say_once(f"the portal sends more {limited.value} than the exporter keeps; the rest is left out")
        self._tell_changes(outcome)
        if outcome.whole is None:
            self._tell_parts(outcome)

    def conclude(self, outcome: RefreshResult, seconds: float) -> None:
        """Tell of a problem that begins, changes or ends."""
        problem = outcome.sentence
        unsaid = self._of_problem.of(problem, self._clock.monotonic())
        if unsaid is None:
            return
        more = {"changes_untold": unsaid or None}
        if problem is None:
            log.info("refresh works", extra={"stations": outcome.read, "seconds": round(seconds, 1), **more})
            return
        reason = outcome.failure.reason if outcome.failure else None
        log.warning(
            "refresh incomplete" if outcome.up else "refresh failed", extra={"reason": reason, "error": problem, **more}
        )

    def _tell_changes(self, outcome: RefreshResult) -> None:
        for sign in outcome.changes:
            if sign not in self._changes:
                log.error(CHANGED, extra={"sign": sign, "help": WHAT_TO_DO})
        if self._changes and not outcome.changes:
            log.info("the portal's protocol is understood again")
        self._changes = frozenset(outcome.changes)

    def _tell_parts(self, outcome: RefreshResult) -> None:
        # A station whose turn it was not may be as incomplete as before.
        tried = tuple(f"station {key}:" for key in outcome.tried)
        missing = set(outcome.partial) | {text for text in self._missing if not text.startswith(tried)}
        if self._of_parts.of(frozenset(missing), self._clock.monotonic()) is None:
            return
        for text in dict.fromkeys(outcome.partial):
            if text not in self._missing:
                log.warning("part of a station is missing", extra={"error": text})
        for text in self._missing - missing:
            log.info("part of a station is back", extra={"part": text})
        self._missing = missing
