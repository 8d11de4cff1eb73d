"""Every phase of an exchange ends, against servers on loopback that never do."""

import gzip
import itertools
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import trustme

from sems_exporter import errors
from sems_exporter.portal.http.bounded_sockets import Patience
from sems_exporter.portal.http.transport import LARGEST, HttpRequest, Transport
from tests.portal.http.wire_server import WireServer, head
from tests.ports import unserved

SHORT = Patience(connect=5.0, read=5.0, whole=0.1)
PATIENT = Patience(connect=20.0, read=20.0)
"""With a timer below: only the number of looks at it ends an exchange, on however busy a machine."""
GOOD = b'{"code": "00000", "data": {"a": 1}}'
CHUNKED = head(Transfer_Encoding="chunked")


def a_second_each() -> Callable[[], float]:
    """A timer on which every look at it, and so every read, takes a second."""
    seconds = itertools.count(0.0, 1.0)
    return lambda: next(seconds)


def late_after(looks: int) -> Callable[[], float]:
    """A timer of which all looks but the first ones find the exchange nearly over."""
    seconds = itertools.chain([0.0] * looks, itertools.repeat(PATIENT.whole - 0.1))
    return lambda: next(seconds)


@pytest.fixture
def timed() -> Iterator[Callable[[Callable[[], float]], Transport]]:
    """Makes transports whose exchanges end by a timer alone."""
    with ExitStack() as stack:

        def make(timer: Callable[[], float]) -> Transport:
            return stack.enter_context(closing(Transport(PATIENT, timer)))

        yield make


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


def failure(transport: Transport, url: str) -> errors.PortalError:
    with pytest.raises(errors.PortalError) as raised:
        transport.send(HttpRequest("flow", "GET", url))
    return raised.value


class TestTime:
    """One byte now and then keeps no read waiting, and yet the exchange ends."""

    @pytest.mark.parametrize(
        "answer, endless",
        [
            (b"", b"H"),
            (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
            (b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (head(Content_Length=1000), b" "),
            (head(), b" "),
            (CHUNKED, b"0"),
            (CHUNKED, b"1\r\n \r\n"),
            (CHUNKED + b"1;x=", b"x"),
            (CHUNKED + b"0\r\n", b"X: x\r\n"),
        ],
        ids=[
            "status line",
            "header",
            "headers",
            "100 Continue",
            "body",
            "body without length",
            "chunk size",
            "chunks",
            "chunk extension",
            "trailers",
        ],
    )
    def test_a_drip_ends_with_the_whole_exchange(
        self, timed: Callable[..., Transport], answer: bytes, endless: bytes
    ) -> None:
        with WireServer(answer, endless=endless, pause=0.005) as server:
            error = failure(timed(a_second_each()), server.url)

        assert type(error) is errors.TimedOut

    def test_silence_ends_with_the_read(self) -> None:
        transport = Transport(Patience(read=0.05))
        with WireServer(None) as server:
            error = failure(transport, server.url)
        transport.close()

        assert type(error) is errors.TimedOut

    def test_silence_ends_with_the_whole_where_that_comes_first(self, timed: Callable[..., Transport]) -> None:
        """The looks before are at the begin, at the look-up, and before and after the connect."""
        with WireServer(None) as server:
            assert type(failure(timed(late_after(4)), server.url)) is errors.TimedOut

    def test_a_handshake_that_stalls_ends_too(self, timed: Callable[..., Transport]) -> None:
        with WireServer(None) as server:
            assert type(failure(timed(late_after(3)), server.url.replace("http:", "https:"))) is errors.TimedOut

    def test_a_proxy_that_drips_its_consent_ends_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with WireServer(b"HTTP/1.1 200 OK\r\nX: ", endless=b"x", pause=0.005) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            behind = Transport(PATIENT, a_second_each())
            error = failure(behind, "https://eu-gateway.invalid/x")
            behind.close()

        assert type(error) is errors.TimedOut
        assert proxy.requests[0].startswith(b"CONNECT eu-gateway.invalid:443 ")

    def test_the_time_of_one_exchange_is_not_that_of_the_next(self) -> None:
        transport = Transport(Patience(), lambda: next(seconds))
        with WireServer(head(Content_Length=len(GOOD)) + GOOD) as server:
            seconds = itertools.count(0.0, 5.0)
            first = transport.send(HttpRequest("flow", "GET", server.url))
            assert server.hung_up.acquire(timeout=10)
            second = transport.send(HttpRequest("flow", "GET", server.url))
        transport.close()

        assert (first.body, second.body) == (GOOD, GOOD)


class TestAddresses:
    """Looking a name up and finding an address that answers."""

    def test_a_look_up_that_does_not_return_is_given_up_and_not_begun_twice(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun, returned = [], threading.Event()

        def stuck(host: str, *_: Any, **__: Any) -> list[Any]:
            begun.append(host)
            returned.wait(20)
            return []

        monkeypatch.setattr(socket, "getaddrinfo", stuck)
        with closing(Transport(SHORT)) as hasty:
            found = [failure(hasty, "http://slow.invalid/x") for _ in range(3)]
        returned.set()
        for thread in threading.enumerate():
            if thread.name == "look-up":
                thread.join(20)

        assert {type(error) for error in found} <= {errors.Unreachable, errors.TimedOut}
        assert begun == ["slow.invalid"]

    def test_a_look_up_that_could_not_begin_does_not_stand_in_the_way_of_the_next(
        self, transport: Transport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        with WireServer(head(Content_Length=len(GOOD)) + GOOD) as server:
            url = server.url.replace("127.0.0.1", "localhost")
            with monkeypatch.context() as exhausted:
                exhausted.setattr(threading.Thread, "start", refused)
                first = failure(transport, url)

            assert type(first) is errors.Unreachable
            assert transport.send(HttpRequest("flow", "GET", url)).body == GOOD

    def test_an_address_that_refuses_is_passed_over_for_the_next(
        self, transport: Transport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with unserved() as closed, WireServer(head(Content_Length=len(GOOD)) + GOOD) as server:
            opened = int(server.url.split("/")[2].partition(":")[2])
            both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in (closed, opened)]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)

            assert transport.send(HttpRequest("flow", "GET", "http://localhost/x")).body == GOOD

    def test_a_name_without_any_address_is_unreachable(
        self, transport: Transport, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])

        assert type(failure(transport, "http://localhost/x")) is errors.Unreachable

    def test_many_addresses_share_the_time_of_one_exchange(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seconds = itertools.count(0.0, 1.0)
        transport = Transport(Patience(), lambda: next(seconds))
        with unserved() as port:
            many = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))] * 1000
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: many)
            error = failure(transport, "http://localhost/x")
        transport.close()

        assert type(error) is errors.TimedOut
        assert next(seconds) < 40

    def test_a_name_that_cannot_be_one_is_unreachable(self, transport: Transport) -> None:
        assert type(failure(transport, f"http://{'x' * 64}.invalid/x")) is errors.Unreachable


