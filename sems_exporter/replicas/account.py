"""One account on one replica: polled here while this replica has its lease, and otherwise shown as another reads it."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.config.settings import AccountSettings
from sems_exporter.curves.keeper import CurveKeeper
from sems_exporter.curves.memory import CurveMemory
from sems_exporter.files import UNREADABLE
from sems_exporter.polling.poller import Poller
from sems_exporter.polling.results import Health
from sems_exporter.portal import connect
from sems_exporter.portal.http.transport import Transport
from sems_exporter.portal.interface import AskablePortal
from sems_exporter.portal.session.account_state import account_digest
from sems_exporter.portal.session.state_store import AccountStores
from sems_exporter.replicas.account_stores import LeaseLock, Place, SharedLedger, SharedState, SharedText
from sems_exporter.replicas.codec import encoded, packed, unpacked
from sems_exporter.replicas.lease import Lease
from sems_exporter.replicas.published_metrics import PublishedMetrics
from sems_exporter.replicas.seal import Seal, SealBroken
from sems_exporter.replicas.shared_store import Keys, SharedStore, StoreAway
from sems_exporter.replicas.stations import ABOUT, Feed, SharedStations
from sems_exporter.tariffs.accountant import Accountant
from sems_exporter.telemetry.logs import bind_account
from sems_exporter.telemetry.metrics import AccountMetrics

log = logging.getLogger(__name__)


def digest_of(settings: AccountSettings) -> str:
    """The account's name in the store: two regions are one account."""
    return account_digest(settings.account.name.casefold())


def stores_of(place: Place, settings: AccountSettings) -> AccountStores:
    """Everything that is kept of an account, in the store."""
    state = SharedState(place, settings.account.password)
    return AccountStores(
        state=state,
        lock=LeaseLock(place),
        ledger=SharedLedger(place, state),
        counters=SharedText(place, "counters"),
        curves=SharedText(place, "curves"),
    )


