"""Calls as the files write them, and the guard that lets nothing but reading through."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote, urlencode

from sems_exporter.protocol import templates
from sems_exporter.protocol.shapes import ProtocolError, unknown

METHODS = ("GET", "POST")
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
_PATH = re.compile(r"(/(\{\w+\}|[\w.~%-]+))+")
"""Names in braces stand for whole parts, or they could complete a word."""
_DOTS = re.compile(r"(^|/)\.{1,2}(/|$)")
_CHANGING = frozenset("%?#;\\")
"""Characters for which the rest of a path may be taken for something else than it looks like."""
_ONE_WORD = re.compile(r"(?<=/)([a-z]+|[A-Z]+)(?![^/])")
"""A part of a path that does not show where its words begin; the classic portal reads any spelling."""
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
TRANSPORT_HEADERS = frozenset(
    "host content-length transfer-encoding connection upgrade te trailer keep-alive expect content-encoding".split()  # noqa: SIM905 - words
)
"""Headers that belong to the transport."""
ID_NAMES = frozenset({"station", "stations", "device"})
"""Names without which a call would tell of something else than it was asked about."""


class CallShape(NamedTuple):
    """A call: its path below the gateway, query and body with names in braces."""

    path: str
    method: str = "GET"
    query: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it
    body: dict[str, object] | None = None

    def names(self) -> set[str]:
        """The names in it."""
        return {*templates.names(self.path), *templates.names(self.query), *templates.names(self.body)}

    def address(self, values: Mapping[str, object]) -> str:
        """Path and query with `values` for their names."""
        path = templates.text(self.path, {name: quote(str(value), safe="") for name, value in values.items()})
        query = {key: templates.text(text, values) for key, text in self.query.items()}
        return f"{path}?{urlencode(query)}" if query else path

    def content(self, values: Mapping[str, object]) -> object:
        """The body with `values` for its names; None where it has none."""
        return None if self.body is None else templates.filled(self.body, values)


def write_word(path: str) -> str | None:
    """The part of `path` for which it may change something at the portal; None where it only reads.

    Query and spelling do not matter: `%73et`, `SET` and `set-mode` are the same.
    """
    plain = unquote(path.partition("?")[0])
    if any(known.fullmatch(plain) for known in READ_PATHS):
        return None
    words: list[str] = [word.lower() for word in _WORD.findall(plain)]
    words += re.split(r"[^a-z]+", plain.lower())
    if word := next((word for word in words if word in WRITE_WORDS), None):
        return word
    parts = [part.lower() for part in _ONE_WORD.findall(plain)]
    if begun := [word for word in WRITE_WORDS for part in parts if part.startswith(word)]:
        return max(begun, key=len)
    letters = re.sub(r"[^a-z]", "", plain.lower())
    return next((call for call in WRITE_CALLS if call in letters), None)


def is_roundabout(path: str) -> bool:
    """Tell whether a path may lead elsewhere than it reads: by dots, or by codes of what ends or parts it."""
    plain = unquote(path.partition("?")[0])
    return bool(_DOTS.search(plain)) or not _CHANGING.isdisjoint(plain)


def refuse_unfit(path: str, call: CallShape, packaged: CallShape | None, known: frozenset[str]) -> None:
    """Raise ProtocolError where a call cannot be sent, may write, or is about something else than the packaged one.

    `known` are the names in braces that every call may use.
    """
    if call.method not in METHODS:
        raise ProtocolError(f"{path}.method", f"has to be {' or '.join(METHODS)}")
    if not call.path.isascii() or not _PATH.fullmatch(call.path) or is_roundabout(call.path):
        raise ProtocolError(f"{path}.path", "has to be what follows the gateway's address, such as /sems-plant/api/…")
    if word := write_word(call.path):
        raise ProtocolError(f"{path}.path", f"is refused, because “{word}” may change something at the portal")
    if call.method == "GET" and call.body is not None:
        raise ProtocolError(f"{path}.body", "belongs to POST; what a GET asks about goes into query")
    if packaged is None:
        return
    allowed = packaged.names() | known
    for name in sorted(call.names() - allowed):
        raise ProtocolError(path, f"{{{name}}} is not known here; there are {', '.join(sorted(allowed))}")
    for name in sorted(set(templates.names(call.path)) - packaged.names()):
        raise ProtocolError(f"{path}.path", f"{{{name}}} belongs into query, body and headers")
    for name in sorted((packaged.names() & ID_NAMES) - call.names()):
        raise ProtocolError(path, f"has to name {{{name}}}, or the answer would be about something else")


def refuse_unfit_calls(
    path: str, calls: Mapping[str, CallShape], packaged: Mapping[str, CallShape] | None, known: frozenset[str]
) -> None:
    """Raise ProtocolError where a call is unfit, is none of those that are made, or one of those is not there."""
    for name, call in calls.items():
        if packaged is not None and name not in packaged:
            raise ProtocolError(f"{path}.{name}", unknown(name, packaged))
        refuse_unfit(f"{path}.{name}", call, packaged[name] if packaged else None, known)
    for name in sorted(set(packaged or ()) - calls.keys()):
        raise ProtocolError(f"{path}.{name}", "cannot be left out")


def refuse_headers(path: str, headers: Mapping[str, str], allowed: frozenset[str]) -> None:
    """Raise ProtocolError for a header that cannot be sent."""
    for name, value in headers.items():
        if not HEADER.fullmatch(name) or name.lower() in TRANSPORT_HEADERS:
            raise ProtocolError(f"{path}.{name}", "is no header that a file can set")
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise ProtocolError(f"{path}.{name}", "has to be one line of ASCII without blanks around it")
        refuse_names(f"{path}.{name}", value, allowed)


def refuse_names(path: str, template: object, allowed: frozenset[str]) -> None:
    """Raise ProtocolError for a name in braces that is not known here."""
    for name in templates.names(template):
        if name not in allowed:
            raise ProtocolError(path, f"{{{name}}} is not known here; there are {', '.join(sorted(allowed))}")
