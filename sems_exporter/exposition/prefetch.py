"""When the next scrape is to be expected: Prometheus asks at a steady pace."""

import math
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)

FORGET_SECONDS = 600.0
"""Seconds for which a body is kept after somebody asked for it."""


class _Asked(NamedTuple):
    moment: float
    gap: float


class ScrapeTimes(Generic[K]):
    """When each body was asked for last, and how long after the time before that."""

    def __init__(self) -> None:
        self._asked: dict[K, _Asked] = {}

    def note(self, key: K, moment: float) -> None:
        """Somebody asked for `key` at `moment`. May be called while another thread does anything else here."""
        before = self._asked.get(key)
        self._asked[key] = _Asked(moment, math.inf if before is None else moment - before.moment)

    def forget(self, moment: float) -> list[K]:
        """Forget, and return, what nobody has asked for lately."""
        # A copy is made in one step; others may note something meanwhile.
        old = [key for key, asked in self._asked.copy().items() if moment - asked.moment > FORGET_SECONDS]
        for key in old:
            self._asked.pop(key, None)
        return old

    def expected(self, moment: float, within: float) -> list[K]:
        """List what is expected within so many seconds, or was a little earlier and still has not been asked for."""
        asked = self._asked.copy().items()
        return [key for key, (last, gap) in asked if -within / 2 <= last + gap - moment <= within]
