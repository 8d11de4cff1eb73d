"""Since when an answer has said the same: what dates values to which the portal gives no time."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from cachetools import LRUCache

MOST_ANSWERS = 100_000
"""Answers that are remembered, a hundred bytes each."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer says, as a digest, and the instants of the first and the last answer that said it.

    `before` is the instant of the last answer that said something else, None where none did.
    """

    digest: bytes
    since: datetime
    latest: datetime
    before: datetime | None = None


class RepeatedAnswers:
    """Tells a repeated answer from a new one.

    A portal that goes on with its last answer after a plant has fallen silent repeats it to the last digit; whatever
    moves within an answer shows that it is a new one. What is at rest cannot be told from what is dead.
    """

    def __init__(self) -> None:
        self._said: LRUCache[Key, Said] = LRUCache(MOST_ANSWERS)

    def said(self, key: Key, content: object, at: datetime) -> Said:
        """Note that the answer of the instant `at` to the question `key` has this `content`."""
        digest, last = blake2b(repr(content).encode("utf-8", "replace"), digest_size=16).digest(), self._said.get(key)
        if last is None or at < last.since:
            # The clock was set back: nobody knows since when.
            last = Said(digest, at, at)
        elif last.digest != digest:
            last = Said(digest, at, at, before=last.latest)
        else:
            last = Said(digest, last.since, max(last.latest, at), last.before)
        self._said[key] = last
        return last
