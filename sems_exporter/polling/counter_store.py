"""What the counter rules know, kept from one run to the next, so that a restart does not begin blind."""

import json
import logging
from datetime import timedelta

from sems_exporter.clock import Clock
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.portal.session.state_store import TextStore

log = logging.getLogger(__name__)

BYTES_PER_SECOND = 1500.0
"""That the disk takes on average: a home is kept after every refresh, a fleet less often."""


class CounterStore:
    """Loads and saves what `quality` knows in `memory`, if there is one. What fails costs a line in the log only."""

    def __init__(self, memory: TextStore | None, quality: CounterGuard, clock: Clock) -> None:
        self._memory = memory
        self._quality = quality
        self._clock = clock
        self._saved_at = clock.now()
        self._every = 0.0
        self._saved_changes = quality.changes
        self._recall()

    def save(self) -> None:
        """Save it anew."""
        self._saved_at = self._clock.now()
        self._saved_changes = self._quality.changes
        if self._memory is None:
            return
        text = json.dumps(self._quality.remembered())
        self._every = len(text) / BYTES_PER_SECOND
        try:
            self._memory.save(text)
        except OSError as error:
            log.debug("the counters' memory cannot be saved", extra={"error": error.strerror})

    def save_if_due(self) -> None:
        """Save it if it has changed, and the disk may be asked again: the next end may be a power cut."""
        due = abs(self._clock.now() - self._saved_at) >= timedelta(seconds=self._every)
        if due and self._quality.changes != self._saved_changes:
            self.save()

    def _recall(self) -> None:
        if self._memory is None:
            return
        try:
            text = self._memory.load()
            if text is not None:
                self._quality.remember(json.loads(text))
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            log.warning(
                "the counters' memory cannot be read; starting without it",
                extra={"path": self._memory.place, "error": type(error).__name__},
            )
