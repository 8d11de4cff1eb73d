"""The real server on loopback, with clients that are slow, greedy, odd, or simply want their metrics."""

import errno
import html
import http.client
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sems_exporter.app import application, build_app
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.errors import StartError
from sems_exporter.exposition import Format
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.portal import StationRef
from sems_exporter.portal.session import rate_limiter
from sems_exporter.simulator import SimulatedPortal
from sems_exporter.telemetry.redaction import Secret
from sems_exporter.web.discovery import Discovery
from sems_exporter.web.http import connections, protocol, server
from sems_exporter.web.http.server import address_of, bound
from sems_exporter.web.status.answer import StatusPage
from tests.e2e.program import until
from tests.homes import home
from tests.serving import PATIENCE, Served, Site, served, until_closed

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(home())


@pytest.fixture(scope="module")
def web(site: Site) -> Iterator[Served]:
    """A server that no test changes; whoever needs limits of its own starts another."""
    with served(site.application) as running:
        yield running


@contextmanager
def hurried(web: Served) -> Iterator[socket.socket]:
    """A connection whose first head is due soon; all others have as long as ever, however slow the machine is."""
    came = len(web.connections.came)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol, "HEADER_DEADLINE", 0.2)
        connection = web.connect()
        until(lambda: len(web.connections.came) > came)
    with connection:
        yield connection


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    response = http.client.HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


class TestScrapes:
    """What a scraper sees."""

    @pytest.mark.usefixtures("parser")
    def test_metrics_come_over_the_wire_as_they_were_made(self, site: Site) -> None:
        with served(site.application) as web:
            status, headers, body = web.get("/metrics", Accept="application/openmetrics-text")

        assert (status, headers["content-type"]) == (200, Format.OPENMETRICS.value)
        assert headers["content-length"] == str(len(body))
        assert body.endswith(b"# EOF\n")
        assert "server" not in headers

    @pytest.mark.parametrize(
        "path, status",
        [("/", 200), ("/metrics?x=1", 400), ("/-/healthy", 200), ("/-/ready", 503), ("/nowhere", 404)],
    )
    def test_every_route_answers(self, web: Served, path: str, status: int) -> None:
        assert web.get(path)[0] == status

    def test_head_has_no_body(self, web: Served) -> None:
        answer = web.say(LAST_SCRAPE.replace(b"GET", b"HEAD"))

        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert body == b""

    def test_posting_is_refused(self, web: Served) -> None:
        assert web.get("/metrics", "POST")[0] == 405

    def test_a_connection_serves_many_scrapes(self, web: Served) -> None:
        with web.connect() as connection:
            answers = []
            for _ in range(3):
                connection.sendall(SCRAPE)
                answers.append(read_answer(connection))

        assert [status for status, _ in answers] == [200, 200, 200]

    def test_pipelined_requests_are_answered_in_order(self, web: Served) -> None:
        healthy = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
        answer = web.say(healthy * 3 + LAST_SCRAPE.replace(b"metrics", b"nowhere"))

        assert answer.count(b"HTTP/1.1 200 OK") == 3
        assert answer.count(b"healthy\n") == 3
        assert answer.rindex(b"200 OK") < answer.index(b"404 Not Found")

    @pytest.mark.usefixtures("parser")
    @pytest.mark.parametrize("scrape", [b"GET /metrics HTTP/1.0\r\n\r\n", LAST_SCRAPE], ids=["HTTP/1.0", "close"])
    def test_whoever_wants_one_answer_gets_it_and_the_end_of_the_connection(self, site: Site, scrape: bytes) -> None:
        """Every time, also where the same request was understood before."""
        with served(site.application) as web:
            answers = [web.say(scrape) for _ in range(3)]

        assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)

    @pytest.mark.usefixtures("parser")
    def test_head_has_no_body_the_second_time_either(self, site: Site) -> None:
        with served(site.application) as web:
            answer = web.say(SCRAPE.replace(b"GET", b"HEAD") * 3 + LAST_SCRAPE)

        assert (answer.count(b"HTTP/1.1 200 OK"), answer.count(b"# HELP sems_up ")) == (4, 1)