class TestSize:
    """What never ends is left before it fills the memory, however it is wrapped."""

    @pytest.mark.parametrize(
        "answer, endless",
        [
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
            (head(), b" " * 65536),
            (CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"),
            (CHUNKED, b"1;%s\r\n \r\n" % (b"x" * 60_000)),
            (CHUNKED + b"0\r\n", b"X: %s\r\n" % (b"x" * 60_000)),
        ],
        ids=["100 Continue", "body", "chunks", "chunk extensions", "trailers"],
    )
    def test_a_flood_is_too_large(self, transport: Transport, answer: bytes, endless: bytes) -> None:
        with WireServer(answer, endless=endless) as server:
            assert type(failure(transport, server.url)) is errors.AnswerTooLarge

    @pytest.mark.parametrize(
        "answer",
        [
            b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 101 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
            b"HTTP/1.1 " + b"2" * 70_000,
            CHUNKED + b"1;" + b"x" * 70_000,
            CHUNKED + b"0\r\nX: " + b"x" * 70_000,
        ],
        ids=["many headers", "long header", "long status line", "long chunk line", "long trailer"],
    )
    def test_lines_and_headers_have_an_end(self, transport: Transport, answer: bytes) -> None:
        with WireServer(answer, endless=b"x" * 1000) as server:
            assert type(failure(transport, server.url)) in (errors.ConnectionBroken, errors.AnswerTooLarge)

    def test_a_bomb_of_gzip_in_gzip_is_too_large(self, transport: Transport) -> None:
        bomb = gzip.compress(gzip.compress(bytes(50_000_000)))
        with WireServer(head(Content_Length=len(bomb), Content_Encoding="gzip, gzip") + bomb) as server:
            assert type(failure(transport, server.url)) is errors.AnswerTooLarge

    def test_a_hundred_layers_are_unreadable(self, transport: Transport) -> None:
        layers = ", ".join(["gzip"] * 100)
        with WireServer(head(Content_Length=len(GOOD), Content_Encoding=layers) + GOOD) as server:
            assert type(failure(transport, server.url)) is errors.AnswerUnreadable

    def test_an_honest_answer_in_deflate_is_read(self, transport: Transport) -> None:
        packed = zlib.compress(GOOD)
        with WireServer(head(Content_Length=len(packed), Content_Encoding="deflate") + packed) as server:
            assert transport.send(HttpRequest("flow", "GET", server.url)).body == GOOD

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "lzma", "x"])
    def test_junk_under_any_encoding_is_no_data(self, transport: Transport, encoding: str) -> None:
        """What this Python can decompress is found to be junk; the rest is handed on as it came."""
        junk = b"\x00\xff" * 50
        with WireServer(head(Content_Length=len(junk), Content_Encoding=encoding) + junk) as server:
            try:
                body = transport.send(HttpRequest("flow", "GET", server.url)).body
            except errors.AnswerUnreadable:
                return

        assert body == junk

    def test_a_length_that_is_too_short_cuts_the_answer_and_the_rest_is_nobodys(self, transport: Transport) -> None:
        second = head(Content_Length=4) + b"evil"
        with WireServer(head(Content_Length=len(GOOD)) + GOOD + second) as server:
            bodies = [transport.send(HttpRequest("flow", "GET", server.url)).body]
            assert server.hung_up.acquire(timeout=10)
            bodies.append(transport.send(HttpRequest("flow", "GET", server.url)).body)

        assert bodies == [GOOD, GOOD]
        assert server.connections == 2

    def test_a_length_that_is_a_lie_is_unbelieved(self, transport: Transport) -> None:
        with WireServer(head(Content_Length=10**12), endless=b" " * 65536) as server:
            assert type(failure(transport, server.url)) is errors.AnswerTooLarge

    def test_four_mebibytes_fit_in_the_smallest_honest_chunks(self, transport: Transport) -> None:
        """The limit on the wire leaves room for the wrapping."""
        chunks = (b"1000\r\n" + b" " * 4096 + b"\r\n") * (LARGEST // 4096) + b"0\r\n\r\n"
        with WireServer(CHUNKED + chunks) as server:
            assert len(transport.send(HttpRequest("flow", "GET", server.url)).body) == LARGEST


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Transport]]:
    """Makes transports that believe in `authority`."""
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    made: list[Transport] = []

    def make(timer: Callable[[], float] = time.monotonic) -> Transport:
        made.append(Transport(PATIENT, timer))
        return made[-1]

    yield make
    for each in made:
        each.close()


