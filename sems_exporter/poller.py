"""When to ask: a refresh of all stations in the background, at the set interval with jitter, and what came of it."""

import json
import logging
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.derive import derived, totals
from sems_exporter.files import read_private, write_private
from sems_exporter.findings import Findings, Unknown
from sems_exporter.logs import News
from sems_exporter.portal import Portal, StationRef
from sems_exporter.quality import Quality
from sems_exporter.selfmetrics import INTERNAL, SelfMetrics
from sems_exporter.snapshots import Snapshots

log = logging.getLogger(__name__)

JITTER = 0.05
RETRY = 60.0
"""Seconds to the next refresh after one that found no way to the portal; doubles up to the interval."""
REMEMBER_EVERY = 900.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to poll, in seconds: `stations` selects ids, all where empty; `memory` keeps the counters' memory."""

    interval: float
    stations: tuple[str, ...] = ()
    first_delay: float = 2.0
    memory: Path | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How the polling goes: `up` is None before the first refresh has ended; `problem` is a sentence for a person."""

    up: bool | None = None
    last_success: datetime | None = None
    next_refresh: datetime | None = None
    problem: str | None = None


@dataclass(slots=True)
class Outcome:
    """What one refresh brought: failures by station, parts that are missing, and what ended it early, if anything."""

    stations: int | None = None
    read: int = 0
    by_station: dict[str, errors.PortalError] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)
    whole: errors.SemsError | None = None

    @property
    def up(self) -> bool:
        """Whether the account works and at least one station could be read."""
        return self.whole is None and self.read > 0

    @property
    def failure(self) -> errors.SemsError | None:
        """What went wrong first, the account's failure before those of stations."""
        return self.whole or next(iter(self.by_station.values()), None)


