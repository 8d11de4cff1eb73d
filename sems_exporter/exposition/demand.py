"""Which bodies are in demand. Prometheus asks at a steady pace, so the next scrape can be foreseen."""

import math
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)

LATELY = 600.0
"""Seconds for which a body is kept ready after somebody asked for it."""


class _Asked(NamedTuple):
    moment: float
    gap: float


class Demand(Generic[K]):
    """When each body was asked for last, and how long after the time before that."""

    def __init__(self) -> None:
        self._asked: dict[K, _Asked] = {}

    def note(self, key: K, moment: float) -> None:
        """Somebody asked for `key` at `moment`. May be called while another thread does anything else here."""
        before = self._asked.get(key)
        self._asked[key] = _Asked(moment, math.inf if before is None else moment - before.moment)

    def wants(self, key: K, moment: float) -> bool:
        """Whether somebody asked for `key` lately."""
        asked = self._asked.get(key)
        return asked is not None and moment - asked.moment <= LATELY

    def drop(self, key: K) -> None:
        """Forget that anybody ever asked for `key`."""
        self._asked.pop(key, None)

    def keys(self, chosen: Callable[[K], bool]) -> list[K]:
        """What was ever asked for, as far as it is `chosen`."""
        # A copy is made in one step; others may note something meanwhile.
        return [key for key in self._asked.copy() if chosen(key)]

    def expects(self, chosen: Callable[[K], bool], moment: float, within: float) -> bool:
        """Whether a scrape of something `chosen` is to be expected within so many seconds."""
        # Half as much is allowed for its being late.
        asked = [asked for key, asked in self._asked.copy().items() if chosen(key)]
        return any(-within / 2 <= last + gap - moment <= within for last, gap in asked)
