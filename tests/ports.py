"""Ports of this machine that stay what the test was told they are, whatever other tests do beside it."""

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def unserved() -> Iterator[int]:
    """A port on which nobody listens, nor can begin to: a port that was only free before may be somebody's by now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def free_port() -> int:
    """A port for a program that has to be told one; not of those that a system gives to whoever wants any."""
    # By a chance of its own: the tests of all workers share the seed of the usual one.
    for port in random.SystemRandom().sample(range(10_000, 32_768), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("none of a hundred ports is free")
