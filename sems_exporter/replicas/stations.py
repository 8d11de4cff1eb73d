"""The stations of all accounts, on every replica: what one has read is in the store before anybody sees it.

So no replica shows what the others may never get, and a counter that is scraped here and then there does not fall.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.files import UNREADABLE
from sems_exporter.pipeline.staleness import Limits, Snapshot
from sems_exporter.replicas.codec import decoded, encoded
from sems_exporter.replicas.lease import Lease
from sems_exporter.replicas.scripts import LATEST, PUBLISH
from sems_exporter.replicas.shared_store import NEWS, Keys, SharedStore, StoreAway, text
from sems_exporter.store import Money, StationStore

log = logging.getLogger(__name__)

ABOUT = " about"
"""In place of a station's id: what is told of the account as a whole."""
MOST_AT_ONCE = 500
"""Snapshots in one answer of the store."""
RETRY_SECONDS = 0.5


class Feed:
    """The snapshots of one account in the store; each change has a number. Safe for several threads."""

    def __init__(
        self, store: SharedStore, account: str, clock: Clock, *, told: Callable[[bytes], None] = lambda _: None
    ) -> None:
        self._store = store
        self._account = account
        self._keys = Keys(account)
        self._clock = clock
        self._told = told
        self._lock, self._showing = threading.Lock(), threading.Lock()
        self.known = 0

    def begin_anew(self) -> None:
        """Take nothing for known: the store may have lost it."""
        with self._lock:
            self.known = 0

    def publish(self, lease: Lease, found: Mapping[str, bytes], stop: threading.Event) -> None:
        """Put all of it into the store; raises LoginWithheld where this replica may not, Stopping when it is to end.

        A store that is away for a moment is asked again while the lease lasts.
        """
        keys = [NEWS, self._keys.of("order"), self._keys.of("stations")]
        words = [self._account, *(word for pair in found.items() for word in pair)]
        while True:
            try:
                with self._lock:
                    number = lease.write(PUBLISH, keys, words)
                    if number == self.known + len(found):
                        self.known = number
            except StoreAway as error:
                log.debug("the store does not answer", extra={"error": str(error)})
            else:
                return
            if self._clock.wait(stop, RETRY_SECONDS):
                raise errors.Stopping("the account is given up")

    def catch_up(self, show: Callable[[str, bytes], None]) -> None:
        """Show what is new, b"" for a station that is gone; raises StoreAway."""
        with self._showing:
            while (names := self._next(show)) == MOST_AT_ONCE:
                log.debug("there is more", extra={"shown": names})

    def _next(self, show: Callable[[str, bytes], None]) -> int:
        with self._lock:
            words = [self._account, self.known, MOST_AT_ONCE]
            keys = [NEWS, self._keys.of("order"), self._keys.of("stations")]
            number, names, values = self._store.run(LATEST, keys, words)
            self.known = int(number)
        for name, raw in zip(map(text, names), values, strict=True):
            if name != ABOUT:
                show(name, raw or b"")
            elif raw:
                self._told(raw)
        return len(names)


class SharedStations(StationStore):
    """Stations by id, as in the store. What is put by an account that is polled here goes there first."""

    def __init__(self, clock: Clock, limits: Limits, money: Money | None = None) -> None:
        super().__init__(clock, limits, money)
        self._writers: dict[str, Callable[[Mapping[str, bytes]], None]] = {}

    def write_by(self, account: str, writer: Callable[[Mapping[str, bytes]], None] | None) -> None:
        """Use `writer` for what an account puts from now on; None where the account is polled elsewhere."""
        if writer is None:
            self._writers.pop(account, None)
        else:
            self._writers[account] = writer

    def show(self, snapshot: Snapshot, put_at: datetime) -> None:
        """Put the snapshot into the store, and then show it; raises LoginWithheld where it may not be put there."""
        account = snapshot.details.account or ""
        if account not in self._writers:
            raise errors.LoginWithheld("the account is polled by another replica")
        self._writers[account]({snapshot.details.id: encoded(snapshot, put_at)})
        super().show(snapshot, put_at)

    def keep_only(self, ids: Iterable[str], account: str = "") -> None:
        """Forget all stations of `account` that it no longer shows, here and in the store."""
        wanted = set(ids)
        known = {one.details.id for one in self.snapshots(account)}
        if known - wanted and account in self._writers:
            self._writers[account](dict.fromkeys(known - wanted, b""))
        super().keep_only(wanted, account)

    def mirror(self, account: str, station: str, raw: bytes) -> None:
        """Show what another replica has put; b"" where a station is gone."""
        if not raw:
            remaining = {one.details.id for one in self.snapshots(account)} - {station}
            super().keep_only(remaining, account)
            return
        try:
            snapshot, put_at = decoded(raw)
        except (*UNREADABLE, OSError) as error:
            log.warning("a snapshot in the store cannot be read", extra={"error": type(error).__name__})
            return
        super().show(snapshot, min(put_at, self._clock.now()))
