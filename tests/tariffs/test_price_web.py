"""Prices over a real connection: from the host that the settings name, and no other."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sems_exporter.app import price_fetcher
from sems_exporter.clock import SystemClock
from sems_exporter.tariffs.currencies import doubted_from
from sems_exporter.tariffs.price_source import Failed, PriceSource
from sems_exporter.tariffs.tariff import Source

LIST = b'[{"start": "2026-01-01T00:00:00Z", "end": "2026-07-01T00:00:00Z", "value": 0.2}]'


class Server(http.server.HTTPServer):
    """Answers each path as it says; keeps what was asked."""

    asked: list[str]


class Answers(http.server.BaseHTTPRequestHandler):
    """/good, /elsewhere, /page and /broken."""

    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.asked.append(self.path)
        self.send_response(302 if self.path == "/elsewhere" else 200)
        if self.path == "/elsewhere":
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/good")
        self.end_headers()
        self.wfile.write({"/good": LIST, "/broken": LIST[:40]}.get(self.path, b"<html>"))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answers) as made:
        made.asked = []
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of this machine stands in the way."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def source(server: Server, path: str, folder: Path) -> PriceSource:
    where = Source("url", (("url", f"http://127.0.0.1:{server.server_port}{path}"),))
    return PriceSource(
        where, "tariffs.t", doubted_from("EUR"), folder=folder, fetch=price_fetcher(), clock=SystemClock()
    )


def test_a_list_at_an_address_is_read(server: Server, tmp_path: Path) -> None:
    found = source(server, "/good", tmp_path)

    assert found.refresh()
    assert len(found.prices.prices) == 1


@pytest.mark.parametrize("path, reason", [("/elsewhere", "http"), ("/page", "unreadable"), ("/broken", "unreadable")])
def test_what_is_no_list_is_asked_for_once_and_changes_nothing(
    server: Server, tmp_path: Path, path: str, reason: str
) -> None:
    found = source(server, path, tmp_path)

    with pytest.raises(Failed) as failed:
        found.refresh()

    assert failed.value.reason == reason
    assert server.asked == [path]
