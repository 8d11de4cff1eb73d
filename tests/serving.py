"""A web server of the exporter in a thread of the test, and clients without manners to try it with."""

import http.client
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sems_exporter.exposition import Renderer
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.store import StationStore
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.web.app import Application
from sems_exporter.web.discovery import Discovery, Listed
from sems_exporter.web.http import server
from sems_exporter.web.http.connections import Connection, Connections, most_connections
from sems_exporter.web.http.messages import Request, ScrapeRequest
from sems_exporter.web.security.reload import WebConfigFile
from sems_exporter.web.stations_api import StationsApi
from sems_exporter.web.status.answer import StatusPage
from sems_exporter.web.status.page import PageStatus
from tests.clocks import FakeClock
from tests.homes import NOON

PATIENCE = 20.0
"""Seconds after which a test gives up; nothing here comes near it."""


class Site:
    """An application over stations of the test's choice."""

    def __init__(
        self,
        *stations: Station,
        telemetry_path: str = "/metrics",
        web_config: Path | None = None,
        accounts: Sequence[str] = (),
        external_url: str | None = None,
    ) -> None:
        self.clock = FakeClock(NOON)
        self.metrics = SelfMetrics()
        self.snapshots = StationStore(self.clock, Limits(1200.0, 900.0))
        for station in stations:
            self.snapshots.put(station)
        self.ready = False
        self.status = PageStatus(
            NOON,
            "1",
            up=None,
            last_success=None,
            next_refresh=None,
            problem=None,
            simulated=False,
            metrics_path=telemetry_path,
            snapshot_max_age=900.0,
        )
        self.web_config = WebConfigFile(web_config, self.metrics.web_config_read)
        self.application = Application(
            Renderer(self.snapshots, self.metrics.registry, self.clock),
            StatusPage(self._stations, lambda: self.status),
            StationsApi(self.snapshots, self.clock),
            lambda: self.ready,
            telemetry_path=telemetry_path,
            web_config=self.web_config,
            fault=self.metrics.web_fault,
            discovery=Discovery(telemetry_path, self._listed, accounts, external_url),
        )

    def _listed(self) -> list[Listed]:
        return [Listed(known.station, known.account, "Home") for known in self.snapshots.catalogue()]

    def _stations(self) -> list[Station]:
        return [shown.station for shown in self.snapshots.shown(self.clock.now())]


class Stage:
    """Stands before the server in place of an application, so that a test can put one after the other there."""

    def __init__(self) -> None:
        self.application: Any = None
        self.web_config = WebConfigFile(None, lambda **_: None)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand on."""
        await self.application(scope, receive, send)

    def wanted(self, request: Request) -> Any:
        """Hand on."""
        return self.application.wanted(request)

    def ready_body(self, wanted: ScrapeRequest) -> Any:
        """Hand on."""
        return self.application.ready_body(wanted)

    def head(self, wanted: ScrapeRequest, body: bytes) -> Any:
        """Hand on."""
        return self.application.head(wanted, body)


MOST_NOTED = 20
"""Connections that are noted; all of a long run would be memory that only the test holds."""


class NotedConnections(Connections):
    """The first that `came` and that `got_stuck`, in order: a slow machine may look only after one is gone again."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.came: list[Connection] = []
        self.got_stuck: dict[Connection, None] = {}

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._open

    def add(self, connection: Connection) -> None:
        if len(self.came) < MOST_NOTED:
            self.came.append(connection)
        super().add(connection)

    def stuck(self, connection: Connection) -> None:
        if len(self.got_stuck) < MOST_NOTED:
            self.got_stuck[connection] = None
        super().stuck(connection)


class Served:
    """The address of a running server, and ways to reach it."""

    def __init__(self, port: int, connections: NotedConnections) -> None:
        self.port = port
        self.connections = connections

    def connect(self) -> socket.socket:
        """A bare connection; close it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            return response.status, {name.lower(): text for name, text in response.getheaders()}, response.read()
        finally:
            connection.close()

    def say(self, text: bytes) -> bytes:
        """All that comes back for these bytes until the server closes."""
        with self.connect() as connection:
            connection.sendall(text)
            return until_closed(connection)


def until_closed(connection: socket.socket) -> bytes:
    """Everything until the other side ends the connection, gently or not."""
    received = []
    try:
        while chunk := connection.recv(1 << 20):
            received.append(chunk)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return b"".join(received)


@contextmanager
def served(application: Application | Stage, stopping: Callable[[], None] = lambda: None) -> Iterator[Served]:
    """`application` behind the real server on a free port of this machine."""
    running: list[server._Server] = []
    noted: list[NotedConnections] = []
    answering = threading.Event()

    class Recorded(server._Server):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            noted[0:] = [NotedConnections(most_connections())]
            [self._connections] = noted
            running.append(self)

    with pytest.MonkeyPatch.context() as patch:
        # Signals belong to the main thread, which is the test's.
        own = SimpleNamespace(SIGTERM=signal.SIGTERM, SIGINT=signal.SIGINT, signal=lambda *_: None)
        patch.setattr(server, "signal", own)
        patch.setattr(server, "_Server", Recorded)
        listening = server.bound("127.0.0.1:0")
        port = listening.getsockname()[1]
        told = {"started": answering.set, "stopping": stopping}
        thread = threading.Thread(target=server.serve, args=(application, listening), kwargs=told)
        thread.start()
        try:
            assert answering.wait(PATIENCE)
            yield Served(port, noted[0])
        finally:
            for one in running:
                one.should_exit = True
            thread.join(PATIENCE)
    assert not thread.is_alive()
