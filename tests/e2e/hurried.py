"""The program on a clock that runs fast and with a short patience for the network: hours of failures in seconds.

Run as `python -m tests.e2e.hurried` with the arguments of the program.
"""

import time
from datetime import UTC, datetime, timedelta
from threading import Event

from sems_exporter import cli, exposition, running
from sems_exporter.portal import transport

SPEED = 3000.0
STARTED = time.monotonic()
BEGIN = datetime.now(UTC)


class HurriedClock:
    """Real time, many times faster."""

    def now(self) -> datetime:
        """The present instant of that time."""
        return BEGIN + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds of that time since the start."""
        return (time.monotonic() - STARTED) * SPEED

    def wait(self, stop: Event, seconds: float) -> bool:
        """Wait so many seconds of that time."""
        return stop.wait(max(0.0, seconds) / SPEED)


if __name__ == "__main__":
    transport.READ_TIMEOUT = 0.5
    # Or /metrics would show the state of some seconds ago, which are hours here.
    vars(exposition)["OWN_METRICS_AGE"] = 0.0
    vars(running)["SystemClock"] = HurriedClock
    cli.main()
