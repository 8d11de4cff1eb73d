"""Remote write into real receivers through an outage, with kills: nothing may be lost or invented.

    python -m bench.remote_write prometheus prometheus3 victoria-metrics

The program runs against the simulated portal and writes to the receiver and, beside it, to one of the tests' own, which
is always there. An hour is scaled to a minute: samples are taken every second. In the midst the receiver is killed for
that long and started again, and so is the program, once in the outage and once after it. In the end each value that
the receiver of the tests has has to be in the other one, and no others; but for the last sample before a kill of the
program, which one of the two queues may have got and the other not. VictoriaMetrics is ended, not killed: it has no log
of what it took in the last seconds.
"""

import argparse
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sems_exporter.simulator import SimulatedClock, SimulatedPortal, demo_plants
from tests.delivery.remote_write.receiver import Receiver, receiving, written

SCALED = """
import sys
from sems_exporter.delivery import schedule
from sems_exporter.delivery.remote_write import sampler
sampler.SAMPLE_SECONDS, schedule.LOOK_SECONDS = 1.0, 0.1
from sems_exporter.cli.commands import main
main(sys.argv[1:])
"""
PATIENCE = 60.0
LAST_SAMPLE = 2000.0
"""Milliseconds before a kill in which the last sample was taken."""


def main() -> int:
    """Try each receiver that is named; 1 if one of them has other samples than were taken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("receivers", nargs="+", choices=list(COMMANDS))
    parser.add_argument("--outage", type=float, default=60.0, help="seconds, each for a minute")
    chosen = parser.parse_args()
    return max(_tried(name, chosen.outage) for name in chosen.receivers)


def _prometheus(program: str, folder: Path, port: int) -> list[str]:
    (folder / "prometheus.yml").write_text("{}\n")
    return [
        program,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--log.level=warn",
    ]


def _victoria(program: str, folder: Path, port: int) -> list[str]:
    return [
        program,
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-loggerLevel=ERROR",
        "-retentionPeriod=100y",
    ]


COMMANDS: dict[str, Callable[[str, Path, int], list[str]]] = {
    "prometheus": _prometheus,
    "prometheus3": _prometheus,
    "victoria-metrics": _victoria,
}


def _tried(name: str, outage: float) -> int:
    with tempfile.TemporaryDirectory() as made, receiving() as truth, _portal() as portal:
        folder, port = Path(made), _free_port()
        command = COMMANDS[name](name, folder, port)
        settings = _settings(folder, portal, port, truth)
        other = _started(command, port)
        program = _program(settings, folder)
        time.sleep(15)
        other.send_signal(signal.SIGTERM if name == "victoria-metrics" else signal.SIGKILL)
        other.wait()
        time.sleep(outage / 2)
        kills = [_killed(program)]
        program = _program(settings, folder)
        time.sleep(outage / 2)
        other = _started(command, port)
        time.sleep(10)
        kills.append(_killed(program))
        program = _program(settings, folder)
        time.sleep(10)
        kills.append(_killed(program))
        time.sleep(5)
        print(name, *(_told(folder)), sep="\n  ")
        verdict = _compared(truth, port, kills)
        other.terminate()
        other.wait()
        return verdict


@contextmanager
def _portal() -> Iterator[SimulatedPortal]:
    clock = SimulatedClock()
    with SimulatedPortal(demo_plants(1, clock=clock), clock=clock) as portal:
        yield portal


def _settings(folder: Path, portal: SimulatedPortal, port: int, truth: Receiver) -> Path:
    (folder / "password").write_text("demo")
    (folder / "password").chmod(0o600)
    path = folder / "sems.yml"
    lines = {
        "account": "demo@example.com",
        "password_file": str(folder / "password"),
        "login_url": portal.login_url,
        "allowed_hosts": ["127.0.0.1"],
        "state_dir": str(folder / "state"),
        "interval": 60,
        "web_listen_address": f"127.0.0.1:{_free_port()}",
        "remote_write": [
            {
                "name": "tried",
                "url": f"http://127.0.0.1:{port}/api/v1/write",
                "queue_config": {"max_backoff": "1s"},
                "labels": {"instance": "bench"},
            },
            {"name": "truth", "url": truth.url, "labels": {"instance": "bench"}},
        ],
    }
    path.write_text(json.dumps(lines))
    return path


def _program(settings: Path, folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", SCALED, "serve", "--config.file", str(settings)], stdout=log, stderr=log
        )


def _killed(program: "subprocess.Popen[bytes]") -> float:
    """Kill it; when that was, in milliseconds."""
    program.kill()
    program.wait()
    return time.time() * 1000


def _started(command: list[str], port: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return process
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(command[0])


def _compared(truth: Receiver, port: int, kills: list[float]) -> int:
    """Compare all values; the mark of a series that went is no value, and ends it in both."""

    def settled(timestamp: int) -> bool:
        return not any(kill - LAST_SAMPLE <= timestamp <= kill for kill in kills)

    expected = {
        (point.series, point.timestamp, f"{point.value:.10g}")
        for point in truth.points
        if point.value is not None and settled(point.timestamp)
    }
    marks = sum(point.value is None for point in truth.points)
    found = {value for value in _values(port) if settled(value[1])}
    print(f"  taken {len(expected)} values and {marks} marks, there {len(found)}")
    for what, some in (("lost", expected - found), ("invented", found - expected)):
        print(f"  {what}: {len(some)}", *sorted(some)[:3])
    return int(expected != found or not expected)


def _values(port: int) -> Iterator[tuple[str, int, str]]:
    query = urllib.parse.urlencode({"query": '{instance="bench"}[1h]'})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=PATIENCE) as answer:
        document = json.load(answer)
    for row in document["data"]["result"]:
        for instant, value in row["values"]:
            # VictoriaMetrics rounds to a dozen digits or so, and shows the marks.
            if value != "NaN":
                yield written(dict(sorted(row["metric"].items()))), round(instant * 1000), f"{float(value):.10g}"


def _told(folder: Path) -> list[str]:
    log = (folder / "log").read_text("utf-8").splitlines()
    return [line.partition(" msg=")[2][:150] for line in log if "remote_write" in line]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
