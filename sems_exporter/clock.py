"""Time as the exporter sees it, injected so that nothing sleeps in a test and a demo can run fast."""

import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Protocol


class Clock(Protocol):
    """The instant, and a wait that can be interrupted."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC. It jumps when somebody sets the clock."""

    def monotonic(self) -> float:
        """Seconds that have passed since some instant: a count that nobody can set."""

    def wait(self, stop: Event, seconds: float) -> bool:
        """Wait until `seconds` have passed on this clock or `stop` is set; True if it was set."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that have passed since some instant."""
        return time.monotonic()

    def wait(self, stop: Event, seconds: float) -> bool:
        """Wait `seconds`, or less if `stop` is set meanwhile."""
        return stop.wait(max(0.0, seconds))


def count_of(clock: Clock) -> str:
    """A name for what `clock.monotonic` counts from: the same in two processes where their counts can be compared.

    Linux counts from the boot, unless a container has a time of its own. "" where nothing tells.
    """
    if type(clock) is not SystemClock:
        return ""
    try:
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {Path('/proc/self/ns/time').readlink()}"
    except OSError:
        return ""


class Steady:
    """Unix time that nobody can set: it begins with the clock's and goes on by the seconds that pass."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start = clock.now().timestamp() - clock.monotonic()

    def now(self) -> float:
        """The present instant, in seconds."""
        return self._start + self._clock.monotonic()

    def ahead(self) -> float:
        """Seconds by which the clock was set forward since the beginning; negative if it was set back."""
        # Read twice, because time passes between two readings, and in a demo much of it.
        before, shown, after = self.now(), self._clock.now().timestamp(), self.now()
        # Milliseconds: what is less is the rounding of large numbers.
        return round(shown - min(max(shown, before), after), 3)
