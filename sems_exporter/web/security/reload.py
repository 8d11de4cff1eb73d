"""The web configuration file while the program runs: read again when it, or a file that it names, has changed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from sems_exporter.errors import SettingError
from sems_exporter.files import file_version
from sems_exporter.web.security.sections import SETTING
from sems_exporter.web.security.web_config import WebConfig, load

log = logging.getLogger(__name__)

Look: TypeAlias = tuple[tuple[int, int, int] | None, ...]


class Reloaded(Protocol):
    """Is told whether a changed file could be taken over."""

    def __call__(self, *, good: bool) -> None:
        """Take note."""


@dataclass(frozen=True, slots=True)
class Read:
    """What the files held when they were read again, or else what is wrong; and what they looked like."""

    fresh: WebConfig | None
    problem: str
    seen: Look


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
        if path is not None and not self.current.closed and not self.current.headers:
            log.warning(
                "%s: %s configures nothing: everybody who reaches the port is answered, in the clear", SETTING, path
            )

    @property
    def is_given(self) -> bool:
        """Tell whether there is a file that can change."""
        return self._path is not None

    def renew(self, *, anyway: bool = False) -> bool:
        """Read again and take over what has changed; whether anything was."""
        read = self.read(anyway=anyway)
        return read is not None and self.take(read)

    def read(self, *, anyway: bool = False) -> Read | None:
        """Read the files; None where none has changed, unless they are to be read `anyway`.

        May last as long as a file system hangs, so that a server calls it beside its loop. After a failure all is read
        anew each time.
        """
        now = _look(self.current.files)
        if self._path is None or (now == self._seen and not self._problem and not anyway):
            return None
        try:
            fresh = load(self._path)
            self.current.refuse_to_open(fresh)
        except SettingError as error:
            return Read(None, str(error), now)
        except Exception:
            # Whatever a file holds must not end what runs, even what nobody has thought of.
            log.exception("reading the web configuration failed through a fault of the exporter")
            return Read(None, "a fault of the exporter", now)
        # As they were before they were read: one that has changed since is read once more.
        return Read(fresh, "", now if fresh.files == self.current.files else _look(fresh.files))

    def take(self, read: Read) -> bool:
        """Let what was read count from now on; whether it can be used. What cannot be used is told once."""
        if read.fresh is None:
            if read.seen != self._seen or read.problem != self._problem:
                log.error("the web configuration stays as it was", extra={"reason": read.problem})
                self._reloaded(good=False)
            self._seen, self._problem = read.seen, read.problem
            return False
        read.fresh.basic_auth.remember(self.current.basic_auth)
        self._seen, self.current, self._problem = read.seen, read.fresh, ""
        log.info("the web configuration was read again")
        self._reloaded(good=True)
        return True


def _look(files: Sequence[Path]) -> Look:
    return tuple(map(file_version, files))
