"""What shows that the portal speaks another protocol than ours, until it does not any more.

A refusal with the words of 2026-09-23 (100004) always does. An address that is gone and a result code that nobody knows
do where the call has worked before, or where nothing works without it. So does a code that is gone from the readings of
a device in the very answer in which one that nobody knows has come.
"""

import threading
from collections.abc import Collection
from typing import Final

from sems_exporter import errors, protocol
from sems_exporter.model.limits import TEXT_LENGTH

ESSENTIAL = frozenset({"login", "stations", "flow", "devices"})
"""Calls of SEMS+ without which no station can be read."""
SIGNS = (errors.RouteUnknown, errors.UnknownCode)
PERSONS: Final = "call"
"""Endpoint of what a person asks; it says nothing about the protocol."""
MOST_PLACES = 20_000
"""Answers of devices whose codes are remembered."""
MOST_CODES = 500
"""Codes of one answer; the longest has some 50."""
MOST_NAMED = 5

Codes = frozenset[str]


class ProtocolSigns:
    """The signs of one account. Answers are told by the client, codes by who decodes them. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._protocol = protocol.current()
        self._worked: set[str] = set()
        self._refused: dict[str, str] = {}
        self._answered: set[str] = set()
        self._codes: dict[tuple[str, ...], tuple[Codes, Codes]] = {}
        self._same: dict[tuple[Codes, Codes], tuple[Codes, Codes]] = {}
        self._renamed: dict[tuple[str, ...], str] = {}

    def answered(self, endpoint: str) -> None:
        """A call gave a good answer."""
        with self._lock:
            self._follow()
            self._worked.add(endpoint)
            self._answered.add(endpoint)
            self._refused.pop(endpoint, None)

    def failed(self, endpoint: str, error: errors.PortalError) -> None:
        """A call failed; what is answered about one device or station and not about another has not changed."""
        known = (endpoint in self._worked or endpoint in ESSENTIAL) and endpoint not in self._answered
        changed = isinstance(error, errors.ProtocolChanged) or (isinstance(error, SIGNS) and known)
        if endpoint == PERSONS or not changed:
            return
        with self._lock:
            self._follow()
            self._refused[endpoint] = str(error)

    def spoken(self, place: str, key: tuple[str, ...], codes: Codes, unknown: Codes) -> None:
        """The answer at `key`, which a person calls `place`, has these codes, of which nobody knows some."""
        before, now = self._codes.get(key), (codes, unknown)
        if before == now and key not in self._renamed:
            return
        if len(codes) > MOST_CODES or max(map(len, codes), default=0) > TEXT_LENGTH:
            # That is no vocabulary, and would be kept.
            return
        with self._lock:
            self._follow()
            gone, new = (before[0] - before[1] - codes, unknown - before[0]) if before else (Codes(), Codes())
            if gone and new:
                self._renamed[key] = f"{_listed(gone)} of {place} {_be(gone)} gone, and {_listed(new)} {_be(new)} new"
                return
            self._renamed.pop(key, None)
            if before is not None or len(self._codes) < MOST_PLACES:
                # Devices of one kind have the same codes, which are kept once.
                self._codes[key] = self._same.setdefault(now, now)

    def told(self) -> tuple[str, ...]:
        """The signs there are at the end of a refresh, a sentence each."""
        with self._lock:
            self._follow()
            self._answered.clear()
            by_answer: dict[str, list[str]] = {}
            for endpoint, answer in self._refused.items():
                by_answer.setdefault(answer, []).append(endpoint)
            refused = (f"{answer} to {_listed(endpoints)}" for answer, endpoints in by_answer.items())
            return tuple(dict.fromkeys((*refused, *self._renamed.values())))

    def _follow(self) -> None:
        """Forget refusals of another protocol than the one that counts now; what was renamed is looked at again."""
        if self._protocol is not protocol.current():
            self._protocol = protocol.current()
            self._refused.clear()


def _be(codes: Collection[str]) -> str:
    return "is" if len(codes) == 1 else "are"


def _listed(codes: Collection[str]) -> str:
    named = sorted(codes)[:MOST_NAMED]
    return ", ".join(named) + (" and more" if len(codes) > MOST_NAMED else "")
