"""The web configuration file while the program runs: read again when it, or a file that it names, has changed."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from sems_exporter.errors import SettingError
from sems_exporter.web.sections import Wrong
from sems_exporter.web.web_config import WebConfig, load

log = logging.getLogger(__name__)

Look: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class Reloaded(Protocol):
    """Is told whether a changed file could be taken over."""

    def __call__(self, *, good: bool) -> None:
        """Take note."""


class WebConfigFile:
    """`current` is what counts; a file that cannot be used leaves it as it is.

    `reloaded` is told of each change, and whether it could be taken over. Raises SettingError where the file cannot
    be used at the start.
    """

    def __init__(self, path: Path | None, reloaded: Reloaded) -> None:
        self._path = path
        self._reloaded = reloaded
        self.current = WebConfig() if path is None else load(path)
        self._seen = _look(self.current.files)
        self._problem = ""

    def renew(self) -> bool:
        """Take over what has changed; whether anything was. After a failure it is tried anew each time."""
        if self._path is None or ((now := _look(self.current.files)) == self._seen and not self._problem):
            return False
        try:
            fresh = self._loaded(self._path)
        except SettingError as error:
            if now != self._seen or str(error) != self._problem:
                log.error(  # noqa: TRY400 - somebody's typing error, not ours; the reason says all
                    "the web configuration stays as it was", extra={"reason": str(error)}
                )
                self._reloaded(good=False)
            self._seen, self._problem = now, str(error)
            return False
        # As they were before they were read: one that has changed since is read once more.
        self._seen = now if fresh.files == self.current.files else _look(fresh.files)
        self.current, self._problem = fresh, ""
        log.info("the web configuration was read again")
        self._reloaded(good=True)
        return True

    def _loaded(self, path: Path) -> WebConfig:
        fresh = load(path)
        if (fresh.tls is None) is not (self.current.tls is None):
            raise Wrong("tls_server_config", "TLS is switched on and off only by a restart")
        return fresh


def _look(files: Sequence[Path]) -> Look:
    return tuple(_state(file) for file in files)


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
