"""What the portal said before: slow answers kept for their time, refused ones left alone for a while.

A call that fails in passing is answered from here with the instant of the old answer, so that its values go once they
are too old (`staleness`), or with what of it lasts (`AnswerCache.is_old`); a call that the portal refuses (no right, no
such route) is not repeated for half an hour.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from sys import getsizeof
from typing import Any

from cachetools import TLRUCache

from sems_exporter import errors, protocol
from sems_exporter.clock import Clock
from sems_exporter.model.limits import ANSWERS_REMEMBERED, ANSWERS_REMEMBERED_BYTES
from sems_exporter.portal.semsplus.endpoints import LIFETIMES

REFUSED = (errors.PermissionDenied, errors.RouteUnknown, errors.RequestInvalid, errors.ProtocolChanged)
REFUSED_FOR = 1800.0
KEPT_FOR = 86400.0
PASSING = frozenset(
    (
        "flow",
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
SAYING = frozenset(("telemetry", "telecounting", "batteries"))
"""Answers that, with nothing in them, do not take the place of one that said something."""
PASSING_KEPT_FOR = 1200.0
"""Seconds; of other answers that are older, only what lasts is used."""

ENTRY_BYTES = 600
"""What remembering an answer takes beside it: its key, and its place in the caches."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """A decoded answer, and the instant it came."""

    value: Any
    fetched_at: datetime


def size(value: object) -> int:
    """Bytes that a decoded answer takes, with all that it is made of."""
    held: Iterable[object] = ()
    if isinstance(value, dict):
        held = value.values()
    elif isinstance(value, tuple | list):
        held = value
    elif is_dataclass(value):
        held = (getattr(value, each.name) for each in fields(value))
    return getsizeof(value) + sum(map(size, held))


class AnswerCache:
    """Decoded answers by endpoint and ids."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._protocol = protocol.current()
        most, timer = ANSWERS_REMEMBERED_BYTES, self._now
        self._fresh: TLRUCache[Key, CachedAnswer] = TLRUCache(
            most, lambda key, _, now: now + LIFETIMES.get(key[0], 0.0), timer, _weight
        )
        self._last: TLRUCache[Key, CachedAnswer] = TLRUCache(
            most, lambda key, _, now: now + _kept_for(key), timer, _weight
        )
        self._refused: TLRUCache[Key, errors.PortalError] = TLRUCache(
            ANSWERS_REMEMBERED, lambda _, __, now: now + REFUSED_FOR, clock.monotonic
        )

    def get(self, key: Key) -> CachedAnswer | None:
        """The answer for `key` while it is fresh, else None; raises a refusal again while that is remembered."""
        self._follow_protocol()
        if (kept := self._known(self._fresh, key)) is not None:
            return kept
        if (refusal := self._refused.get(key)) is not None:
            # Raised itself, it would collect another traceback each time.
            raise refusal.bare()
        return None

    @contextmanager
    def keeping_refusal(self, key: Key) -> Iterator[None]:
        """Remember it where the block, which asks for `key`, ends in a refusal."""
        try:
            yield
        except REFUSED as error:
            self._refused[key] = error.bare()
            raise

    def put(self, key: Key, value: Any) -> CachedAnswer:
        """Keep `value`, which has just come, as the answer for `key`."""
        kept = CachedAnswer(value, self._clock.now())
        if kept.value or key[0] not in SAYING:
            self._last[key] = kept
        if key[0] in LIFETIMES:
            self._fresh[key] = kept
        return kept

    def last(self, key: Key) -> CachedAnswer | None:
        """The latest good answer for `key`, however old, or None."""
        return self._known(self._last, key)

    def is_old(self, kept: CachedAnswer) -> bool:
        """Tell whether only what lasts is still to be believed of an answer."""
        return (self._clock.now() - kept.fetched_at).total_seconds() > PASSING_KEPT_FOR

    def forget(self, key: Key) -> None:
        """Ask again next time, although the answer would still be good."""
        self._fresh.pop(key, None)

    def _follow_protocol(self) -> None:
        """Ask anew for everything once another protocol counts: what was refused may be answered now."""
        if self._protocol is not protocol.current():
            self._protocol = protocol.current()
            self._fresh.clear()
            self._refused.clear()

    def _known(self, answers: TLRUCache[Key, CachedAnswer], key: Key) -> CachedAnswer | None:
        """Return what is kept, unless it is from the future: then the clock was set back, and its age is unknown."""
        kept = answers.get(key)
        return None if kept is None or kept.fetched_at > self._clock.now() else kept

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _weight(kept: CachedAnswer) -> int:
    return ENTRY_BYTES + size(kept)


def _kept_for(key: Key) -> float:
    # A day beyond the time for which it is good: what is asked once a day must survive that the asking fails.
    return PASSING_KEPT_FOR if key[0] in PASSING else KEPT_FOR + LIFETIMES.get(key[0], 0.0)
