"""Answers to requests that were understood before: the same bytes mean the same, so they need no parsing again.

A scraper repeats its request byte for byte. The first time, the HTTP parser and the routes decide what it means; from
then on the answer is a look-up and a write. Only what a complete, plain GET of the metrics asks for is remembered.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sems_exporter.web.http.messages import Request, Scope, ScrapeRequest

MOST_KNOWN = 64
"""Requests that are remembered; the oldest is forgotten for a new one."""

Date = list[tuple[bytes, bytes]]
"""The date header as uvicorn keeps it: another list every second."""


@dataclass(slots=True)
class _Answer:
    """One answer, head and body, and what it was made from."""

    body: bytes
    date: Date
    whole: bytes


class KnownRequests:
    """Complete answers by the bytes of their requests.

    `wanted` tells what a request asks for, or None if it has to be looked at each time. `body` gives the body for it,
    and `head` its head without the status line and the date.
    """

    def __init__(
        self,
        wanted: Callable[[Request], ScrapeRequest | None],
        body: Callable[[ScrapeRequest], bytes | None],
        head: Callable[[ScrapeRequest, bytes], list[tuple[bytes, bytes]]],
    ) -> None:
        self._wanted = wanted
        self._body = body
        self._head = head
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, ScrapeRequest] = {}
        self._answers: dict[ScrapeRequest, _Answer] = {}

    def to(self, request: bytes, date: Date, largest: int) -> bytes | None:
        """The answer to `request` if it is known, there still is one, and its body has `largest` bytes at most."""
        wanted = self._known.get(self._digest(request))
        if wanted is None:
            return None
        body = self._body(wanted)
        if body is None or len(body) > largest:
            return None
        answer = self._answers.get(wanted)
        if answer is None or answer.body is not body or answer.date is not date:
            whole = b"HTTP/1.1 200 OK\r\n" + head_of([*date, *self._head(wanted, body)]) + body
            answer = self._answers[wanted] = _Answer(body, date, whole)
        return answer.whole

    def learn(self, request: bytes, scope: Scope) -> None:
        """Remember what `request` means, which the parser has read as `scope` just now."""
        if request.count(b"\n") != request.count(b"\r\n"):
            return  # an h11 that takes a bare LF for the end of a line may have seen two requests
        wanted, digest = self._wanted(Request(scope)), self._digest(request)
        if wanted is None or digest in self._known:
            return
        if len(self._known) >= MOST_KNOWN:
            self.forget(next(iter(self._known)))
        self._known[digest] = wanted

    def forget(self, digest: bytes | None = None) -> None:
        """Forget one request, or all of them because they may now mean something else."""
        if digest is None:
            self._known.clear()
        else:
            del self._known[digest]
        still = set(self._known.values())
        self._answers = {wanted: answer for wanted, answer in self._answers.items() if wanted in still}

    def _digest(self, request: bytes) -> bytes:
        # Keyed, and not the request itself: that may hold a password.
        return hashlib.blake2b(request, digest_size=16, key=self._key).digest()


def head_of(fields: list[tuple[bytes, bytes]]) -> bytes:
    """The header lines of an answer with the empty line after them."""
    return b"".join(b"%b: %b\r\n" % field for field in fields) + b"\r\n"
