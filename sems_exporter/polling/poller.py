"""When to ask: a refresh in the background, at the set interval with jitter, again and again."""

import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.config.settings import AccountSettings
from sems_exporter.curves.keeper import CurveKeeper
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.polling.counter_store import CounterStore
from sems_exporter.polling.event_log import EventLog
from sems_exporter.polling.reader import JITTER, Reader
from sems_exporter.polling.results import Health, RefreshResult
from sems_exporter.portal import Portal
from sems_exporter.portal.session.state_store import TextStore
from sems_exporter.store import StationStore
from sems_exporter.telemetry.metrics import INTERNAL, AccountMetrics

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 60.0
"""Seconds to the next refresh after one that found no way to the portal; doubles up to the interval."""
LEAST_DELAY_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 3600.0
"""Seconds beyond which no instant is waited for: the clock may have been set back since it was named."""


class Poller:
    """Refreshes all stations of one account, again and again, until told to stop.

    The first refresh comes `begin_after` seconds after the start, or up to `first_delay` later; `tell` is called when
    the next one is planned. `memory` keeps what the counter rules know, `curves` what the stations did in the last two
    days. `before` is called before each refresh, and `signs` tells after it what shows that the portal speaks another
    protocol than ours.
    """

    def __init__(  # noqa: PLR0913 - an account is put together in one place
        self,
        portal: Portal,
        snapshots: StationStore,
        metrics: AccountMetrics,
        settings: AccountSettings,
        *,
        clock: Clock,
        memory: TextStore | None = None,
        curves: CurveKeeper | None = None,
        first_delay: float = 2.0,
        begin_after: float = 0.0,
        tell: Callable[[Health], None] = lambda _: None,
        chance: random.Random | None = None,
        before: Callable[[], None] = lambda: None,
        signs: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._before, self._signs = before, signs
        self._metrics = metrics
        self._clock = clock
        self._settings = settings
        self._first_delay = first_delay
        self._begin_after = begin_after
        self._tell = tell
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._event_log = EventLog(clock)
        guard = CounterGuard()
        self._counters = CounterStore(memory, guard, clock)
        self._curves = curves
        self._reader = Reader(
            portal,
            snapshots,
            metrics,
            guard,
            settings,
            clock=clock,
            event_log=self._event_log,
            chance=self._chance,
        )
        self._futile_refreshes = 0
        self.health = Health()

    @property
    def progress(self) -> tuple[int, int]:
        """Tell how many stations, of how many, the refresh under way has read."""
        return self._reader.progress

    def run(self, stop: threading.Event) -> None:
        """Poll until `stop` is set; what is being read then is given up."""
        self._reader.stop = stop
        if self._curves is not None:
            self._curves.begin()
        with suppress(errors.Stopping):
            self._poll(stop)
        self.remember()
        if self._curves is not None:
            self._curves.end()

    def _poll(self, stop: threading.Event) -> None:
        delay = self._begin_after + self._chance.uniform(0, self._first_delay)
        while not self._clock.wait(stop, self._announced(delay)):
            began = self._clock.monotonic()
            self._before()
            outcome = self._guarded()
            self._counters.save_if_due()
            self._keep_curves(outcome, self._clock.monotonic() - began)
            delay = self._delay_after(outcome, self._clock.monotonic() - began)

    def _keep_curves(self, outcome: RefreshResult, took: float) -> None:
        """Save the curves, and ask for the past only in what polling leaves of the first half of an interval."""
        if self._curves is None:
            return
        busy = outcome.failure is not None or self._reader.rotates
        try:
            self._curves.after_refresh(0.0 if busy else self._settings.interval / 2 - took)
        except errors.Stopping:
            raise
        except Exception:
            # As with a refresh: the picture of a day must not end the polling.
            log.exception("the day's curves failed through a fault of the exporter")

    def refresh(self, *, whole: bool = True, findings: Diagnostics | None = None) -> RefreshResult:
        """Read all stations once, or of a fleet what a minute allows; without `whole`, those whose turn it is.

        What is odd goes into `findings`.
        """
        started = time.monotonic()
        findings, outcome = findings or Diagnostics(), RefreshResult()
        try:
            refs = self._reader.all_stations(outcome, findings) if whole else self._reader.due(outcome, findings)
            self._reader.read(refs, outcome, findings)
        except errors.PortalError as error:
            outcome.whole = error
            if error not in outcome.by_station.values():
                self._metrics.failure(error.reason)
        outcome.partial = findings.partial
        outcome.changes = self._signs()
        self._metrics.protocol_changed(changed=bool(outcome.changes))
        self._metrics.findings(findings)
        self._event_log.tell(outcome, findings)
        self._conclude(outcome, time.monotonic() - started)
        return outcome

    def remember(self) -> None:
        """Keep on disk what the counter rules know, so that a restart does not begin blind."""
        self._counters.save()

    def _guarded(self) -> RefreshResult:
        try:
            return self.refresh(whole=False)
        except errors.Stopping:
            raise
        except Exception as error:
            # The one broad handler of polling: a fault of ours must not end it for the years to come.
            log.exception("a refresh failed through a fault of the exporter")
            self._metrics.failure(INTERNAL)
            outcome = RefreshResult(whole=errors.SemsError(f"a fault of the exporter: {type(error).__name__}"))
            self._conclude(outcome, 0.0)
            return outcome

    def _conclude(self, outcome: RefreshResult, seconds: float) -> None:
        now = self._clock.now()
        self._metrics.refreshed(seconds, now.timestamp(), up=outcome.up, stations=outcome.stations)
        last = now if outcome.up else self.health.last_success
        self.health = replace(
            self.health, up=outcome.up, last_success=last, problem=outcome.sentence, finds_way=outcome.finds_way
        )
        self._event_log.conclude(outcome, seconds)

    def _announced(self, delay: float) -> float:
        due = self._clock.now() + timedelta(seconds=delay)
        self.health = replace(self.health, next_refresh=due)
        self._metrics.next_refresh(due.timestamp())
        self._tell(self.health)
        return delay

    def _delay_after(self, outcome: RefreshResult, took: float) -> float:
        """Seconds to the next refresh, so that one begins every interval; in rotation the next slice follows at once.

        Sooner than usual, but ever later, where there was no way to the portal, and later in rotation where nothing
        could be read; when a sign-in is allowed again; after a rate limit not before it ends.
        """
        jitter = self._chance.uniform(1, 1 + JITTER)
        rotates = self._reader.rotates
        nothing_new = outcome.whole is None and rotates and outcome.new == 0
        self._futile_refreshes = (
            self._futile_refreshes + 1 if nothing_new or isinstance(outcome.whole, errors.ON_THE_WAY) else 0
        )
        if outcome.whole is None and not self._futile_refreshes:
            return max(0.0 if rotates else self._settings.interval * jitter - took, LEAST_DELAY_SECONDS * jitter)
        delay = self._settings.interval
        if self._futile_refreshes:
            delay = min(delay, FIRST_RETRY_SECONDS * 2 ** min(self._futile_refreshes - 1, 8))
        until = outcome.whole.until if isinstance(outcome.whole, errors.RateLimited | errors.LoginWithheld) else None
        if until is not None:
            left = min(max(FIRST_RETRY_SECONDS, (until - self._clock.now()).total_seconds()), LONGEST_PAUSE_SECONDS)
            delay = max(delay, left) if isinstance(outcome.whole, errors.RateLimited) else min(delay, left)
        return delay * jitter
