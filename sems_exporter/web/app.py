"""The routes: metrics, status page, stations as JSON, service discovery, runbooks, and health checks."""

import logging
from collections.abc import Awaitable, Callable

from sems_exporter.exposition import Renderer
from sems_exporter.web.discovery import Discovery
from sems_exporter.web.http.daemon_threads import in_thread
from sems_exporter.web.http.messages import (
    LARGEST_ANSWER,
    LARGEST_SECURE_ANSWER,
    PLAIN,
    Receive,
    Refused,
    Request,
    Response,
    Scope,
    ScrapeRequest,
    Send,
    part_of,
)
from sems_exporter.web.http.negotiation import negotiated
from sems_exporter.web.runbooks import pages as runbooks
from sems_exporter.web.security.auth import TooBusy
from sems_exporter.web.security.reload import WebConfigFile
from sems_exporter.web.stations_api import PATH, StationsApi
from sems_exporter.web.status import installing
from sems_exporter.web.status.answer import StatusPage

log = logging.getLogger(__name__)

OPEN = ("/-/healthy", "/-/ready")
"""Routes that ask for no password, so that a probe needs none. They tell nothing but the state of the process."""
GUARDS = (
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
)
"""Headers of every answer. Not stored, because a cache would show as true what was true a while ago."""
NOT_MODIFIED = 304
POLICY = "content-security-policy"
FIRST_REFRESH = "the first refresh has not ended yet"
LOCKED = "default-src 'none'; frame-ancestors 'none'"
"""The policy of whatever is no page."""


class Application:
    """The ASGI application. `page` gives the status page, `ready` tells whether the first refresh has ended.

    `waiting_for` says what is missing where it is not. `fault` is called when an answer fails through a fault of ours.
    """

    def __init__(  # noqa: PLR0913 - what a site is made of
        self,
        exposition: Renderer,
        page: StatusPage,
        stations: StationsApi,
        ready: Callable[[], bool],
        *,
        telemetry_path: str,
        web_config: WebConfigFile,
        fault: Callable[[], None],
        discovery: Discovery,
        waiting_for: Callable[[], str] = lambda: FIRST_REFRESH,
    ) -> None:
        self.web_config = web_config
        self._exposition = exposition
        self._ready = ready
        self._waiting_for = waiting_for
        self._telemetry_path = telemetry_path
        self._fault = fault
        self._routes: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "/": page.answer,
            telemetry_path: self._metrics,
            PATH: stations.answer,
            "/sd": discovery.answer,
            "/-/healthy": self._health,
            "/-/ready": self._readiness,
            **installing.routes(),
            **dict.fromkeys(runbooks.paths(), runbooks.answer),
        }

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        response = await self._answer(request)
        head = self.fields(response)
        if request.has_body:
            # What follows is not read, so it must not be taken for a next request either.
            head.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": head})
        body = b"" if request.method == "HEAD" else response.body
        size = LARGEST_SECURE_ANSWER if request.secure else LARGEST_ANSWER
        for start in range(0, max(1, len(body)), size):
            piece, end = body[start : start + size], start + size
            await send({"type": "http.response.body", "body": piece, "more_body": end < len(body)})

    def fields(self, response: Response) -> list[tuple[bytes, bytes]]:
        """The header of an answer, without the date."""
        configured = self.web_config.current.headers
        content = {"content-type": response.content_type, "content-length": str(len(response.body))}
        own = {
            **({} if response.status == NOT_MODIFIED else content),
            **dict(GUARDS),
            POLICY: LOCKED,
            **dict(response.headers),
        }
        # Of two policies a browser heeds both, so that no other loosens that of the page.
        replaced = {name for name, _ in configured if name != POLICY}
        fields = [*((name, value) for name, value in own.items() if name not in replaced), *configured]
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]

    def wanted(self, request: Request) -> ScrapeRequest | None:
        """Find what `request` will always get as long as the web configuration stays; None if that cannot be told."""
        if request.path != self._telemetry_path or not request.can_recur:
            return None
        if self.web_config.current.basic_auth.known(request.header(b"authorization")) is not True:
            return None
        try:
            return self._wanted(request)
        except Refused:
            return None

    def ready_body(self, wanted: ScrapeRequest) -> bytes | None:
        """The metrics that are wanted, where they are ready to be sent."""
        return self._exposition.ready(wanted.format, compressed=wanted.compressed, part=wanted.part)

    async def body(self, wanted: ScrapeRequest) -> bytes | None:
        """The metrics that are wanted; None where there is no such station or account."""
        ready = self.ready_body(wanted)
        if ready is not None:
            return ready
        # In a thread: the body of a large fleet takes so long that other connections would wait for it.
        return await in_thread(
            "scrape",
            lambda: self._exposition.body(wanted.format, compressed=wanted.compressed, part=wanted.part),
        )

    def head(self, wanted: ScrapeRequest, body: bytes) -> list[tuple[bytes, bytes]]:
        """The header of the answer with `body`, without the date."""
        return self.fields(_exposed(wanted, body))

    async def _answer(self, request: Request) -> Response:
        try:
            _refuse_malformed(request)
            await self._admit(request)
            route = self._routes.get(request.path)
            if route is None:
                return Response(404, PLAIN, b"not found\n")
            if request.method not in ("GET", "HEAD"):
                return Response(405, PLAIN, b"only GET and HEAD\n", (("allow", "GET, HEAD"),))
            if request.has_body:
                return Response(400, PLAIN, b"no body is expected\n")
            return await route(request)
        except Refused as refused:
            return refused.response
        except Exception:
            # The one broad handler of the web side: uvicorn would answer the same, but tell nobody.
            self._fault()
            log.exception("a request failed through a fault of the exporter", extra={"path": request.path})
            return Response(500, PLAIN, b"a fault of the exporter; its log tells more\n")

    async def _admit(self, request: Request) -> None:
        basic_auth = self.web_config.current.basic_auth
        if not basic_auth.asks or request.path in OPEN:
            return
        try:
            admitted = await basic_auth.admits(request.header(b"authorization"), request.client)
        except TooBusy:
            raise Refused(503, "too many passwords are being checked", ("retry-after", "1")) from None
        if not admitted:
            challenge = 'Basic realm="sems-exporter", charset="UTF-8"'
            raise Refused(401, "name and password, please", ("www-authenticate", challenge))

    def _wanted(self, request: Request) -> ScrapeRequest:
        form, compressed = negotiated(request.header(b"accept"), request.header(b"accept-encoding"))
        return ScrapeRequest(form, compressed, part_of(request))

    async def _metrics(self, request: Request) -> Response:
        wanted = self._wanted(request)
        body = await self.body(wanted)
        if body is None:
            raise Refused(404, "no such station or account")
        return _exposed(wanted, body)

    async def _health(self, _: Request) -> Response:
        return Response(200, PLAIN, b"healthy\n")

    async def _readiness(self, _: Request) -> Response:
        if self._ready():
            return Response(200, PLAIN, b"ready\n")
        return Response(503, PLAIN, f"{self._waiting_for()}\n".encode())


def _refuse_malformed(request: Request) -> None:
    """Raise Refused for what the HTTP parsers let through and RFC 9112 does not."""
    if request.version not in ("1.0", "1.1"):
        raise Refused(505, "HTTP/1.1 is all there is")
    if not request.names_one_host:
        raise Refused(400, "one Host is needed")


def _exposed(wanted: ScrapeRequest, body: bytes) -> Response:
    encoding = (("content-encoding", "gzip"),) if wanted.compressed else ()
    return Response(200, wanted.format.value, body, (("vary", "Accept, Accept-Encoding"), *encoding))
