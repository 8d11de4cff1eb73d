"""The user's file while the program runs: read again when it has changed, between two refreshes."""

import logging
import threading
from pathlib import Path
from typing import Protocol as Interface

from sems_exporter.errors import SettingError
from sems_exporter.files import file_version
from sems_exporter.protocol.in_use import current, use
from sems_exporter.protocol.loading import load

log = logging.getLogger(__name__)


class Reloaded(Interface):
    """Is told whether a changed file could be taken over."""

    def __call__(self, *, good: bool) -> None:
        """Take note."""


class PortalFile:
    """Lets the file at `path` count, or the package's own protocol where there is none; raises SettingError.

    A changed file that cannot be used leaves what counts as it is, and that is said once.
    """

    def __init__(self, path: Path | None, reloaded: Reloaded) -> None:
        self._path = path
        self._reloaded = reloaded
        self._lock = threading.Lock()
        self._seen = None if path is None else file_version(path)
        use(None if path is None else load(path))
        self._tell_changes()

    def renew(self) -> None:
        """Read the file again if it has changed. For the threads of all accounts."""
        if self._path is None:
            return
        with self._lock:
            # As it was before it is read: one that has changed since is read once more.
            seen = file_version(self._path)
            if seen != self._seen:
                self._seen = seen
                self._read(self._path)

    def _read(self, path: Path) -> None:
        problem = ""
        try:
            use(load(path))
        except SettingError as error:
            problem = str(error)
        self._reloaded(good=not problem)
        if problem:
            log.error("the portal file cannot be used; what counted before goes on", extra={"reason": problem})
            return
        log.info("the portal file was read again", extra={"changes": len(current().changes)})
        self._tell_changes()

    def _tell_changes(self) -> None:
        for change in current().changes:
            log.info("the portal file changes the protocol", extra={"change": change})