class TestOddRequests:
    """What scanners and mistakes send; none of it may disturb the next scrape."""

    @pytest.mark.parametrize(
        "target, status",
        [
            (b"/%6Detrics", 200),
            (b"/%6detrics?%ff", 400),
            (b"/%00", 404),
            (b"/%ff%fe", 404),
            (b"/%zz", 404),
            (b"/../metrics", 404),
            (b"/metrics%2f", 404),
            (b"/" + b"a" * 10_000, 404),
            (b"/?" + b"%" * 1000, 200),
        ],
    )
    def test_paths_of_all_kinds(self, web: Served, target: bytes, status: int) -> None:
        answer = web.say(LAST_SCRAPE.replace(b"/metrics", target))

        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert web.get("/metrics")[0] == 200

    @pytest.mark.usefixtures("parser")
    @pytest.mark.parametrize("target, content", [(b"http://x/metrics", b"# HELP sems_up "), (b"http://x/", b"<html")])
    def test_a_whole_address_as_to_a_proxy_means_its_path(self, site: Site, target: bytes, content: bytes) -> None:
        with served(site.application) as web:
            answer = web.say(LAST_SCRAPE.replace(b"/metrics", target))

        assert answer.startswith(b"HTTP/1.1 200")
        assert content in answer

    @pytest.mark.usefixtures("parser")
    def test_what_is_no_request_is_refused_and_closed(self, site: Site) -> None:
        texts = [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            b"hello\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET /metrics HTTP/9.9\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n",
            b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
            b"\x00" * 2000 + b"\r\n\r\n",
        ]

        with served(site.application) as web:
            answers = [web.say(text) for text in texts]
            afterwards = web.get("/metrics")[0]

        for answer in answers:
            assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505", b"HTTP/1.1 200"))
        assert afterwards == 200

    def test_an_accept_header_without_sense_gets_plain_text(self, web: Served) -> None:
        status, headers, _ = web.get("/metrics", Accept="application/openmetrics-text;version=abc;q=x,;=,\xff" * 50)

        assert (status, headers["content-type"]) == (200, Format.TEXT.value)

    @pytest.mark.usefixtures("parser")
    def test_a_head_without_end_is_cut_off(self, site: Site) -> None:
        """However fast it comes, it must not fill the memory."""
        with served(site.application) as web, web.connect() as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
            sent, line = 0, b"X-Filler: " + b"x" * 8000 + b"\r\n"
            try:
                while sent < 64 << 20:
                    connection.sendall(line)
                    sent += len(line)
            except OSError:
                pass

            answer = until_closed(connection)

            assert sent < 16 << 20
            # h11 has a limit of about the same size, and says 400 where it is met first.
            assert answer == b"" or answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))
            assert web.get("/metrics")[0] == 200

    @pytest.mark.usefixtures("parser")
    def test_a_head_that_is_too_long_is_told_so(self, site: Site) -> None:
        with served(site.application) as web:
            answer = web.say(b"GET /metrics HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 70_000 + b"\r\n\r\n" + SCRAPE)
            afterwards = web.get("/metrics")[0]

        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ")
        assert body == b"the head has 64 KiB at most\r\n"
        assert int(head.split(b"content-length: ")[1]) == len(body)
        assert afterwards == 200

    @pytest.mark.usefixtures("parser")
    @pytest.mark.parametrize(
        "line, host, statuses",
        [
            (b"HTTP/1.1", b"", {400}),
            (b"HTTP/1.1", b"Host: x\r\nHost: y\r\n", {400}),
            (b"HTTP/1.1", b"Host: x\r\nhost: x\r\n", {400}),
            (b"HTTP/1.1", b"Host: x\r\n", {200}),
            (b"HTTP/1.0", b"", {200}),
            (b"HTTP/2.0", b"Host: x\r\n", {400, 505}),
            (b"HTTP/2.0", b"", {400, 505}),
            (b"HTTP/0.9", b"Host: x\r\n", {400, 505}),
        ],
    )
    @pytest.mark.parametrize("path", [b"/metrics", b"/"])
    def test_version_and_host_are_as_the_protocol_wants_them(
        self, site: Site, path: bytes, line: bytes, host: bytes, statuses: set[int]
    ) -> None:
        """Also where the same metrics were asked for before."""
        with served(site.application) as web:
            web.say(LAST_SCRAPE)
            answers = [
                web.say(b"GET " + path + b" " + line + b"\r\n" + host + b"Connection: close\r\n\r\n") for _ in "12"
            ]

        assert {int(answer.split()[1]) for answer in answers} <= statuses
        assert len(answers) == 2

    def test_large_but_honest_headers_pass(self, web: Served) -> None:
        assert web.get("/metrics", Cookie="x" * 20_000)[0] == 200

    def test_a_request_to_speak_another_protocol_is_answered_in_this_one(self, web: Served) -> None:
        answer = web.say(
            b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

        assert answer.startswith(b"HTTP/1.1 200")


class TestSlowAndGreedy:
    """A deadline for the head of each request, and a cap on connections."""

    @pytest.mark.usefixtures("parser")
    @pytest.mark.parametrize("start", [b"", b"GET", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: "])
    def test_who_does_not_finish_the_head_is_cut_off(self, site: Site, start: bytes) -> None:
        with served(site.application) as web, hurried(web) as connection:
            connection.sendall(start)
            meanwhile = web.get("/metrics")[0]
            answer = until_closed(connection)

        assert (meanwhile, answer) == (200, b"")

    def test_dripping_does_not_buy_time(self, site: Site) -> None:
        """One byte now and then defeats a limit on silence; the deadline is for the whole head."""
        with served(site.application) as web, hurried(web) as connection:
            connection.settimeout(0.02)
            drops, answer = iter([b"GET / HTTP/1.1\r\nX: ", *[b"x"] * 1000]), None
            while answer is None:
                try:
                    connection.sendall(next(drops))
                    answer = connection.recv(1)
                except TimeoutError:
                    continue
                except OSError:
                    answer = b""

        assert answer == b""

    @pytest.mark.usefixtures("parser")
    def test_an_idle_connection_outlives_the_deadline(self, site: Site) -> None:
        """Prometheus keeps its connection between scrapes."""
        with served(site.application) as web, web.connect() as idle:
            idle.sendall(SCRAPE)
            first, _ = read_answer(idle)
            with hurried(web) as slow:
                slow.sendall(b"GET /metr")
                until_closed(slow)  # whoever came later has been cut off by now
            idle.sendall(SCRAPE)
            second, _ = read_answer(idle)
            idles, begun = (connection.due for connection in web.connections.came)

        assert (first, second) == (200, 200)
        assert idles - begun > 2 * protocol.HEADER_DEADLINE

    def test_a_second_request_on_a_connection_has_a_deadline_too(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with served(site.application) as web, web.connect() as connection:
            connection.sendall(SCRAPE)
            read_answer(connection)
            monkeypatch.setattr(protocol, "HEADER_DEADLINE", 0.2)
            connection.sendall(b"GET /metr")

            assert until_closed(connection) == b""

    @pytest.mark.usefixtures("parser")
    def test_at_the_cap_the_one_that_got_nowhere_for_longest_goes(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A scraper that comes late gets in; one that scrapes stays in."""
        monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)

        with served(site.application) as web, ExitStack() as opened:
            dripping, *scrapers = (opened.enter_context(web.connect()) for _ in range(3))
            for connection in (dripping, *scrapers):
                connection.sendall(SCRAPE)
                read_answer(connection)
            dripping.sendall(b"GET /metr")
            late = web.get("/metrics")[0]
            dripped = until_closed(dripping)
            for connection in scrapers:
                connection.sendall(SCRAPE)

            assert (late, dripped) == (200, b"")
            assert [read_answer(connection)[0] for connection in scrapers] == [200, 200]

    def test_a_scrape_gets_through_a_crowd_of_slow_ones(self, web: Served) -> None:
        with ExitStack() as opened:
            for _ in range(100):
                opened.enter_context(web.connect()).sendall(b"GET /metrics HTTP/1.1\r\nX: ")

            assert web.get("/metrics")[0] == 200


class TestWithThePortal:
    """The exporter as a whole behind its web server."""

    def settings(self, login_url: str, state: Path) -> ServerSettings:
        account = Account("demo@example.com", Secret("demo"), login_url, ("127.0.0.1",))
        return ServerSettings((AccountSettings(account, state_dir=state, requests_per_minute=120),))

    def test_a_portal_that_is_down_is_a_value_not_an_error(self, tmp_path: Path) -> None:
        parts = build_app(self.settings("http://127.0.0.1:9/login", tmp_path), SystemClock())

        with served(application(parts, simulated=False)) as web:
            before = web.get("/-/ready")[0]
            parts.poller.refresh()
            after = web.get("/-/ready")[0]
            healthy = web.get("/-/healthy")[0]
            status, _, body = web.get("/metrics")
            page = web.get("/")[2].decode()

        assert (before, after, healthy, status) == (503, 200, 200, 200)
        assert b"\nsems_up 0.0\n" in body
        assert b'sems_refresh_failures_total{reason="unreachable"} 1.0' in body
        assert parts.poller.health.problem
        assert html.escape(parts.poller.health.problem) in page
        parts.portal.close()

    def test_scrapes_cause_no_call_to_the_portal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
        with SimulatedPortal() as portal:
            parts = build_app(self.settings(portal.login_url, tmp_path), SystemClock())
            with served(application(parts, simulated=True)) as web:
                parts.poller.refresh()
                asked = len(portal.requests)
                with ThreadPoolExecutor(40) as crowd:
                    answers = list(
                        crowd.map(lambda path: web.get(path)[0], ("/metrics", "/", "/-/ready", "/metrics") * 20)
                    )
            parts.portal.close()

            assert answers == [200] * 80
            assert len(portal.requests) == asked > 0
            assert portal.logins == 1

    def test_a_scrape_does_not_wait_for_the_portal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A refresh that hangs is served from what is known."""
        parts = build_app(self.settings("http://127.0.0.1:9/login", tmp_path), SystemClock())
        asked, answer = threading.Event(), threading.Event()

        def hanging(_: Diagnostics) -> tuple[StationRef, ...]:
            asked.set()
            assert answer.wait(PATIENCE)
            return (StationRef("plant-1"),)

        def known(ref: StationRef, _: Diagnostics) -> Station:
            return home(parts.clock.now(), key=ref.id)

        monkeypatch.setattr(parts.portal, "stations", hanging)
        monkeypatch.setattr(parts.portal, "read", known)
        parts.snapshots.put(home(parts.clock.now()))
        refresh = threading.Thread(target=parts.poller.refresh)

        with served(application(parts, simulated=False)) as web:
            refresh.start()
            assert asked.wait(PATIENCE)
            status, _, body = web.get("/metrics")
            answer.set()
            refresh.join(PATIENCE)

        assert status == 200
        assert b'sems_station_pv_power_watts{station="plant-1"} 5000.0' in body


class TestTheEnd:
    """SIGTERM ends the program, whatever is being done for a client."""

    @pytest.mark.parametrize("path", ["/metrics", "/", "/sd"])
    def test_no_answer_under_way_holds_up_the_end(self, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
        site, begun, held = Site(home()), threading.Event(), threading.Event()

        def hangs(*_: object, **__: object) -> None:
            begun.set()
            held.wait(4 * PATIENCE)

        monkeypatch.setattr(site.application._exposition, "body", hangs)
        monkeypatch.setattr(StatusPage, "_rendered", hangs)
        site.application._routes["/sd"] = Discovery("/metrics", hangs).answer  # type: ignore[arg-type]
        with served(site.application) as web, web.connect() as client:
            client.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode())
            assert begun.wait(PATIENCE)
        # Leaving `served` asserts that the server has ended.
        assert not held.is_set()
        held.set()

    def test_the_poller_is_told_before_the_last_answers_are_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        site, begun, stopped = Site(home()), threading.Event(), threading.Event()

        def until_told(*_: object, **__: object) -> bytes:
            begun.set()
            return b"told" if stopped.wait(PATIENCE) else b"not told"

        monkeypatch.setattr(server, "LAST_ANSWERS_SECONDS", PATIENCE)
        monkeypatch.setattr(server, "GRACE", round(PATIENCE))
        monkeypatch.setattr(site.application._exposition, "body", until_told)
        with ExitStack() as stack:
            with served(site.application, stopping=stopped.set) as web:
                client = stack.enter_context(web.connect())
                client.sendall(LAST_SCRAPE)
                assert begun.wait(PATIENCE)
            assert read_answer(client) == (200, b"told")


class TestAddresses:
    """Where it listens, and what it says when it cannot."""

    @pytest.mark.parametrize("address", ["127.0.0.1:0", ":0", "localhost:0"])
    def test_an_address_for_people_comes_from_the_one_it_listens_on(self, address: str) -> None:
        with bound(address) as listening:
            port = listening.getsockname()[1]

            assert address_of(listening) in {f"http://127.0.0.1:{port}", f"http://localhost:{port}"}

    @pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 in this Python")
    def test_ipv6_addresses_are_bracketed(self) -> None:
        try:
            listening = bound("[::1]:0")
        except StartError:
            return  # this machine has no IPv6; the message is tested below
        with listening:
            assert address_of(listening) == f"http://[::1]:{listening.getsockname()[1]}"

    def test_a_port_in_use_is_named_with_a_way_out(self) -> None:
        with bound("127.0.0.1:0") as first:
            address = f"127.0.0.1:{first.getsockname()[1]}"

            with pytest.raises(StartError, match=r"web\.listen-address " + address) as caught:
                bound(address)

        assert "in use" in str(caught.value)
        assert "--web.listen-address" in str(caught.value)

    def test_a_host_that_does_not_exist_is_a_clear_message(self) -> None:
        with pytest.raises(StartError, match=r"nowhere\.invalid:80: .*not known.*; name an address of this machine"):
            bound("nowhere.invalid:80")

    def test_a_port_that_is_not_for_us_is_a_clear_message(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def forbidden(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(socket, "create_server", forbidden)

        with pytest.raises(StartError, match=r"127\.0\.0\.1:80: Permission denied; low ports are for root"):
            bound("127.0.0.1:80")
