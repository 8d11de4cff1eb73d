"""Servers that hand out one and the same exposition: the exporter, and its peers where they are installed."""

import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sems_exporter.exposition.families import all_families

PEERS = Path(__file__).parent / "peers"
PATIENCE = 300.0
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
GOPATH = "/usr/share/gocode"
"""Where Debian puts the sources of golang-github-prometheus-client-golang-dev."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server under way: its process and where its metrics are."""

    name: str
    process: "subprocess.Popen[bytes]"
    url: str

    def cpu(self) -> float:
        """Seconds of CPU that the process and its children have used, to the hundredth."""
        return sum(map(_seconds, [self.process.pid, *_children(self.process.pid)]))

    def cpu_of_threads(self) -> float:
        """Seconds of CPU that the threads now running in the process have used, exactly."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text("utf-8").split()[0]) for thread in threads) / 1e9

    def memory(self) -> float:
        """Resident megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def scraped(self, accept: str = OPENMETRICS) -> bytes:
        """The compressed exposition, once."""
        wanted = {"Accept": accept, "Accept-Encoding": "gzip"}
        with urllib.request.urlopen(urllib.request.Request(self.url, headers=wanted), timeout=PATIENCE) as answer:
            body: bytes = answer.read()
            return body


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text("utf-8").split()] if listed.exists() else []


def free_port() -> int:
    """A port that was free just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(name: str, command: Callable[[int], list[str]], path: str = "/metrics") -> Iterator[Server]:
    """A server of its own process group on the first core, once it answers."""
    # Whoever ends the benchmark ends the servers with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    port = free_port()
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    process = subprocess.Popen(
        [*pinned, *command(port)], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server = Server(name, process, f"http://127.0.0.1:{port}{path}")
    try:
        _await(server)
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(PATIENCE)


def _await(server: Server) -> None:
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            server.scraped()
        except OSError as error:
            if time.monotonic() > give_up or server.process.poll() is not None:
                raise RuntimeError(f"{server.name} does not answer") from error
            time.sleep(0.05)
        else:
            return


def exporter(stations: int, seconds: float = 0.0) -> Callable[[int], list[str]]:
    """This exporter, which reads its stations once, or again and again within `seconds`."""
    return lambda port: [sys.executable, "-m", "bench.serving", str(port), str(stations), str(seconds)]


def of_stations(text: bytes) -> bytes:
    """What an exposition in the older format says about stations, without the exporter's own metrics."""
    names = {found.sample_name.encode() for found in all_families()}
    lines = text.splitlines(keepends=True)
    return b"".join(
        line for line in lines if (line.split()[2] if line[:1] == b"#" else line.partition(b"{")[0]) in names
    )


def peers(text: bytes, openmetrics: bytes, folder: Path) -> Iterator[tuple[str, Callable[[int], list[str]] | None]]:
    """All peers over the exposition given in both formats, compressed; None in place of one that is not installed.

    nginx serves the same bytes as the exporter, the others only what is about stations.
    """
    (folder / "metrics.prom").write_bytes(of_stations(gzip.decompress(text)))
    (folder / "metrics").write_bytes(gzip.decompress(openmetrics))
    (folder / "metrics.gz").write_bytes(openmetrics)
    families = str(folder / "metrics.prom")
    yield "nginx, ready .gz file", _nginx(folder)
    yield "Go promhttp, live", _promhttp(families, folder)
    yield "prometheus_client, live", lambda port: [sys.executable, str(PEERS / "live.py"), families, str(port)]
    yield "node exporter, textfile", _node_exporter(folder)


def _nginx(folder: Path) -> Callable[[int], list[str]] | None:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        return None

    def command(port: int) -> list[str]:
        file = folder / "nginx.conf"
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        file.write_text(f"""
            daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
            events {{ worker_connections 256; }}
            http {{
                access_log off; sendfile on; keepalive_requests 100000000; gzip_static on; {temporary}
                default_type "application/openmetrics-text; version=1.0.0; charset=utf-8";
                server {{ listen 127.0.0.1:{port} backlog=256; root {folder}; }}
            }}""")
        return [str(program), "-c", str(file), "-e", f"{folder}/nginx.log"]

    return command


def _promhttp(families: str, folder: Path) -> Callable[[int], list[str]] | None:
    go = shutil.which("go")
    if go is None or not Path(GOPATH, "src/github.com/prometheus/client_golang").exists():
        return None
    binary = str(folder / "promhttp")
    own = {"GO111MODULE": "off", "GOPATH": GOPATH, "GOCACHE": str(folder / "go"), "GOFLAGS": ""}
    subprocess.run([go, "build", "-o", binary, str(PEERS / "promhttp.go")], check=True, env={**os.environ, **own})
    return lambda port: [binary, families, f"127.0.0.1:{port}"]


def _node_exporter(folder: Path) -> Callable[[int], list[str]] | None:
    program = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if program is None:
        return None
    (folder / "textfile").mkdir(exist_ok=True)
    shutil.copy(folder / "metrics.prom", folder / "textfile")
    return lambda port: [
        program,
        "--collector.disable-defaults",
        "--collector.textfile",
        f"--collector.textfile.directory={folder}/textfile",
        "--web.disable-exporter-metrics",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
