"""What `/metrics` says, once a minute, into the queues of all receivers; and which series have gone since."""

import threading
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from sems_exporter.clock import Clock
from sems_exporter.delivery.remote_write.encoding import sampled
from sems_exporter.delivery.remote_write.target import Target
from sems_exporter.delivery.schedule import look_until
from sems_exporter.files import Draft, read_bounded

SAMPLE_SECONDS = 60.0
"""Seconds between two samples: less than half of the five minutes for which Prometheus looks back, and what hosted
receivers count as one data point a minute."""
SERIES_FILE = ".series"
"""Beside the folders of the targets, none of which can be called so."""
LARGEST_SERIES_FILE = 64 * 1024 * 1024


class Sampler:
    """Takes samples of `exposition` for `targets`. The series of the last time are kept in `folder`, for a restart.

    A series that was there and is there no more gets the mark that ends it at the receiver. That this program ends is
    no reason for marks: Prometheus makes none when it ends either, because most programs come back, and without samples
    a series ends after five minutes anyway.
    """

    def __init__(
        self,
        exposition: Callable[[], bytes],
        targets: Iterable[Target],
        folder: Path,
        is_ready: Callable[[], bool],
        clock: Clock,
    ) -> None:
        self._exposition = exposition
        self._targets = tuple(targets)
        self._path = folder / SERIES_FILE
        self._is_ready = is_ready
        self._clock = clock
        self._before = self._recalled()
        self._due = clock.monotonic() + SAMPLE_SECONDS
        self._waits = True

    def attend(self) -> None:
        """Take samples if it is time for that: after the first refresh, or a minute, and then every minute."""
        now = self._clock.monotonic()
        if now < self._due and not (self._waits and self._is_ready()):
            return
        # What could not be done in its minute is not made up for.
        self._due = now + SAMPLE_SECONDS - (0.0 if self._waits else (now - self._due) % SAMPLE_SECONDS)
        self._waits = False
        self.sample()

    def sample(self) -> None:
        """Take samples of this moment."""
        values = sampled(self._exposition())
        timestamp = int(self._clock.now().timestamp() * 1000)
        gone = sorted(self._before - values.keys())
        for target in self._targets:
            target.put(values, gone, timestamp)
        if values.keys() != self._before:
            self._before = frozenset(values)
            self._remember()

    def run(self, stop: threading.Event) -> None:
        """Take samples until `stop` is set."""
        look_until(stop, self.attend)

    def _recalled(self) -> frozenset[bytes]:
        try:
            text = zlib.decompress(read_bounded(self._path, LARGEST_SERIES_FILE))
        except (OSError, zlib.error):
            return frozenset()
        return frozenset(filter(None, text.split(b"\n")))

    def _remember(self) -> None:
        # Without it a restart ends no series, which lasts five minutes. That the disk takes nothing, the queue tells.
        with suppress(OSError), Draft(self._path) as draft:
            draft.keep_pieces([zlib.compress(b"\n".join(sorted(self._before)))])
