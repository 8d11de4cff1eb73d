"""The command `history`: the time before the first scrape, and the gaps since, for a person at a terminal."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import click

from sems_exporter.app import App, build_app
from sems_exporter.cli.log_setup import log_as
from sems_exporter.cli.progress import Meter, telling
from sems_exporter.cli.report import complaints
from sems_exporter.cli.terminal import legible
from sems_exporter.clock import Clock, SystemClock
from sems_exporter.config.settings import AccountSettings, ServerSettings
from sems_exporter.errors import PortalError, SettingError, StartError, Stopping
from sems_exporter.history import blocks, importing
from sems_exporter.history.archive import Archive
from sems_exporter.history.batteries import only_battery_series
from sems_exporter.history.building import Builder, Wanted
from sems_exporter.history.days import local_date
from sems_exporter.history.fetching import Fetcher, Reach, Span, requests_per_minute
from sems_exporter.history.money import money
from sems_exporter.history.store import Store
from sems_exporter.history.verifying import Verdict, table, verify
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.polling.selection import Selection
from sems_exporter.portal.interface import StationRef
from sems_exporter.telemetry.redaction import MASKS

FIRST_DATE = date(2000, 1, 1)
GAP_DAYS = 7
VERIFIED_DAYS = 30
"""Days before today that are looked through where no --since is given."""
BYTES_A_DAY = 2_200_000
"""What a station with a battery and a tariff takes for a day in steps of five minutes, about."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is wanted; `step` in seconds. Dates are those of the stations' calendars, both included."""

    output: Path
    since: date | None = None
    until: date | None = None
    prometheus: str | None = None
    gaps: bool = False
    blocks: Path | None = None
    import_url: str | None = None
    step: int = 300
    dry_run: bool = False
    verify: bool = False
    job: str = "sems"
    instance: str = "localhost:10736"


def history(settings: ServerSettings, options: Options, clock: Clock | None = None) -> int:
    """Fetch, build, load or verify as `options` say; 1 where something differs or is not there."""
    clock = clock or SystemClock()
    account = settings.only_account("a history is of one account")
    _refuse_unfit(options, clock.now().date())
    log_as(settings)
    archive = Archive(options.output, account.account.name)
    archive.check()
    store = Store(options.prometheus) if options.prometheus else None
    if store is not None:
        store.check()
    if options.blocks is not None:
        blocks.check(options.blocks)
    app = build_app(settings, clock)
    try:
        if options.dry_run:
            return _planned(app, account, archive, options)
        archive.open()
        return _Run(app, account, archive, store, options).run()
    except OSError as error:
        raise archive.unusable(error) from error
    finally:
        app.close()


def _refuse_unfit(options: Options, today: date) -> None:
    """Raise SettingError for what makes no sense; the station's today may be a day ahead."""
    if (options.gaps or options.verify) and options.prometheus is None:
        raise SettingError("prometheus", "missing; --gaps and --verify look into the store that it names")
    if options.verify and (options.blocks or options.import_url or options.gaps):
        raise SettingError("verify", "stands alone: a store takes up to a minute to show what was loaded into it")
    if options.since is None and not (options.gaps or options.verify):
        raise SettingError("since", "missing; name the first day, such as --since 2023-04-01")
    if options.since is not None and options.since < FIRST_DATE:
        raise SettingError("since", f"{options.since} is before {FIRST_DATE}, when no inverter told anything")
    if options.since is not None and options.since > today + timedelta(days=1):
        raise SettingError("since", f"{options.since} has not come yet")
    if options.until is not None and options.until > today + timedelta(days=1):
        raise SettingError("until", f"{options.until} has not come yet")
    if options.since is not None and options.until is not None and options.since > options.until:
        raise SettingError("until", f"{options.until} is before --since {options.since}")


def _spans(stations: Sequence[Station] | Sequence[StationRef], options: Options, clock: Clock) -> list[Span]:
    """What is wanted of each station whose zone is known."""
    found = []
    for station in stations:
        if station.timezone is None:
            click.echo(legible(f"{station.name or station.id}: left out, because its time zone is not known"), err=True)
            continue
        today = local_date(clock.now().timestamp(), station.timezone)
        days = VERIFIED_DAYS if options.verify else GAP_DAYS
        first = min(options.since or today - timedelta(days=days), today)
        last = min(options.until or today, today)
        found.append(Span(station.id, station.name or station.id, station.timezone, first, last, today))
    return found


