"""What must never be read by others, and how it is struck out of a text, in whatever spelling it comes.

One object for the process, as logging is one: secrets are learnt where they come in (settings, sign-in, state file),
and struck out where texts go out.
"""

import base64
import hashlib
import html
import json
import re
import threading
import unicodedata
import urllib.parse
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import NoReturn

MASK = "<secret>"
SHORTEST = 4
"""Characters; what is shorter would mask half of every line, and tell more than it hides."""
SHORTEST_ENCODED = 8
"""Characters of base64; fewer would be found by chance."""
_HARMLESS = frozenset({"client", "version", "language", "api", "region", "country", "lang"})
"""Keys of a sign-in answer whose texts are the portal's own words, or an address."""
_SECRET = re.compile(r"token|uid|user_?id|cookie|session|pass|pwd|secret|account|ticket|auth|mail|phone|mobile")
"""What the keys of secrets have in them, in lower case; all that stands below such a key is secret too."""
_WORD = re.compile(r"[a-z]{1,7}|[a-z]+://.*|\d{4}-\d\d-\d\d.*|[\d.:]*[.:][\d.:]*", re.IGNORECASE)
"""A word, an address or a time, wherever it stands; as a secret it would blank out half of each line."""
_RANDOM = re.compile(r"(?=.*\d)(?=.*[a-z])\S{8,}|\d{8,}|\S{20,}|\S+@\S+", re.IGNORECASE)
"""What stands at no such key, but looks like a secret or an account all the same."""


class Secret:
    """A text that shows itself only when asked to: not in a repr, a log, an error, a dump or a pickle.

    `source` is the file it was read from, if it was.
    """

    __slots__ = ("_text", "source")

    def __init__(self, text: str, source: Path | None = None) -> None:
        self._text = text
        self.source = source

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret stays in its process")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)


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
        """Learn what is secret in the sign-in `answer`: by its key, or because it looks like it.

        Not every text: a portal that answers with ordinary words would blank the log.

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
            between = low.split(secret)
            starts = accumulate((len(part) + len(secret) for part in between[:-1]), initial=0)
            text = MASK.join(text[start : start + len(part)] for start, part in zip(starts, between, strict=True))
            low = MASK.join(between)
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
    """List the ways in which programs write a secret: plain, for JSON, Python, HTML and addresses, and as its bytes."""
    for form in {secret, secret.strip() or secret, *(unicodedata.normalize(form, secret) for form in ("NFC", "NFD"))}:
        yield from (form, form[::-1], repr(form)[1:-1])
        for text in (json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]):
            yield from (
                text,
                text.replace("/", "\\/"),
                json.dumps(text)[1:-1],
                json.dumps(text, ensure_ascii=False)[1:-1],
            )
        escaped = html.escape(form)
        yield from (escaped, escaped.replace("&#x27;", "&#39;"), escaped.replace("&#x27;", "&apos;"))
        yield "".join(f"&#{ord(character)};" for character in form)
        yield "".join(f"&#x{ord(character):x};" for character in form)
        yield from _of_bytes(form.encode(errors="surrogatepass"))
        if not form.isascii():
            with suppress(UnicodeEncodeError):
                yield from _of_bytes(form.encode("latin-1"))
        for encoding in ("utf-16-le", "utf-16-be"):
            wide = form.encode(encoding, "surrogatepass")
            yield from (wide.hex(), *_base64(wide))


def _of_bytes(raw: bytes) -> Iterator[str]:
    quoted = (urllib.parse.quote(raw), urllib.parse.quote(raw, safe=""), urllib.parse.quote_plus(raw))
    whole = "".join(f"%{byte:02x}" for byte in raw)
    for text in (*quoted, whole):
        yield from (text, urllib.parse.quote(text), urllib.parse.quote(text, safe=""))
    yield from (repr(raw)[2:-1], raw.hex(), raw.hex(" "), raw.hex(":"))
    # The last character of base32 holds bits of what follows too.
    if len(whole32 := base64.b32encode(raw).decode()[: len(raw) * 8 // 5]) >= SHORTEST_ENCODED:
        yield whole32
    yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[str]:
    """List the base64 texts that give `raw` away, alone or amid other bytes, in both alphabets."""
    for before in range(3):
        # The characters at the ends hold bits of the neighbours too.
        encoded = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        loose = (len(raw) + before) % 3 != 0
        inner = encoded[(0, 2, 3)[before] : len(encoded) - loose]
        if len(inner) >= SHORTEST_ENCODED:
            yield from (inner, inner.replace("+", "-").replace("/", "_"))


def _texts(document: object, *, secret: bool = False) -> Iterator[str]:
    """The secrets in a sign-in answer; `secret` tells that the key above says so."""
    if isinstance(document, dict):
        for key, value in document.items():
            low = str(key).lower()
            if low not in _HARMLESS:
                yield from _texts(value, secret=secret or _SECRET.search(low) is not None)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value, secret=secret)
    elif isinstance(document, str | int) and not isinstance(document, bool):
        text = str(document)
        if (secret or _RANDOM.fullmatch(text)) and not _WORD.fullmatch(text):
            yield text
