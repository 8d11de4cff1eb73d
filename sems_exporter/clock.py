"""Time as the exporter sees it, injected so that nothing sleeps in a test and a demo can run fast."""

from datetime import UTC, datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    """The instant, and a wait that can be interrupted."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def wait(self, stop: Event, seconds: float) -> bool:
        """Wait until `seconds` have passed on this clock or `stop` is set; True if it was set."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def wait(self, stop: Event, seconds: float) -> bool:
        """Wait `seconds`, or less if `stop` is set meanwhile."""
        return stop.wait(max(0.0, seconds))
