"""The real program at a terminal, with somebody who types."""

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.program import COMMAND, PATIENCE, environment


class Terminal:
    """A person's side: what the screen has shown, and keys."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self._process = process
        self.screen = ""

    def shows(self, text: str) -> None:
        """Wait until the screen has shown `text`, after what was waited for before."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.screen[self._seen :]:
            assert time.monotonic() < deadline, f"no {text!r} on the screen, but {self.screen!r}"
            assert self._read(), f"it ended without {text!r}: {self.screen!r}"
        self._seen = self.screen.index(text, self._seen) + len(text)

    _seen = 0

    def types(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self._master, f"{line}\n".encode())

    def waits_unseen(self) -> None:
        """Wait until what is typed does not show."""
        deadline = time.monotonic() + PATIENCE
        while termios.tcgetattr(self._master)[3] & termios.ECHO:
            assert time.monotonic() < deadline, "what is typed would show"
            select.select([], [], [], 0.02)

    def ends(self) -> int:
        """The exit code, when the program is done."""
        while self._read():
            pass
        return self._process.wait(PATIENCE)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], PATIENCE)[0]:
            return False
        try:
            found = os.read(self._master, 4096)
        except OSError:  # nobody has the other side open any more
            return False
        self.screen += found.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(found)


@contextmanager
def at_a_terminal(*args: str, **variables: str) -> Iterator[Terminal]:
    """The program with a terminal of its own; killed afterwards if it has not ended."""
    master, slave = pty.openpty()
    try:
        process = subprocess.Popen(
            [*COMMAND, *args],
            env=environment(**variables),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        try:
            yield Terminal(master, process)
        finally:
            process.kill()
            process.wait(PATIENCE)
    finally:
        os.close(master)
