"""The connections that are open: how many there may be, how long each may take, and which one has to go."""

import sys
from collections import OrderedDict
from typing import Protocol

MOST_CONNECTIONS = 512
"""Connections at once. One more, and the one that got nowhere for longest goes."""
MOST_STUCK = 64
"""Connections at once whose client does not take its answer; each may hold one in memory."""
RESERVED_FILES = 64
"""Open files that are not for connections: the portal's, logs, libraries."""
FEWEST_CONNECTIONS = 8


class Connection(Protocol):
    """An open connection. `due` is the time of the loop's clock at which it is cut."""

    due: float

    def abort(self) -> None:
        """End it at once; what is not sent yet is lost."""


class Connections:
    """All open connections in the order of their progress: when they came, or had their last request complete.

    Bytes are no progress, so that dripping them keeps nobody in. A scraper that has just come is the last to go, and
    one that is let go between two scrapes only has to connect again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: OrderedDict[Connection, None] = OrderedDict()
        self._stuck: OrderedDict[Connection, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: Connection) -> None:
        """Count one that has just come."""
        self._open[connection] = None
        if len(self._open) > self._most:
            self.evict()

    def progress(self, connection: Connection) -> None:
        """Note that a request of `connection` is complete."""
        self._open.move_to_end(connection)

    def stuck(self, connection: Connection) -> None:
        """Note that the client does not take what it was sent."""
        self._stuck[connection] = None
        if len(self._stuck) > MOST_STUCK:
            self._abort(next(iter(self._stuck)))

    def flows(self, connection: Connection) -> None:
        """Note that it has taken all."""
        self._stuck.pop(connection, None)

    def remove(self, connection: Connection) -> None:
        """Forget one that is closed."""
        self._open.pop(connection, None)
        self._stuck.pop(connection, None)

    def evict(self) -> bool:
        """Close the connection that got nowhere for longest; False if there is none."""
        if not self._open:
            return False
        self._abort(next(iter(self._open)))
        return True

    def sweep(self, now: float) -> None:
        """Cut all whose time is over."""
        for connection in [connection for connection in self._open if connection.due <= now]:
            self._abort(connection)

    def _abort(self, connection: Connection) -> None:
        self.remove(connection)
        connection.abort()


def most_connections() -> int:
    """Return how many connections to hold: fewer than usual where the system allows only few open files."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource  # noqa: PLC0415 - not there on Windows

    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(FEWEST_CONNECTIONS, allowed - RESERVED_FILES))
