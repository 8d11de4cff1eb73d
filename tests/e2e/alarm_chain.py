"""Prometheus and Alertmanager as real programs, set up by the project's own files, and a webhook that listens."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.program import PATIENCE, ROOT, Program

FILES = ROOT / "prometheus"
FASTER = 300
"""How much shorter every duration of the project's files is here: a minute lasts 200 ms."""
DURATION = re.compile(r"^(\s*(?:- )?(?:for|interval|group_wait|group_interval|repeat_interval): )(\S+)$", re.MULTILINE)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
OWNER = "owner"
"""The receiver that the project's alertmanager.yml leaves for its users to fill in."""


def hurried(text: str) -> str:
    """The file with each of its waits and intervals shortened, in proportion; nothing else is changed."""

    def shorter(found: re.Match[str]) -> str:
        number, unit = int(found[2][:-1]), found[2][-1]
        return f"{found[1]}{number * UNITS[unit] * 1000 // FASTER}ms"

    return DURATION.sub(shorter, text)


class Webhook:
    """What arrives at the owner's, in order: the alerts of all messages."""

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []
        self._news = threading.Condition()
        self.address = ""

    def note(self, message: dict[str, Any]) -> None:
        with self._news:
            self.alerts += message["alerts"]
            self._news.notify_all()

    def heard(self, status: str, patience: float, **labels: str) -> dict[str, Any]:
        """The first alert of this status with these labels, now or soon."""

        def found() -> dict[str, Any] | None:
            wanted = labels.items()
            return next((a for a in self.alerts if a["status"] == status and a["labels"].items() >= wanted), None)

        with self._news:
            alert = self._news.wait_for(found, patience)
        seen = [(alert["status"], alert["labels"]) for alert in self.alerts]
        assert alert is not None, f"no {status} alert with {labels} came within {patience:.0f} s, but {seen}"
        return alert


@contextmanager
def listening() -> Iterator[Webhook]:
    """A webhook on a free port of this machine."""
    webhook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            webhook.note(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        webhook.address = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield webhook
        finally:
            server.shutdown()
            thread.join(PATIENCE)


@contextmanager
def alertmanager(folder: Path, webhook: Webhook) -> Iterator[Program]:
    """Alertmanager with the project's routes and inhibitions, the owner's messages going to the webhook."""
    config = yaml.safe_load(hurried((FILES / "alertmanager.yml").read_text("utf-8")))
    [owner] = [receiver for receiver in config["receivers"] if receiver["name"] == OWNER]
    owner["webhook_configs"] = [{"url": webhook.address, "send_resolved": True}]
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config), "utf-8")
    with _started(
        "prometheus-alertmanager",
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        "--web.listen-address=127.0.0.1:0",
        "--cluster.listen-address=",
    ) as program:
        yield program


@contextmanager
def prometheus(name: str, folder: Path, exporter: str, alerts_to: str) -> Iterator[Program]:
    """The program of this name with the project's rules, looking every two seconds at the exporter (host and port).

    A scrape may take as long as that: one that a busy machine lets fail would end series, and with them alerts.
    """
    shutil.copytree(FILES / "rules", folder / "rules")
    for rules in (folder / "rules").iterdir():
        rules.write_text(hurried(rules.read_text("utf-8")), "utf-8")
    config = yaml.safe_load((FILES / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "2s", "scrape_timeout": "2s", "evaluation_interval": "500ms"}
    config["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [alerts_to]}]
    config["scrape_configs"][0]["static_configs"] = [{"targets": [exporter]}]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config), "utf-8")
    with _started(
        name,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        "--web.listen-address=127.0.0.1:0",
    ) as program:
        yield program


@contextmanager
def _started(*command: str) -> Iterator[Program]:
    """A program that says on which free port it listens; it has ended afterwards."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    program = Program(process)
    try:
        program.address = "http://" + program.printed(r'msg="Listening on" (?:component=web )?address=(\S+)')
        yield program
    finally:
        try:
            program.end()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(PATIENCE)
