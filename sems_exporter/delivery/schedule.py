"""When to deliver: after each refresh and when age changes something, but never more often than is bearable."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from sems_exporter.clock import Clock

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Seconds between two looks at what is due."""
LEAST_SPACING_SECONDS = 10.0
"""Seconds between two deliveries; in a fleet refreshes end every few seconds."""
WRITING_SHARE = 0.05
"""Share of the time that this machine may spend on it."""
SENDING_SHARE = 0.5
"""The same for work that is mostly waiting for others."""


class Schedule:
    """`revision` differs after each refresh, and is None before the first; `until` tells when age changes anything.

    `share` of the time may be spent on the work.
    """

    def __init__(
        self,
        revision: Callable[[], object],
        until: Callable[[], datetime | None],
        clock: Clock,
        timer: Callable[[], float] = time.monotonic,
        *,
        share: float = WRITING_SHARE,
    ) -> None:
        self._revision = revision
        self._until = until
        self._clock = clock
        self._timer = timer
        self._share = share
        self._seen: object = self
        self._changes_at: datetime | None = None
        self._not_before = clock.monotonic()

    def due(self) -> bool:
        """Tell whether there is something new to deliver, and time for it."""
        if self._clock.monotonic() < self._not_before:
            return False
        revision = self._revision()
        aged = self._changes_at is not None and self._clock.now() >= self._changes_at
        return revision is not None and (aged or revision != self._seen)

    def deliver(self, work: Callable[[], None]) -> None:
        """Do the work; what happens meanwhile counts as new."""
        self._seen, self._changes_at = self._revision(), self._until()
        began = self._timer()
        work()
        pause = max(LEAST_SPACING_SECONDS, (self._timer() - began) / self._share)
        self._not_before = self._clock.monotonic() + pause


def look_until(stop: threading.Event, look: Callable[[], None]) -> None:
    """Look every LOOK_SECONDS, until `stop` is set; what goes wrong in it is told, and ends nothing."""
    while not stop.is_set():
        try:
            look()
        except Exception:
            # As with a refresh: a fault of ours must not end this thread for the years to come.
            log.exception("a delivery failed through a fault of the exporter")
        stop.wait(LOOK_SECONDS)
