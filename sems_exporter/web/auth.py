"""Who may ask: user names and bcrypt hashes, checked without holding up anybody who was let in before.

A bcrypt hash is slow on purpose, a tenth of a second and more on a small board. So each right password is checked once
and remembered by a keyed digest; the checking is done in a thread, one at a time, and only so many may wait for it.
"""

import asyncio
import base64
import binascii
import hashlib
import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping

import bcrypt

MOST_REMEMBERED = 256
"""Verdicts that are remembered, of the right passwords and of the wrong ones each."""
MOST_WAITING = 16
"""Checks that may wait at a time; one more is turned away."""
MOST_OF_ONE_CLIENT = 4
"""Of these, how many may come from one address, so that no one can take all places."""
LONGEST_PASSWORD = 72
"""Bytes of a password that bcrypt looks at."""

Check = Callable[[bytes, bytes], bool]


class TooBusy(Exception):
    """Too many passwords wait to be checked."""


class _Verdicts:
    """The latest verdicts that were the same, by digest."""

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        found = digest in self._digests
        if found:
            self._digests.move_to_end(digest)
        return found

    def add(self, digest: bytes) -> None:
        self._digests[digest] = None
        if len(self._digests) > MOST_REMEMBERED:
            self._digests.popitem(last=False)


class Gatekeeper:
    """Lets in whoever knows the password of one of `users` (name to bcrypt hash), or everybody where there are none."""

    def __init__(self, users: Mapping[bytes, bytes], check: Check = bcrypt.checkpw) -> None:
        self._users = users
        self._check = check
        # Whoever does not exist is checked against a hash all the same, the slowest, so that the time does not tell.
        self._stand_in = max(users.values(), key=lambda hashed: hashed[4:6], default=b"")
        self._key = secrets.token_bytes(32)
        self._right, self._wrong = _Verdicts(), _Verdicts()
        self._one_at_a_time = asyncio.Lock()
        self._pending: dict[bytes, asyncio.Task[bool]] = {}
        self._waiting: Counter[str] = Counter()

    @property
    def asks(self) -> bool:
        """Whether a password is needed at all."""
        return bool(self._users)

    def known(self, authorization: bytes) -> bool | None:
        """The verdict on this header where it is known without a check."""
        if not self._users:
            return True
        credentials = _credentials(authorization)
        return False if credentials is None else self._verdict(self._digest(*credentials))

    async def admits(self, authorization: bytes, client: str) -> bool:
        """Whether whoever sends this header from the address `client` is let in; raises TooBusy."""
        known = self.known(authorization)
        credentials = _credentials(authorization)
        if known is not None or credentials is None:
            return bool(known)
        digest = self._digest(*credentials)
        # Whoever comes with the same words waits for the same check.
        task = self._pending.get(digest)
        if task is None:
            if len(self._pending) >= MOST_WAITING or self._waiting[client] >= MOST_OF_ONE_CLIENT:
                raise TooBusy
            self._waiting[client] += 1
            task = self._pending[digest] = asyncio.create_task(self._checked(digest, credentials))
            task.add_done_callback(lambda _: self._done(digest, client))
        return await asyncio.shield(task)

    def _done(self, digest: bytes, client: str) -> None:
        del self._pending[digest]
        self._waiting[client] -= 1
        if not self._waiting[client]:
            del self._waiting[client]

    async def _checked(self, digest: bytes, credentials: tuple[bytes, bytes]) -> bool:
        user, password = credentials
        hashed = self._users.get(user, self._stand_in)
        async with self._one_at_a_time:
            same = await _in_thread(lambda: self._check(password[:LONGEST_PASSWORD], hashed))
        right = same and user in self._users
        (self._right if right else self._wrong).add(digest)
        return right

    def _verdict(self, digest: bytes) -> bool | None:
        if digest in self._right:
            return True
        return False if digest in self._wrong else None

    def _digest(self, user: bytes, password: bytes) -> bytes:
        words = len(user).to_bytes(4, "big") + user + password
        return hashlib.blake2b(words, digest_size=32, key=self._key).digest()


NOBODY = Gatekeeper({})
"""Asks nobody for a password."""


def _credentials(authorization: bytes) -> tuple[bytes, bytes] | None:
    """Name and password of a Basic header; None where it is no such header."""
    scheme, _, encoded = authorization.partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except binascii.Error:
        return None
    return (user, password) if colon else None


async def _in_thread(check: Callable[[], bool]) -> bool:
    """The result of `check`; in a daemon thread, because a pool's would hold up the end of the program."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[bool] = loop.create_future()

    def settle(right: bool) -> None:  # noqa: FBT001 - called by the loop
        if not result.done():
            result.set_result(right)

    def run() -> None:
        right = False
        try:
            right = check()
        finally:
            # Also where it ends in a fault: whoever waits for it would keep all others waiting.
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, right)

    threading.Thread(target=run, name="password", daemon=True).start()
    return await result
