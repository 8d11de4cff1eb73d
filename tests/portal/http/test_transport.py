"""One HTTP exchange against real sockets: what goes wrong on the wire has a name, and nothing leaks.

What statuses, headers and bodies mean is tried in `test_http`, without a socket.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sems_exporter import errors
from sems_exporter.portal.http.envelope import HttpResponse
from sems_exporter.portal.http.transport import LARGEST, HttpRequest, Transport
from sems_exporter.simulator import SimulatedPortal
from tests.portal.http.wire_server import WireServer, head
from tests.ports import unserved

SECRET = "hunter2"
GOOD = b'{"code": "00000", "data": {"a": 1}}'


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


def exchange(url: str) -> HttpRequest:
    return HttpRequest("flow", "GET", f"{url}?uid={SECRET}", {"token": SECRET})


def failure(transport: Transport, url: str) -> errors.PortalError:
    with pytest.raises(errors.PortalError) as raised:
        transport.send(exchange(url))
    assert SECRET not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)
    return raised.value


def test_a_complete_answer_comes_back_as_it_is(transport: Transport) -> None:
    with WireServer(head(Content_Length=len(GOOD), Retry_After="7") + GOOD) as server:
        answer = transport.send(exchange(server.url))

    assert answer == HttpResponse(200, GOOD, "7")


def test_nothing_is_written_that_may_not_be_sent_any_more() -> None:
    """It is asked after the connection is there, which may have taken its time, and for one that was kept as well."""
    allowed = True

    def permit() -> None:
        if not allowed:
            raise errors.LoginWithheld("another process has the account")

    transport = Transport(permit=permit)
    with WireServer(head(Content_Length=len(GOOD)) + GOOD) as server:
        transport.send(exchange(server.url))
        allowed = False
        with pytest.raises(errors.LoginWithheld):
            transport.send(exchange(server.url))
        transport.close()
        with pytest.raises(errors.LoginWithheld):
            transport.send(exchange(server.url))

    assert [request for request in server.requests if request.startswith(b"GET")] == server.requests[:1]


def test_the_body_is_sent_as_json_with_our_headers(transport: Transport) -> None:
    with WireServer(head(Content_Length=len(GOOD)) + GOOD) as server:
        transport.send(HttpRequest("login", "POST", server.url, {"token": "{}"}, {"account": "me"}))

    request = server.requests[0]
    assert request.startswith(b"POST /web/sems/x HTTP/1.1\r\n")
    assert b"\r\ntoken: {}\r\n" in request
    assert b"application/json" in request
    assert request.endswith(b'{"account": "me"}')


def test_a_chunked_answer_is_read(transport: Transport) -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD)
    with WireServer(head(Transfer_Encoding="chunked") + chunks) as server:
        assert transport.send(exchange(server.url)).body == GOOD


def test_a_port_where_nobody_listens_is_unreachable(transport: Transport) -> None:
    with unserved() as port:
        assert type(failure(transport, f"http://127.0.0.1:{port}/x")) is errors.Unreachable


def test_a_name_that_nobody_knows_is_unreachable(transport: Transport) -> None:
    assert type(failure(transport, "https://eu-gateway.invalid/x")) is errors.Unreachable


def test_a_server_without_tls_is_a_certificate_failure(transport: Transport) -> None:
    with WireServer(b"hello\r\n") as server:
        address = server.url.replace("http:", "https:")

        assert type(failure(transport, address)) is errors.CertificateInvalid


@pytest.mark.parametrize(
    "answer",
    [
        head(Content_Length=1000) + GOOD,
        head(Transfer_Encoding="chunked") + b"100\r\n" + GOOD,
        head(Transfer_Encoding="chunked") + b"no length\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
        b"\x00\xff garbage \r\n\r\n",
    ],
)
def test_an_answer_that_ends_too_early_or_makes_no_sense_is_broken_off(transport: Transport, answer: bytes) -> None:
    with WireServer(answer) as server:
        if answer.startswith(b"HTTP/1.1 200 OK\r\nContent-Le"):
            # Broken off within the headers: whatever came is not the whole, so it must not pass as data.
            try:
                body = transport.send(exchange(server.url)).body
            except errors.ConnectionBroken:
                return
            assert body == b""
            return
        assert type(failure(transport, server.url)) is errors.ConnectionBroken


def test_headers_without_end_are_refused(transport: Transport) -> None:
    with WireServer(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n") as server:
        assert type(failure(transport, server.url)) is errors.ConnectionBroken


def test_a_reset_in_the_middle_is_broken_off(transport: Transport) -> None:
    with WireServer(head(Content_Length=1_000_000) + GOOD, reset=True) as server:
        assert type(failure(transport, server.url)) is errors.ConnectionBroken


def test_an_answer_of_more_than_four_mebibytes_is_refused(transport: Transport) -> None:
    body = b" " * (LARGEST + 1)
    with WireServer(head(Content_Length=len(body)) + body) as server:
        assert type(failure(transport, server.url)) is errors.AnswerTooLarge


def test_an_answer_of_exactly_four_mebibytes_is_read(transport: Transport) -> None:
    body = b" " * LARGEST
    with WireServer(head(Content_Length=len(body)) + body) as server:
        assert len(transport.send(exchange(server.url)).body) == LARGEST


def test_a_gzip_bomb_is_refused(transport: Transport) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with WireServer(head(Content_Length=len(bomb), Content_Encoding="gzip") + bomb) as server:
        assert type(failure(transport, server.url)) is errors.AnswerTooLarge


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed_and_the_token_goes_nowhere_else(transport: Transport, status: str) -> None:
    with (
        WireServer(head(Content_Length=len(GOOD)) + GOOD) as elsewhere,
        WireServer(head(status, Location=elsewhere.url, Content_Length=0)) as server,
    ):
        answer = transport.send(exchange(server.url))

    assert answer.status == int(status[:3])
    assert elsewhere.requests == []


def test_a_gzip_bomb_in_a_redirect_is_refused(transport: Transport) -> None:
    bomb = gzip.compress(bytes(LARGEST + 1))
    answer = head("302 Found", Location="/x", Content_Length=len(bomb), Content_Encoding="gzip") + bomb
    with WireServer(answer) as server:
        assert type(failure(transport, server.url)) is errors.AnswerTooLarge


def test_authorities_that_cannot_be_read_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")

    found = failure(Transport(), "https://127.0.0.1:9/x")

    assert type(found) is errors.CertificateInvalid
    assert "/nowhere/ca.pem" in str(found)


def test_a_netrc_file_is_ignored(transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth("http://127.0.0.1/") == ("me", "secret")

    with WireServer(head(Content_Length=len(GOOD)) + GOOD) as server:
        transport.send(exchange(server.url))

    assert b"authorization" not in server.requests[0].lower()


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request(transport: Transport) -> None:
    answer = head(Content_Length=len(GOOD), Set_Cookie="session=1; Path=/", Connection="close") + GOOD
    with WireServer(answer) as server:
        transport.send(exchange(server.url))
        transport.send(exchange(server.url))

    assert len(server.requests) == 2
    assert b"cookie" not in server.requests[1].lower()


def test_a_cookie_of_an_answer_that_failed_is_not_sent_either(transport: Transport) -> None:
    with WireServer(head(Content_Length=1000, Set_Cookie="session=1; Path=/") + GOOD) as server:
        failure(transport, server.url)
        failure(transport, server.url)

    assert len(server.requests) == 2
    assert b"cookie" not in server.requests[1].lower()


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with WireServer(head(Content_Length=len(GOOD)) + GOOD) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        behind = Transport()
        answer = behind.send(HttpRequest("flow", "GET", "http://eu-gateway.invalid/x"))
        behind.close()

    assert answer.body == GOOD
    assert proxy.requests[0].startswith(b"GET http://eu-gateway.invalid/x ")


def test_a_proxy_that_cannot_be_used_is_not_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    with WireServer(head(Content_Length=len(GOOD)) + GOOD) as server:
        monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
        behind = Transport()
        error = failure(behind, server.url)
        behind.close()

    assert type(error) is errors.Unreachable
    assert server.connections == 0


def test_a_connection_is_kept_for_the_next_request() -> None:
    transport = Transport()
    with SimulatedPortal() as portal:
        for _ in range(3):
            transport.send(HttpRequest("version", "GET", f"{portal.base}/version.json"))

        kept = portal.connections
    transport.close()

    assert kept == 1


@pytest.mark.parametrize("url", ["", "no address", "http://", "http://[::1", "gopher://127.0.0.1/"])
def test_an_address_that_cannot_be_used_is_a_portal_failure(transport: Transport, url: str) -> None:
    with pytest.raises(errors.Unreachable):
        transport.send(HttpRequest("flow", "GET", url))


def test_an_exchange_shows_neither_headers_nor_body_when_it_is_printed() -> None:
    shown = repr(HttpRequest("login", "POST", "https://x/", {"token": SECRET}, {"pwd": SECRET}))

    assert SECRET not in shown
