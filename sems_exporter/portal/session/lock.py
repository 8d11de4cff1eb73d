"""Who may sign in: one process an account, by a lock of the operating system on a file beside the state.

Such a lock is gone with its process, however that ends, so there is nothing to clean up after a crash or `kill -9`.
"""

import logging
import os
import socket
from pathlib import Path

import portalocker

from sems_exporter.files import open_shared

log = logging.getLogger(__name__)

LONGEST_NOTE = 300


class AccountLock:
    """The place of the one process that signs in with an account and keeps its state."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> str:
        """Take the place until `release` or the end of the process; who has it already, or "" if nobody had.

        Where the system cannot lock (a read-only directory, a network drive without locks) nobody is found, and a
        warning says so.
        """
        try:
            self._descriptor = descriptor = open_shared(self.path)
            portalocker.lock(descriptor, portalocker.LOCK_EX | portalocker.LOCK_NB)
        except portalocker.AlreadyLocked:
            holder = _holder(descriptor)
            self.release()
            return holder
        except (OSError, portalocker.LockException) as error:
            self.release()
            log.warning(
                "the state directory cannot be locked, so a second exporter on it would go unnoticed",
                extra={"path": str(self.path), "error": getattr(error, "strerror", None) or type(error).__name__},
            )
            return ""
        self._sign(descriptor)
        return ""

    def release(self) -> None:
        """Give the place up, if it was taken."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _sign(self, descriptor: int) -> None:
        """Write down who sits here. Only read while the lock holds, so that an old note does no harm."""
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        except (OSError, AttributeError):
            log.debug("the lock cannot be signed", extra={"path": str(self.path)})


def _holder(descriptor: int) -> str:
    try:
        note = os.pread(descriptor, LONGEST_NOTE, 0).decode(errors="replace")
    except (OSError, AttributeError):
        note = ""
    return "".join(c for c in note if c.isprintable()) or "another process"
