"""Stations with a tariff get their money: counted when they are read, priced when they are shown."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo

from sems_exporter.clock import Clock
from sems_exporter.model.money import Money
from sems_exporter.model.plant import Station, TimeZone
from sems_exporter.pipeline.staleness import StationView
from sems_exporter.tariffs.calendar import Calendar
from sems_exporter.tariffs.ledger import ESTIMATED, MICROJOULES, PARTS, UNPRICED, Ledger, advanced
from sems_exporter.tariffs.ledger_files import LedgerFiles, Ledgers
from sems_exporter.tariffs.price_source import Fetch
from sems_exporter.tariffs.readings import reading
from sems_exporter.tariffs.sources import PriceSources
from sems_exporter.tariffs.tariff import Direction, Tariff, TariffSettings
from sems_exporter.telemetry.metrics import SelfMetrics

log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""Seconds between two looks at what is due."""


class Accountant:
    """Money of all stations. `may_write` tells of an account whether this process keeps its state.

    `ledgers` keeps what was counted; files in `state_dir` where it is not given.

    May be used by several threads.
    """

    def __init__(
        self,
        settings: TariffSettings,
        state_dir: Path,
        *,
        clock: Clock,
        fetch: Fetch,
        metrics: SelfMetrics,
        may_write: Callable[[str], bool] = lambda _: True,
        ledgers: Ledgers | None = None,
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._may_write = may_write
        self._kept_ledgers = ledgers or LedgerFiles(state_dir)
        self._lock = threading.Lock()
        self._ledgers: dict[str, Ledger] = {}
        self._accounts: dict[str, str] = {}
        self.sources = PriceSources(state_dir, fetch=fetch, clock=clock, metrics=metrics)
        self.use(settings)

    def use(self, settings: TariffSettings) -> None:
        """Count by these settings from now on; what was counted stays."""
        self.sources.use(settings.tariffs)
        self._tariffs = {tariff.name: tariff for tariff in settings.tariffs}
        self._stations = settings.stations
        self._calendars: dict[tuple[str, TimeZone], Calendar] = {}
        self.show_ends()

    @property
    def tariffs(self) -> tuple[Tariff, ...]:
        """The tariffs that there are."""
        return tuple(self._tariffs.values())

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

    def tariff_of(self, station: Station) -> Tariff | None:
        """The tariff of a station: that of its id, else of the last name or pattern that its name answers to."""
        name = (station.name or "").casefold()
        found = None
        for word, tariff in self._stations:
            if word.casefold() == station.id.casefold():
                return self._tariffs.get(tariff)
            if word.casefold() == name or fnmatchcase(name, word.casefold()):
                found = tariff
        return None if found is None else self._tariffs.get(found)

    def calendar(self, tariff: Tariff, zone: TimeZone) -> Calendar:
        """The prices of `tariff` for stations in `zone`."""
        key = (tariff.name, tariff.zone or zone)
        if key not in self._calendars:
            self._calendars[key] = Calendar(tariff, zone, self.sources.prices)
        return self._calendars[key]

    def counted(self, station: Station) -> Station:
        """`station` with its money, counted on to its trusted lifetime energies; as it is where it has no tariff."""
        try:
            return self._counted(station)
        except Exception:
            # The one broad handler of money: a fault of ours must not take the readings along.
            log.exception("money could not be counted through a fault of the exporter")
            return station

    def look_up_again(self, account: str) -> None:
        """Begin from what is kept of the stations of `account`: another process has counted them meanwhile."""
        with self._lock:
            for station in [station for station, whose in self._accounts.items() if whose == account]:
                del self._accounts[station], self._ledgers[station]

    def priced(self, shown: StationView, now: datetime) -> StationView:
        """`shown` with the prices of this moment, until they change."""
        money, station = shown.station.money, shown.station
        tariff = None if money is None else self._tariffs.get(money.tariff)
        zone = (tariff.zone if tariff else None) or station.timezone
        if money is None or tariff is None or zone is None:
            return shown
        calendar = self.calendar(tariff, zone)
        slots = {way: calendar.at(way, now) for way in Direction if tariff.of(way)}
        prices = {way: float(slot.price) for way, slot in slots.items() if slot.price is not None}
        is_over = money.day != now.astimezone(zone).date().isoformat()
        money = replace(
            money,
            import_price=prices.get(Direction.IMPORT),
            export_price=prices.get(Direction.EXPORT),
            today={} if is_over else money.today,
        )
        until = min([*(slot.end for slot in slots.values()), *([shown.until] if shown.until else [])], default=None)
        return replace(shown, station=replace(station, money=money), until=until)

    def refresh(self) -> None:
        """Ask the sources of prices that are due, once."""
        self.sources.refresh_due()
        self.show_ends()

    def refresh_until(self, stop: threading.Event, changed: Callable[[], None]) -> None:
        """Keep prices fresh until `stop` is set; `changed` is called when there are new ones."""

        def after(anything: bool) -> None:  # noqa: FBT001 - says itself what it is
            self.show_ends()
            if anything:
                changed()

        self.sources.refresh_until(stop, LOOK_SECONDS, after)

    def ends(self) -> dict[tuple[str, Direction], datetime]:
        """When the known prices of each tariff end, where an end is in sight."""
        now = self._clock.now()
        found: dict[tuple[str, Direction], datetime] = {}
        for tariff in self._tariffs.values():
            known = [calendar for (name, _), calendar in list(self._calendars.items()) if name == tariff.name]
            for calendar in known or [Calendar(tariff, UTC, self.sources.prices)]:
                for way in Direction:
                    if (end := calendar.known_until(way, now)) is not None:
                        found[tariff.name, way] = min(end, found.get((tariff.name, way), end))
        return found

    def show_ends(self) -> None:
        """Let the metrics say until when prices are known."""
        self._metrics.prices_known({(name, way.value): end.timestamp() for (name, way), end in self.ends().items()})

    def _counted(self, station: Station) -> Station:
        tariff = self.tariff_of(station)
        zone = None if tariff is None else tariff.zone or station.timezone
        if tariff is None or zone is None:
            return station
        with self._lock:
            ledger = self._ledger(station, tariff)
            if ledger is None:
                return station
            # What is not of the station's own answer, as its row in the list, is rounded otherwise.
            own = station.details_timestamp is not None
            if own and not self.sources.pending(tariff):
                ledger = self._kept(station, ledger, self._advanced(station, tariff, ledger, zone))
        return replace(station, money=shown(ledger, tariff))

    def _advanced(self, station: Station, tariff: Tariff, ledger: Ledger, zone: TimeZone) -> Ledger:
        now = reading(station, tariff, self._clock.now())
        named = zone.key if isinstance(zone, ZoneInfo) else ""
        return replace(advanced(ledger, now, self.calendar(tariff, zone)), zone=named)

    def _kept(self, station: Station, before: Ledger, after: Ledger) -> Ledger:
        """The new ledger, on disk before anybody sees it: a restart must not let a counter fall."""
        if after == before:
            return before
        self._ledgers[station.id] = after
        if self._may_write(station.account or ""):
            try:
                self._kept_ledgers.save(station.id, station.account or "", after)
            except OSError as error:
                log.warning("the money counted so far cannot be kept on disk", extra={"error": error.strerror})
        return after

    def _ledger(self, counted: Station, tariff: Tariff) -> Ledger | None:
        """What was counted so far; None where it cannot be read now, so that it must not be written over either."""
        station, account = counted.id, counted.account or ""
        ledger = self._ledgers.get(station)
        if ledger is None:
            try:
                ledger = self._kept_ledgers.load(station, account) or Ledger(tariff.currency)
            except OSError as error:
                log.warning("the money counted so far cannot be read", extra={"error": error.strerror})
                return None
            self._ledgers[station], self._accounts[station] = ledger, account
        if ledger.currency != tariff.currency:
            log.warning(
                "the currency has changed, so money is counted anew",
                extra={"before": ledger.currency, "now": tariff.currency},
            )
            ledger = Ledger(tariff.currency, marks=ledger.marks, charged_to=ledger.charged_to)
            ledger = replace(ledger, money=dict.fromkeys(self._ledgers[station].money, 0))
            self._ledgers[station] = ledger
        return ledger


def shown(ledger: Ledger, tariff: Tariff) -> Money:
    """The ledger as it is shown, without the prices of the moment."""
    money = {name: amount / PARTS for name, amount in ledger.money.items()}
    energies = {key: amount / MICROJOULES for key, amount in ledger.energy.items()}
    return Money(
        tariff=tariff.name,
        currency=ledger.currency,
        unpriced=_of(UNPRICED, energies),
        estimated=_of(ESTIMATED, energies),
        day=ledger.day,
        today={name: amount / PARTS for name, amount in ledger.today.items()},
        **money,
    )


def _of(kind: str, energies: dict[str, float]) -> dict[str, float]:
    return {key.partition("/")[2]: joules for key, joules in energies.items() if key.startswith(f"{kind}/")}
