"""The real server with TLS: what clients get, whom it lets in, and what it bears."""

import ipaddress
import socket
import ssl
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from sems_exporter.web.http import connections, protocol
from sems_exporter.web.security.tls import Tls
from tests.homes import home
from tests.serving import PATIENCE, Served, Site, served, until_closed
from tests.web.certificates import Certificates

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
SECURED = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"
MUTUAL = SECURED + "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n"

pytestmark = pytest.mark.usefixtures("parser")


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def trusting(certificates: Certificates, client: Path | None = None) -> ssl.SSLContext:
    """What a client needs to talk to this server."""
    context = ssl.create_default_context(cafile=str(certificates.folder / "ca.pem"))
    if client is not None:
        context.load_cert_chain(client)
    return context


def scraped(web: Served, context: ssl.SSLContext, request: bytes = SCRAPE) -> bytes:
    """All that comes back over TLS; nothing where the server does not want us."""
    try:
        with web.connect() as plain, context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(request)
            return until_closed(connection)
    except (ssl.SSLError, ConnectionError):
        return b""


def admitted(site: Site, certificates: Certificates, *clients: Path | None) -> list[bool]:
    """Which of these clients get their metrics; with TLS 1.3, which tells them late, and with TLS 1.2."""
    found = []
    with served(site.application) as web:
        for client in clients:
            newer, older = trusting(certificates, client), trusting(certificates, client)
            older.maximum_version = ssl.TLSVersion.TLSv1_2
            answers = {scraped(web, context).startswith(b"HTTP/1.1 200") for context in (newer, older)}
            assert len(answers) == 1
            found.append(answers.pop())
    return found


class TestServer:
    """A certificate of its own."""

    def test_metrics_come_over_tls(self, certificates: Certificates) -> None:
        site = Site(home(), web_config=certificates.config(SECURED))

        with served(site.application) as web:
            answer = scraped(web, trusting(certificates))

        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b'sems_station_pv_power_watts{station="plant-1"} 5000.0' in answer

    def test_a_connection_serves_many_scrapes_and_large_ones(self, certificates: Certificates) -> None:
        site = Site(*(home(key=f"plant-{number}") for number in range(200)), web_config=certificates.config(SECURED))
        kept = SCRAPE.replace(b"Connection: close\r\n", b"")

        with served(site.application) as web:
            answer = scraped(web, trusting(certificates), kept * 3 + SCRAPE)

        assert answer.count(b"HTTP/1.1 200 OK") == 4
        assert answer.count(b'sems_station_pv_power_watts{station="plant-199"} 5000.0') == 4

    def test_what_the_server_allows_is_what_is_spoken(self, certificates: Certificates) -> None:
        limits = "  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n"
        site = Site(web_config=certificates.config(SECURED + limits + "  prefer_server_cipher_suites: false\n"))

        with (
            served(site.application) as web,
            web.connect() as plain,
            trusting(certificates).wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            spoken = connection.version(), (connection.cipher() or ("",))[0]

        assert spoken == ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384")

    def test_an_older_version_than_allowed_is_refused(self, certificates: Certificates) -> None:
        site = Site(web_config=certificates.config(SECURED + "  min_version: TLS13\n"))
        older = trusting(certificates)
        older.maximum_version = ssl.TLSVersion.TLSv1_2

        with served(site.application) as web:
            assert scraped(web, older) == b""
            assert scraped(web, trusting(certificates)).startswith(b"HTTP/1.1 200")

    def test_plain_http_is_told_what_to_speak_and_gets_nothing_else(self, certificates: Certificates) -> None:
        site = Site(home(), web_config=certificates.config(SECURED))

        with served(site.application) as web:
            answers = [web.say(SCRAPE) for _ in range(3)]
            over_tls = scraped(web, trusting(certificates))
            held = len(web.connections)

        assert {answer.split(b"\r\n\r\n")[1] for answer in answers} == {b"this port speaks https alone\n"}
        assert all(answer.startswith(b"HTTP/1.1 400 ") for answer in answers)
        assert over_tls.startswith(b"HTTP/1.1 200")
        assert held <= 1

    def test_only_those_of_the_authority_come_in(self, certificates: Certificates) -> None:
        site = Site(web_config=certificates.config(MUTUAL))
        own, strange = certificates.client("scraper"), certificates.client("stranger", authority=trustme.CA())
        past = certificates.folder / "past.pem"
        expired = certificates.authority.issue_cert("past", not_after=datetime(2020, 1, 1, tzinfo=UTC))
        past.write_bytes(expired.private_key_and_cert_chain_pem.bytes())

        assert admitted(site, certificates, own, None, strange, past) == [True, False, False, False]

    def test_those_who_show_none_may_be_let_in_too(self, certificates: Certificates) -> None:
        text = MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")
        site = Site(web_config=certificates.config(text))
        own, strange = certificates.client("scraper"), certificates.client("stranger", authority=trustme.CA())

        assert admitted(site, certificates, own, None, strange) == [True, True, False]

    def test_an_authority_below_another_is_enough(self, certificates: Certificates) -> None:
        below = certificates.authority.create_child_ca()
        certificates.write("ca", certificates.authority.cert_pem)
        certificates.write("below", below.cert_pem)
        site = Site(web_config=certificates.config(MUTUAL.replace("ca.pem", "below.pem")))
        own = certificates.client("scraper", authority=below)

        assert admitted(site, certificates, own, certificates.client("other")) == [True, False]

    def test_names_can_be_demanded(self, certificates: Certificates) -> None:
        site = Site(
            web_config=certificates.config(MUTUAL + "  client_allowed_sans: [scraper, '::1', me@example.com]\n")
        )
        clients = [certificates.client(name) for name in ("scraper", "::1", "me@example.com", "other", "127.0.0.1")]

        assert admitted(site, certificates, *clients) == [True, True, True, False, False]

    def test_a_name_of_another_kind_counts_for_nothing(self) -> None:
        tls = Tls(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), frozenset({"scraper"}))
        names = (("DirName", "scraper"), ("IP Address", "<invalid>"))

        assert not tls.admits({"subjectAltName": names})
        assert not tls.admits(None)
        assert not tls.admits({"subjectAltName": (("IP Address", str(ipaddress.ip_address("::1"))),)})


