"""What must survive a restart: the token and the brake of one account, in one small file of mode 0600."""

import hashlib
import json
import logging
import math
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sems_exporter.config import Account
from sems_exporter.files import write_private
from sems_exporter.portal.brake import Brake

log = logging.getLogger(__name__)
VERSION = 1


@dataclass(frozen=True, slots=True)
class Token:
    """A session: the identity to send along whole, the data host, when (Unix time) it was issued, and its dialect."""

    identity: dict[str, Any] = field(repr=False)
    gateway: str
    issued_at: float
    dialect: str = "semsplus"


@dataclass(frozen=True, slots=True)
class AccountState:
    """The token, if there is one, and the brake."""

    token: Token | None = None
    brake: Brake = field(default_factory=Brake)


class StateFile:
    """Reads and writes the state of one account; a file that cannot be read or written costs a warning only."""

    def __init__(self, directory: Path, account: Account) -> None:
        name = hashlib.sha256(f"{account.login_url}\n{account.name}".encode()).hexdigest()[:16]
        self.path = directory / f"account-{name}.json"
        self._password = account.password
        self._salt = secrets.token_hex(16)
        self._writable = True

    def load(self) -> AccountState:
        """The state of the last run; rejections are forgotten when the password has changed since."""
        return self._read() or AccountState()

    def changed(self) -> AccountState | None:
        """What another process may have written since; None where the file cannot tell, being gone, spoilt or old."""
        return self._read() if self._writable else None

    def _read(self) -> AccountState | None:
        try:
            document = json.loads(self.path.read_text())
            token = _token(document["token"]) if document["token"] else None
            brake = _brake(document["brake"])
            self._salt = str(document["salt"])
            same = secrets.compare_digest(str(document["password"]), self._fingerprint())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            log.warning(
                "the state file cannot be read; starting without it",
                extra={"path": str(self.path), "error": type(error).__name__},
            )
            return None
        return AccountState(token, brake if same else brake.released())

    def save(self, state: AccountState) -> None:
        """Replace the file as a whole."""
        document = {
            "version": VERSION,
            "salt": self._salt,
            "password": self._fingerprint(),
            "token": asdict(state.token) if state.token else None,
            "brake": asdict(state.brake),
        }
        try:
            write_private(self.path, json.dumps(document))
            self._writable = True
        except OSError as error:
            if self._writable:
                log.warning(
                    "the state cannot be saved, so a restart will sign in again; make state_dir writable",
                    extra={"path": str(self.path), "error": error.strerror},
                )
            self._writable = False

    def _fingerprint(self) -> str:
        # Only tells whether the password is still the same; the token beside it is worth as much to a thief.
        salted = hashlib.scrypt(self._password.reveal().encode(), salt=self._salt.encode(), n=2**12, r=8, p=1)
        return salted.hex()


def _token(raw: dict[str, Any]) -> Token:
    identity, gateway = raw["identity"], raw["gateway"]
    if not isinstance(identity, dict) or not isinstance(gateway, str):
        raise TypeError("token")
    return Token(identity, gateway, _number(raw["issued_at"]), str(raw.get("dialect", "semsplus")))


def _brake(raw: dict[str, Any]) -> Brake:
    for value in raw.values():
        _number(value)
    return Brake(**raw)


def _number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise TypeError("number")
    return raw
