"""The HTTP server: uvicorn behind a listener of our own, on a socket that is bound early."""

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import uvicorn

from sems_exporter.errors import StartError
from sems_exporter.web.app import Application
from sems_exporter.web.http.connections import Connections, most_connections
from sems_exporter.web.http.daemon_threads import in_thread
from sems_exporter.web.http.known_requests import KnownRequests
from sems_exporter.web.http.listener import Listener
from sems_exporter.web.http.protocol import LimitedProtocol, Shared

BACKLOG = 256
LAST_ANSWERS_SECONDS = 0.6
"""Seconds that answers under way get when the program ends."""
GRACE = 1
"""Seconds after which uvicorn waits no longer for anything."""
LAST_TURN = 0.05
"""Seconds for the loop to close what was cut."""
NEVER = 10**9
"""Seconds until uvicorn closes an idle connection; the deadlines of ours see to that."""
TICKS_A_SECOND = 10
"""How often uvicorn calls `on_tick`."""


def bound(address: str) -> socket.socket:
    """A listening socket for "host:port", "[v6]:port" or ":port" (all interfaces); raises StartError with a way out."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        return _bound(host, int(port))
    except OSError as error:
        raise StartError(f"web.listen-address {address}: {_why(error)}; {_way_out(error)}") from error


def _why(error: OSError) -> str:
    # The text of a failed bind repeats the address; a failed look-up has a number that is no errno.
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)


def _way_out(error: OSError) -> str:
    another = "for example --web.listen-address :10737"
    if error.errno == errno.EADDRINUSE:
        return f"stop what uses it or choose another port, {another}"
    if error.errno == errno.EACCES:
        return f"low ports are for root; choose another one, {another}"
    return f"name an address of this machine, or none for all of them, {another}"


def _bound(host: str, port: int) -> socket.socket:
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def address_of(listening: socket.socket, *, secure: bool = False) -> str:
    """The address a person can open in a browser."""
    scheme = "https" if secure else "http"
    host, port = listening.getsockname()[:2]
    host = {"::": "localhost", "0.0.0.0": "localhost"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def serve(
    application: Application,
    listening: socket.socket,
    *,
    started: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT; `started` is called once connections are answered, `stopping` at the signal.

    SIGHUP has the web configuration read again.
    """
    config = uvicorn.Config(
        application,
        http=_parser(),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=NEVER,
        timeout_graceful_shutdown=GRACE,
        backlog=BACKLOG,
    )
    server = _Server(config, application, listening, started, stopping)
    # uvicorn sets the first two itself, but later, and raises them once more after its shutdown; the program then ends
    # by itself, with exit code 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.handle_exit)
    if hasattr(signal, "SIGHUP"):  # which Windows has not
        signal.signal(signal.SIGHUP, server.reread)
    with closing(listening):
        server.run(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn's loop and shutdown; who comes in, and for how long, is decided here."""

    _entering: asyncio.Task[None]

    def __init__(
        self,
        config: uvicorn.Config,
        application: Application,
        listening: socket.socket,
        started: Callable[[], None],
        stopping: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._application = application
        self._listening = listening
        self._started = started
        self._stopping = stopping
        self._connections = Connections(most_connections())
        self._answers = KnownRequests(application.wanted, application.ready_body, application.head)
        self._reread = False
        self._renewing: asyncio.Task[None] | None = None

    def reread(self, *_: object) -> None:
        """Have the web configuration read again, whether it has changed or not."""
        self._reread = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's way to call it
        """Begin to take connections in."""
        self.servers = []
        web_config = self._application.web_config
        base = self.config.http_protocol_class
        kind = type("HttpProtocol", (LimitedProtocol, base), {"shared": Shared(self._connections, self._answers)})
        listener = Listener(
            self._listening,
            self._connections,
            lambda: web_config.current.tls,
            lambda: kind(self.config, self.server_state, {}),
        )
        self._entering = asyncio.create_task(listener.accept_all())
        self.started = True
        self._started()

    async def on_tick(self, counter: int) -> bool:
        """Cut who takes too long, and once a second look for a changed web configuration."""
        self._connections.sweep(asyncio.get_running_loop().time())
        due = self._reread or counter % TICKS_A_SECOND == 0
        if due and self._application.web_config.is_given and (self._renewing is None or self._renewing.done()):
            anyway, self._reread = self._reread, False
            self._renewing = asyncio.create_task(self._renew(anyway=anyway))
        return await super().on_tick(counter)

    async def _renew(self, *, anyway: bool) -> None:
        # Beside the loop, because a file may lie on a drive that does not answer.
        web_config = self._application.web_config
        read = await in_thread("web configuration", lambda: web_config.read(anyway=anyway))
        if read is not None and web_config.take(read):
            self._answers.forget()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections in, and give answers under way a moment."""
        self._stopping()
        # Gone before uvicorn closes the socket that it waits on.
        self._entering.cancel()
        await asyncio.wait([self._entering])
        asyncio.get_running_loop().call_later(LAST_ANSWERS_SECONDS, self._cut_all)
        await super().shutdown(sockets)
        # A connection that is left open can keep uvloop from closing.
        self._cut_all()
        await asyncio.sleep(LAST_TURN)

    def _cut_all(self) -> None:
        while self._connections.evict():
            pass


def _parser() -> type[Any]:
    # httptools has no wheels for some small boards; h11 serves there.
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol  # noqa: PLC0415

        return H11Protocol
    return HttpToolsProtocol
