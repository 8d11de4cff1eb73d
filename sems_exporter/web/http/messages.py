"""A request as the routes look at it: path, query and the few headers that matter, and nothing decoded in vain."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

from sems_exporter.exposition import ALL_SERIES, Format, SeriesFilter

Scope: TypeAlias = MutableMapping[str, object]
Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
JSON = "application/json"
LARGEST_ANSWER = 1 << 20
"""Bytes of a body that are handed to a connection at a time; more go at the pace of their reader."""
LARGEST_SECURE_ANSWER = 1 << 16
"""The same with TLS, which keeps to itself that a client does not take what lies encrypted before it."""
LONGEST = 4096
"""Bytes of a header that are looked at; what Prometheus sends has about 200."""
MOST_PARAMETERS = 16
"""Parameters of a query that are looked at."""


@dataclass(frozen=True, slots=True)
class ScrapeRequest:
    """What a scrape asks for."""

    format: Format
    compressed: bool
    part: SeriesFilter = ALL_SERIES


@dataclass(frozen=True, slots=True)
class Response:
    """One complete answer."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Refused(Exception):
    """The request cannot be answered as it stands; `response` says why."""

    def __init__(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        super().__init__(text)
        self.response = Response(status, PLAIN, f"{text}\n".encode(), headers)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, read from the scope of the server."""

    scope: Scope = field(repr=False)

    @property
    def method(self) -> str:
        """GET and the like."""
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """The path, with its % signs resolved; also where the request names the whole address, as to a proxy."""
        path = str(self.scope["path"])
        if not path.startswith(("http://", "https://")):
            return path
        try:
            return urlsplit(path).path or "/"
        except ValueError:
            # The host is none; nothing is to be found below it.
            return path

    @property
    def client(self) -> str:
        """The address of whoever asks, as far as it is known."""
        found = cast("tuple[str, int] | None", self.scope.get("client"))
        return found[0] if found else ""

    @property
    def secure(self) -> bool:
        """Tell whether it came over TLS."""
        return self.scope.get("scheme") == "https"

    def header(self, name: bytes) -> bytes:
        """A header, cut to a sensible length; one that is sent twice means the list of both."""
        fields = cast("Iterable[tuple[bytes, bytes]]", self.scope["headers"])
        return b",".join(value for key, value in fields if key == name)[:LONGEST]

    @property
    def version(self) -> str:
        """The version of HTTP that the request says it speaks."""
        return str(self.scope.get("http_version", "1.1"))

    @property
    def names_one_host(self) -> bool:
        """Tell whether it names its host as often as its version has to: once, before 1.1 perhaps not at all."""
        fields = cast("Iterable[tuple[bytes, bytes]]", self.scope["headers"])
        hosts = sum(key == b"host" for key, _ in fields)
        return hosts == 1 or (hosts == 0 and self.version == "1.0")

    @property
    def has_body(self) -> bool:
        """Tell whether anything follows the head. Nobody has a reason to, unless to smuggle in a second request."""
        return bool(self.header(b"transfer-encoding")) or self.header(b"content-length") not in (b"", b"0")

    @property
    def can_recur(self) -> bool:
        """Tell whether the same bytes on the same connection will ask for the same again, and leave it open."""
        return (
            self.method == "GET"
            and self.version == "1.1"
            and self.names_one_host
            and not self.has_body
            and not self.header(b"connection")
            # No standard, but the parser of httptools heeds it.
            and not self.header(b"proxy-connection")
            and not self.header(b"expect")
            and not self.header(b"upgrade")
        )

    def parameters(self, *allowed: str, others_ignored: bool = False) -> dict[str, str]:
        """The parameters of the query; raises Refused for one that is given twice, or is none of the `allowed`.

        With `others_ignored` those are left out: links to pages collect some on their way.
        """
        text = cast("bytes", self.scope.get("query_string", b"")).decode("latin-1")
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
        except ValueError:
            raise Refused(400, "too many parameters") from None
        if others_ignored:
            pairs = [(name, value) for name, value in pairs if name in allowed]
        found = dict(pairs)
        if len(found) != len(pairs) or not found.keys() <= set(allowed):
            raise Refused(
                400, f"parameters can be {', '.join(allowed)}, each once" if allowed else "no parameters here"
            )
        return found


def part_of(request: Request) -> SeriesFilter:
    """The part of the metrics that the query names; raises Refused."""
    named = request.parameters("station", "account", "only")
    if len(named) > 1:
        raise Refused(400, "name one of station, account and only")
    only = named.get("only")
    if only not in (None, "exporter", "process"):
        raise Refused(400, "only can be exporter or process")
    return SeriesFilter(
        named.get("station"), named.get("account"), exporter=only == "exporter", process=only == "process"
    )
