"""A receiver of remote write in a thread of the test, with a decoder of its own: it shares nothing with the encoder."""

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

STALE_BITS = 0x7FF0000000000002


class Point(NamedTuple):
    """A sample as it came in; `value` is None for the mark that ends a series."""

    series: str
    value: float | None
    timestamp: int


def unpacked(block: bytes) -> bytes:
    """What a block of Snappy holds, by the description of the format."""
    size, at = _varint(block, 0)
    out = bytearray()
    while at < len(block):
        tag = block[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(block[at : at + extra], "little")
                at += extra
            out += block[at : at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | block[at]
            at += 1
        else:
            wide = 2 if tag & 3 == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(block[at : at + wide], "little")
            at += wide
        assert 0 < offset <= len(out)
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size
    return bytes(out)


def points(body: bytes) -> list[Point]:
    """The samples of a request; fails where it is not as the protocol wants it."""
    found = []
    for number, message in _fields(unpacked(body)):
        assert number == 1
        labels: list[dict[int, bytes | int]] = []
        samples: list[dict[int, bytes | int]] = []
        for inner, content in _fields(_bytes(message)):
            (labels if inner == 1 else samples).append(dict(_fields(_bytes(content))))
        names = [(_bytes(one[1]).decode(), _bytes(one[2]).decode()) for one in labels]
        assert names == sorted(names)
        assert all(text for _, text in names)
        [sample] = samples
        [bits] = struct.unpack("<Q", _bytes(sample[1]))
        value = None if bits == STALE_BITS else float(struct.unpack("<d", _bytes(sample[1]))[0])
        timestamp = sample[2]
        assert isinstance(timestamp, int)
        found.append(Point(written(dict(names)), value, timestamp))
    return found


def written(labels: dict[str, str]) -> str:
    """A series as people write it, without job and instance."""
    shown = ",".join(f'{name}="{text}"' for name, text in labels.items() if name not in ("__name__", "job", "instance"))
    return f"{labels['__name__']}{{{shown}}}" if shown else labels["__name__"]


def _bytes(found: bytes | int) -> bytes:
    assert isinstance(found, bytes)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return number, at


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 == 0:
            value: bytes | int
            value, at = _varint(data, at)
        elif tag & 7 == 1:
            value, at = data[at : at + 8], at + 8
        else:
            assert tag & 7 == 2
            length, at = _varint(data, at)
            value, at = data[at : at + length], at + length
            assert len(value) == length
        yield tag >> 3, value


@dataclass
class Receiver:
    """What came in: `points` of the requests that were taken, and all headers. `status` is what it answers."""

    port: int = 0
    status: int = 204
    retry_after: str = ""
    says: bytes = b""
    points: list[Point] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/api/v1/write"

    def of(self, series: str) -> list[tuple[float | None, int]]:
        """Values and instants of one series."""
        return [(value, timestamp) for name, value, timestamp in self.points if name == series]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.headers.append(dict(self.headers))
            if receiver.status < 300:
                receiver.points.extend(points(body))
                receiver.messages.append(unpacked(body))
            self.send_response(receiver.status)
            if receiver.retry_after:
                self.send_header("Retry-After", receiver.retry_after)
            self.send_header("Content-Length", str(len(receiver.says) if receiver.status != 204 else 0))
            self.end_headers()
            if receiver.status != 204:
                self.wfile.write(receiver.says)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of a program that was killed."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)
