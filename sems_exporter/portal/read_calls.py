"""Calls that a person may make by name or by path."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sems_exporter.portal.client import Call
from sems_exporter.protocol.calls import METHODS, is_roundabout, write_word

ENDPOINT = "call"
"""What metrics and logs call a request that a person wrote by path."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a call asks about; "", or the earliest date, where the person did not say."""

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
    if is_roundabout(path):
        raise ValueError("the path may hold neither . nor .. nor codes of codes, nor of ? # ; and backslashes")
    if word := write_word(path):
        raise ValueError(f"refused, because “{word}” may change something at the portal; this program only reads")
    if body is not None and method == "GET":
        raise ValueError("a GET has no body; use POST, or put it into the path behind ?")
    return Call(ENDPOINT, method, path, body)
