"""What uvicorn's HTTP protocols lack against slow, greedy and odd clients, mixed into either of them.

A connection is fed to the parser one request at a time: as long as an answer is under way or lies unread, what comes
in is held back, and reading stops. So neither thousands of requests in one go nor a client that never reads can make
the memory grow. A request that was answered before and comes again byte for byte is answered without parsing.
"""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from uvicorn.server import ServerState

from sems_exporter.web.http.connections import Connections
from sems_exporter.web.http.known_requests import KnownRequests
from sems_exporter.web.http.messages import LARGEST_ANSWER, LARGEST_SECURE_ANSWER
from sems_exporter.web.security.tls import Tls

HEADER_DEADLINE = 10.0
"""Seconds that a client has for the TLS handshake together with its first head, and for each later head."""
ANSWER_DEADLINE = 30.0
"""Seconds that a client has to take an answer."""
KEEP_ALIVE = 330.0
"""Seconds an idle connection stays open: longer than any sensible scrape interval, so that scrapes need no new one."""
LONGEST_HEAD = 65536
"""Bytes of the head of a request; a scrape has about 500."""
TURNS = 16
"""Requests of one connection that are taken up before others get their turn."""
END_OF_HEAD = b"\r\n\r\n"
TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 29\r\n\r\nthe head has 64 KiB at most\r\n"
)
LAST_WORDS = 2.0
"""Seconds for which a client that was refused may go on sending; cut off at once, it might miss the answer."""
MOST_LAST_BYTES = 1 << 20
"""Bytes that it may send meanwhile."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all connections have in common."""

    connections: Connections
    answers: KnownRequests


class LimitedProtocol(asyncio.Protocol):
    """Mixed into uvicorn's protocols: deadlines, sizes, one request at a time, and ready answers."""

    shared: ClassVar[Shared]

    loop: asyncio.AbstractEventLoop
    server_state: ServerState
    transport: asyncio.Transport | None
    flow: Any
    cycle: Any

    due = float("inf")
    _socket: socket.socket

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tls: Tls | None = None
        self._held = bytearray()
        self._begun = 0
        self._stuck = self._refused = False

    def arrived(self, connection: socket.socket, tls: Tls | None) -> None:
        """Note a connection that was taken in; with `tls`, a handshake comes before `connection_made`."""
        self._socket, self._tls = connection, tls
        self.due = self.loop.time() + HEADER_DEADLINE
        self.shared.connections.add(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        super().connection_made(transport)
        # No isinstance here: uvloop's transports are no subclass, although they can all that one can.
        made = cast("asyncio.Transport", transport)
        # Whatever the client does not take is to be noticed. TLS counts as full what has reached the limit.
        made.set_write_buffer_limits(high=0 if self._tls is None else 1)
        if self._tls is not None and not self._tls.admits(made.get_extra_info("peercert")):
            made.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.shared.connections.remove(self)
        self._held.clear()
        super().connection_lost(exc)

    def abort(self) -> None:
        """End the connection at once; what is not sent yet is lost."""
        self._held.clear()
        if self.transport is not None:
            self.transport.abort()
        else:
            # In the middle of a handshake the loop has the transport; it notices this, and closes it.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def data_received(self, data: bytes) -> None:
        """Answer what is known; hold back the rest until its turn."""
        if self._refused:
            self._begun += len(data)
            if self._begun > MOST_LAST_BYTES:
                self.abort()
            return
        if not self._held and not self._begun and self._is_free() and self._answered(data):
            return
        self._held += data
        self._go_on()

    def on_response_complete(self) -> None:
        """Go on with what was held back."""
        super().on_response_complete()  # type: ignore[misc]
        self._sent()
        self._go_on()

    def pause_writing(self) -> None:
        """Note that the client does not take what it was sent."""
        super().pause_writing()
        self._stuck = True
        self.shared.connections.stuck(self)

    def resume_writing(self) -> None:
        """Go on, now that the client has taken all."""
        super().resume_writing()
        self._stuck = False
        self.shared.connections.flows(self)
        if self._is_free():
            self.due = self.loop.time() + KEEP_ALIVE
            self._go_on()

    def _is_free(self) -> bool:
        """Tell whether the next request may be taken up: the answer to the last one is made, and taken."""
        if self.transport is None or self._stuck or self._refused or self.transport.is_closing():
            return False
        return self.cycle is None or self.cycle.response_complete

    def _go_on(self) -> None:
        for _ in range(TURNS):
            if not self._held or not self._is_free():
                break
            self._take(self._next_piece())
        if not self._held:
            self.flow.resume_reading()
            return
        self.flow.pause_reading()
        if self._is_free():
            self.loop.call_soon(self._go_on)

    def _next_piece(self) -> bytes:
        """Return what was held back, up to the end of the first head in it."""
        end = self._held.find(END_OF_HEAD)
        size = len(self._held) if end < 0 else end + len(END_OF_HEAD)
        piece = bytes(self._held[:size])
        del self._held[:size]
        return piece

    def _take(self, piece: bytes) -> None:
        whole = not self._begun
        if whole and self._answered(piece):
            return
        before = self.cycle
        self._begun += len(piece)
        if self._begun > LONGEST_HEAD:
            self._refuse(TOO_LONG)
            return
        super().data_received(piece)
        now = self.loop.time()
        if self.cycle is before:
            if whole:
                self.due = min(self.due, now + HEADER_DEADLINE)
            return
        self._begun = 0
        self.due = now + ANSWER_DEADLINE
        self.shared.connections.progress(self)
        if whole:
            self.shared.answers.learn(piece, self.cycle.scope)

    def _answered(self, piece: bytes) -> bool:
        """Answer at once, if `piece` is a request that is known."""
        largest = LARGEST_ANSWER if self._tls is None else LARGEST_SECURE_ANSWER
        answer = self.shared.answers.to(piece, self.server_state.default_headers, largest)
        if answer is None or self.transport is None:
            return False
        self.transport.write(answer)
        self.shared.connections.progress(self)
        self._sent()
        return True

    def _refuse(self, answer: bytes) -> None:
        """Answer with this and take no more."""
        self._held.clear()
        self._refused = True
        self.due = self.loop.time() + LAST_WORDS
        if self.transport is None:
            return
        self.transport.write(answer)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _sent(self) -> None:
        self.due = self.loop.time() + (ANSWER_DEADLINE if self._stuck else KEEP_ALIVE)
