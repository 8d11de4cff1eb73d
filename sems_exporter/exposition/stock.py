"""The lines of all stations, by account, and when age will change them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sems_exporter.exposition.deadlines import Deadlines
from sems_exporter.exposition.front import EMPTY, Front, of_shelves, of_station
from sems_exporter.exposition.lines import Format, fragments
from sems_exporter.exposition.own import ALL, PROCESS
from sems_exporter.exposition.shelf import Shelf
from sems_exporter.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class Part:
    """Which series a scrape wants: all of them where nothing is named; at most one thing is named.

    `exporter` stands for the exporter's own metrics and no others, `process` for those of them that concern no account.
    """

    station: str | None = None
    account: str | None = None
    exporter: bool = False
    process: bool = False

    @property
    def whose(self) -> str:
        """Whose own metrics belong to it: of an account by its name, of the process alone, or all of them."""
        if self.process:
            return PROCESS
        return ALL if self.account is None else self.account


WHOLE = Part()


class Stock:
    """Stations as `snapshots` shows them, in the order of accounts and ids. Not for several threads at once."""

    def __init__(self, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._shelves: dict[str, Shelf] = {}
        self._accounts: dict[str, str] = {}
        self._deadlines = Deadlines()

    @property
    def due(self) -> datetime:
        """The instant at which age will change a station next."""
        return self._deadlines.next

    def due_by(self, instant: datetime) -> dict[str, datetime]:
        """The stations that age changes at `instant` or before, and when."""
        return self._deadlines.due(instant)

    def take(self, stations: Iterable[str], instant: datetime) -> set[Part]:
        """Write `stations` as they are at `instant`; the parts that this may have changed."""
        changed = {WHOLE}
        for station in stations:
            changed.add(Part(station=station))
            shown = self._snapshots.look(station, instant)
            before, after = self._accounts.get(station), None if shown is None else shown.account
            changed |= {Part(account=account) for account in (before, after) if account is not None}
            if before is not None and before != after:
                self._remove(station, before)
            self._deadlines.put(station, None if shown is None else shown.until)
            if shown is not None:
                self._accounts[station] = shown.account
                self._shelves.setdefault(shown.account, Shelf()).put(station, fragments(shown))
        return changed if len(changed) > 1 else set()

    def front(self, part: Part, wanted: Format, *, compressed: bool) -> Front | None:
        """The stations of `part`; None where there are none by that name."""
        if part.exporter or part.process:
            return EMPTY
        if part.station is not None:
            account = self._accounts.get(part.station)
            lines = None if account is None else self._shelves[account].fragments(part.station)
            return None if lines is None else of_station(lines, wanted, compressed=compressed)
        if part.account is not None:
            shelf = self._shelves.get(part.account)
            return None if shelf is None else of_shelves([shelf], wanted, compressed=compressed)
        shelves = [shelf for _, shelf in sorted(self._shelves.items())]
        return of_shelves(shelves, wanted, compressed=compressed)

    def _remove(self, station: str, account: str) -> None:
        del self._accounts[station]
        shelf = self._shelves[account]
        shelf.remove(station)
        if not len(shelf):
            del self._shelves[account]