def _planned(app: App, account: AccountSettings, archive: Archive, options: Options) -> int:
    """Say what a run would take; of the portal only the list of stations is asked."""
    listed = app.portal.stations(Diagnostics())
    chosen = Selection(account.stations, account.exclude_stations).of(listed).stations
    fetcher = _fetcher(app, account, archive, Meter("requests"))
    for line in _plan(_spans(chosen, options, app.clock), fetcher, account, options):
        click.echo(legible(line))
    click.echo("A dry run: only the list of stations was asked for, and nothing is written")
    return 0


def _plan(spans: Sequence[Span], fetcher: Fetcher, account: AccountSettings, options: Options) -> list[str]:
    pace = requests_per_minute(account.requests_per_minute)
    most = fetcher.missing(spans, curves=not options.verify)
    requests = f"{most} request{'' if most == 1 else 's'}"
    if not spans:
        return ["No station to read the history of."]
    size = _megabytes(_most_bytes(spans, options))
    names = ", ".join(span.name for span in spans[:5]) + (f" and {len(spans) - 5} more" if len(spans) > 5 else "")
    return [
        f"{names}: from {min(span.first for span in spans)} to {max(span.last for span in spans)}",
        f"At most {requests}, {pace} a minute: {_minutes(most / pace)}; fewer where the portal goes less far back",
        *([] if options.verify else [f"At most {size} of files in {options.output}"]),
    ]


def _most_bytes(spans: Sequence[Span], options: Options) -> int:
    """What the files may take."""
    return sum((span.last - span.first).days + 1 for span in spans) * BYTES_A_DAY * 300 // options.step


def _fetcher(app: App, account: AccountSettings, archive: Archive, meter: Meter) -> Fetcher:
    pace = requests_per_minute(account.requests_per_minute)
    return Fetcher(app.portal, archive, app.clock, per_minute=pace, stop=app.stop, told=meter.tell)


