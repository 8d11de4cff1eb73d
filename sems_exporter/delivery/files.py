"""Files on this machine, each replaced as a whole after each refresh, and readable for all users."""

import threading
from contextlib import suppress
from pathlib import Path

from sems_exporter.clock import Clock
from sems_exporter.config.settings import FileSettings
from sems_exporter.delivery.contents import Contents, Files, Kind
from sems_exporter.delivery.failures import unwritable
from sems_exporter.delivery.record import Record
from sems_exporter.delivery.schedule import Schedule, look_until
from sems_exporter.files import write_for_all
from sems_exporter.telemetry.delivery_metrics import DeliveryMetrics


def places(settings: FileSettings) -> dict[Kind, Path]:
    """Where each kind goes that is wanted."""
    every = {
        Kind.TEXTFILE: settings.textfile,
        Kind.JSON: settings.json_file,
        Kind.ARTICLE: settings.article_file,
        Kind.PAGE: settings.page_dir,
    }
    return {kind: path for kind, path in every.items() if path is not None}


def write(files: Files, path: Path) -> int:
    """Write to `path`, which is a folder where files have names, and return how many bytes; raises DeliveryFailed."""
    try:
        if "" not in files:
            path.mkdir(mode=0o755, exist_ok=True)
        for name, content in files.items():
            write_for_all(path / name if name else path, content)
    except OSError as error:
        raise unwritable(error, path) from error
    return sum(map(len, files.values()))


class LocalFiles:
    """Writes what the settings want. The textfile is there only while it is renewed: nothing in it tells its age."""

    def __init__(
        self, settings: FileSettings, contents: Contents, metrics: DeliveryMetrics, schedule: Schedule, clock: Clock
    ) -> None:
        self._places = places(settings)
        self._contents = contents
        self._schedule = schedule
        self._records = {kind: Record(kind.value, metrics, clock) for kind in self._places}

    def write(self) -> None:
        """Write each file once; one that fails harms no other."""
        for kind, path in self._places.items():
            self._records[kind].of(lambda kind=kind, path=path: write(self._contents.of(kind), path))  # type: ignore[misc]

    def run(self, stop: threading.Event) -> None:
        """Write whenever it is due, until `stop` is set."""
        # A program that was killed has left it behind.
        self.withdraw()
        look_until(stop, self._look)
        self.withdraw()

    def _look(self) -> None:
        if self._schedule.due():
            self._schedule.deliver(self.write)

    def withdraw(self) -> None:
        """Remove the textfile: node exporter would serve it as true for ever."""
        if textfile := self._places.get(Kind.TEXTFILE):
            with suppress(OSError):
                textfile.unlink(missing_ok=True)
