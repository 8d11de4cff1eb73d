"""What slow, idle and greedy clients do to the exporter, and to the stock server of prometheus_client beside it.

Run with `make bench-clients`. Both serve the same metrics, on this machine only, to the same crowd at the same time,
and a scraper of good manners asks both of them all the while.
"""

import http.client
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import start_http_server

from sems_exporter.app import application, build_app
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import Secret
from sems_exporter.web.http.server import bound, serve

SECONDS = 25.0
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n"
CROWD = {"silent": 200, "half a head": 100, "a byte a second": 200, "never reading": 100}
PIPELINED = 200
PATIENCE = 10.0
"""Seconds a scraper waits; what Prometheus does by default."""


def serve_ours() -> None:
    """Serve with this exporter until told to stop."""
    with tempfile.TemporaryDirectory() as state:
        account = Account("bench@example.com", Secret("bench"), "http://127.0.0.1:9/")
        parts = build_app(ServerSettings((AccountSettings(account, state_dir=Path(state)),)), SystemClock())
        listening = bound("127.0.0.1:0")
        port = listening.getsockname()[1]
        serve(application(parts, simulated=False), listening, started=lambda: print(port, flush=True))


def serve_stock() -> None:
    """Serve with prometheus_client until told to stop."""
    server, thread = start_http_server(0, "127.0.0.1", SelfMetrics().registry)
    print(server.server_port, flush=True)
    thread.join()


@dataclass
class Trial:
    """One server, its crowd, and what was seen of it."""

    name: str
    process: subprocess.Popen[str]
    port: int
    crowd: dict[str, list[socket.socket]] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    failures: int = 0

    def gather(self, stack: ExitStack) -> None:
        """Let the crowd in."""
        for kind, count in CROWD.items():
            clients = [stack.enter_context(self._client(kind)) for _ in range(count)]
            self.crowd[kind] = clients
        for kind, start in (("half a head", b"GET /metr"), ("never reading", SCRAPE * PIPELINED)):
            for client in self.crowd[kind]:
                _say(client, start)

    def _client(self, kind: str) -> socket.socket:
        client = socket.socket()
        if kind == "never reading":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", self.port))
        client.setblocking(False)  # noqa: FBT003 - a socket's own way
        time.sleep(0.005)  # prometheus_client lets five wait at its door; a sixth would have to knock again
        return client

    def drip(self, byte: int) -> None:
        """One byte more from each of those who send one a second."""
        text = SCRAPE.replace(b"\r\n\r\n", b"\r\nX-Slow: " + b"x" * 1000)
        for client in self.crowd["a byte a second"]:
            _say(client, text[byte : byte + 1])

    def scrapes(self, until: float) -> None:
        """A scrape each second."""
        while time.monotonic() < until:
            self._scrape()
            time.sleep(1)

    def _scrape(self) -> None:
        """A scrape over a new connection, as after a restart of Prometheus."""
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", "/metrics")
            good = connection.getresponse().read().endswith(b"\n")
        except (OSError, http.client.HTTPException):
            good = False
        finally:
            connection.close()
        self.waits.append(time.perf_counter() - begun)
        self.failures += not good

    def held(self) -> int:
        """How many connections the server holds, beside the socket it listens on."""
        links = Path(f"/proc/{self.process.pid}/fd").iterdir()
        return sum(str(link.readlink()).startswith("socket:") for link in links) - 1

    def status(self, key: str) -> int:
        """A number of the process, from Linux."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(key))


def _say(client: socket.socket, text: bytes) -> None:
    try:
        client.send(text)
    except OSError:  # cut off, or its buffer is full: both are what this is about
        return


def main() -> None:
    """Run both and print what happened."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as stack:
        trials = [_started(name, stack) for name in ("ours", "stock")]
        before = {trial.name: trial.status("VmRSS") for trial in trials}
        for trial in trials:
            trial.gather(stack)
        until = time.monotonic() + SECONDS
        scrapers = [threading.Thread(target=trial.scrapes, args=(until,)) for trial in trials]
        for scraper in scrapers:
            scraper.start()
        second = 0
        while time.monotonic() < until:
            for trial in trials:
                trial.drip(second)
            second += 1
            time.sleep(1)
        for scraper in scrapers:
            scraper.join()
        crowd = sum(CROWD.values())
        print(f"{crowd} clients at each server, " + ", ".join(f"{n} {kind}" for kind, n in CROWD.items()))
        print(f"{f'after {SECONDS:.0f} s':32}" + "".join(f"{trial.name:>12}" for trial in trials))
        for label, values in _rows(trials, before):
            print(f"{label:32}" + "".join(f"{value:>12}" for value in values))


def _started(name: str, stack: ExitStack) -> Trial:
    process = stack.enter_context(subprocess.Popen([sys.executable, __file__, name], stdout=subprocess.PIPE, text=True))
    stack.callback(process.terminate)
    assert process.stdout is not None
    return Trial(name, process, int(process.stdout.readline()))


def _rows(trials: list[Trial], before: dict[str, int]) -> list[tuple[str, list[str]]]:
    return [
        ("scrape, median ms", [f"{statistics.median(trial.waits) * 1000:.1f}" for trial in trials]),
        ("scrape, slowest ms", [f"{max(trial.waits) * 1000:.1f}" for trial in trials]),
        ("scrapes that failed", [f"{trial.failures} of {len(trial.waits)}" for trial in trials]),
        ("connections held", [str(trial.held()) for trial in trials]),
        ("threads", [str(trial.status("Threads")) for trial in trials]),
        ("memory, MiB", [f"{trial.status('VmRSS') / 1024:.0f}" for trial in trials]),
        (
            "memory added by them, MiB",
            [f"{(trial.status('VmRSS') - before[trial.name]) / 1024:.0f}" for trial in trials],
        ),
    ]


if __name__ == "__main__":
    {"ours": serve_ours, "stock": serve_stock}.get(sys.argv[-1], main)()
