"""Put an exporter together: from settings to something that polls and serves."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from prometheus_client.registry import Collector

from sems_exporter.clock import Clock
from sems_exporter.config.settings import AccountSettings, ServerSettings, SharedStoreSettings
from sems_exporter.curves.keeper import CurveKeeper
from sems_exporter.curves.memory import CurveMemory
from sems_exporter.curves.week import DayTotal
from sems_exporter.exposition import Renderer
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.polling.poller import Poller
from sems_exporter.polling.results import Health, together
from sems_exporter.portal import connect
from sems_exporter.portal.http.transport import HttpRequest, Transport
from sems_exporter.portal.interface import AskablePortal
from sems_exporter.portal.session.file_stores import file_stores
from sems_exporter.portal.session.state_store import AccountStores
from sems_exporter.protocol.portal_file import PortalFile
from sems_exporter.store import StationStore
from sems_exporter.tariffs.accountant import Accountant
from sems_exporter.tariffs.ledger_files import Ledgers
from sems_exporter.tariffs.price_source import Answer, Fetch
from sems_exporter.tariffs.tariff import NO_TARIFFS
from sems_exporter.telemetry.logs import bind_account
from sems_exporter.telemetry.metrics import AccountMetrics, SelfMetrics
from sems_exporter.telemetry.replica_metrics import ReplicaMetrics
from sems_exporter.version import package_version
from sems_exporter.web.app import FIRST_REFRESH, Application
from sems_exporter.web.discovery import Discovery, Listed
from sems_exporter.web.security.reload import WebConfigFile
from sems_exporter.web.stations_api import StationsApi
from sems_exporter.web.status.answer import StatusPage
from sems_exporter.web.status.day import Known
from sems_exporter.web.status.page import PageStatus, Past

if TYPE_CHECKING:
    from sems_exporter.delivery.contents import Contents
    from sems_exporter.delivery.workers import Worker


@dataclass(frozen=True, slots=True)
class AccountRunner:
    """One account that is read: its name, "" where accounts have none, and what reads it, shared with no other."""

    name: str
    portal: AskablePortal
    poller: Poller
    curves: CurveMemory

    @property
    def health(self) -> Health:
        """Tell how the polling goes."""
        return self.poller.health

    def close(self) -> None:
        """Drop kept connections, and let another process have the account."""
        self.portal.close()

    def run(self, stop: threading.Event) -> None:
        """Poll until `stop` is set, in a thread of its own."""
        bind_account(self.name)
        self.poller.run(stop)


class Watched(Protocol):
    """One account, as far as it is shown."""

    @property
    def name(self) -> str:
        """Its name, "" where accounts have none."""

    @property
    def curves(self) -> CurveMemory:
        """What its stations did of late."""

    @property
    def health(self) -> Health:
        """Tell how the polling goes."""

    def close(self) -> None:
        """Drop kept connections, and let another process have the account."""


@dataclass(frozen=True, slots=True)
class App:
    """All parts of a running exporter.

    One of several replicas has no runners but `replicated` accounts, and the `work` of threads that see to them;
    `unready` says why another replica should be asked instead of it, "" where it need not.
    """

    settings: ServerSettings
    clock: Clock
    metrics: SelfMetrics
    snapshots: StationStore
    exposition: Renderer
    accountant: Accountant
    runners: tuple[AccountRunner, ...]
    stop: threading.Event
    replicated: tuple[Watched, ...] = ()
    work: Mapping[str, Callable[[threading.Event], None]] = field(default_factory=dict)
    unready: Callable[[], str] = str

    @property
    def accounts(self) -> tuple[Watched, ...]:
        """The accounts, whoever reads them."""
        return self.replicated or self.runners

    @property
    def portal(self) -> AskablePortal:
        """The portal as the first account has it; most have one."""
        return self.runners[0].portal

    @property
    def poller(self) -> Poller:
        """The poller of the first account."""
        return self.runners[0].poller

    @property
    def health(self) -> Health:
        """Tell how the polling of all accounts goes."""
        return together({account.name: account.health for account in self.accounts})

    def close(self) -> None:
        """Drop kept connections."""
        for account in self.accounts:
            account.close()


def build_app(
    settings: ServerSettings,
    clock: Clock,
    *,
    first_delay: float = 2.0,
    transport: Transport | None = None,
    stores: Callable[[AccountSettings, Clock], AccountStores] | None = None,
) -> App:
    """Put an exporter together that polls nothing yet. `stores` makes the places that keep an account's state.

    Where replicas share a store, it is one beside them, which takes no account.
    """
    ledgers: Ledgers | None = None
    if settings.shared is not None and stores is None:
        from sems_exporter.replicas.visiting import Visit  # noqa: PLC0415 - an extra that most do not install

        visit = Visit(settings.shared, clock)
        stores, ledgers = visit.stores, visit.money
    stores = stores or file_stores
    stop, metrics = threading.Event(), _metrics(settings)
    runners: list[AccountRunner] = []
    portal_file = PortalFile(settings.portal_file, metrics.portal_file_read)
    accountant = _accountant(settings, clock, metrics, _keeps_state(runners), ledgers)
    limits = Limits(settings.data_max_age, settings.snapshot_max_age)
    snapshots = StationStore(clock, limits, accountant)
    exposition = Renderer(snapshots, metrics.registry, clock, of_account=metrics.of_account)
    for one in settings.accounts:
        own = metrics.of(one.name)
        kept = stores(one, clock)
        portal = connect(one, kept, clock, own, stop, transport=transport)
        curves = CurveKeeper(portal, snapshots, clock, kept.curves, one.name)
        poller = Poller(
            portal,
            snapshots,
            own,
            one,
            clock=clock,
            memory=kept.counters,
            curves=curves,
            first_delay=first_delay,
            before=portal_file.renew,
            signs=portal.protocol_signs,
        )
        runners.append(AccountRunner(one.name, portal, poller, curves.memory))
    return App(settings, clock, metrics, snapshots, exposition, accountant, tuple(runners), stop)


def build_replica(settings: ServerSettings, shared: SharedStoreSettings, clock: Clock) -> App:
    """Put an exporter together that is one of several, and polls what falls to it of the accounts."""
    from sems_exporter.replicas.account import ReplicatedAccount  # noqa: PLC0415 - an extra that most do not install
    from sems_exporter.replicas.money import SharedMoney  # noqa: PLC0415 - as above
    from sems_exporter.replicas.published_metrics import PublishedMetrics  # noqa: PLC0415 - as above
    from sems_exporter.replicas.replica import Replica, open_store, prove  # noqa: PLC0415 - as above
    from sems_exporter.replicas.stations import SharedStations  # noqa: PLC0415 - as above

    store, seal = open_store(shared)
    prove(store, seal)
    published: dict[str, PublishedMetrics] = {}

    def shown(name: str, own: AccountMetrics) -> PublishedMetrics:
        return published.setdefault(name, PublishedMetrics(own))

    metrics = _metrics(settings, shown=shown, replica=shared.replica)
    accounts: dict[str, ReplicatedAccount] = {}
    portal_file = PortalFile(settings.portal_file, metrics.portal_file_read)
    money = SharedMoney(lambda account: accounts[account].place)
    accountant = _accountant(settings, clock, metrics, lambda _: True, money)
    stations = SharedStations(clock, Limits(settings.data_max_age, settings.snapshot_max_age), accountant)
    exposition = Renderer(stations, metrics.registry, clock, of_account=metrics.of_account)
    for one in settings.accounts:
        accounts[one.name] = ReplicatedAccount(
            one,
            store=store,
            seal=seal,
            clock=clock,
            stations=stations,
            accountant=accountant,
            metrics=metrics.of(one.name),
            published=published[one.name],
            before=portal_file.renew,
        )
    own = ReplicaMetrics(metrics.of_process, accounts)
    replica = Replica(store, tuple(accounts.values()), shared.replica, clock=clock, metrics=own)
    return App(
        settings,
        clock,
        metrics,
        stations,
        exposition,
        accountant,
        (),
        threading.Event(),
        replicated=tuple(accounts.values()),
        work={"leases": replica.coordinator.run, "news": replica.mirror},
        unready=lambda: replica.unready,
    )


def _metrics(
    settings: ServerSettings,
    *,
    shown: Callable[[str, AccountMetrics], Collector] = lambda _, own: own,
    replica: str = "",
) -> SelfMetrics:
    names = [one.name for one in settings.accounts]
    metrics = SelfMetrics(names if all(names) else None, shown=shown, replica=replica)
    if settings.shard is not None:
        metrics.sharded(settings.shard.number, settings.shard.total, len(names))
    return metrics


def _keeps_state(runners: list[AccountRunner]) -> Callable[[str], bool]:
    def keeps_state(account: str) -> bool:
        return not any(one.portal.account_state().served_by for one in runners if one.name == account)

    return keeps_state


def _accountant(
    settings: ServerSettings,
    clock: Clock,
    metrics: SelfMetrics,
    may_write: Callable[[str], bool],
    ledgers: Ledgers | None,
) -> Accountant:
    """What counts money, in `ledgers` or else in the state directory that all accounts share."""
    return Accountant(
        settings.tariffs if settings.accounts else NO_TARIFFS,
        settings.accounts[0].state_dir if settings.accounts else Path(),
        clock=clock,
        fetch=price_fetcher(),
        metrics=metrics,
        may_write=may_write,
        ledgers=ledgers,
    )


def price_fetcher() -> Fetch:
    """What asks a source of prices: over connections of its own, which share nothing with the portal's."""
    transport = Transport()

    def fetch(address: str) -> Answer:
        answer = transport.send(HttpRequest("prices", "GET", address))
        return Answer(answer.status, answer.body)

    return fetch


