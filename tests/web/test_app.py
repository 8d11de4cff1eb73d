"""The routes, asked as a server asks them."""

import asyncio
import gzip
import logging

import pytest

from sems_exporter.exposition import Format
from sems_exporter.web.app import Application
from sems_exporter.web.page import CONTENT_SECURITY_POLICY
from sems_exporter.web.requests import Message
from tests.homes import home
from tests.serving import Site

Answer = tuple[int, dict[str, str], bytes]


def ask(application: Application, path: str, method: str = "GET", *headers: tuple[str, str]) -> Answer:
    """Status, headers and body of one request."""
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("no request of ours has a body to wait for")

    async def send(message: Message) -> None:
        sent.append(message)

    fields = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope: Message = {"type": "http", "method": method, "path": path, "headers": fields}
    asyncio.run(application(scope, receive, send))

    start, body = sent
    status, raw, content = start["status"], start["headers"], body["body"]
    assert isinstance(status, int)
    assert isinstance(raw, list)
    assert isinstance(content, bytes)
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
