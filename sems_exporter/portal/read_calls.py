"""Calls that a person may make by name or by path, and the guard that lets nothing but reading through."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

from sems_exporter.portal.client import Call

METHODS = ("GET", "POST")
ENDPOINT = "call"
"""What metrics and logs call a request that a person wrote by path."""

WRITE_WORDS = frozenset(
    """
    set save start stop cancel confirm delete star add update edit modify remove create insert upgrade write bind unbind
    reset restart reboot enable disable switch upload publish send register login logout signin transfer grant revoke
    command execute apply clear control frpset
    """.split()  # noqa: SIM905 - words, not a list
)
"""Words of a path that change something, or that may; a read that has one is not worth the risk."""
WRITE_CALLS = (
    *("startcharge", "stopcharge", "cancelcharge", "setmode", "setconfig", "setscheduled"),
    *("setdevicefunctionparameters", "remoteset", "metricconfigsave"),
    *("alarmconfirm", "alarmdelete", "alarmstar", "saveremotecontrol", "upgrade", "frpset"),
)
"""Calls known to write, as letters alone, so that no other spelling gets through."""
READ_PATHS = (re.compile(r"/sems-remote/api/ev-charger/control-item-content-list/[^/]+"),)
"""Known to read, whatever their words look like."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True)
class Target:
    """What a call asks about; None where the person did not say."""

    station: str = ""
    device: str = ""
    device_type: str = ""
    day: date = date.min


@dataclass(frozen=True, slots=True)
class ReadCall:
    """A call that is known: its name, what it tells, the fields of `Target` that it needs, and how it is made."""

    name: str
    tells: str
    build: Callable[[Target], Call]
    needs: tuple[str, ...] = ()


def write_word(path: str) -> str | None:
    """The part of `path` for which it may change something at the portal; None where it only reads.

    Query and spelling do not matter: `%73et`, `SET` and `set-mode` are the same.
    """
    plain = unquote(path).partition("?")[0]
    if any(known.fullmatch(plain) for known in READ_PATHS):
        return None
    words: list[str] = [word.lower() for word in _WORD.findall(plain)]
    words += re.split(r"[^a-z]+", plain.lower())
    if word := next((word for word in words if word in WRITE_WORDS), None):
        return word
    letters = re.sub(r"[^a-z]", "", plain.lower())
    return next((call for call in WRITE_CALLS if call in letters), None)


def written_call(method: str, path: str, body: object = None) -> Call:
    """A call that a person wrote; raises ValueError with a sentence where it is none that only reads."""
    if method not in METHODS:
        raise ValueError(f"{method} is refused: only GET and POST are sent, and only where they read")
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError(
            "a path is what follows the gateway's address, such as /sems-plant/api/stations/flow?stationId=…; "
            "the address itself comes from the session"
        )
    if not path.isascii() or not path.isprintable() or " " in path or "#" in path:
        raise ValueError("the path holds characters that an address cannot have; write them as %.. codes")
    if re.search(r"(^|/)\.{1,2}(/|$)", unquote(path).partition("?")[0]) or "%" in unquote(path).partition("?")[0]:
        raise ValueError("the path may hold neither . nor .. nor codes of codes")
    if word := write_word(path):
        raise ValueError(f"refused, because “{word}” may change something at the portal; this program only reads")
    if body is not None and method == "GET":
        raise ValueError("a GET has no body; use POST, or put it into the path behind ?")
    return Call(ENDPOINT, method, path, body)
