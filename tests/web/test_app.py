"""The routes, asked as a server asks them."""

import asyncio
import gzip
import logging
from pathlib import Path

import pytest

from sems_exporter.exposition import Format
from sems_exporter.model.plant import Station
from sems_exporter.web import app
from sems_exporter.web.app import LOCKED, Application
from sems_exporter.web.http.messages import Message, Request, Response
from sems_exporter.web.status.answer import MOST_VIEWS, StatusPage
from sems_exporter.web.status.page import CONTENT_SECURITY_POLICY
from tests.homes import home
from tests.serving import Site

Answer = tuple[int, dict[str, str], bytes]


def ask(
    application: Application, path: str, method: str = "GET", *headers: tuple[str, str], scheme: str = "http"
) -> Answer:
    """Status, headers and body of one request."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("no request of ours has a body to wait for")

    async def send(message: Message) -> None:
        sent.append(message)

    fields = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    if "host" not in dict(headers):
        fields.insert(0, (b"host", b"here"))
    path, _, query = path.partition("?")
    scope: Message = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": fields,
        "scheme": scheme,
    }
    asyncio.run(application(scope, receive, send))

    start, *pieces = sent
    status, raw = start["status"], start["headers"]
    assert isinstance(status, int)
    assert isinstance(raw, list)
    assert [piece.get("more_body", False) for piece in pieces] == [True] * (len(pieces) - 1) + [False]
    content = b"".join(piece["body"] for piece in pieces if isinstance(piece["body"], bytes))
    return status, {name.decode(): value.decode() for name, value in raw}, content


class TestMetrics:
    """The one route that Prometheus knows."""

    def test_plain_text_is_for_everybody(self) -> None:
        status, headers, body = ask(Site(home()).application, "/metrics")

        assert (status, headers["content-type"]) == (200, Format.TEXT.value)
        assert b'sems_station_pv_power_watts{station="plant-1"} 5000.0\n' in body
        assert "content-encoding" not in headers

    def test_openmetrics_is_for_those_who_ask(self) -> None:
        _, headers, body = ask(
            Site(home()).application, "/metrics", "GET", ("accept", "application/openmetrics-text;version=1.0.0")
        )

        assert headers["content-type"] == Format.OPENMETRICS.value
        assert body.endswith(b"# EOF\n")

    def test_gzip_is_for_those_who_welcome_it(self) -> None:
        application = Site(home()).application
        _, _, plain = ask(application, "/metrics")

        _, headers, body = ask(application, "/metrics", "GET", ("accept-encoding", "gzip"))

        assert headers["content-encoding"] == "gzip"
        assert headers["content-length"] == str(len(body))
        assert gzip.decompress(body) == plain

    def test_caches_are_told_what_the_answer_depends_on(self) -> None:
        _, headers, _ = ask(Site(home()).application, "/metrics")

        assert headers["vary"] == "Accept, Accept-Encoding"

    def test_a_header_sent_twice_means_both(self) -> None:
        _, headers, _ = ask(
            Site(home()).application,
            "/metrics",
            "GET",
            ("accept", "text/plain;q=0.1"),
            ("accept", "application/openmetrics-text"),
        )

        assert headers["content-type"] == Format.OPENMETRICS.value

    def test_it_may_live_elsewhere(self) -> None:
        application = Site(home(), telemetry_path="/solar/metrics").application

        assert ask(application, "/solar/metrics")[0] == 200
        assert ask(application, "/metrics")[0] == 404

    def test_before_the_first_refresh_it_answers_already(self) -> None:
        status, _, body = ask(Site().application, "/metrics")

        assert status == 200
        assert b"\nsems_up 0.0\n" in body


class TestPage:
    """The status page."""

    def test_it_is_html_that_may_load_nothing_from_elsewhere(self) -> None:
        status, headers, body = ask(Site().application, "/")

        assert status == 200
        assert body.startswith(b"<!DOCTYPE html>")
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"

    def test_it_is_compressed_for_those_who_welcome_it(self) -> None:
        site = Site(home())
        _, _, plain = ask(site.application, "/")

        _, headers, body = ask(site.application, "/", "GET", ("accept-encoding", "gzip, br"))

        assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding, Accept-Language")
        assert gzip.decompress(body) == plain

    def test_a_station_can_be_had_alone(self) -> None:
        site = Site(home(), home(name="Other Home", key="plant/2"))

        status, _, body = ask(site.application, "/?station=plant%2F2")

        assert (status, b"Other Home" in body, b"Sunny Home" in body) == (200, True, False)

    @pytest.mark.parametrize(
        "query, status",
        [("page=1", 200), ("page=2", 404), ("page=0", 404), ("station=x", 404), ("page=-1", 400), ("page=x", 400),
         ("page=99999", 400), ("page=1&station=plant-1", 400), ("x=1", 200),
         ("utm_source=mail&page=1&utm_medium=x", 200), ("x=1&page=2", 404), ("page=²", 400)],
    )  # fmt: skip
    def test_views_that_there_are_and_others(self, query: str, status: int) -> None:
        assert ask(Site(home()).application, f"/?{query}")[0] == status

    def test_for_a_second_everybody_sees_the_same(self) -> None:
        """A page of a large fleet is not rendered for each who asks."""
        now, looks = 0.0, 0

        def look() -> list[Station]:
            nonlocal looks
            looks += 1
            return [home(key=str(number)) for number in range(3)]

        page = StatusPage(look, lambda: Site().status, lambda: now)

        def asked(query: str) -> int:
            scope: Message = {"type": "http", "query_string": query.encode(), "headers": []}
            return asyncio.run(page.answer(Request(scope))).status

        first = [asked(query) for query in ("", "", "station=1", "page=1")]
        looked = looks
        now = 1.0
        later = asked("")

        assert (first, looked) == ([200] * 4, 1)
        assert (later, looks) == (200, 2)

    def test_many_views_are_not_kept_for_ever(self) -> None:
        stations = [home(key=str(number)) for number in range(MOST_VIEWS + 5)]
        page = StatusPage(lambda: stations, lambda: Site().status, lambda: 0.0)

        for station in stations:
            scope: Message = {"type": "http", "query_string": f"station={station.id}".encode(), "headers": []}
            asyncio.run(page.answer(Request(scope)))

        assert len(page._views) <= MOST_VIEWS


class TestHealth:
    """Two routes that an orchestrator asks; neither depends on the portal."""

    def test_a_process_that_answers_is_healthy(self) -> None:
        assert ask(Site().application, "/-/healthy")[0] == 200

    def test_ready_begins_with_the_end_of_the_first_refresh(self) -> None:
        site = Site()
        before, _, explanation = ask(site.application, "/-/ready")

        site.ready = True

        assert (before, explanation) == (503, b"the first refresh has not ended yet\n")
        assert ask(site.application, "/-/ready")[0] == 200


class TestGuards:
    """Headers that every answer has."""

    @pytest.mark.parametrize("path", ["/", "/metrics", "/metrics?x=1", "/sd", "/-/healthy", "/-/ready", "/nowhere"])
    def test_nothing_is_guessed_kept_or_embedded(self, path: str) -> None:
        _, headers, _ = ask(Site(home()).application, path, "GET", ("host", "x"))

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]

    def test_a_header_that_is_set_replaces_ours_but_no_policy(self, tmp_path: Path) -> None:
        config = tmp_path / "web.yml"
        config.write_text("http_server_config: {headers: {Content-Security-Policy: x, X-Frame-Options: deny}}")
        application = Site(web_config=config).application

        fields = application.fields(Response(200, "text/plain", b""))

        assert [value for name, value in fields if name == b"content-security-policy"] == [LOCKED.encode(), b"x"]
        assert (b"x-frame-options", b"deny") in fields

    @pytest.mark.parametrize("fields", [("content-length", "5"), ("transfer-encoding", "chunked")])
    @pytest.mark.parametrize("method, status", [("GET", 400), ("HEAD", 400), ("POST", 405)])
    def test_a_request_with_a_body_is_the_last(self, fields: tuple[str, str], method: str, status: int) -> None:
        """Nothing in the body can be taken for another request."""
        answered, headers, _ = ask(Site().application, "/metrics", method, fields)

        assert (answered, headers["connection"]) == (status, "close")

    def test_a_long_answer_comes_in_slices(self, monkeypatch: pytest.MonkeyPatch) -> None:
        application = Site(home()).application
        _, _, whole = ask(application, "/metrics")
        monkeypatch.setattr(app, "LARGEST_ANSWER", 1000)

        status, headers, body = ask(application, "/metrics")

        assert (status, body, headers["content-length"]) == (200, whole, str(len(whole)))


def test_what_is_no_request_is_let_be() -> None:
    """Servers also speak of other things, such as their own start."""

    async def refuse(*_: object) -> Message:
        raise AssertionError("there is nothing to say")

    asyncio.run(Site().application({"type": "lifespan"}, refuse, refuse))  # type: ignore[arg-type]


class TestElse:
    """What is not there, and what may not be done."""

    @pytest.mark.parametrize(
        "path",
        ["/metric", "/metrics/", "//metrics", "/METRICS", "/-/", "/-/quit", "/..", "/favicon.ico", "", "*", "/a\x00b"],
    )
    def test_other_paths_are_not_found(self, path: str) -> None:
        status, headers, body = ask(Site().application, path)

        assert (status, body) == (404, b"not found\n")
        assert headers["content-type"].startswith("text/plain")

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"])
    @pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready"])
    def test_only_reading_is_allowed(self, method: str, path: str) -> None:
        status, headers, _ = ask(Site().application, path, method)

        assert (status, headers["allow"]) == (405, "GET, HEAD")

    @pytest.mark.parametrize("path", ["/", "/metrics", "/-/healthy", "/-/ready", "/nowhere"])
    def test_head_is_get_without_the_body(self, path: str) -> None:
        application = Site(home()).application
        status, headers, body = ask(application, path)

        bare = ask(application, path, "HEAD")

        assert bare == (status, headers, b"")
        assert headers["content-length"] == str(len(body))

    def test_odd_bytes_in_headers_are_no_trouble(self) -> None:
        status, _, _ = ask(Site().application, "/metrics", "GET", ("accept", "\xff\xfe"), ("x", "ü"))

        assert status == 200

    def test_a_fault_of_ours_is_a_500_a_log_line_and_a_count(self, caplog: pytest.LogCaptureFixture) -> None:
        """5xx is for our own mistakes; whoever looks for the reason finds it in the log."""
        site = Site()
        del site.status

        status, _, body = ask(site.application, "/")

        assert (status, b"AttributeError" in body) == (500, False)
        [record] = caplog.records
        assert (record.levelno, record.exc_info is not None) == (logging.ERROR, True)
        status, _, metrics = ask(site.application, "/metrics")
        assert (status, b"sems_web_faults_total 1.0" in metrics) == (200, True)
