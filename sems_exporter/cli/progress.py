"""A word on standard error from time to time, for a person who waits for a command."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

PATIENCE = 5.0
"""Seconds until the first word, after which a person begins to wonder."""
AGAIN = 10.0


@contextmanager
def telling(
    progress: Callable[[], str], remark: str = "", patience: float = PATIENCE, again: float = AGAIN
) -> Iterator[None]:
    """While the body runs, print what `progress` says: after a few seconds, and then whenever that is something new.

    The first word comes with `remark`, which holds all the time.
    """
    over = threading.Event()

    def tell() -> None:
        wait, printed = patience, ""
        while not over.wait(wait):
            if (said := progress()) != printed:
                click.echo(said if printed or not remark else f"{said}; {remark}", err=True)
            wait, printed = again, said

    thread = threading.Thread(target=tell, name="telling", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Meter:
    """How far a long work is: one line that is written over on a terminal, else a line from time to time."""

    def __init__(self, things: str, timer: Callable[[], float] = time.monotonic) -> None:
        self._things = things
        self._timer = timer
        self._began = self._told_at = timer()
        self._is_terminal = sys.stderr.isatty()
        self._shown = False

    def tell(self, done: int, total: int) -> None:
        """Say that `done` of at most `total` are done."""
        now = self._timer()
        if not self._is_terminal and done < total and now - self._told_at < AGAIN:
            return
        self._told_at = now
        rate = done / max(now - self._began, 1e-9) * 60
        ahead = f", {rate:.0f} a minute, {(total - done) / rate:.0f} min left" if done < total else ""
        text = f"{done} of {total} {self._things}{ahead}"
        click.echo(f"\r{text:<70}" if self._is_terminal else text, err=True, nl=not self._is_terminal)
        self._shown = True

    def end(self) -> None:
        """Go to the next line of the terminal."""
        if self._is_terminal and self._shown:
            click.echo(err=True)
