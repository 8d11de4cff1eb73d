"""A word on standard error from time to time, for a person who waits for a command."""

import threading
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
