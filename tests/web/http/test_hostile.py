"""Clients that mean harm, or are broken in a way that would do some."""

import asyncio
import errno
import re
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from sems_exporter.exposition import Format
from sems_exporter.web import app
from sems_exporter.web.http import connections, known_requests, listener, protocol
from sems_exporter.web.http.connections import Connections, most_connections
from sems_exporter.web.http.known_requests import KnownRequests
from sems_exporter.web.http.listener import Listener
from sems_exporter.web.http.messages import ScrapeRequest
from sems_exporter.web.http.protocol import LimitedProtocol
from tests.homes import home
from tests.serving import PATIENCE, Served, Site, served, until_closed
from tests.web.certificates import Certificates
from tests.web.security.test_tls import SECURED, trusting

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
HEALTHY = SCRAPE.replace(b"metrics", b"-/healthy")
LAST = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(home())


@pytest.fixture(scope="module")
def fleet() -> Site:
    """Large answers: half a megabyte each."""
    return Site(*(home(key=f"plant-{number}") for number in range(120)))


def bodies(answers: bytes) -> int:
    """How many answers there are, each with as many bytes as it says."""
    count = at = 0
    while at < len(answers):
        end = answers.index(b"\r\n\r\n", at)
        length = re.search(rb"content-length: (\d+)", answers[at:end])
        assert answers.startswith(b"HTTP/1.1 ", at)
        assert length is not None
        at = end + 4 + int(length[1])
        count += 1
    assert at == len(answers)
    return count


def until(held: Callable[[], bool], web: Served, client: ssl.SSLContext | None = None) -> None:
    """Wait for what the server will do, and see that it serves meanwhile."""
    for _ in range(round(PATIENCE * 1000)):
        if held():
            return
        with ExitStack() as opened:
            connection = opened.enter_context(web.connect())
            if client is not None:
                connection = opened.enter_context(client.wrap_socket(connection, server_hostname="localhost"))
            connection.sendall(LAST)
            assert until_closed(connection).endswith(b"healthy\n")
    raise AssertionError("it never came to that")


def first_is_gone(web: Served) -> bool:
    """Tell whether the first connection that ever came has ended."""
    came = web.connections.came
    return bool(came) and came[0] not in web.connections


def most_waiting(web: Served) -> int:
    """The most bytes that the server ever held for its first client, which does not read; more than none."""

    def waiting() -> int:
        [guest, *_] = web.connections.came
        assert isinstance(guest, LimitedProtocol)
        return guest.transport.get_write_buffer_size() if guest.transport else 0

    until(lambda: bool(web.connections.came) and waiting() > 0, web)
    found = []
    # The first bytes may still be on their way into the socket; after some turns of the loop nothing moves any more.
    for _ in range(20):
        found.append(waiting())
        assert web.get("/-/healthy")[0] == 200
    return max(found)