class ReplicatedAccount:
    """Polls an account while the coordinator says so; `name` is "" where accounts have none.

    `before` is called before each refresh.
    """

    def __init__(  # noqa: PLR0913 - an account is put together in one place
        self,
        settings: AccountSettings,
        *,
        store: SharedStore,
        seal: Seal,
        clock: Clock,
        stations: SharedStations,
        accountant: Accountant,
        metrics: AccountMetrics,
        published: PublishedMetrics,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = settings.name
        self.digest = digest_of(settings)
        self.curves = CurveMemory(stations, clock, settings.name)
        self.feed = Feed(store, self.digest, clock, told=self._learn)
        self.is_unfit = False
        self._settings = settings
        self._store = store
        self._seal = seal
        self._clock = clock
        self._stations = stations
        self._accountant = accountant
        self._metrics = metrics
        self._published = published
        self._before = before
        self._remembered: dict[str, bytes] = {}
        self._health = Health()
        self._store_trouble = self._own_trouble = ""
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.place = self._place(None)

    @property
    def health(self) -> Health:
        """Tell how the polling goes, here or elsewhere, as it was told last."""
        problem = self._store_trouble or self._own_trouble
        return replace(self._health, problem=problem) if problem else self._health

    @property
    def is_busy(self) -> bool:
        """Tell whether the account is polled here, or about to end being so."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self, lease: Lease) -> None:
        """Poll in a thread of its own until `end`, or until the lease is over."""
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._hold, args=(lease, self._stop), name=f"poller {self.name}".strip(), daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        """Begin to end; what is being read is given up."""
        self._stop.set()

    def close(self) -> None:
        """End what is polled here."""
        self.end()

    def catch_up(self) -> None:
        """Show what another replica has read; raises StoreAway."""
        before = self.feed.known
        self.feed.catch_up(lambda station, raw: self._stations.mirror(self.name, station, raw))
        if self.feed.known != before:
            _, (document, token) = self.place.read("state", "document", "token")
            if document is not None:
                self._remembered.update(document=document, token=token or b"")

    def _place(self, lease: Lease | None) -> Place:
        return Place(self._store, Keys(self.digest), self._seal, self._clock, lease, remembered=self._remembered)

    def _hold(self, lease: Lease, stop: threading.Event) -> None:
        bind_account(self.name)
        log.info("this replica polls the account now", extra={"epoch": lease.epoch})
        self.is_unfit = False
        try:
            self._poll(lease, stop)
        except (SealBroken, StoreAway) as error:
            self.is_unfit = True
            if isinstance(error, SealBroken):
                self._own_trouble = "the session in the store was sealed with another key (state_key_file)"
            log.warning("the account cannot be polled here", extra={"error": self._own_trouble or str(error)})
        except (errors.LoginWithheld, errors.Stopping) as error:
            log.debug("the account was given up at once", extra={"error": str(error)})
        except Exception:
            # As with a beat: another replica may do better, and this one must not take the lease again at once.
            self.is_unfit = True
            log.exception("the account cannot be polled here through a fault of the exporter")
        finally:
            self._stations.write_by(self.name, None)
            self.place = self._place(None)
            log.info(
                "this replica does not poll the account any more",
                extra={"epoch": lease.epoch, "why": lease.over or None},
            )

    def _poll(self, lease: Lease, stop: threading.Event) -> None:
        self.place = place = self._place(lease)
        kept = stores_of(place, self._settings)
        SharedState(place, self._settings.account.password).check()
        self.catch_up()
        self._own_trouble = ""
        self._published.begin()
        self._stations.write_by(self.name, lambda found: self.feed.publish(lease, found, stop))
        if not self.feed.known:
            self._publish_all(lease, stop)
        self._accountant.look_up_again(self.name)
        transport = Transport(permit=lease.require)
        portal = connect(self._settings, kept, self._clock, self._metrics, stop, transport=transport)
        try:
            self._poller(portal, kept, lease, stop).run(stop)
        finally:
            portal.close()

    def _poller(self, portal: AskablePortal, kept: AccountStores, lease: Lease, stop: threading.Event) -> Poller:
        curves = CurveKeeper(portal, self._stations, self._clock, kept.curves, self.name, memory=self.curves)
        return Poller(
            portal,
            self._stations,
            self._metrics,
            self._settings,
            clock=self._clock,
            memory=kept.counters,
            curves=curves,
            first_delay=0.0,
            begin_after=self._until_due(),
            before=self._before,
            signs=portal.protocol_signs,
            tell=lambda health: self._tell(health, lease, stop),
        )

    def _until_due(self) -> float:
        """Seconds until the refresh that the last holder had planned; 0 where that one found no way to the portal."""
        due = self._health.next_refresh
        left = (due - self._clock.now()).total_seconds() if due and self._health.finds_way else 0.0
        return min(max(0.0, left), self._settings.interval)

    def _publish_all(self, lease: Lease, stop: threading.Event) -> None:
        """Fill a store that has lost the stations."""
        now = self._clock.now()
        for snapshot in self._stations.snapshots(self.name):
            self.feed.publish(lease, {snapshot.details.id: encoded(snapshot, now)}, stop)

    def _tell(self, health: Health, lease: Lease, stop: threading.Event) -> None:
        """Let all replicas say of the account what this one knows of it now."""
        if lease.over or stop.is_set():
            return
        if health.up is None:
            # Nothing new: the last holder's word stands until the first refresh of this one has ended.
            self._health = replace(self._health, next_refresh=health.next_refresh)
            return
        if health.last_success is None:
            health = replace(health, last_success=self._health.last_success)
        document = {"health": _told(health), "metrics": self._published.document()}
        try:
            self.feed.publish(lease, {ABOUT: packed(document)}, stop)
        except (errors.LoginWithheld, errors.Stopping):
            return
        self._health = health
        self._published.publish(document["metrics"])  # type: ignore[arg-type]

    def _learn(self, raw: bytes) -> None:
        try:
            document = unpacked(raw)
            self._health = _health(document["health"])
            self._published.publish(document["metrics"])
        except UNREADABLE as error:
            log.warning("what is told of the account cannot be read", extra={"error": type(error).__name__})

    def say(self, trouble: str) -> None:
        """Tell a person what is amiss with the store; "" where nothing is."""
        self._store_trouble = trouble


def _told(health: Health) -> dict[str, object]:
    return {
        "up": health.up,
        "last_success": health.last_success and health.last_success.timestamp(),
        "next_refresh": health.next_refresh and health.next_refresh.timestamp(),
        "problem": health.problem,
        "finds_way": health.finds_way,
    }


def _health(told: Mapping[str, Any]) -> Health:
    def instant(name: str) -> datetime | None:
        return None if told[name] is None else datetime.fromtimestamp(told[name], UTC)

    return Health(
        None if told["up"] is None else bool(told["up"]),
        instant("last_success"),
        instant("next_refresh"),
        None if told["problem"] is None else str(told["problem"]),
        bool(told["finds_way"]),
    )