class Poller:
    """Refreshes all stations of one account, again and again, until told to stop."""

    def __init__(
        self,
        portal: Portal,
        snapshots: Snapshots,
        metrics: SelfMetrics,
        *,
        clock: Clock,
        plan: Plan,
        chance: random.Random | None = None,
    ) -> None:
        self._portal = portal
        self._snapshots = snapshots
        self._metrics = metrics
        self._clock = clock
        self._plan = plan
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._quality = Quality()
        self._remembered_at = clock.now()
        self._seen: set[tuple[Unknown, str]] = set()
        self._vain = 0
        self._missing: set[str] = set()
        self._news, self._news_of_parts = News(), News()
        self.health = Health()
        self._recall()

    def run(self, stop: threading.Event) -> None:
        """Poll until `stop` is set."""
        delay = self._chance.uniform(0, self._plan.first_delay)
        while not self._clock.wait(stop, self._announced(delay)):
            delay = self._delay_after(self._guarded())
        self.remember()

    def refresh(self) -> Outcome:
        """Read all stations once."""
        started = time.monotonic()
        findings, outcome = Findings(), Outcome()
        try:
            self._read_all(outcome, findings)
        except errors.PortalError as error:
            outcome.whole = error
            self._metrics.failure(error.reason)
        outcome.partial = findings.partial
        self._metrics.findings(findings)
        self._log_news(findings)
        if outcome.whole is None:
            self._log_parts(findings.partial)
        self._conclude(outcome, time.monotonic() - started)
        return outcome

    def remember(self) -> None:
        """Keep on disk what the counter rules know, so that a restart does not begin blind."""
        self._remembered_at = self._clock.now()
        if self._plan.memory is None:
            return
        try:
            write_private(self._plan.memory, json.dumps(self._quality.remembered()))
        except OSError as error:
            log.debug("the counters' memory cannot be saved", extra={"error": error.strerror})

    def _recall(self) -> None:
        path = self._plan.memory
        if path is None or not path.exists():
            return
        try:
            self._quality.remember(json.loads(read_private(path)))
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.warning(
                "the counters' memory cannot be read; starting without it",
                extra={"path": str(path), "error": type(error).__name__},
            )

    def _guarded(self) -> Outcome:
        try:
            outcome = self.refresh()
        except Exception as error:
            # The one broad handler of polling: a fault of ours must not end it for the years to come.
            log.exception("a refresh failed through a fault of the exporter")
            self._metrics.failure(INTERNAL)
            outcome = Outcome(whole=errors.SemsError(f"a fault of the exporter: {type(error).__name__}"))
            self._conclude(outcome, 0.0)
        if self._clock.now() - self._remembered_at >= timedelta(seconds=REMEMBER_EVERY):
            self.remember()
        return outcome

    def _read_all(self, outcome: Outcome, findings: Findings) -> None:
        refs = self._portal.stations(findings)
        self._snapshots.keep_only(ref.id for ref in refs)
        chosen = list(self._chosen(refs, outcome))
        outcome.stations = len(chosen)
        for ref in chosen:
            try:
                station = totals(self._portal.read(ref, findings))
            except errors.WHOLE_ACCOUNT:
                raise
            except errors.PortalError as error:
                self._metrics.failure(error.reason)
                outcome.by_station[ref.id] = error
                continue
            outcome.read += 1
            now = self._clock.now()
            self._snapshots.put(derived(self._quality.check(station, now, findings), now))

    def _chosen(self, refs: tuple[StationRef, ...], outcome: Outcome) -> Iterator[StationRef]:
        by_id = {ref.id: ref for ref in refs}
        for wanted in self._plan.stations or by_id:
            if wanted in by_id:
                yield by_id[wanted]
                continue
            known = ", ".join(by_id) or "none"
            outcome.by_station[wanted] = errors.StationUnknown(
                f"stations: {wanted!r} is not a station of this account; it has {known}"
            )
            self._metrics.failure(errors.StationUnknown.reason)

    def _conclude(self, outcome: Outcome, seconds: float) -> None:
        now = self._clock.now()
        self._metrics.refreshed(seconds, now.timestamp(), up=outcome.up, stations=outcome.stations)
        problem = _sentence(outcome)
        last = now if outcome.up else self.health.last_success
        self.health = replace(self.health, up=outcome.up, last_success=last, problem=problem)
        if (unsaid := self._news.of(problem, self._clock.monotonic())) is not None:
            # When it begins and when it ends: a night without internet must not fill the disk.
            reason = outcome.failure.reason if outcome.failure else None
            if problem:
                log.warning(
                    "refresh failed" if not outcome.up else "refresh incomplete",
                    extra={"reason": reason, "error": problem, "changes_untold": unsaid or None},
                )
            else:
                told = {"stations": outcome.read, "seconds": round(seconds, 1), "changes_untold": unsaid or None}
                log.info("refresh works", extra=told)

    def _log_news(self, findings: Findings) -> None:
        for news in findings.details:
            if news not in self._seen and len(self._seen) < 1000:
                self._seen.add(news)
                kind, detail = news
                log.warning("the portal says something new", extra={"kind": kind.value, "detail": detail})

    def _log_parts(self, partial: list[str]) -> None:
        """What part of a station begins or ceases to be missing, once each."""
        if self._news_of_parts.of(frozenset(partial), self._clock.monotonic()) is None:
            return
        for text in partial:
            if text not in self._missing:
                log.warning("part of a station is missing", extra={"error": text})
        for text in self._missing - set(partial):
            log.info("part of a station is back", extra={"part": text})
        self._missing = set(partial)

    def _announced(self, delay: float) -> float:
        due = self._clock.now() + timedelta(seconds=delay)
        self.health = replace(self.health, next_refresh=due)
        self._metrics.next_refresh(due.timestamp())
        return delay

    def _delay_after(self, outcome: Outcome) -> float:
        """Seconds to the next refresh.

        Sooner than usual where there was no way to the portal or a sign-in is allowed sooner; after a rate limit not
        before it ends.
        """
        delay = self._plan.interval
        self._vain = self._vain + 1 if isinstance(outcome.whole, errors.ON_THE_WAY) else 0
        if self._vain:
            delay = min(delay, RETRY * 2 ** min(self._vain - 1, 8))
        until = outcome.whole.until if isinstance(outcome.whole, errors.RateLimited | errors.LoginWithheld) else None
        if until is not None:
            left = max(RETRY, (until - self._clock.now()).total_seconds())
            delay = max(delay, left) if isinstance(outcome.whole, errors.RateLimited) else min(delay, left)
        return delay * self._chance.uniform(1, 1 + JITTER)


def _sentence(outcome: Outcome) -> str | None:
    if outcome.whole is not None:
        return str(outcome.whole)
    if outcome.by_station:
        return "; ".join(f"station {key}: {error}" for key, error in list(outcome.by_station.items())[:5])
    return "the account shows no stations" if outcome.stations == 0 else None
