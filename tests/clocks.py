"""A clock that moves only when told to, or when somebody waits on it."""

from datetime import datetime, timedelta
from threading import Event


class FakeClock:
    """Time of a test: `wait` returns at once and has moved the clock; `waits` holds the seconds of each wait."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("an aware datetime is needed")
        self._now = start
        self._passed = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        """The present instant of the test."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that have passed, whatever the clock was set to."""
        return self._passed

    def wait(self, stop: Event, seconds: float) -> bool:
        """Move `seconds` ahead, unless `stop` is set already."""
        if stop.is_set():
            return True
        self.waits.append(seconds)
        self.advance(max(0.0, seconds))
        return stop.is_set()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; a negative number sets the clock back, because time does not run backward."""
        self._passed += max(0.0, seconds)
        self._now += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Set the clock `seconds` ahead, or back, without any time having passed."""
        self._now += timedelta(seconds=seconds)