def application(app: App, *, simulated: bool, web_config: WebConfigFile | None = None) -> Application:
    """Put the web side of an app together; plain HTTP for everybody where there is no web configuration."""
    settings = app.settings
    return Application(
        app.exposition,
        StatusPage(
            lambda: [shown.station for shown in app.snapshots.shown(app.clock.now())],
            lambda: page_status(app, simulated=simulated),
            past=_past(app),
        ),
        StationsApi(app.snapshots, app.clock),
        # An account that has failed is ready as well: what there is to say of it is being said.
        lambda: not app.unready() and all(account.health.up is not None for account in app.accounts),
        waiting_for=lambda: app.unready() or FIRST_REFRESH,
        telemetry_path=settings.telemetry_path,
        web_config=web_config or WebConfigFile(None, app.metrics.web_config_read),
        fault=app.metrics.web_fault,
        discovery=Discovery(
            settings.telemetry_path,
            lambda: _listed(app),
            [account.name for account in app.accounts if account.name],
            settings.external_url,
        ),
    )


def page_status(app: App, *, simulated: bool) -> PageStatus:
    """What the page says about the exporter."""
    health = app.health
    return PageStatus(
        now=app.clock.now(),
        version=package_version(),
        up=health.up,
        last_success=health.last_success,
        next_refresh=health.next_refresh,
        problem=health.problem,
        simulated=simulated,
        metrics_path=app.settings.telemetry_path,
        snapshot_max_age=app.settings.snapshot_max_age,
        data_max_age=app.settings.data_max_age,
    )


