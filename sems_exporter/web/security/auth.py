"""Who may ask: user names and bcrypt hashes, checked without holding up anybody who was let in before.

A bcrypt hash is slow on purpose, a tenth of a second and more on a small board. So each right password is checked once
and remembered by a keyed digest; the checking is done in a thread, one at a time, and only so many may wait for it.

Guesses at names that do not exist wait apart from those at names that do, and each address apart from the others; the
lines take turns. So whoever floods the port has to know a name to be in the way of its user.
"""

import asyncio
import base64
import binascii
import hashlib
import ipaddress
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from weakref import WeakValueDictionary

import bcrypt

from sems_exporter.web.http.daemon_threads import in_thread

log = logging.getLogger(__name__)

MOST_REMEMBERED = 256
"""Verdicts that are remembered, of the right passwords and of the wrong ones each."""
MOST_WAITING = 16
"""Checks of names that do not exist which may wait at a time; one more is turned away."""
MOST_OF_ONE_CLIENT = 4
"""Of these, how many may come from one address, so that no one can take all places."""
MOST_OF_A_USER = 512
"""Checks of one name that exists which may wait at a time: as many as there can be connections."""
MOST_OF_A_USER_AND_CLIENT = 128
"""Of these, how many may come from one address. Who would not wait so long is known when it comes again."""
LONGEST_PASSWORD = 72
"""Bytes of a password that bcrypt looks at."""

Check = Callable[[bytes, bytes], bool]
Line = tuple[bytes | None, str]
"""Who waits together: the name, None for all that do not exist, and the address, "" for all of them."""


class TooBusy(Exception):
    """Too many passwords wait to be checked."""


class Verdicts:
    """The latest verdicts that were the same, by digest, each with the name it is about."""

    def __init__(self, names: Mapping[bytes, bytes] | None = None) -> None:
        self.names = OrderedDict(names or {})

    def __contains__(self, digest: bytes) -> bool:
        found = digest in self.names
        if found:
            self.names.move_to_end(digest)
        return found

    def add(self, digest: bytes, name: bytes) -> None:
        """Remember one more, and forget the oldest where there are too many."""
        self.names[digest] = name
        if len(self.names) > MOST_REMEMBERED:
            self.names.popitem(last=False)


class BasicAuth:
    """Lets in whoever knows the password of one of `users` (name to bcrypt hash), or everybody where there are none."""

    def __init__(self, users: Mapping[bytes, bytes], check: Check = bcrypt.checkpw) -> None:
        self.users = users
        self._check = check
        # Whoever does not exist is checked against a hash all the same, the slowest, so that the time does not tell.
        self._stand_in = max(users.values(), key=lambda hashed: hashed[4:6], default=b"")
        self.key = secrets.token_bytes(32)
        self.right, self._wrong = Verdicts(), Verdicts()
        self._turns: WeakValueDictionary[Line | str, asyncio.Lock] = WeakValueDictionary()
        self._pending: dict[bytes, asyncio.Task[bool]] = {}
        self._waiting: Counter[Line] = Counter()

    @property
    def asks(self) -> bool:
        """Tell whether a password is needed at all."""
        return bool(self.users)

    def remember(self, before: "BasicAuth") -> None:
        """Take over who was found right by the one `before`, as far as name and hash are still the same."""
        same = {name for name, hashed in self.users.items() if before.users.get(name) == hashed}
        self.key = before.key
        self.right = Verdicts({digest: name for digest, name in before.right.names.items() if name in same})

    def known(self, authorization: bytes) -> bool | None:
        """The verdict on this header where it is known without a check."""
        if not self.users:
            return True
        credentials = _credentials(authorization)
        return False if credentials is None else self._verdict(self._digest(*credentials))

    async def admits(self, authorization: bytes, client: str) -> bool:
        """Tell whether whoever sends this header from the address `client` is let in; raises TooBusy."""
        known = self.known(authorization)
        credentials = _credentials(authorization)
        if known is not None or credentials is None:
            return bool(known)
        digest = self._digest(*credentials)
        # Whoever comes with the same words waits for the same check.
        task = self._pending.get(digest)
        if task is None:
            task = self._pending[digest] = self._queued(digest, credentials, _neighbourhood(client))
        return await asyncio.shield(task)

    def _queued(self, digest: bytes, credentials: tuple[bytes, bytes], client: str) -> asyncio.Task[bool]:
        name = credentials[0] if credentials[0] in self.users else None
        of_all, of_client = (
            (MOST_WAITING, MOST_OF_ONE_CLIENT) if name is None else (MOST_OF_A_USER, MOST_OF_A_USER_AND_CLIENT)
        )
        lines: tuple[Line, Line] = ((name, client), (name, ""))
        if self._waiting[lines[0]] >= of_client or self._waiting[lines[1]] >= of_all:
            raise TooBusy
        self._waiting.update(lines)
        task = asyncio.create_task(self._checked(digest, credentials, lines))
        task.add_done_callback(lambda _: self._done(digest, lines))
        return task

    def _done(self, digest: bytes, lines: tuple[Line, Line]) -> None:
        del self._pending[digest]
        self._waiting.subtract(lines)
        self._waiting = +self._waiting

    async def _checked(self, digest: bytes, credentials: tuple[bytes, bytes], lines: tuple[Line, Line]) -> bool:
        name, password = credentials
        hashed = self.users.get(name, self._stand_in)
        # First in its own address's line, then in that of the name, then before the one who checks: each lets one
        # through at a time, so that the next one up takes turns.
        async with self._turn(lines[0]), self._turn(lines[1]), self._turn("check"):
            try:
                same = await in_thread("password", lambda: self._check(password[:LONGEST_PASSWORD], hashed))
            except Exception:
                log.exception("a password could not be checked through a fault of the exporter")
                same = False
        right = same and name in self.users
        (self.right if right else self._wrong).add(digest, name)
        return right

    def _turn(self, line: Line | str) -> asyncio.Lock:
        return self._turns.setdefault(line, asyncio.Lock())

    def _verdict(self, digest: bytes) -> bool | None:
        if digest in self.right:
            return True
        return False if digest in self._wrong else None

    def _digest(self, user: bytes, password: bytes) -> bytes:
        words = len(user).to_bytes(4, "big") + user + password
        return hashlib.blake2b(words, digest_size=32, key=self.key).digest()


NOBODY = BasicAuth({})
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


def _neighbourhood(client: str) -> str:
    """Return what counts as one address: of IPv6 the network of 64 bits, since whoever has one has all in it."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client or "?"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address), 64), strict=False))
