"""What a list has shown before and leaves out now: one list that is empty or half removes nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sems_exporter.clock import Clock

BELIEVED_AFTER = 3600.0
"""Seconds after which an absence is believed, if it was found at their beginning and is found at their end."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Absent(Generic[T]):
    entry: T
    since: float


class Roster(Generic[T]):
    """The entries of a list, by what `key` tells of each, together with those that have been missing for a moment.

    What is absent makes no more than `most` of them.
    """

    def __init__(self, clock: Clock, key: Callable[[T], str], most: int) -> None:
        self._clock = clock
        self._key = key
        self._most = most
        self._known: dict[str, T] = {}
        self._absent: dict[str, _Absent[T]] = {}

    def seen(self, listed: Iterable[T]) -> tuple[T, ...]:
        """Return `listed`, which has just been read, and after it what is absent and not believed to be gone."""
        now = self._clock.monotonic()
        present = {self._key(entry): entry for entry in listed}
        missing = {key: entry for key, entry in self._known.items() if key not in present}
        before = self._absent
        self._absent = {key: before.get(key) or _Absent(entry, now) for key, entry in missing.items()}
        doubted = [key for key, absent in self._absent.items() if now - absent.since < BELIEVED_AFTER]
        self._absent = {key: self._absent[key] for key in doubted[: max(0, self._most - len(present))]}
        self._known = present | {key: absent.entry for key, absent in self._absent.items()}
        return tuple(self._known.values())

    @property
    def doubted(self) -> int:
        """Tell how many entries the latest list left out that are not believed to be gone."""
        return len(self._absent)
