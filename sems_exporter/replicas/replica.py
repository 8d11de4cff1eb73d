"""One replica put together: its store, its coordinator, its accounts, and what keeps them up to date."""

import logging
import threading
from collections.abc import Mapping

from sems_exporter.clock import Clock
from sems_exporter.config.settings import SharedStoreSettings
from sems_exporter.errors import SettingError
from sems_exporter.replicas.account import ReplicatedAccount
from sems_exporter.replicas.coordinator import Coordinator
from sems_exporter.replicas.lease import LEASE_SECONDS
from sems_exporter.replicas.seal import PROOF, Seal, SealBroken
from sems_exporter.replicas.shared_store import SEAL, SharedStore, StoreAway
from sems_exporter.telemetry.replica_metrics import ReplicaMetrics

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
UNFIT_SECONDS = 300.0
"""So long a replica that found no way to the portal leaves accounts to others that may."""


def open_store(shared: SharedStoreSettings) -> tuple[SharedStore, Seal]:
    """The store of the settings, and the seal of what is secret in it; nothing is asked yet."""
    return SharedStore(shared.url, shared.password), Seal(shared.key_file)


def prove(store: SharedStore, seal: Seal) -> None:
    """Raise SettingError where the replicas that were there first have another key; a store that is away tells none."""
    try:
        found = store.put_first(SEAL, seal.sealed(PROOF.decode()).encode())
        seal.opened(found)
    except SealBroken:
        raise SettingError(
            "state_key_file", f"is another key than that of the replicas that use {store.place} already"
        ) from None
    except StoreAway as error:
        log.warning("the store cannot be reached; nothing is polled until it can", extra={"error": str(error)})


class Replica:
    """Beats, looks for news, and says how it goes. Threads run `coordinate` and `mirror`."""

    def __init__(
        self,
        store: SharedStore,
        accounts: tuple[ReplicatedAccount, ...],
        name: str,
        *,
        clock: Clock,
        metrics: ReplicaMetrics,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._metrics = metrics
        self._by_digest = {one.digest: one for one in accounts}
        self._news: Mapping[str, int] = {}
        self._has_news = threading.Event()
        self._reached: float | None = None
        self._began = clock.monotonic()
        self._why = "it has not answered yet"
        self._unfit_until = 0.0
        self.is_synced = False
        self.coordinator = Coordinator(store, self._by_digest, name, clock=clock, watcher=self)

    @property
    def silence(self) -> float:
        """Seconds since the store answered."""
        return self._clock.monotonic() - (self._began if self._reached is None else self._reached)

    @property
    def unready(self) -> str:
        """Say why others should be asked instead of this replica; "" where this one is as good as any."""
        if not self.is_synced:
            return "what the store knows has not been read yet"
        if self.silence >= LEASE_SECONDS:
            return f"the store has not been reached for {self.silence:.0f} s, and other replicas may know more"
        return ""

    def mirror(self, stop: threading.Event) -> None:
        """Show what other replicas read, as soon as there is news."""
        while not stop.is_set():
            if self._has_news.wait(LOOK_SECONDS):
                self._has_news.clear()
                self.catch_up()

    def catch_up(self) -> None:
        """Show what is new of the accounts that have news."""
        try:
            for one in self._behind(self._news):
                one.catch_up()
            self.is_synced = True
        except StoreAway as error:
            self.missed(str(error))
        except Exception:
            # As with a beat: it comes again with the next news.
            log.exception("news could not be shown through a fault of the exporter")

    def beaten(self, news: Mapping[str, int]) -> None:
        """The store was reached."""
        if self._why:
            log.info("the store is reached", extra={"store": self._store.place})
        self._reached, self._why, self._news = self._clock.monotonic(), "", news
        self._metrics.store_up(up=True)
        if not self.is_synced or self._behind(news):
            self._has_news.set()
        self._say("")
        self._show()

    def missed(self, why: str) -> None:
        """The store was not reached."""
        self._metrics.store_failed()
        if not self._why:
            log.warning("the store is not reached", extra={"store": self._store.place, "error": why})
        self._why = why
        if self._reached is None or self.silence >= LEASE_SECONDS / 3:
            self._metrics.store_up(up=False)
            self._say(
                f"the store at {self._store.place} has not been reached for {self.silence:.0f} s ({why}); "
                "nothing is read from the portal without it"
            )
        self._show()

    def begun_anew(self) -> None:
        """Another process of the store answers: all of it is looked at again."""
        for one in self._accounts:
            one.feed.begin_anew()

    def took(self, account: str, *, silent: bool) -> None:
        """A lease was taken."""
        self._metrics.took(self._by_digest[account].name, silent=silent)

    def _behind(self, news: Mapping[str, int]) -> list[ReplicatedAccount]:
        """The accounts of which others have put something; what is polled here is known."""
        return [one for one in self._accounts if not one.is_busy and news.get(one.digest, 0) != one.feed.known]

    def _say(self, trouble: str) -> None:
        for one in self._accounts:
            one.say(trouble)

    def _show(self) -> None:
        now, beats = self._clock.monotonic(), self.coordinator
        stands = {}
        for digest, one in self._by_digest.items():
            seen, lease = beats.seen[digest], beats.leases.get(digest)
            alive = bool(seen.holder) and now - seen.since < LEASE_SECONDS and self.silence < LEASE_SECONDS
            stands[one.name] = (lease is not None and not lease.over, alive, seen.epoch)
        self._metrics.leases(stands)
        self._metrics.replicas(len(beats.living) if self.silence < LEASE_SECONDS else 0)
        own = [one for digest, one in self._by_digest.items() if digest in beats.leases]
        if own and not any(one.health.finds_way for one in own):
            self._unfit_until = now + UNFIT_SECONDS
        beats.finds_way = now >= self._unfit_until
