"""What must survive a restart: the token and the brake of one account, and how they are written down."""

import hashlib
import json
import math
import secrets
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from sems_exporter.portal.session.login_throttle import MOST_SAID, LoginThrottle
from sems_exporter.telemetry.redaction import Secret

VERSION = 1
_TEXTS = frozenset({"outcome", "said"})
_COUNTS = frozenset({"failures", "rejections", "pauses", "unanswered", "answers", "refused", "replaced"})
LARGEST_IDENTITY = 4096
"""Bytes; the largest seen has 600. A header of more than 8 KiB is refused by most servers."""
_LATEST = 1e11
"""Unix time in the year 5138, which no clock shows."""


@dataclass(frozen=True, slots=True)
class Token:
    """A session: the identity to send along whole, the data host, when (Unix time) it was issued, and its dialect."""

    identity: dict[str, Any] = field(repr=False)
    gateway: str
    issued_at: float
    dialect: str = "semsplus"


@dataclass(frozen=True, slots=True)
class AccountState:
    """The token, if there is one, and the brake.

    Three things are true of this process only: `served_by` says which other process has the account, so that this one
    never signs in; `unsaved` says why the state cannot be kept on disk, `unshared` why other processes of the account
    do not learn of its requests.
    """

    token: Token | None = None
    brake: LoginThrottle = field(default_factory=LoginThrottle)
    served_by: str = ""
    unsaved: str = ""
    unshared: str = ""

    def moved(self, seconds: float) -> "AccountState":
        """The same on a clock that is `seconds` ahead of the one it was written by."""
        token = self.token and replace(self.token, issued_at=self.token.issued_at + seconds)
        return replace(self, token=token, brake=self.brake.moved(seconds))


class StateCodec:
    """Turns the state of one account into a document fit for JSON, and back; knows whether the password has changed."""

    def __init__(self, password: Secret) -> None:
        self._password = password
        self._salt = secrets.token_hex(16)
        self._fingerprints: dict[str, str] = {}

    def document(self, state: AccountState) -> dict[str, Any]:
        """What is kept of the state."""
        return {
            "version": VERSION,
            "salt": self._salt,
            "password": self._fingerprint(self._salt),
            "token": asdict(state.token) if state.token else None,
            "brake": asdict(state.brake),
        }

    def state(self, document: dict[str, Any]) -> AccountState:
        """The state that a document tells; rejections are forgotten when the password has changed since.

        Raises one of `files.UNREADABLE` where it is none.
        """
        token = _token(document["token"]) if document["token"] else None
        brake = _brake(document["brake"])
        salt, written = str(document["salt"]), str(document["password"]).encode()
        same = secrets.compare_digest(written, self._fingerprint(salt).encode())
        self._salt = salt
        return AccountState(token, brake if same else brake.released())

    def _fingerprint(self, salt: str) -> str:
        # Only tells whether the password is still the same; the token beside it is worth as much to a thief. A higher
        # cost would make an older program take the password for a new one, and release the brake.
        if salt not in self._fingerprints:
            password = self._password.reveal().encode()
            self._fingerprints = {salt: hashlib.scrypt(password, salt=salt.encode(), n=2**12, r=8, p=1).hex()}
        return self._fingerprints[salt]


def account_digest(*texts: str) -> str:
    """A name for an account, for files and keys that others may see."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _token(raw: dict[str, Any]) -> Token:
    identity, gateway = raw["identity"], raw["gateway"]
    if not isinstance(identity, dict) or not isinstance(gateway, str) or not gateway.isascii():
        raise TypeError("token")
    if why := unfit(identity):
        raise ValueError(why)
    return Token(identity, gateway, _number(raw["issued_at"]), str(raw.get("dialect", "semsplus")))


def unfit(identity: dict[str, Any]) -> str:
    """Say why an identity cannot be sent along with a request; "" if it can."""
    try:
        size = len(json.dumps(identity, ensure_ascii=False).encode())
    except (UnicodeError, ValueError, TypeError, RecursionError):
        return "it holds half a character"
    if size > LARGEST_IDENTITY:
        return f"it has {size} bytes"
    told = [identity[key] for key in ("uid", "token") if key in identity] or list(identity.values())
    fit = all(isinstance(text, str) and text.isprintable() for text in told)
    return "" if fit else "it holds what no header can carry"


def _brake(raw: dict[str, Any]) -> LoginThrottle:
    """The brake, of this version or another: what is missing has its default, what is unknown is left out."""
    known = {name.name: raw[name.name] for name in fields(LoginThrottle) if name.name in raw}
    if not known:
        raise TypeError("brake")
    for name, value in known.items():
        if name in _TEXTS:
            known[name] = str(value)[:MOST_SAID]
        elif not 0 <= _number(value) <= _LATEST or (name in _COUNTS and not isinstance(value, int)):
            raise ValueError(name)
    return LoginThrottle(**known)


def _number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise TypeError("number")
    return raw
