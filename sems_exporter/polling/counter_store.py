"""What the counter rules know, kept on disk, so that a restart does not begin blind."""

import json
import logging
from datetime import timedelta
from pathlib import Path

from sems_exporter.clock import Clock
from sems_exporter.files import read_private, write_private
from sems_exporter.pipeline.counter_guard import CounterGuard

log = logging.getLogger(__name__)

LARGEST = 128 * 1024 * 1024
"""Bytes that the file may have; a home with inverter, battery and meter takes 8 KB, ten thousand take 76 MB."""
RATE = 1500.0
"""Bytes a second that the disk takes on average: a home is kept after every refresh, a fleet less often."""


class CounterStore:
    """The file at `path`, or none. What cannot be read or written costs a line in the log only."""

    def __init__(self, path: Path | None, quality: CounterGuard, clock: Clock) -> None:
        self._path = path
        self._quality = quality
        self._clock = clock
        self._saved_at = clock.now()
        self._every = 0.0
        self._saved_changes = quality.changes
        self._recall()

    def save(self) -> None:
        """Write the file anew."""
        self._saved_at = self._clock.now()
        self._saved_changes = self._quality.changes
        if self._path is None:
            return
        text = json.dumps(self._quality.remembered())
        self._every = len(text) / RATE
        try:
            write_private(self._path, text)
        except OSError as error:
            log.debug("the counters' memory cannot be saved", extra={"error": error.strerror})

    def save_if_due(self) -> None:
        """Write it if it has changed, and the disk may be asked again: the next end may be a power cut."""
        due = abs(self._clock.now() - self._saved_at) >= timedelta(seconds=self._every)
        if due and self._quality.changes != self._saved_changes:
            self.save()

    def _recall(self) -> None:
        if self._path is None:
            return
        try:
            self._quality.remember(json.loads(read_private(self._path, LARGEST)))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
            log.warning(
                "the counters' memory cannot be read; starting without it",
                extra={"path": str(self._path), "error": type(error).__name__},
            )
