"""An account's stores as files in its state directory, which the processes of one machine share."""

from pathlib import Path

from sems_exporter.clock import Clock
from sems_exporter.config.settings import AccountSettings
from sems_exporter.files import read_private, write_private
from sems_exporter.portal.session.lock import AccountLock
from sems_exporter.portal.session.request_ledger import RequestLedger
from sems_exporter.portal.session.state_file import StateFile
from sems_exporter.portal.session.state_store import AccountStores

COUNTERS = "counters.json"
"""File for what the counter rules know; of a named account, with its name."""
LARGEST_COUNTERS = 128 * 1024 * 1024
"""Bytes; a home with inverter, battery and meter takes 8 KB, ten thousand take 76 MB."""
CURVES = "curves.json"
"""File for what the stations did in the last two days; of a named account, with its name."""
LARGEST_CURVES = 64 * 1024 * 1024
"""Bytes; a home takes 8 KB, ten thousand stations, whose slots are longer, take 14 MB."""


class TextFile:
    """Keeps a text in the file at `path`; one of more than `largest` bytes is not read."""

    def __init__(self, path: Path, largest: int) -> None:
        self._path = path
        self._largest = largest

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self._path)

    def load(self) -> str | None:
        """Read the file; None where there is none."""
        try:
            return read_private(self._path, self._largest)
        except FileNotFoundError:
            return None

    def save(self, text: str) -> None:
        """Replace the file as a whole."""
        write_private(self._path, text)


def file_stores(settings: AccountSettings, clock: Clock) -> AccountStores:
    """Make the stores of one account; nothing is read or written yet."""
    file = StateFile(settings.state_dir, settings.account)

    def own(shared: str) -> Path:
        name, _, kind = shared.rpartition(".")
        return settings.state_dir / (f"{name}-{settings.name}.{kind}" if settings.name else shared)

    return AccountStores(
        state=file,
        lock=AccountLock(file.lock_path),
        ledger=RequestLedger(file.ledger_path, clock),
        counters=TextFile(own(COUNTERS), LARGEST_COUNTERS),
        curves=TextFile(own(CURVES), LARGEST_CURVES),
    )