def _past(app: App) -> Past:
    return Past(
        lambda station, begin, end: _curve(app, station, begin, end),
        lambda station, day: _day(app, station, day),
    )


def _curve(app: App, station: Station, begin: datetime, end: datetime) -> Known:
    own = _memory(app, station)
    return [] if own is None else own.known(station.id, begin, end)


def _day(app: App, station: Station, day: date) -> DayTotal | None:
    own = _memory(app, station)
    return None if own is None else own.weeks.at(station.id, day)


def _memory(app: App, station: Station) -> CurveMemory | None:
    return next((account.curves for account in app.accounts if account.name == (station.account or "")), None)


def _listed(app: App) -> list[Listed]:
    names = {shown.station.id: shown.station.name for shown in app.snapshots.shown(app.clock.now())}
    return [Listed(known.station, known.account, names.get(known.station)) for known in app.snapshots.catalogue()]


def start_polling(app: App, *, simulated: bool = False) -> tuple[threading.Thread, ...]:
    """Poll each account in a thread of its own, and do the rest in further ones, until `app.stop` is set."""
    work = {f"poller {runner.name}".strip(): runner.run for runner in app.runners} | dict(app.work)
    work["exposition"] = app.exposition.maintain_until
    if app.accountant.tariffs:
        work["prices"] = lambda stop: app.accountant.refresh_until(stop, app.snapshots.look_again)
    if app.settings.delivers:
        work |= _deliveries(app, simulated=simulated)
    threads = tuple(
        threading.Thread(target=run, args=(app.stop,), name=name, daemon=True) for name, run in work.items()
    )
    for thread in threads:
        thread.start()
    return threads


def contents_of(app: App, *, simulated: bool) -> "Contents":
    """What can be written and sent, as it is true at the moment."""
    from sems_exporter.delivery.contents import Contents  # noqa: PLC0415 - most exporters deliver nothing

    return Contents(
        app.clock,
        app.exposition,
        app.snapshots.shown,
        lambda: page_status(app, simulated=simulated),
        _past(app),
    )


def _deliveries(app: App, *, simulated: bool) -> "Mapping[str, Worker]":
    from sems_exporter.delivery.workers import workers  # noqa: PLC0415 - as above

    def revision() -> object:
        healths = [one.health for one in app.accounts]
        # The plan for the next refresh is made when one has ended.
        return None if any(health.up is None for health in healths) else [health.next_refresh for health in healths]

    return workers(app.settings, contents_of(app, simulated=simulated), app.metrics, revision)
