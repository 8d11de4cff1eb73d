"""A real Prometheus that holds what it never scraped."""

import contextlib
import http.client
import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ENOUGH = 120.0
"""Seconds that a start or an answer may take, on a machine that does much else."""
LISTENING = re.compile(r'msg="Listening on" (?:component=web )?address=\S+:(\d+)')


@dataclass(frozen=True, eq=False)
class Prometheus:
    """A running Prometheus, asked over its API. Each is another one, also on a port that was one's before."""

    port: int

    def get(self, path: str, **parameters: str) -> bytes:
        """The body of a good answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ENOUGH)
        try:
            connection.request("GET", f"{path}?{urlencode(parameters)}")
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(f"{answer.status} for {path} {parameters}: {body.decode()}")
        return body

    def at(self, instant: datetime, expr: str) -> list[dict[str, Any]]:
        """The series of an expression at an instant."""
        return self._result("/api/v1/query", query=expr, time=f"{instant.timestamp():.3f}")

    def between(self, begin: float, end: float, step: float, expr: str) -> list[dict[str, Any]]:
        """The series of an expression from `begin` to `end`, in seconds since 1970."""
        return self._result("/api/v1/query_range", query=expr, start=f"{begin:.3f}", end=f"{end:.3f}", step=f"{step}")

    def _result(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.get(path, **parameters))["data"]["result"]
        return found


@contextlib.contextmanager
def holding(history: str, folder: Path, *, major: str = "", lookback: str = "5m") -> Iterator[Prometheus]:
    """A Prometheus with its storage in `folder`, into which `history`, an OpenMetrics text, was written beforehand.

    `major` ends the names of the programs, where several versions are installed: "3" for prometheus3 and promtool3.
    """
    (folder / "history.om").write_text(history, "utf-8")
    (folder / "prometheus.yml").write_text("global: {}\n", "utf-8")
    # Without the long blocks it would read the file anew for every two hours.
    make = [f"promtool{major}", "tsdb", "create-blocks-from", "--max-block-duration=24h"]
    make += ["openmetrics", "history.om", "data"]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    command = [
        f"prometheus{major}",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=100y",
        f"--query.lookback-delta={lookback}",
        "--web.listen-address=127.0.0.1:0",
    ]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield _ready(running, folder / "log")
        finally:
            running.terminate()
            running.wait(ENOUGH)


def _ready(running: subprocess.Popen[bytes], log: Path) -> Prometheus:
    deadline = time.monotonic() + ENOUGH
    while running.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            if port := LISTENING.search(log.read_text("utf-8")):
                found = Prometheus(int(port[1]))
                found.get("/-/ready")
                return found
        time.sleep(0.1)
    raise TimeoutError(f"Prometheus was not ready within {ENOUGH:.0f} s")
