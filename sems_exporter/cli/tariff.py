"""`tariff`: the prices of a day as a table, and for `check` until when prices are known."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from sems_exporter.app import App, price_fetcher
from sems_exporter.cli.terminal import legible
from sems_exporter.clock import SystemClock
from sems_exporter.errors import SettingError
from sems_exporter.tariffs.accountant import Accountant
from sems_exporter.tariffs.calendar import UNKNOWN, Calendar, Slot
from sems_exporter.tariffs.ledger_files import LedgerFiles
from sems_exporter.tariffs.schedule import clock_change
from sems_exporter.tariffs.tariff import Direction, Tariff, TariffSettings
from sems_exporter.telemetry.metrics import SelfMetrics

TITLES = {Direction.IMPORT: "energy from the grid", Direction.EXPORT: "energy fed in"}


def tariff(settings: TariffSettings, state_dir: Path, *, day: date | None, zone: ZoneInfo | None) -> int:
    """Print the prices of `day`, today where it is None; 1 if some of them are not known.

    `zone` is that of the station, for tariffs that go by it; where it is None, the exporter knows it from its readings.
    """
    if not settings.tariffs:
        raise SettingError("tariffs", "there are none in the configuration file; docs/tariffs.md has examples")
    clock = SystemClock()
    accountant = Accountant(settings, state_dir, clock=clock, fetch=price_fetcher(), metrics=SelfMetrics())
    accountant.refresh()
    whole = True
    for one in settings.tariffs:
        for place in _zones(one, state_dir, zone):
            calendar = accountant.calendar(one, place)
            for way in (way for way in Direction if one.of(way)):
                slots = calendar.day(way, day or clock.now().astimezone(place).date())
                click.echo("\n".join(_table(one, way, calendar, slots)))
                whole = whole and all(slot.price is not None for slot in slots)
    for text in (*settings.notes, *settings.remarks, *accountant.sources.problems):
        click.echo(text)
    for text in known_until(accountant):
        click.echo(text)
    return 0 if whole else 1


def known_until(accountant: Accountant) -> list[str]:
    """Until when the prices of each tariff are known, a line each."""
    ends = accountant.ends()
    return [
        f"Tariff {one.name}: prices of {way.value} are {_end(accountant, one, way, ends.get((one.name, way)))}"
        for one in accountant.tariffs
        for way in Direction
        if one.of(way)
    ]


def unpaid(app: App) -> list[str]:
    """What of the stations' money cannot be counted, and sources that failed, a line each."""
    told = []
    for shown in app.snapshots.shown(app.clock.now()):
        station, one = shown.station, app.accountant.tariff_of(shown.station)
        if one is None:
            continue
        missing = [way.value for way in Direction if one.of(way) and getattr(station, f"grid_{way}_energy") is None]
        if missing:
            told.append(
                f"Tariff {one.name}: of station {legible(station.id)} the portal has no lifetime counter of "
                f"{' and '.join(missing)}, so that is not counted"
            )
        if one.zone is None and station.timezone is None:
            told.append(f"Tariff {one.name}: station {legible(station.id)} has no time zone, so set the tariff's")
    return [*told, *app.accountant.sources.problems]


def _end(accountant: Accountant, one: Tariff, way: Direction, end: datetime | None) -> str:
    now = accountant.now()
    if end is None:
        calendar = Calendar(one, one.zone or UTC, accountant.sources.prices)
        known = all(slot.price is not None for slot in calendar.between(way, now, now + timedelta(minutes=1)))
        return "known without an end in sight" if known else "not known"
    return f"known until {end:%Y-%m-%d %H:%M} UTC{'' if end > now else ', which is over'}"


def _zones(one: Tariff, state_dir: Path, given: ZoneInfo | None) -> Iterable[ZoneInfo]:
    if one.zone is not None:
        return [one.zone]
    if given is not None:
        return [given]
    known = [ZoneInfo(name) for name in LedgerFiles(state_dir).zones()]
    if not known:
        raise SettingError(
            "timezone",
            f"the tariff {one.name} goes by the station's time, which is known once the exporter has counted with it; "
            "name it by --timezone Europe/Berlin",
        )
    return known


def _table(one: Tariff, way: Direction, calendar: Calendar, slots: tuple[Slot, ...]) -> list[str]:
    zone, first = calendar.zone, slots[0].start
    hours = (slots[-1].end - first).total_seconds() / 3600
    day = first.astimezone(zone)
    change = clock_change(day.date(), zone)
    unusual = "" if change is None else f", a day of {hours:g} hours: {_changed(change, zone)}"
    lines = [
        f"Tariff {one.name}, {TITLES[way]}, {day:%a %Y-%m-%d} in {zone}{unusual}; {one.currency} for a kilowatt hour"
    ]
    for slot in slots:
        price = "unknown" if slot.price is None else f"{slot.price:.4f}"
        origin = "" if slot.origin == UNKNOWN else slot.origin
        within = change is not None and slot.start < change < slot.end
        mark = f"  ({_changed(change, zone)})" if change is not None and within else ""
        lines.append(f"  {_time(slot.start, zone)} - {_time(slot.end, zone)}  {price:>9}  {origin}{mark}".rstrip())
    return lines


def _changed(change: datetime, zone: tzinfo) -> str:
    """What the clocks show twice, or not at all, because they are set."""
    before = (change - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None) + timedelta(minutes=1)
    after = change.astimezone(zone).replace(tzinfo=None)
    first, last = sorted((before, after))
    return f"{first:%H:%M} - {last:%H:%M} {'comes twice' if after < before else 'is left out'}"


def _time(instant: datetime, zone: tzinfo) -> str:
    """The local time; one that comes twice, or after such a one, says which it is."""
    local = instant.astimezone(zone)
    twice = local.replace(fold=0).astimezone(UTC) != local.replace(fold=1).astimezone(UTC)
    mark = f" {local:%Z} ({'second' if local.fold else 'first'})" if twice else ""
    return f"{local:%H:%M}{mark}"