class _Run:
    """One run of the command that is not dry."""

    def __init__(
        self, app: App, account: AccountSettings, archive: Archive, store: Store | None, options: Options
    ) -> None:
        self._app = app
        self._account = account
        self._archive = archive
        self._store = store
        self._options = options

    def run(self) -> int:
        """Read the stations now, fetch, and do what is wanted with it."""
        stations = self._stations()
        spans = _spans(stations, self._options, self._app.clock)
        if not spans:
            raise StartError("there is no station to read the history of")
        self._refuse_small_disk(spans)
        targets = {span.station: self._target(span) for span in spans}
        self._fetch(spans)
        if self._options.verify:
            return self._verify(spans, targets)
        by_id = {station.id: station for station in stations}
        files = self._build([Wanted(span, by_id[span.station], targets[span.station]) for span in spans])
        self._load(files)
        return 0

    def _stations(self) -> list[Station]:
        [runner] = self._app.runners
        # Money of a first reading needs its prices.
        self._app.accountant.refresh()
        with telling(lambda: "the stations are read as they are now"):
            outcome = runner.poller.refresh()
        if not runner.portal.account_state().served_by:
            runner.poller.remember()
        if not outcome.up:
            raise StartError("; ".join(complaints(outcome)) or "no station could be read")
        return [shown.station for shown in self._app.snapshots.shown(self._app.clock.now())]

    def _refuse_small_disk(self, spans: Sequence[Span]) -> None:
        needed = _most_bytes(spans, self._options)
        free = shutil.disk_usage(self._options.output).free
        if not (self._options.verify or self._options.gaps) and free < needed:
            raise StartError(
                f"output: {self._options.output} has room for {_megabytes(free)}, and the files may take "
                f"{_megabytes(needed)}; choose another directory, or a later --since"
            )

    def _target(self, span: Span) -> dict[str, str]:
        """The labels that scraping gives, from the live series where there are some."""
        given = {"job": self._options.job, "instance": self._options.instance}
        if self._store is None:
            return given
        found, targets = self._store.target(span.station)
        if targets > 1:
            shown = ", ".join(f"{name}={text}" for name, text in found.items())
            click.echo(legible(f"{span.name}: {targets} targets show it; the past goes to {shown}"), err=True)
        if not targets:
            click.echo(
                legible(f"{span.name}: not in {self._store.url} yet; job and instance are as --job and --instance say"),
                err=True,
            )
        return found or given

    def _fetch(self, spans: list[Span]) -> None:
        meter = Meter("requests")
        fetcher = _fetcher(self._app, self._account, self._archive, meter)
        for line in _plan(spans, fetcher, self._account, self._options):
            click.echo(legible(line))
        try:
            reached = fetcher.fetch(spans, curves=not self._options.verify)
        except (PortalError, Stopping) as error:
            raise StartError(
                f"{MASKS.masked(str(error))}. What was fetched is kept; the same command goes on from there"
            ) from error
        finally:
            meter.end()
        for span in spans:
            for line in _told(span, reached[span.station], curves=not self._options.verify):
                click.echo(legible(line))

    def _build(self, wanted: Sequence[Wanted]) -> list[str]:
        further = (only_battery_series, money(self._app.accountant))
        builder = Builder(self._archive, self._store, self._options.step, lambda name: click.echo(f"  {name}"), further)
        click.echo(f"Files in {self._archive.openmetrics}:")
        builder.build(wanted)
        for note in builder.notes.values():
            click.echo(legible(note))
        click.echo(
            f"{len(builder.files)} files with {builder.samples} samples" if builder.files else "  nothing is missing"
        )
        if builder.files and self._store is None:
            click.echo(
                "Whether a store has any of it already was not looked at. If Prometheus has scraped the exporter, run "
                "this again with --prometheus, or two readings of one time stand side by side"
            )
        return builder.files

    def _load(self, files: Sequence[str]) -> None:
        if self._options.blocks is not None and files:
            self._warn_of_retention()
            self._make_blocks(files, self._options.blocks)
        if self._options.import_url is not None:
            for file in files:
                sent = importing.send(self._archive, file, self._options.import_url)
                click.echo(f"  {file}: {'imported' if sent else 'was imported before'}")

    def _make_blocks(self, files: Sequence[str], folder: Path) -> None:
        if not blocks.is_there():
            click.echo("promtool is not installed here. Where it is, run for each of the files:")
            click.echo("  " + " ".join(blocks.command(self._archive.openmetrics / files[0], folder)))
            return
        made: list[str] = []
        for file in files:
            new = blocks.make(self._archive, file, folder)
            click.echo(f"  {file}: {f'{len(new)} blocks' if new else 'is there already'}")
            made += new
        click.echo(f"{len(made)} blocks in {folder}; Prometheus shows them within a minute. To undo it, remove them:")
        click.echo(f"  {' '.join(made)}" if made else "  none")

    def _warn_of_retention(self) -> None:
        kept = self._store.retention_seconds() if self._store else None
        if kept is None:
            click.echo(
                "Mind the retention: Prometheus deletes at once what is older than --storage.tsdb.retention.time, "
                "15 days where nothing is set"
            )
            return
        first = self._options.since or self._app.clock.now().date() - timedelta(days=GAP_DAYS)
        if self._app.clock.now().date() - timedelta(seconds=kept) > first:
            click.echo(
                f"Warning: this Prometheus keeps {kept / 86400:.0f} days and deletes older blocks at once; start it "
                "with a longer --storage.tsdb.retention.time first",
                err=True,
            )

    def _verify(self, spans: Sequence[Span], targets: dict[str, dict[str, str]]) -> int:
        if self._store is None:
            raise SettingError("prometheus", "missing")
        verdicts = [verify(self._archive, self._store, span, targets[span.station]) for span in spans]
        whole = Verdict(
            sum(each.compared for each in verdicts), tuple(one for each in verdicts for one in each.differences)
        )
        click.echo(f"{whole.compared} energies of days compared, {len(whole.differences)} differ")
        if not whole.differences:
            return 0
        for line in table(whole, {span.station: span.name for span in spans}):
            click.echo(legible(line))
        return 1


def _told(span: Span, reach: Reach, *, curves: bool) -> list[str]:
    """How far back the portal goes, where that is less than was wanted."""
    if reach.energies is None:
        return [f"{span.name}: the portal tells no energy of these days"]
    lines = [f"{span.name}: the portal tells energies from {reach.energies} on"]
    if curves:
        lines[0] += f", curves from {reach.curves} on" if reach.curves else ", and no curves"
    return lines


def _minutes(minutes: float) -> str:
    return f"some {minutes:.0f} minutes" if minutes >= 2 else "a minute or two" if minutes > 0 else "no time"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB" if size < 1e10 else f"{size / 1e9:.0f} GB"
