"""What both dialects make of HTTP: statuses, headers, bodies, redirects, and what the HTTP libraries raise.

No socket is opened: `responses` stands where the adapter of the transport would send. What concerns bytes on the wire
(deadlines, resets, endless headers) is tried with real sockets beside this file.
"""

import gzip
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import requests.exceptions as by_requests
import responses
import urllib3.exceptions as by_urllib3
from urllib3.connection import HTTPConnection

from sems_exporter import errors
from sems_exporter.portal.classic.client import ClassicClient
from sems_exporter.portal.client import AccountClient, Call
from sems_exporter.portal.http.transport import LARGEST, Transport
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.session.rate_limiter import RateLimiter
from sems_exporter.portal.session.session import Session
from sems_exporter.telemetry.metrics import SelfMetrics
from tests.clocks import FakeClock
from tests.portal.doors import Door, account, session

NOW = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)
GATEWAY = "https://eu-gateway.semsportal.com/web/sems"
URL = f"{GATEWAY}/x"
ELSEWHERE = "https://elsewhere.example.com/"
HOUR = 3600.0
GOOD = {"code": "00000", "data": {"a": 1}}
PACKED = gzip.compress(json.dumps(GOOD).encode(), mtime=0)
SIGN_IN = {
    Client: "https://semsplus.goodwe.com/web/sems/sems-user/api/v1/auth/cross-login",
    ClassicClient: "https://semsplus.goodwe.com/api/v3/Common/CrossLogin",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A client of one dialect, with a session that is at hand."""

    client: AccountClient
    session: Session
    clock: FakeClock
    door: Door

    @property
    def probe(self) -> str:
        """Where the client asks whether its session works at all."""
        return f"{GATEWAY}{self.client.probe.path}"

    def ask(self, path: str = "/x") -> Any:
        """The data of one call."""
        with self.client.request(Call("flow", "POST", path, {"id": "S1"})) as data:
            return data

    def failure(self) -> errors.PortalError:
        """How one call fails, without a word of what was sent or where to."""
        with pytest.raises(errors.PortalError) as raised:
            self.ask()
        assert "semsportal" not in str(raised.value)
        assert "hunter2" not in str(raised.value)
        return raised.value


@pytest.fixture
def portal() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture(params=[Client, ClassicClient], ids=["semsplus", "classic"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    made = desk_of(request.param, tmp_path)
    yield made
    made.client.close()


def desk_of(dialect: type[AccountClient], directory: Path) -> Desk:
    clock = FakeClock(NOW)
    door = Door(clock)
    metrics, pace = SelfMetrics(), RateLimiter(10_000, clock, threading.Event())
    kept = session(directory, clock, door, metrics=metrics)
    client = dialect(account("hunter2"), Transport(), pace, clock=clock, metrics=metrics, session=kept)
    return Desk(client, kept, clock, door)


@pytest.mark.parametrize(
    "answer",
    [
        {"json": GOOD},
        {"json": {**GOOD, "code": 0}},
        {"json": GOOD, "content_type": "text/html"},
        {"body": json.dumps(GOOD).encode("utf-8-sig")},
        {"body": PACKED, "headers": {"Content-Encoding": "gzip"}},
        {"body": zlib.compress(json.dumps(GOOD).encode()), "headers": {"Content-Encoding": "deflate"}},
        {"json": GOOD, "headers": {"Retry-After": "60"}},
        {"json": GOOD, "status": 201},
    ],
    ids=repr,
)
def test_data_is_data_however_it_is_wrapped(desk: Desk, portal: responses.RequestsMock, answer: dict[str, Any]) -> None:
    portal.post(URL, **answer)

    assert desk.ask() == {"a": 1}
    assert len(portal.calls) == 1


@pytest.mark.parametrize(
    "failure, answers",
    [
        (
            errors.AnswerEmpty,
            [
                {"body": b""},
                {"body": b" \r\n"},
                {"status": 204},
                {"status": 204, "headers": {"Content-Encoding": "gzip"}},
            ],
        ),
        (
            errors.AnswerUnreadable,
            [
                {"body": "<html><body>maintenance</body></html>", "content_type": "text/html"},
                {"body": json.dumps(GOOD)[:-3]},
                {"body": "[1, 2]"},
                {"body": "null"},
                {"body": "7"},
                {"body": '"00000"'},
                {"json": {}},
                {"json": {"data": {"a": 1}}},
                {"json": {"code": None, "data": {"a": 1}}},
                {"body": PACKED},
                {"body": PACKED[:-12], "headers": {"Content-Encoding": "gzip"}},
                {"json": GOOD, "headers": {"Content-Encoding": "gzip"}},
                *({"status": status, "headers": {"Location": ELSEWHERE}} for status in (301, 302, 303, 307, 308)),
                {"status": 302, "headers": {"Location": "http://[bad"}},
                {"status": 302, "json": GOOD},
                {"status": 304},
            ],
        ),
        (errors.AnswerTooLarge, [{"body": b" " * (LARGEST + 1)}]),
        (errors.RequestInvalid, [{"status": 400}, {"status": 418}, {"json": {"code": "S0327"}}]),
        (errors.RouteUnknown, [{"status": 404, "json": {"error_msg": "404 Route Not Found"}}, {"status": 410}]),
        (errors.TimedOut, [{"status": 408}, {"status": 504, "body": "<html>"}]),
        (
            errors.ServerFault,
            [
                {"status": 500, "body": b"x" * 36},
                {"status": 502},
                {"status": 503, "headers": {"Retry-After": "5"}},
                {"status": 500, "json": GOOD},
                {"json": {"code": "100000", "hasError": True, "msg": "ver is not fund", "data": None}},
            ],
        ),
        (errors.PermissionDenied, [{"status": 403}, {"json": {"code": 100025}}]),
        (
            errors.StationUnknown,
            [
                {"json": {"hasError": True, "code": "innerexception", "data": ""}},
                {"json": {"hasError": True, "code": 0, "msg": "innerexception", "data": ""}},
                {"json": {"hasError": True, "msg": "innerException", "data": ""}},
            ],
        ),
        (errors.UnknownCode, [{"json": {"code": "X1"}}, {"json": {"code": 200, "data": {}}}]),
    ],
)
def test_what_is_no_data_has_a_name_and_is_not_asked_again(
    desk: Desk, portal: responses.RequestsMock, failure: type[errors.PortalError], answers: list[dict[str, Any]]
) -> None:
    for number, answer in enumerate(answers, 1):
        portal.upsert(responses.POST, URL, **answer)

        assert type(desk.failure()) is failure, answer
        assert [call.request.url for call in portal.calls] == [URL] * number
        desk.clock.advance(HOUR)  # what was refused is left alone for a while
    assert len(desk.door.knocks) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 401},
        {"status": 401, "body": "<html>", "headers": {"WWW-Authenticate": "Basic"}},
        *({"json": {"code": code}} for code in (100001, "100002", 100002, "C0602", "C0607", "Z0100", "100005")),
        {"status": 403, "json": {"code": "100002"}},
    ],
    ids=repr,
)
def test_a_session_that_is_rejected_costs_one_sign_in(
    desk: Desk, portal: responses.RequestsMock, answer: dict[str, Any]
) -> None:
    desk.session.token()
    desk.clock.advance(HOUR)
    portal.post(URL, **answer)
    portal.post(desk.probe, **answer)
    portal.post(URL, json=GOOD)

    assert desk.ask() == {"a": 1}
    assert [call.request.url for call in portal.calls] == [URL, desk.probe, URL]
    assert len(desk.door.knocks) == 2


def test_a_session_that_is_rejected_at_once_is_no_reason_for_a_third(
    desk: Desk, portal: responses.RequestsMock
) -> None:
    desk.session.token()
    desk.clock.advance(HOUR)
    portal.post(URL, status=401)
    portal.post(desk.probe, status=401)

    for _ in range(3):
        desk.failure()
    assert len(desk.door.knocks) == 2


def test_a_plant_that_never_takes_a_session_does_not_cost_the_owner_his(
    desk: Desk, portal: responses.RequestsMock
) -> None:
    """Type 2 answers 100002 to sessions that others take; each sign-in may log the owner out of the app."""
    portal.post(URL, json={"code": "100002"})
    portal.post(desk.probe, json=GOOD)
    portal.post(f"{GATEWAY}/other", json=GOOD)

    for _ in range(2 * 288):
        assert type(desk.failure()) is errors.PermissionDenied
        assert desk.ask("/other") == {"a": 1}
        desk.clock.advance(300.0)

    assert len(desk.door.knocks) == 1


def test_a_plant_that_takes_a_session_again_is_read_again(desk: Desk, portal: responses.RequestsMock) -> None:
    refused = portal.post(URL, json={"code": "100002"})
    portal.post(desk.probe, json=GOOD)
    desk.failure()
    portal.remove(refused)
    portal.post(URL, json=GOOD)

    desk.clock.advance(HOUR)
    assert desk.ask() == {"a": 1}


@pytest.mark.parametrize(
    "header, pause",
    [
        (None, 300.0),
        ("0", 300.0),
        ("120", 300.0),
        (" 900 ", 900.0),
        ("1800", 1800.0),
        ("86400", 3600.0),
        ("9" * 40, 3600.0),
        ("Thu, 24 Sep 2026 12:20:00 GMT", 1200.0),
        ("Thu, 24 Sep 2026 14:20:00 +0200", 1200.0),
        ("Thursday, 24-Sep-26 12:20:00 GMT", 1200.0),
        ("Thu Sep 24 12:20:00 2026", 1200.0),
        ("Thu, 24 Sep 2026 11:00:00 GMT", 300.0),
        ("Thu, 24 Sep 2036 12:00:00 GMT", 3600.0),
        ("-5", 300.0),
        ("1.5", 300.0),
        ("soon", 300.0),
        ("", 300.0),
    ],
)
@pytest.mark.parametrize(
    "answer", [{"status": 429}, {"json": {"code": "GY0429"}}, {"status": 429, "body": "<html>"}], ids=repr
)
def test_too_many_requests_pause_the_account_for_as_long_as_the_header_says(
    desk: Desk, portal: responses.RequestsMock, answer: dict[str, Any], header: str | None, pause: float
) -> None:
    """Within five minutes and an hour."""
    portal.post(URL, **answer, headers={} if header is None else {"Retry-After": header})

    assert type(desk.failure()) is errors.RateLimited
    desk.clock.advance(pause - 1)
    assert type(desk.failure()) is errors.RateLimited
    assert len(portal.calls) == 1

    desk.clock.advance(2)
    portal.upsert(responses.POST, URL, json=GOOD)
    assert desk.ask() == {"a": 1}
    assert len(desk.door.knocks) == 1


CONNECTION = HTTPConnection("eu-gateway.semsportal.com")
RAISED: list[tuple[type[errors.PortalError], int, list[Exception]]] = [
    (
        errors.Unreachable,
        1,
        [
            by_requests.ConnectionError(f"cannot reach {URL}"),
            by_requests.ConnectTimeout(f"cannot reach {URL}"),
            by_requests.ProxyError(f"cannot reach {URL}"),
            by_requests.ConnectionError(by_urllib3.NameResolutionError("host", CONNECTION, OSError(f"no {URL}"))),  # type: ignore[arg-type]
            by_urllib3.NewConnectionError(CONNECTION, f"cannot reach {URL}"),
            by_requests.InvalidHeader(f"no {URL}"),
            ConnectionRefusedError(111, URL),
        ],
    ),
    (
        errors.TimedOut,
        1,
        [
            by_requests.ReadTimeout(URL),
            by_requests.Timeout(URL),
            by_requests.ConnectionError(by_urllib3.ReadTimeoutError(None, URL, "slow")),  # type: ignore[arg-type]
            TimeoutError(URL),
        ],
    ),
    (errors.CertificateInvalid, 1, [by_requests.SSLError(f"self-signed {URL}")]),
    (
        errors.AnswerUnreadable,
        1,
        [by_requests.ContentDecodingError(URL), by_urllib3.DecodeError(URL), by_requests.TooManyRedirects(URL)],
    ),
    (
        errors.ConnectionBroken,
        2,
        [
            by_requests.ChunkedEncodingError(URL),
            by_requests.ConnectionError(by_urllib3.ProtocolError("aborted", ConnectionResetError(104, URL))),
            by_urllib3.IncompleteRead(5, 7),
            ConnectionResetError(104, URL),
            BrokenPipeError(32, URL),
        ],
    ),
]


@pytest.mark.parametrize("failure, sent, raised", RAISED, ids=[failure.reason for failure, _, _ in RAISED])
def test_what_the_libraries_raise_has_a_name_and_only_what_broke_off_is_sent_again(
    desk: Desk,
    portal: responses.RequestsMock,
    failure: type[errors.PortalError],
    sent: int,
    raised: list[Exception],
) -> None:
    for number, error in enumerate(raised, 1):
        portal.upsert(responses.POST, URL, body=error)

        assert type(desk.failure()) is failure, repr(error)
        assert len(portal.calls) == number * sent
    assert len(desk.door.knocks) == 1


def test_a_call_that_broke_off_once_is_answered_the_second_time(desk: Desk, portal: responses.RequestsMock) -> None:
    portal.post(URL, body=by_requests.ChunkedEncodingError())
    portal.post(URL, json=GOOD)

    assert desk.ask() == {"a": 1}


SIGN_INS: list[tuple[dict[str, Any], type[errors.PortalError], type[errors.PortalError]]] = [
    ({"status": 401}, errors.LoginRefused, errors.LoginRefused),
    ({"status": 403}, errors.LoginRefused, errors.LoginRefused),
    ({"json": {"code": "C0602"}}, errors.LoginRefused, errors.LoginRefused),
    ({"json": {"hasError": True, "code": "innerexception"}}, errors.LoginRefused, errors.LoginRefused),
    ({"status": 404}, errors.ProtocolChanged, errors.LoginRefused),
    ({"json": {"code": 100004}}, errors.ProtocolChanged, errors.LoginRefused),
    ({"status": 500}, errors.ServerFault, errors.LoginRefused),
    ({"status": 302, "headers": {"Location": ELSEWHERE}}, errors.AnswerUnreadable, errors.LoginRefused),
    ({"body": "<html>"}, errors.AnswerUnreadable, errors.LoginRefused),
    ({"status": 204}, errors.AnswerEmpty, errors.AnswerEmpty),
    ({"json": {"code": 0, "data": {"agreement_agreement": True}}}, errors.AgreementPending, errors.AgreementPending),
    ({"status": 429, "headers": {"Retry-After": "600"}}, errors.RateLimited, errors.RateLimited),
    ({"json": {"code": "100005"}}, errors.CredentialsRejected, errors.CredentialsRejected),
    ({"body": by_requests.ConnectionError("hunter2")}, errors.Unreachable, errors.Unreachable),
    ({"body": by_requests.ReadTimeout("hunter2")}, errors.TimedOut, errors.TimedOut),
    ({"body": by_requests.SSLError("hunter2")}, errors.CertificateInvalid, errors.CertificateInvalid),
]


@pytest.mark.parametrize("answer, semsplus, classic", SIGN_INS, ids=repr)
def test_a_sign_in_that_fails_has_a_name_and_is_sent_once(
    desk: Desk,
    portal: responses.RequestsMock,
    answer: dict[str, Any],
    semsplus: type[errors.PortalError],
    classic: type[errors.PortalError],
) -> None:
    address = SIGN_IN[type(desk.client)]
    portal.post(address, **answer)

    with pytest.raises(errors.PortalError) as raised:
        desk.client.sign_in()

    assert type(raised.value) is (semsplus if isinstance(desk.client, Client) else classic)
    assert "hunter2" not in str(raised.value)
    assert [call.request.url for call in portal.calls] == [address]


def test_the_classic_ways_to_sign_in_take_turns_and_end(portal: responses.RequestsMock, tmp_path: Path) -> None:
    desk = desk_of(ClassicClient, tmp_path)
    sign_in: Callable[[], object] = desk.client.sign_in
    paths = ["/api/v3/Common/CrossLogin", "/api/v2/Common/CrossLogin", "/api/v1/Common/CrossLogin", "/Home/Login"]
    for path in paths:
        portal.post(f"https://semsplus.goodwe.com{path}", status=404)

    for _ in paths[:-1]:
        with pytest.raises(errors.LoginRefused):
            sign_in()
    with pytest.raises(errors.ProtocolChanged):
        sign_in()

    assert [call.request.path_url for call in portal.calls] == paths


@pytest.mark.parametrize("seconds, way", [(86_400, "behind"), (-7200, "ahead of")])
def test_a_refused_session_comes_with_a_hint_where_the_clocks_differ(
    desk: Desk, portal: responses.RequestsMock, seconds: float, way: str
) -> None:
    """The portal refuses sessions of a machine whose clock is off, and says only "abnormal"."""
    date = format_datetime(datetime.fromtimestamp(desk.clock.now().timestamp() + seconds, UTC), usegmt=True)
    refused = {"code": "C0602", "description": "abnormal"}
    for url in (URL, desk.probe):
        portal.add("POST", url, json=refused, headers={"Date": date})

    failure = desk.failure()

    assert f"the clock of this machine is {abs(seconds):.0f} s {way} the portal's" in str(failure)
    # The next refresh sends nothing, and still knows.
    assert "the clock of this machine" in str(desk.failure())
    ahead = desk.client._metrics.registry.get_sample_value("sems_portal_clock_difference_seconds")  # type: ignore[attr-defined]
    assert ahead == pytest.approx(seconds, abs=1.0)


def test_no_hint_speaks_of_a_clock_that_is_right(desk: Desk, portal: responses.RequestsMock) -> None:
    date = format_datetime(desk.clock.now(), usegmt=True)
    for url in (URL, desk.probe):
        portal.add("POST", url, json={"code": "C0602"}, headers={"Date": date})

    assert "the clock of this machine" not in str(desk.failure())
