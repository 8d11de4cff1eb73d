"""What the portal said before: slow answers kept for their time, refused ones left alone for a while.

A call that fails in passing is answered from here with the instant of the old answer, so that its values go once they
are too old (`freshness`); a call that the portal refuses (no right, no such route) is not repeated for half an hour.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachetools import TLRUCache

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.portal.semsplus.endpoints import LIFETIMES

REFUSED = (errors.PermissionDenied, errors.RouteUnknown, errors.RequestInvalid, errors.ProtocolChanged)
REFUSED_FOR = 1800.0
KEPT_FOR = 86400.0
PASSING = frozenset(
    (
        "flow",
        "devices",
        "telecounting",
        "statistics",
        "statistics_month",
        "production",
        "alarms",
        "alarm_statistics",
        "charger",
        "last_charge",
    )
)
"""Answers whose age shows nowhere once they are part of a station, or only in part, so they must not grow old."""
PASSING_KEPT_FOR = 1200.0
MOST = 100_000

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A decoded answer, and the instant it came."""

    value: Any
    fetched_at: datetime


class Memory:
    """Decoded answers by endpoint and ids."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        timer = self._now
        self._fresh: TLRUCache[Key, Kept] = TLRUCache(MOST, lambda key, _, now: now + LIFETIMES.get(key[0], 0.0), timer)
        self._last: TLRUCache[Key, Kept] = TLRUCache(MOST, lambda key, _, now: now + _kept_for(key), timer)
        self._refused: TLRUCache[Key, errors.PortalError] = TLRUCache(
            MOST, lambda _, __, now: now + REFUSED_FOR, clock.monotonic
        )

    def get(self, key: Key, ask: Callable[[], Any]) -> Kept:
        """The answer for `key`: a fresh one, or what `ask` brings.

        Raises what `ask` raises, and a refusal again without asking while it is remembered.
        """
        if (kept := self._known(self._fresh, key)) is not None:
            return kept
        if (refusal := self._refused.get(key)) is not None:
            # Raised itself, it would collect another traceback each time.
            raise refusal.bare()
        try:
            kept = Kept(ask(), self._clock.now())
        except REFUSED as error:
            self._refused[key] = error.bare()
            raise
        self._last[key] = kept
        if key[0] in LIFETIMES:
            self._fresh[key] = kept
        return kept

    def last(self, key: Key) -> Kept | None:
        """The latest good answer for `key`, however old, or None."""
        return self._known(self._last, key)

    def forget(self, key: Key) -> None:
        """Ask again next time, although the answer would still be good."""
        self._fresh.pop(key, None)

    def _known(self, answers: TLRUCache[Key, Kept], key: Key) -> Kept | None:
        """What is kept, unless it is from a time that has not come: the clock was set back, and its age is unknown."""
        kept = answers.get(key)
        return None if kept is None or kept.fetched_at > self._clock.now() else kept

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _kept_for(key: Key) -> float:
    # A day beyond the time for which it is good: what is asked once a day must survive that the asking fails.
    return PASSING_KEPT_FOR if key[0] in PASSING else KEPT_FOR + LIFETIMES.get(key[0], 0.0)
