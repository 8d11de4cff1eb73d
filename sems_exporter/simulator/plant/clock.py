"""The time of the simulated world: real, faster than real, or standing still."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SimulatedClock:
    """A clock that runs at `speed` times real time from `start`; thread-safe.

    `speed=0` stands still, so that a test moves time only by `advance` and `set`.
    """

    def __init__(
        self,
        start: datetime | None = None,
        speed: float = 1.0,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin at `start` (aware; default: the real now)."""
        if speed < 0:
            raise ValueError("speed must not be negative")
        self._speed = speed
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._anchor = _as_utc(start or datetime.now(UTC))
        self._anchored_at = monotonic()

    @property
    def speed(self) -> float:
        """Simulated seconds per real second."""
        return self._speed

    def now(self) -> datetime:
        """The simulated instant, in UTC."""
        with self._lock:
            return self._now()

    def advance(self, seconds: float) -> datetime:
        """Jump `seconds` ahead and return the new instant."""
        if seconds < 0:
            raise ValueError("simulated time only moves forward")
        with self._lock:
            return self._reanchor(self._now() + timedelta(seconds=seconds))

    def set(self, instant: datetime) -> datetime:
        """Jump to a later instant and return it."""
        target = _as_utc(instant)
        with self._lock:
            if target < self._now():
                raise ValueError("simulated time only moves forward")
            return self._reanchor(target)

    def _now(self) -> datetime:
        elapsed = self._monotonic() - self._anchored_at
        return self._anchor + timedelta(seconds=elapsed * self._speed)

    def _reanchor(self, instant: datetime) -> datetime:
        self._anchor, self._anchored_at = instant, self._monotonic()
        return instant


def _as_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an aware datetime is needed")
    return instant.astimezone(UTC)
