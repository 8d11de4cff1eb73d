"""The listener: takes connections in, one after the other, and survives it when there are no more files to be had."""

import asyncio
import errno
import socket
from collections.abc import Callable

from sems_exporter.web.http import protocol
from sems_exporter.web.http.connections import Connections
from sems_exporter.web.http.protocol import LimitedProtocol
from sems_exporter.web.security.tls import Tls

RETRY_ACCEPT_SECONDS = 0.02
"""Seconds to wait when the system gives no further connection."""
EVICTED_AT_ONCE = 16
"""Connections that are closed then; one by one, whoever waits behind a crowd would wait for long."""
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PLAIN_REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 29\r\n\r\nthis port speaks https alone\n"
)
ONE_READ = 1 << 16


class Listener:
    """Accepts on `listening` and hands each connection to a protocol of its own.

    The event loops would accept by themselves. But they tell of no connection before its TLS handshake is done, so that
    half of one would be held uncounted; and where there are no more files they make no room for others.
    """

    def __init__(
        self,
        listening: socket.socket,
        connections: Connections,
        tls: Callable[[], Tls | None],
        make_protocol: Callable[[], LimitedProtocol],
    ) -> None:
        self._listening = listening
        self._connections = connections
        self._tls = tls
        self._make_protocol = make_protocol
        self._entering: set[asyncio.Task[None]] = set()

    async def accept_all(self) -> None:
        """Take connections in until cancelled, or until the socket is closed."""
        self._listening.setblocking(False)  # noqa: FBT003 - a socket's own way
        loop = asyncio.get_running_loop()
        while self._listening.fileno() >= 0:
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError as error:
                await self._recover(error)
                continue
            task = loop.create_task(self._admit(connection))
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)
            # A burst of new connections leaves the others their turn.
            await asyncio.sleep(0)

    async def _recover(self, error: OSError) -> None:
        pause = 0.0
        if error.errno in _EXHAUSTED:
            pause = RETRY_ACCEPT_SECONDS
            for _ in range(EVICTED_AT_ONCE):
                self._connections.evict()
        # Whatever the error is: it must not keep the loop from its other work, such as ending.
        await asyncio.sleep(pause)

    async def _admit(self, connection: socket.socket) -> None:
        handler, tls = self._make_protocol(), self._tls()
        handler.arrived(connection, tls)
        try:
            if tls is not None and await _speaks_plainly(connection):
                connection.recv(ONE_READ)  # what lies unread when a connection is closed takes the answer with it
                connection.send(PLAIN_REFUSED)
                connection.shutdown(socket.SHUT_WR)
                self._connections.remove(handler)
                connection.close()
                return
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: handler,
                connection,
                ssl=None if tls is None else tls.context,
                ssl_handshake_timeout=None if tls is None else protocol.HEADER_DEADLINE,
            )
        except OSError:  # what strangers send to the port is their fault, not an event of ours
            self._connections.remove(handler)
            connection.close()


async def _speaks_plainly(connection: socket.socket) -> bool:
    """Tell whether a client begins with a letter, as in HTTP; TLS begins with a byte of 22. Nothing is consumed."""
    loop, come = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(connection.fileno(), come.set)
    except NotImplementedError:  # by the loop that Windows has
        return False
    try:
        # Who says nothing is cut off in time, which ends this as well.
        await come.wait()
    finally:
        loop.remove_reader(connection.fileno())
    return connection.recv(1, socket.MSG_PEEK).isalpha()
