"""What must never be read by others, and how it is struck out of a text, in whatever spelling it comes.

One object for the process, as logging is one: secrets are learnt where they come in (settings, sign-in, state file),
and struck out where texts go out.
"""

import base64
import hashlib
import html
import json
import threading
import urllib.parse
from collections import deque
from collections.abc import Iterable, Iterator

MASK = "<secret>"
SHORTEST = 4
"""Characters; what is shorter would mask half of every line, and tell more than it hides."""
SHORTEST_ENCODED = 8
"""Characters of base64; fewer would be found by chance."""
HARMLESS = frozenset({"client", "version", "language", "api", "region", "country", "lang"})
"""Keys of a sign-in answer whose texts are the portal's own words, or an address."""


class Masks:
    """Secrets, of any number of accounts; more can be learnt at any time and from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lasting: set[str] = set()
        self._sessions: dict[str, deque[set[str]]] = {}
        self._known: tuple[str, ...] = ()

    def learn(self, *secrets: str) -> None:
        """Strike these out from now on."""
        with self._lock:
            self._lasting |= _all_spellings(secrets)
            self._survey()

    def learn_password(self, password: str) -> None:
        """The same, with the digests that the portal takes in place of the password."""
        self.learn(password)
        if len(password) >= SHORTEST:
            digest = hashlib.md5(password.encode(errors="surrogatepass"), usedforsecurity=False)
            self.learn(digest.hexdigest())
            with self._lock:
                self._lasting |= set(map(_folded, _base64(digest.digest())))
                self._survey()

    def learn_session(self, owner: str, answer: object) -> None:
        """Every text in the sign-in `answer`, unless its key says that it is harmless.

        Of each owner the session before is remembered too; older ones are worth nothing any more, and a list that grew
        with each sign-in would slow the exporter down over the years.
        """
        with self._lock:
            self._sessions.setdefault(owner, deque(maxlen=2)).append(_all_spellings(_texts(answer)))
            self._survey()

    def masked(self, text: str) -> str:
        """`text` without any of the secrets, in upper or lower case."""
        low = _folded(text)
        for secret in [known for known in self._known if known in low]:
            start = low.find(secret)
            while start >= 0:
                end = start + len(secret)
                text, low = text[:start] + MASK + text[end:], low[:start] + MASK + low[end:]
                start = low.find(secret, start + len(MASK))
        return text

    def _survey(self) -> None:
        sessions = (spellings for kept in self._sessions.values() for spellings in kept)
        # The longest first, or what surrounds a secret would remain.
        self._known = tuple(sorted(self._lasting.union(*sessions), key=len, reverse=True))


MASKS = Masks()


def _folded(text: str) -> str:
    """`text` in lower case, each character in its place."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _all_spellings(secrets: Iterable[str]) -> set[str]:
    return {_folded(spelling) for secret in secrets if len(secret) >= SHORTEST for spelling in _spellings(secret)}


def _spellings(secret: str) -> Iterator[str]:
    raw = secret.encode(errors="surrogatepass")
    yield from (secret, secret.strip() or secret)
    yield from (urllib.parse.quote(raw), urllib.parse.quote(raw, safe=""), urllib.parse.quote_plus(raw))
    for text in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield from (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    yield from (repr(secret)[1:-1], repr(raw)[2:-1], html.escape(secret), raw.hex())
    yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[str]:
    """What of base64 text tells `raw`, alone or amid other bytes, in both alphabets."""
    for before in range(3):
        # The characters at the ends hold bits of the neighbours too.
        encoded = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        loose = (len(raw) + before) % 3 != 0
        inner = encoded[(0, 2, 3)[before] : len(encoded) - loose]
        if len(inner) >= SHORTEST_ENCODED:
            yield from (inner, inner.replace("+", "-").replace("/", "_"))


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            if str(key).lower() not in HARMLESS:
                yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)
