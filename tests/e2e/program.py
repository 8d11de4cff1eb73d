"""The real program in a process of its own, told apart by what it prints."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PATIENCE = 120.0
"""Seconds after which a test gives up."""
ANY_PORT = "--web.listen-address=127.0.0.1:0"
COMMAND = (sys.executable, "-m", "sems_exporter")
UNHURRIED = (sys.executable, "-m", "tests.e2e.unhurried")
ROOT = Path(__file__).parents[2]
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def environment(**variables: str) -> dict[str, str]:
    """What the program finds around it: nothing of the user's, and the package of this checkout or environment."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SEMS_")}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONWARNINGS": "error"} | variables


def until(true: Callable[[], bool]) -> None:
    """Return as soon as it is true."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not true():
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s"
        pause.wait(0.05)


def finished(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The program run to its end."""
    return subprocess.run(
        [*COMMAND, *args],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Program:
    """A running program; everything it prints is kept."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (process.stdout, process.stderr)
            if stream is not None
        ]
        for reader in self._readers:
            reader.start()
        self.address = ""

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._said.append(line)  # one step, for there are two readers
                self._lines.put(line)

    @property
    def output(self) -> str:
        """All that it has printed."""
        return "".join(self._said)

    def forget_output(self) -> None:
        """Keep nothing of what it has printed so far."""
        self._said.clear()

    def printed(self, pattern: str) -> str:
        """The first group of `pattern` in a line that the program prints, now or soon."""
        while True:
            line = self._lines.get(timeout=PATIENCE)
            if match := re.search(pattern, line):
                return match[1] if match.groups() else match[0]

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of one answer."""
        request = urllib.request.Request(self.address + path, headers=headers)
        try:
            with OPENER.open(request, timeout=PATIENCE) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def refreshed(self) -> str:
        """The metrics once a first refresh has ended."""
        until(lambda: self.get("/-/ready")[0] == 200)
        return self.get("/metrics")[1]

    def end(self, number: int = signal.SIGTERM) -> int:
        """The exit code after a signal; for what it must not wait for at its end, see `unhurried.py`."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code


@contextmanager
def running(*args: str, command: Sequence[str] = COMMAND, **variables: str) -> Iterator[Program]:
    """The program, serving; killed afterwards if it has not ended."""
    process = subprocess.Popen(
        [*command, *args],
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    program = Program(process)
    try:
        program.address = program.printed(r"metrics\s+(https?://[^/]+)/metrics")
        yield program
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(PATIENCE)
