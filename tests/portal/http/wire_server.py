"""A loopback server that answers every request with the same bytes, whatever they are."""

import re
import socket
import ssl
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

LINGER_OFF = struct.pack("ii", 1, 0)


def head(status: str = "200 OK", **headers: object) -> bytes:
    """The first bytes of a HTTP answer; `Content_Length=5` becomes "Content-Length: 5"."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


class WireServer:
    """Sends `answer` and closes; with `reset` it resets instead.

    With `endless` it adds these bytes again and again until the client is gone, with a `pause` of so many seconds
    before each. With `answer` None it says nothing at all. With `tls` it speaks TLS. `requests` holds what came in,
    `connections` counts who came, and `hung_up` can be acquired once for each connection that is closed.
    """

    def __init__(
        self,
        answer: bytes | None,
        *,
        endless: bytes = b"",
        pause: float = 0.0,
        reset: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._answer, self._endless, self._pause, self._reset, self._tls = answer, endless, pause, reset, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.requests: list[bytes] = []
        self.connections = 0
        self.hung_up = threading.Semaphore(0)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}/web/sems/x"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(OSError):
                connection.settimeout(10)
                if self._tls is None:
                    self._serve(connection)
                else:
                    with self._tls.wrap_socket(connection, server_side=True) as secured:
                        self._serve(secured)
            self.hung_up.release()

    def _serve(self, connection: socket.socket) -> None:
        self.requests.append(_request(connection))
        if self._answer is None:
            connection.recv(1)  # until the client hangs up
            return
        connection.sendall(self._answer)
        while self._endless and not self._closing.wait(self._pause):
            connection.sendall(self._endless)
        if self._reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_OFF)
            return
        connection.shutdown(socket.SHUT_WR)


def _request(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    length = re.search(rb"(?i)content-length: (\d+)", received)
    while received and len(received.partition(b"\r\n\r\n")[2]) < (int(length[1]) if length else 0):
        received += connection.recv(65536)
    return received
