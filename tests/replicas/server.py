"""A real server for the replicas' store, on a free port of this machine."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from valkey import Valkey
from valkey.exceptions import ValkeyError

from tests.ports import free_port

PROGRAM = "redis-server"
PATIENCE = 60.0


class Server:
    """A Redis of its own, which can be stopped, killed and started again."""

    def __init__(self, folder: Path, port: int, bind: str, *further: str) -> None:
        self.folder = folder
        self._further = further
        self._bind = bind
        self.port = port
        self.url = f"valkey://127.0.0.1:{port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.client: Any = Valkey(port=port, socket_timeout=PATIENCE)

    def start(self) -> None:
        """Start it, with what it has kept, and wait until it answers."""
        options = ["--port", str(self.port), "--bind", self._bind, "--protected-mode", "no", "--save", ""]
        options += ["--appendonly", "yes", "--appendfsync", "no", "--dir", str(self.folder), *self._further]
        self.process = subprocess.Popen([PROGRAM, *options], cwd=self.folder, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.client.ping()
            except ValkeyError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """End it as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
            self.process = None

    def empty(self) -> None:
        """Lose everything."""
        self.client.flushall()


@contextmanager
def running(folder: Path, bind: str = "127.0.0.1", *further: str) -> Iterator[Server]:
    """A server that has just begun."""
    port = free_port()
    server = Server(folder, port, bind, *further)
    server.start()
    try:
        yield server
    finally:
        server.client.close()
        server.kill()
