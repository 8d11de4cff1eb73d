"""The routes: /metrics, the status page, and two health checks that do not depend on the portal."""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import TypeAlias

from sems_exporter.exposition import Exposition
from sems_exporter.web.negotiation import format_for, wants_gzip

Scope: TypeAlias = MutableMapping[str, object]
Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

log = logging.getLogger(__name__)

PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Response:
    """One complete answer."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Application:
    """The ASGI application. `page` renders the status page, `ready` tells whether the first refresh has ended.

    `fault` is called when an answer fails through a fault of ours.
    """

    def __init__(
        self,
        exposition: Exposition,
        page: Callable[[], bytes],
        ready: Callable[[], bool],
        *,
        telemetry_path: str,
        content_security_policy: str,
        fault: Callable[[], None],
    ) -> None:
        self._exposition = exposition
        self._page = page
        self._ready = ready
        self._policy = content_security_policy
        self._fault = fault
        self._routes: dict[str, Callable[[dict[str, str]], Response]] = {
            "/": self._status,
            telemetry_path: self._metrics,
            "/-/healthy": lambda _: Response(200, PLAIN, b"healthy\n"),
            "/-/ready": self._readiness,
        }

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        method = str(scope["method"])
        response = self._answer(method, str(scope["path"]), _headers(scope))
        fields = (
            ("content-type", response.content_type),
            ("content-length", str(len(response.body))),
            ("x-content-type-options", "nosniff"),
            *response.headers,
        )
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        await send({"type": "http.response.start", "status": response.status, "headers": encoded})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})

    def _answer(self, method: str, path: str, headers: dict[str, str]) -> Response:
        route = self._routes.get(path)
        if route is None:
            return Response(404, PLAIN, b"not found\n")
        if method not in ("GET", "HEAD"):
            return Response(405, PLAIN, b"only GET and HEAD\n", (("allow", "GET, HEAD"),))
        try:
            return route(headers)
        except Exception:
            # The one broad handler of the web side: uvicorn would answer the same, but tell nobody.
            self._fault()
            log.exception("a request failed through a fault of the exporter", extra={"path": path})
            return Response(500, PLAIN, b"a fault of the exporter; its log tells more\n")

    def _metrics(self, headers: dict[str, str]) -> Response:
        wanted = format_for(headers.get("accept", ""))
        compressed = wants_gzip(headers.get("accept-encoding", ""))
        extra = (("vary", "Accept, Accept-Encoding"), *((("content-encoding", "gzip"),) if compressed else ()))
        return Response(200, wanted.value, self._exposition.body(wanted, compressed=compressed) or b"", extra)

    def _status(self, _: dict[str, str]) -> Response:
        guards = (
            ("content-security-policy", self._policy),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        )
        return Response(200, HTML, self._page(), guards)

    def _readiness(self, _: dict[str, str]) -> Response:
        if self._ready():
            return Response(200, PLAIN, b"ready\n")
        return Response(503, PLAIN, b"the first refresh has not ended yet\n")


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:  # type: ignore[attr-defined]
        key = name.decode("latin-1")
        text = value.decode("latin-1")
        # A header that is sent twice means the list of both.
        found[key] = f"{found[key]},{text}" if key in found else text
    return found