def serving(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


class TestTls:
    """The same bounds hold inside TLS, and a certificate is believed only where it fits."""

    def test_an_answer_in_tls_is_read(self, authority: trustme.CA, trusting: Callable[..., Transport]) -> None:
        with WireServer(head(Content_Length=len(GOOD)) + GOOD, tls=serving(authority)) as server:
            assert trusting().send(HttpRequest("flow", "GET", server.url)).body == GOOD

    def test_a_certificate_of_an_unknown_authority_is_refused(
        self, authority: trustme.CA, transport: Transport
    ) -> None:
        with WireServer(head(Content_Length=len(GOOD)) + GOOD, tls=serving(authority)) as server:
            assert type(failure(transport, server.url)) is errors.CertificateInvalid
        assert server.requests == []

    def test_a_certificate_of_another_host_is_refused(
        self, authority: trustme.CA, trusting: Callable[..., Transport]
    ) -> None:
        with WireServer(head(Content_Length=len(GOOD)) + GOOD, tls=serving(authority, "evil.example")) as server:
            assert type(failure(trusting(), server.url)) is errors.CertificateInvalid
        assert server.requests == []

    def test_dripping_headers_end_in_tls_too(self, authority: trustme.CA, trusting: Callable[..., Transport]) -> None:
        drip = WireServer(b"HTTP/1.1 200 OK\r\nX: ", endless=b"x", pause=0.005, tls=serving(authority))
        with drip as server:
            assert type(failure(trusting(a_second_each()), server.url)) is errors.TimedOut

    def test_a_flood_ends_in_tls_too(self, authority: trustme.CA, trusting: Callable[..., Transport]) -> None:
        with WireServer(CHUNKED + b"0\r\n", endless=b"X: x\r\n" * 10_000, tls=serving(authority)) as server:
            assert type(failure(trusting(), server.url)) is errors.AnswerTooLarge

    @pytest.mark.parametrize(
        "consent, endless",
        [(b"HTTP/1.1 200 OK\r\nX: ", b"x"), (b"HTTP/1.1 200 OK\r\n\r\n", b"\x16\x03\x03\x40\x00")],
        ids=["consent", "handshake inside"],
    )
    def test_a_proxy_reached_by_tls_that_drips_ends_too(
        self,
        authority: trustme.CA,
        trusting: Callable[..., Transport],
        monkeypatch: pytest.MonkeyPatch,
        consent: bytes,
        endless: bytes,
    ) -> None:
        with WireServer(consent, endless=endless, pause=0.005, tls=serving(authority)) as proxy:
            monkeypatch.setenv("https_proxy", proxy.url)
            error = failure(trusting(a_second_each()), "https://eu-gateway.invalid/x")

        assert type(error) is errors.TimedOut
        assert proxy.requests[0].startswith(b"CONNECT eu-gateway.invalid:443 ")
