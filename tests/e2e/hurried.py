"""The program on a clock that runs fast and with a short patience for the network: hours of failures in seconds.

Run as `python -m tests.e2e.hurried` with the arguments of the program. HURRIED_SINCE, a reading of the monotonic clock,
is when its time began; another process that knows it can share that time. HURRIED_SPEED is how fast it runs.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

from sems_exporter.cli import commands, serve
from sems_exporter.exposition import self_metrics
from sems_exporter.portal import factory
from sems_exporter.portal.http.bounded_sockets import Patience
from sems_exporter.portal.http.transport import Transport

SPEED = float(os.environ.get("HURRIED_SPEED") or 3000.0)
SINCE = float(os.environ.get("HURRIED_SINCE") or time.monotonic())
BEGIN = datetime.now(UTC) - timedelta(seconds=time.monotonic() - SINCE)


class HurriedClock:
    """Real time, many times faster."""

    def now(self) -> datetime:
        """The present instant of that time."""
        return BEGIN + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds of that time since the start."""
        return (time.monotonic() - SINCE) * SPEED

    def wait(self, stop: Event, seconds: float) -> bool:
        """Wait so many seconds of that time."""
        return stop.wait(max(0.0, seconds) / SPEED)


if __name__ == "__main__":
    vars(factory)["Transport"] = partial(Transport, Patience(read=0.5))
    # Or /metrics would show the state of some seconds ago, which are hours here.
    vars(self_metrics)["MAX_AGE_SECONDS"] = 0.0
    vars(serve)["SystemClock"] = HurriedClock
    commands.main()
