"""The request budget: how fast the portal is asked, whatever the number of stations and of processes."""

import random
import threading
from collections.abc import Sequence

from sems_exporter.clock import Clock
from sems_exporter.errors import Stopping
from sems_exporter.portal.session.request_ledger import WINDOW, RequestLedger
from sems_exporter.portal.session.state_store import Ledger

SPACING = 0.2
"""Seconds between two requests, at least; bursts were answered with 429."""
QUICK_SHARE = 0.4
"""Share of the budget that may go quickly: a home is read at once, a fleet is spread over the minute.

Less than half, so that what is spread over the minute after a quick beginning is more than that and begins no other.
"""
JITTER = 0.2


class RateLimiter:
    """At most `per_minute` requests in any 60 s, and none closer than `SPACING` to the one before.

    Those of all processes of the account count that keep one `ledger`. A share of the budget may go quickly. What is
    beyond is spread evenly over the rest of the minute, so that an account with much to ask comes in no further bursts.
    One thread at a time takes turns, so one request is under way.
    """

    def __init__(
        self,
        per_minute: int,
        clock: Clock,
        stop: threading.Event,
        chance: random.Random | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._stop = stop
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._ledger = ledger or RequestLedger(None, clock)
        self._stretch = 1.0

    def acquire(self) -> None:
        """Wait until a request may be sent, and count it; raises Stopping when the program is ending.

        Raises LoginWithheld where another process has taken the account over.
        """
        while (due := self._ledger.turn(self._due)) > 0:
            if self._clock.wait(self._stop, due):
                raise Stopping("the exporter is stopping")
        self._stretch = self._chance.uniform(1 - JITTER, 1 + JITTER)

    def _due(self, sent: Sequence[float], now: float) -> float:
        """Seconds until a request may be sent after those at the instants `sent`."""
        if not sent:
            return 0.0
        waits = [sent[-1] + self._gap(sent) - now]
        if len(sent) >= self._per_minute:
            waits.append(sent[-self._per_minute] + WINDOW - now)
        # A clock of microseconds cannot wait for less than one.
        return round(max(waits), 6)

    def _gap(self, sent: Sequence[float]) -> float:
        """Seconds from the last request to the next one."""
        last = sent[-1]
        recent = [at for at in sent if at > last - WINDOW]
        if len(recent) <= self._per_minute * QUICK_SHARE:
            return SPACING
        # Never faster than evenly, and slower while the minute still holds a quick beginning.
        left = self._per_minute - len(recent)
        even = max(WINDOW / self._per_minute, (recent[0] + WINDOW - last) / left if left > 0 else 0.0)
        return max(SPACING, even * self._stretch)