def greedy(web: Served, requests: bytes) -> socket.socket:
    """A client that asks and does not read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.settimeout(PATIENCE)
    connection.connect(("127.0.0.1", web.port))
    connection.sendall(requests)
    return connection


class Leaver:
    """A connection that notes when it is sent away."""

    due = 0.0

    def __init__(self, name: str, left: list[str]) -> None:
        self._name, self._left = name, left

    def abort(self) -> None:
        self._left.append(self._name)


@pytest.mark.usefixtures("parser")
class TestPipelines:
    """Many requests in one go."""

    def test_a_thousand_scrapes_are_answered_one_after_the_other(self, site: Site) -> None:
        with served(site.application) as web:
            answers = web.say(SCRAPE * 1000 + LAST)

        assert bodies(answers) == 1001
        assert answers.endswith(b"healthy\n")

    def test_different_ones_keep_their_order(self, site: Site) -> None:
        nowhere = SCRAPE.replace(b"metrics", b"nowhere")

        with served(site.application) as web:
            answers = web.say((HEALTHY + nowhere) * 50 + LAST)

        assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"404"] * 50 + [b"200"]

    def test_one_may_come_in_any_pieces(self, site: Site) -> None:
        """Also when the pieces end in the middle of what ends a head."""
        with served(site.application) as web:
            for cut in (1, 10, len(SCRAPE) - 3, len(SCRAPE) - 1, len(SCRAPE), len(SCRAPE) + 1):
                with web.connect() as connection:
                    text = SCRAPE + HEALTHY + SCRAPE + LAST
                    for piece in (text[:cut], text[cut:-1], text[-1:]):
                        connection.sendall(piece)
                        assert web.get("/-/healthy")[0] == 200

                    assert bodies(until_closed(connection)) == 4

    def test_who_asks_much_and_reads_late_gets_it_all(self, fleet: Site) -> None:
        with served(fleet.application) as web, greedy(web, SCRAPE * 20 + LAST) as connection:
            until(lambda: bool(web.connections.got_stuck), web)
            answers = until_closed(connection)

        assert bodies(answers) == 21

    def test_a_long_answer_goes_at_the_pace_of_its_reader(self, fleet: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        """It waits in slices, and not in the connection."""
        monkeypatch.setattr(protocol, "LARGEST_ANSWER", 50_000)
        monkeypatch.setattr(app, "LARGEST_ANSWER", 50_000)

        with served(fleet.application) as web, greedy(web, SCRAPE * 20 + LAST) as connection:
            waiting = most_waiting(web)
            answers = until_closed(connection)

        assert waiting < 60_000
        assert bodies(answers) == 21


class TestUnread:
    """Clients that ask and never read."""

    @pytest.mark.usefixtures("parser")
    def test_they_are_cut_off_in_time(self, fleet: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(protocol, "ANSWER_DEADLINE", 0.5)

        with served(fleet.application) as web, greedy(web, SCRAPE * 200) as connection:
            until(lambda: first_is_gone(web), web)
            answers = until_closed(connection)

        assert answers.count(b"HTTP/1.1 200") < 200

    @pytest.mark.usefixtures("parser")
    def test_each_holds_one_answer_at_most(self, fleet: Site) -> None:
        size = len(asyncio.run(fleet.application.body(ScrapeRequest(Format.TEXT, compressed=False))) or b"")

        with served(fleet.application) as web, greedy(web, SCRAPE * 200):
            assert most_waiting(web) <= size + 1000

    @pytest.mark.usefixtures("parser")
    def test_with_tls_it_is_the_same(self, fleet: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(protocol, "ANSWER_DEADLINE", 0.5)
        certificates = Certificates(tmp_path)
        secure = Site(*fleet._stations(), web_config=certificates.config(SECURED))

        with (
            served(secure.application) as web,
            trusting(certificates).wrap_socket(greedy(web, b""), server_hostname="localhost") as connection,
        ):
            connection.sendall(SCRAPE * 200)
            until(lambda: first_is_gone(web), web, trusting(certificates))
            answers = until_closed(connection)

        assert answers.count(b"HTTP/1.1 200") < 200

    def test_only_so_many_may_hold_one(self, fleet: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "MOST_STUCK", 3)

        with served(fleet.application) as web, ExitStack() as opened:
            clients = [opened.enter_context(greedy(web, SCRAPE * 49 + LAST)) for _ in range(6)]
            until(lambda: len(web.connections.got_stuck) == 6 and len(web.connections) == 3, web)
            answers = [until_closed(client).count(b"HTTP/1.1 200") for client in clients]

        assert sorted(count < 50 for count in answers) == [False] * 3 + [True] * 3

    def test_of_those_the_one_that_is_stuck_for_longest_goes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "MOST_STUCK", 2)
        left: list[str] = []
        guests = Connections(10)
        first, second, third, fourth = (Leaver(name, left) for name in ("first", "second", "third", "fourth"))
        for guest in (first, second, third, fourth):
            guests.add(guest)

        for guest in (first, second):
            guests.stuck(guest)
        guests.flows(first)
        for guest in (first, third, fourth):
            guests.stuck(guest)

        assert (left, len(guests)) == (["second", "first"], 2)


@pytest.mark.usefixtures("parser")
class TestSmuggling:
    """Requests that two servers might read in two ways: this one reads one, and closes."""

    @pytest.mark.parametrize(
        "fields",
        [
            b"Content-Length: 45\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\nContent-Length: 45\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: xchunked\r\n\r\n",
            b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
            b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
            b"Content-Length: 5, 5\r\n\r\n12345",
            b"Content-Length: +5\r\n\r\n12345",
            b"Content-Length: -1\r\n\r\n",
            b"Content-Length: 5\r\n\r\n12345",
            b"Content-Length: 99999999999999999999999\r\n\r\n",
        ],
    )
    @pytest.mark.parametrize("method", [b"GET", b"POST", b"HEAD"])
    def test_what_follows_a_body_is_no_request(self, site: Site, method: bytes, fields: bytes) -> None:
        hidden = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"

        with served(site.application) as web:
            answers = web.say(method + b" /metrics HTTP/1.1\r\nHost: x\r\n" + fields + hidden)

        assert answers.count(b"HTTP/1.1") <= 1
        assert b"healthy" not in answers
        assert not answers or answers.startswith(b"HTTP/1.1 4")

    def test_a_bare_line_feed_teaches_nothing(self, site: Site) -> None:
        """One parser sees two requests in it and the other none; neither may be remembered as one."""
        two = b"GET /metrics HTTP/1.1\nHost: x\n\nGET /-/healthy HTTP/1.1\nHost: x\r\n\r\n"

        with served(site.application) as web:
            answers = [web.say(two + LAST) for _ in range(3)]

        assert len({len(re.findall(rb"HTTP/1.1 \d+", answer)) for answer in answers}) == 1

    @pytest.mark.usefixtures("parser")
    @pytest.mark.parametrize("header", [b"Connection: close", b"Proxy-Connection: close"])
    def test_the_connection_ends_as_often_as_it_is_asked_to(self, site: Site, header: bytes) -> None:
        """Whatever a parser makes of it, the same request gets the same end each time."""
        scrape = SCRAPE.replace(b"Host: x", b"Host: x\r\n" + header)

        with served(site.application) as web:
            answers = [web.say(scrape + LAST).count(b"HTTP/1.1 200") for _ in range(3)]

        assert len(set(answers)) == 1

    def test_the_whole_address_may_be_given(self, site: Site) -> None:
        with served(site.application) as web:
            answer = web.say(LAST.replace(b"/-/healthy", b"http://sems:10736/-/healthy"))

        assert answer.startswith(b"HTTP/1.1 200")

    @pytest.mark.parametrize(
        "target",
        [
            b"*",
            b"sems:10736",
            b"//metrics",
            b"/metrics/",
            b"/%2e%2e/metrics",
            b"/./metrics",
            b"http://[::1/metrics",
            b"http%3A//%5Bsems/metrics",
        ],
    )
    def test_other_targets_are_nothing(self, site: Site, target: bytes) -> None:
        with served(site.application) as web:
            answer = web.say(LAST.replace(b"/-/healthy", target))

        assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))


class TestReadyAnswers:
    """What is remembered of requests."""

    def answers(self, body: bytes | None = b"body") -> KnownRequests:
        wanted = ScrapeRequest(Format.TEXT, compressed=False)
        return KnownRequests(lambda request: wanted if request.path == "/m" else None, lambda _: body, lambda *_: [])

    def test_the_same_bytes_get_the_same_answer_with_the_date_of_now(self) -> None:
        answers = self.answers()
        before = answers.to(SCRAPE, [], 100)
        answers.learn(SCRAPE, {"path": "/m"})

        assert before is None
        assert answers.to(SCRAPE, [(b"date", b"now")], 100) == b"HTTP/1.1 200 OK\r\ndate: now\r\n\r\nbody"
        assert answers.to(SCRAPE, [(b"date", b"later")], 100) == b"HTTP/1.1 200 OK\r\ndate: later\r\n\r\nbody"
        assert answers.to(SCRAPE + b" ", [], 100) is None

    def test_an_answer_that_is_too_large_or_gone_is_none(self) -> None:
        large, gone = self.answers(), self.answers(None)
        for answers in (large, gone):
            answers.learn(SCRAPE, {"path": "/m"})

        assert (large.to(SCRAPE, [], 3), gone.to(SCRAPE, [], 100)) == (None, None)

    def test_only_so_many_are_remembered_and_none_after_a_change(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(known_requests, "MOST_KNOWN", 2)
        answers = self.answers()
        requests = [SCRAPE + bytes([number]) for number in range(3)]
        for request in requests:
            answers.learn(request, {"path": "/m"})

        known = [answers.to(request, [], 100) is not None for request in requests]
        answers.forget()

        assert known == [False, True, True]
        assert answers.to(requests[2], [], 100) is None
        assert not answers._answers

    def test_a_request_that_is_known_already_takes_no_second_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(known_requests, "MOST_KNOWN", 2)
        answers = self.answers()
        for request in (SCRAPE, SCRAPE + b"x", SCRAPE + b"x"):
            answers.learn(request, {"path": "/m"})

        assert answers.to(SCRAPE, [], 100) is not None


class TestOutOfFiles:
    """A system that gives no more open files."""

    def test_the_door_makes_room_and_stays_open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(listener, "RETRY_ACCEPT_SECONDS", 0.0)
        monkeypatch.setattr(listener, "EVICTED_AT_ONCE", 1)
        outcomes = [errno.EMFILE, errno.ECONNABORTED, errno.ENFILE]
        left: list[str] = []

        guests = Connections(10)
        for name in ("first", "second", "third"):
            guests.add(Leaver(name, left))

        async def accept(_: socket.socket) -> NoReturn:
            if not outcomes:
                raise asyncio.CancelledError
            raise OSError(outcomes.pop(), "no")

        async def accept_all() -> None:
            asyncio.get_running_loop().sock_accept = accept  # type: ignore[method-assign, assignment]
            with socket.socket() as listening:
                await Listener(listening, guests, lambda: None, pytest.fail).accept_all()

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(accept_all())

        assert (left, outcomes) == (["first", "second"], [])

    def test_a_listener_whose_socket_is_closed_ends(self) -> None:
        """It must not try again and again, which would keep the program from ending."""
        tried = 0

        async def accept(listening: socket.socket) -> NoReturn:
            nonlocal tried
            tried += 1
            listening.close()
            raise OSError(errno.EBADF, "no")

        async def accept_all() -> None:
            asyncio.get_running_loop().sock_accept = accept  # type: ignore[method-assign, assignment]
            with socket.socket() as listening:
                await Listener(listening, Connections(1), lambda: None, pytest.fail).accept_all()

        asyncio.run(accept_all())

        assert tried == 1

    def test_nobody_to_send_away_is_no_trouble(self) -> None:
        assert not Connections(1).evict()

    @pytest.mark.parametrize("allowed, most", [(1024, 512), (256, 192), (20, 8), (-1, 512)])
    def test_few_files_mean_few_connections(self, monkeypatch: pytest.MonkeyPatch, allowed: int, most: int) -> None:
        own = SimpleNamespace(getrlimit=lambda _: (allowed, allowed), RLIMIT_NOFILE=7, RLIM_INFINITY=-1)
        monkeypatch.setitem(sys.modules, "resource", own)

        assert most_connections() == most

    def test_a_system_without_such_limits_has_the_usual_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "win32")

        assert most_connections() == 512
