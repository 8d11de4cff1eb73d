"""The HTTP server under the simulated portal: loopback, keep-alive, quick to stop."""

import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sems_exporter.simulator.server.answers import Answer
from sems_exporter.simulator.server.wire import Request

_BODYLESS = (204, 304)


def held_port(address: tuple[str, int]) -> socket.socket:
    """Bind to `address` without listening: whoever connects is refused, and no other program gets the port."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(address)
    return held


class PortalServer(ThreadingHTTPServer):
    """Hands every request to `respond` and writes the answer it gives."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], respond: Callable[[Request], Answer], tls: ssl.SSLContext | None = None
    ) -> None:
        """Bind to `address`; requests wait until `serve` runs. With `tls` speak TLS, to new connections."""
        self.respond = respond
        self.tls = tls
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without the reverse name lookup of the base class, which may take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name = str(self.server_address[0])
        self.server_address = self.socket.getsockname()
        self.server_port = int(self.server_address[1])

    def serve(self) -> None:
        """Answer requests until `stop`."""
        self.serve_forever(poll_interval=0.01)

    def stop(self) -> None:
        """Stop at once: waiting answers are dropped and open connections closed."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        self.hang_up()

    @property
    def connections(self) -> int:
        """How many are open."""
        with self._connections_lock:
            return len(self._connections)

    def hang_up(self) -> None:
        """Close all open connections."""
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):  # already gone
                connection.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; its handshake, if any, is left to its own thread."""
        connection, address = super().get_request()
        if self.tls is None:
            return connection, address
        return self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that `stop` can close it."""
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet about clients that hang up."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PortalServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120.0

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Say nothing: the portal records its requests itself."""

    def _serve(self) -> None:
        answer = self.server.respond(self._request())
        if answer.delay and self.server.closing.wait(answer.delay):
            self.close_connection = True
            return
        self._write(answer)

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        length = self.headers.get("Content-Length", "0")
        return Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)) if length.isdecimal() else b"",
            target=self.path,
        )

    def _write(self, answer: Answer) -> None:
        body = b"" if answer.status in _BODYLESS else answer.payload()
        length = str(len(body) * answer.repeat)
        headers = {"Content-Type": "application/json;charset=UTF-8", "Content-Length": length}
        headers |= {name.title(): value for name, value in answer.headers.items()}
        if answer.status in _BODYLESS:
            del headers["Content-Length"]
        elif headers["Content-Length"] != length:
            self.close_connection = True
        lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        if answer.head_pace:
            if not self._dripped(head, answer.head_pace):
                return
            head = b""
        if answer.cut is not None:
            self.wfile.write(head + body[: answer.cut])
            self._reset()
        elif answer.pace:
            self.wfile.write(head)
            self._dripped(body, answer.pace)
        else:
            self.wfile.write(head + body)
            for _ in range(answer.repeat - 1):
                self.wfile.write(body)

    def _dripped(self, text: bytes, seconds: float) -> bool:
        """Send byte by byte; False where the server closed meanwhile."""
        for place in range(len(text)):
            if self.server.closing.wait(seconds):
                self.close_connection = True
                return False
            self.wfile.write(text[place : place + 1])
        return True

    def _reset(self) -> None:
        """End the connection with a reset: no lingering, and closed below the feet of everybody who holds it."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())
