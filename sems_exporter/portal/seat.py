"""Who may sign in: one process an account, by a lock of the operating system on a file beside the state.

Such a lock is gone with its process, however that ends, so there is nothing to clean up after a crash or `kill -9`.
"""

import logging
import os
import socket
from pathlib import Path

import portalocker

from sems_exporter.files import AS_IT_IS, give_to_owner

log = logging.getLogger(__name__)

LONGEST_NOTE = 300


class Seat:
    """The place of the one process that signs in with an account and keeps its state."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def take(self) -> str:
        """Take the place until `leave` or the end of the process; who has it already, or "" if nobody had.

        Where the system cannot lock (a read-only directory, a network drive without locks) nobody is found, and a
        warning says so.
        """
        try:
            self._descriptor = descriptor = _opened(self.path)
            portalocker.lock(descriptor, portalocker.LOCK_EX | portalocker.LOCK_NB)
        except portalocker.AlreadyLocked:
            holder = _holder(descriptor)
            self.leave()
            return holder
        except (OSError, portalocker.LockException) as error:
            self.leave()
            log.warning(
                "the state directory cannot be locked, so a second exporter on it would go unnoticed",
                extra={"path": str(self.path), "error": getattr(error, "strerror", None) or type(error).__name__},
            )
            return ""
        self._sign(descriptor)
        return ""

    def leave(self) -> None:
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


def _opened(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        new = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | AS_IT_IS, 0o600)
    except (FileExistsError, PermissionError):
        return _opened_again(path)
    give_to_owner(new, path.parent)
    return new


def _opened_again(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | AS_IT_IS)
    except PermissionError:
        # Another user's file can still tell that it is locked.
        return os.open(path, os.O_RDONLY | AS_IT_IS)


def _holder(descriptor: int) -> str:
    try:
        note = os.pread(descriptor, LONGEST_NOTE, 0).decode(errors="replace")
    except (OSError, AttributeError):
        note = ""
    return "".join(c for c in note if c.isprintable()) or "another process"
