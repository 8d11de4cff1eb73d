"""The HTTP server: uvicorn with what it lacks against slow and greedy clients, on a socket that is bound early."""

import asyncio
import os
import signal
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from sems_exporter.errors import StartError
from sems_exporter.web.app import Application

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER_DEADLINE = 10.0
"""Seconds that a client has to send the head of a request."""
LONGEST_HEAD = 65536
"""Bytes of the head of a request, and of what else arrives before the next one; a scrape has about 500."""
MOST_CONNECTIONS = 512
KEEP_ALIVE = 330
"""Seconds an idle connection stays open: longer than any sensible scrape interval, so that scrapes need no new one."""
BACKLOG = 256
GRACE = 1
"""Seconds that answers under way get when the program ends."""


class _Limits(asyncio.Protocol):
    """Mixed into uvicorn's protocols: a deadline and a size for the head of each request, and a cap on connections."""

    loop: asyncio.AbstractEventLoop
    connections: set[Any]
    cycle: Any

    _deadline: asyncio.TimerHandle | None = None
    _received: int = 0
    _own_transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Refuse one connection too many, and start the clock of any other."""
        super().connection_made(transport)
        # No isinstance here: uvloop's transports are no subclass, although they can all that one can.
        self._own_transport = cast("asyncio.Transport", transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._abort()
        else:
            self._start()

    def data_received(self, data: bytes) -> None:
        """Stop the clock when the head is complete; start it when a next one begins."""
        before = self.cycle
        if self._deadline is None:
            self._start()
        self._received += len(data)
        if self._received > LONGEST_HEAD:
            self._abort()
            return
        super().data_received(data)
        if self.cycle is not before:
            self._received = 0
            self._stop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        self._deadline = self.loop.call_later(HEADER_DEADLINE, self._abort)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _abort(self) -> None:
        if self._own_transport is not None:
            self._own_transport.abort()


def _protocol() -> type[asyncio.Protocol]:
    # httptools has no wheels for some small boards; h11 serves there.
    base: type[Any]
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as base  # noqa: PLC0415, N813
    except ImportError:
        from uvicorn.protocols.http.h11_impl import H11Protocol as base  # noqa: PLC0415, N813
    return type("LimitedProtocol", (_Limits, base), {})


def bound(address: str) -> socket.socket:
    """A listening socket for "host:port", "[v6]:port" or ":port" (all interfaces); raises StartError with a way out."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        return _bound(host, int(port))
    except OSError as error:
        raise StartError(
            f"web.listen-address {address}: {_why(error)}; stop what uses it or choose another address, "
            "for example --web.listen-address :10737"
        ) from error


def _why(error: OSError) -> str:
    # The text of a failed bind repeats the address; a failed look-up has a number that is no errno.
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)


def _bound(host: str, port: int) -> socket.socket:
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def address_of(listening: socket.socket) -> str:
    """The address a person can open in a browser."""
    host, port = listening.getsockname()[:2]
    host = {"::": "localhost", "0.0.0.0": "localhost"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(application: Application, listening: socket.socket, *, started: "Callable[[], None]") -> None:
    """Serve until SIGTERM or SIGINT; `started` is called once connections are answered."""
    config = uvicorn.Config(
        application,
        http=_protocol(),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        backlog=BACKLOG,
    )
    server = _Server(config, started)
    # uvicorn raises the signal once more after its shutdown; the program then ends by itself, with exit code 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with closing(listening):
        server.run(sockets=[listening])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: "Callable[[], None]") -> None:
        super().__init__(config)
        self._started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()
