"""What the counter rules know, kept from one run to the next, so that a restart does not begin blind."""

import json
import logging
from datetime import timedelta

from sems_exporter.clock import Clock
from sems_exporter.files import UNREADABLE
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.portal.session.state_store import TextStore

log = logging.getLogger(__name__)

BYTES_PER_SECOND = 1500.0
"""That the disk takes on average: a home is kept after every refresh, a fleet less often."""


class CounterStore:
    """Loads and saves what `guard` knows in `kept`, if there is one. What fails costs a line in the log only."""

    def __init__(self, kept: TextStore | None, guard: CounterGuard, clock: Clock) -> None:
        self._kept = kept
        self._guard = guard
        self._clock = clock
        self._saved_at = clock.now()
        self._every = 0.0
        self._saved_changes = guard.changes
        self._recall()

    def save(self) -> None:
        """Save it anew."""
        self._saved_at = self._clock.now()
        self._saved_changes = self._guard.changes
        if self._kept is None:
            return
        text = json.dumps(self._guard.remembered())
        self._every = len(text) / BYTES_PER_SECOND
        try:
            self._kept.save(text)
        except OSError as error:
            log.debug("the counters' memory cannot be saved", extra={"error": error.strerror})

    def save_if_due(self) -> None:
        """Save it if it has changed, and the disk may be asked again: the next end may be a power cut."""
        due = abs(self._clock.now() - self._saved_at) >= timedelta(seconds=self._every)
        if due and self._guard.changes != self._saved_changes:
            self.save()

    def _recall(self) -> None:
        if self._kept is None:
            return
        try:
            text = self._kept.load()
            if text is not None:
                self._guard.remember(json.loads(text))
        except (OSError, *UNREADABLE) as error:
            log.warning(
                "the counters' memory cannot be read; starting without it",
                extra={"path": self._kept.place, "error": type(error).__name__},
            )