class TestHandshakes:
    """Half of a handshake costs the server little, and nobody else anything."""

    def test_who_does_not_finish_it_is_cut_off(
        self, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(protocol, "HEADER_DEADLINE", 0.4)
        site = Site(web_config=certificates.config(SECURED))
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

        with served(site.application) as web, ExitStack() as opened:
            halves = [opened.enter_context(web.connect()) for _ in range(3)]
            halves[1].sendall(hello[:3])
            halves[2].sendall(hello)

            assert [until_closed(half) for half in halves] == [b"", b"", b""]

    def test_they_count_as_connections(self, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "MOST_CONNECTIONS", 5)
        site = Site(web_config=certificates.config(SECURED))

        with served(site.application) as web, ExitStack() as opened:
            halves = [opened.enter_context(web.connect()) for _ in range(20)]
            answer = scraped(web, trusting(certificates))
            cut = [until_closed(half) for half in halves[:15]]

        assert answer.startswith(b"HTTP/1.1 200")
        assert cut == [b""] * 15

    def test_who_hangs_up_in_the_middle_is_forgotten(self, certificates: Certificates) -> None:
        site = Site(web_config=certificates.config(SECURED))

        with served(site.application) as web:
            for _ in range(20):
                with web.connect() as connection:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                    connection.sendall(b"\x16\x03\x01")

            assert scraped(web, trusting(certificates)).startswith(b"HTTP/1.1 200")


class TestRenewal:
    """Files that change while the server runs."""

    def test_a_new_certificate_serves_new_connections(self, certificates: Certificates) -> None:
        site = Site(web_config=certificates.config(SECURED))
        with served(site.application) as web:
            kept = trusting(certificates).wrap_socket(web.connect(), server_hostname="localhost")
            kept.sendall(SCRAPE.replace(b"Connection: close\r\n", b""))  # it may be idle then for as long as this takes
            certificates.renew(certificates.authority.issue_cert("localhost"))
            new = certificates.server.cert_chain_pems[0].bytes()

            shown = b""
            deadline = datetime.now(UTC).timestamp() + PATIENCE
            while shown.replace(b"\r", b"") != new and datetime.now(UTC).timestamp() < deadline:
                shown = ssl.get_server_certificate(("127.0.0.1", web.port)).encode()
            with kept:
                kept.sendall(SCRAPE)
                answer = until_closed(kept)

        assert shown == new
        assert answer.count(b"HTTP/1.1 200") == 2
