"""Who polls which account: takes leases, renews them, and gives them up where another replica should have them.

Twice a second one script renews what is held, says that this replica lives, and tells how all leases stand. Each
account has a replica that should have it, the same for all who ask (`rendezvous.py`), so that they are spread evenly.
That one asks for the lease, and its holder gives it up. Where the holder is silent, it is taken after LEASE_SECONDS in
which this replica itself has seen nothing of it; where the one that should have it does not come, by any other after
twice that.
"""

import logging
import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sems_exporter.clock import Clock
from sems_exporter.portal.session.login_throttle import SPACING
from sems_exporter.rendezvous import spread
from sems_exporter.replicas.lease import LEASE_SECONDS, Lease, Moment
from sems_exporter.replicas.scripts import ACQUIRE, BEAT, FORGET, GIVE_UP, WANT
from sems_exporter.replicas.shared_store import NEWS, REPLICAS, Keys, SharedStore, StoreAway, text

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
ORPHANED_SECONDS = 2 * LEASE_SECONDS
FORGOTTEN_SECONDS = 60.0
"""After so long a silent replica is struck off the list."""
DOUBTFUL_SECONDS = SPACING
"""For so long after it first met a store, a replica reckons with a sign-in of which that has lost the trace."""
LEAVING_SECONDS, LEAVING_LOOKS = 0.4, 20
"""How long the program's end waits for what is polled to end, looking so many times."""
MOST_COUNTED = 2**53
"""From here on Lua, whose numbers are floating, cannot count by one."""
UNFIT_SECONDS = 60.0
"""So long this replica does not try again to poll an account that it could not begin with."""


class Tenant(Protocol):
    """What polls one account, while it may."""

    def begin(self, lease: Lease) -> None:
        """Begin to poll, in a thread of its own, until `end` or the end of the lease."""

    def end(self) -> None:
        """Begin to end; returns at once."""

    @property
    def is_busy(self) -> bool:
        """Tell whether it has not ended yet."""

    @property
    def is_unfit(self) -> bool:
        """Tell whether it ended because it could not begin."""


class Watcher(Protocol):
    """What is told of each beat."""

    def beaten(self, news: Mapping[str, int]) -> None:
        """The store was reached; `news` are the numbers of each account's latest news."""

    def begun_anew(self) -> None:
        """Another process of the store answers, which may have lost what the last one knew."""

    def missed(self, why: str) -> None:
        """The store was not reached."""

    def took(self, account: str, *, silent: bool) -> None:
        """A lease was taken, from a holder that had fallen silent or from nobody."""


@dataclass(slots=True)
class Seen:
    """A lease as it stood at the latest beat, and since when, on the steady clock, it has not changed.

    `highest` is the highest epoch that was ever seen: a store that lost everything begins again at 0.
    """

    highest: int = 0
    holder: str = ""
    epoch: int = 0
    beats: str = ""
    wanted: str = ""
    since: float = 0.0


class _Stands(NamedTuple):
    """A lease as one beat found it; `renewed` where it is this replica's own."""

    holder: str
    epoch: int
    beats: str
    wanted: str
    renewed: bool


@dataclass(slots=True)
class _Living:
    told: str
    since: float

    @property
    def name(self) -> str:
        return self.told.split("|")[1]

    @property
    def is_fit(self) -> bool:
        return self.told.endswith("|fit")


class Coordinator:
    """Keeps the leases of one replica. `accounts` are by digest; `beat` is one step, `run` all of them.

    `finds_way` tells whether this replica reaches the portal: one that does not leaves accounts to those that do.
    """

    def __init__(
        self,
        store: SharedStore,
        tenants: Mapping[str, Tenant],
        name: str,
        *,
        clock: Clock,
        watcher: Watcher,
    ) -> None:
        self.name = name
        self.id = f"{name}#{secrets.token_hex(8)}"
        self.seen = {account: Seen() for account in tenants}
        self.leases: dict[str, Lease] = {}
        self.living: tuple[str, ...] = ()
        self.finds_way = True
        self._store = store
        self._tenants = tenants
        self._clock = clock
        self._watcher = watcher
        self._accounts = list(tenants)
        self._run = ""
        self._run_since = clock.monotonic()
        self._replicas: dict[str, _Living] = {}
        self._not_before: dict[str, float] = {}
        self._beats = 0

    def run(self, stop: threading.Event) -> None:
        """Beat until `stop` is set, then end what is polled here and take leave."""
        while not self._clock.wait(stop, BEAT_SECONDS):
            try:
                self.beat()
            except Exception:
                # The one broad handler here: without beats every lease ends, and a fault of ours must not end beats.
                log.exception("a beat failed through a fault of the exporter")
        self.leave()

    def beat(self) -> None:
        """Renew, look, and decide."""
        sent = Moment(self._clock)
        try:
            run, replicas, news, leases = self._asked()
        except StoreAway as error:
            self._watcher.missed(str(error))
            self._end_what_is_over()
            return
        now = self._clock.monotonic()
        if run != self._run:
            self._begin_anew(run, now)
        for account, stands in zip(self._accounts, leases, strict=True):
            self._look(account, stands, now)
            if account in self.leases:
                self._renewed(account, sent, done=stands.renewed)
        self._end_what_is_over()
        self._count_replicas(replicas, now)
        self._watcher.beaten(news)
        try:
            self._decide(now)
        except StoreAway as error:
            self._watcher.missed(str(error))

    def leave(self) -> None:
        """End everything; the others need not wait."""
        for account in self.leases:
            self._tenants[account].end()
        for _ in range(LEAVING_LOOKS):
            if any(self._tenants[account].is_busy for account in self.leases):
                time.sleep(LEAVING_SECONDS / LEAVING_LOOKS)
        for account in [one for one in self.leases if not self._tenants[one].is_busy]:
            self._give_up(account)
        try:
            if self.id in self._replicas:
                self._store.run(FORGET, [REPLICAS], [self.id, self._told()])
        except StoreAway:
            log.debug("no leave could be taken of the other replicas")

    def _asked(self) -> tuple[str, dict[str, str], dict[str, int], list[_Stands]]:
        self._beats += 1
        held = [
            str(lease.epoch) if (lease := self.leases.get(one)) and not lease.over else "" for one in self._accounts
        ]
        keys = [REPLICAS, NEWS, *(Keys(one).of("lease") for one in self._accounts)]
        run, replicas, news, leases = self._store.run(BEAT, keys, [self.id, self._told(), *held])
        if not run:
            raise StoreAway("it does not tell its run_id; the user needs the right to call INFO")
        told = {text(name): text(value) for name, value in _pairs(replicas)}
        try:
            numbers = {text(name): _whole(number) for name, number in _pairs(news)}
            return text(run), told, numbers, [_stands(*lease) for lease in leases]
        except ValueError as error:
            raise StoreAway(f"it holds what no replica has written: {error}") from None

    def _told(self) -> str:
        return f"{self._beats}|{self.name}|{'fit' if self.finds_way else 'unfit'}"

    def _begin_anew(self, run: str, now: float) -> None:
        """Another process of the store may have lost what the last one knew, so all waiting begins anew."""
        if self._run:
            log.warning(
                "the store was started anew, or another server took its place", extra={"store": self._store.place}
            )
        self._run, self._run_since = run, now
        for seen in self.seen.values():
            seen.since = now
        self._watcher.begun_anew()

    def _look(self, account: str, stands: _Stands, now: float) -> None:
        seen = self.seen[account]
        if (stands.holder, stands.epoch, stands.beats) != (seen.holder, seen.epoch, seen.beats):
            seen.holder, seen.epoch, seen.beats, seen.since = stands.holder, stands.epoch, stands.beats, now
        seen.wanted, seen.highest = stands.wanted, max(seen.highest, seen.epoch)

    def _renewed(self, account: str, sent: Moment, *, done: bool) -> None:
        lease = self.leases[account]
        if done:
            lease.renew(sent)
        else:
            lease.end("another replica has the account")

    def _end_what_is_over(self) -> None:
        for account, lease in list(self.leases.items()):
            tenant = self._tenants[account]
            if lease.over:
                if tenant.is_busy:
                    tenant.end()
                else:
                    del self.leases[account]
            elif not tenant.is_busy:
                if tenant.is_unfit:
                    self._not_before[account] = self._clock.monotonic() + UNFIT_SECONDS
                self._give_up(account)

    def _give_up(self, account: str) -> None:
        lease = self.leases.pop(account)
        try:
            lease.give_up()
        except StoreAway:
            log.debug("a lease could not be given up; it ends by itself")

    def _count_replicas(self, told: Mapping[str, str], now: float) -> None:
        for one, words in told.items():
            known = self._replicas.get(one)
            if known is None or known.told != words:
                self._replicas[one] = _Living(words, now)
        self._replicas = {one: known for one, known in self._replicas.items() if one in told}
        alive = {one for one, known in self._replicas.items() if now - known.since < LEASE_SECONDS}
        for one, known in self._replicas.items():
            if now - known.since >= FORGOTTEN_SECONDS:
                self._forget(one, known.told)
        living = tuple(sorted({self._replicas[one].name for one in alive}))
        if living != self.living:
            log.info("the replicas are now", extra={"replicas": ", ".join(living)})
        self.living = living

    def _forget(self, one: str, told: str) -> None:
        try:
            self._store.run(FORGET, [REPLICAS], [one, told])
        except StoreAway:
            log.debug("a silent replica could not be struck off the list")

    def _decide(self, now: float) -> None:
        fit = {self._replicas[one].name for one in self._replicas if self._replicas[one].is_fit} & set(self.living)
        should = spread(self._accounts, sorted(fit or set(self.living)))
        for account in self._accounts:
            owner = should.get(account, self.name)
            if account in self.leases:
                if owner != self.name and self.seen[account].wanted == owner:
                    self._tenants[account].end()
            elif not self._tenants[account].is_busy and now >= self._not_before.get(account, 0.0):
                self._consider(account, now, is_owner=owner == self.name)

    def _consider(self, account: str, now: float, *, is_owner: bool) -> None:
        """Take the lease, ask for it, or leave it."""
        seen = self.seen[account]
        if seen.holder == self.id:
            # Taken by us, but the answer was lost; nobody has used it.
            self._store.run(GIVE_UP, [Keys(account).of("lease")], [self.id, seen.epoch])
            return
        is_known = now - self._run_since >= LEASE_SECONDS
        silence = now - seen.since
        is_free = not seen.holder and seen.epoch > 0 and is_known
        if (is_owner and (is_free or silence >= LEASE_SECONDS)) or silence >= ORPHANED_SECONDS:
            if is_known:
                self._acquire(account, silent=bool(seen.holder))
        elif is_owner and seen.holder and seen.wanted != self.name:
            self._store.run(WANT, [Keys(account).of("lease")], [self.name])

    def _acquire(self, account: str, *, silent: bool) -> None:
        seen, sent = self.seen[account], Moment(self._clock)
        keys = Keys(account)
        words = [self._run, self.id, seen.holder, str(seen.epoch), seen.beats, seen.highest]
        epoch = int(self._store.run(ACQUIRE, [keys.of("lease")], words))
        if not epoch:
            return
        lease = Lease(self._store, keys, self.id, epoch, clock=self._clock, sent=sent)
        lease.doubtful_until = self._run_since + DOUBTFUL_SECONDS
        self.leases[account] = lease
        self._watcher.took(account, silent=silent)
        self._tenants[account].begin(lease)


def _stands(holder: object, epoch: object, beats: object, wanted: object, renewed: object) -> _Stands:
    return _Stands(text(holder), _whole(epoch), text(beats), text(wanted), bool(renewed))


def _whole(raw: object) -> int:
    """A number as the scripts count it; raises ValueError for what they cannot have counted."""
    number = int(text(raw))
    if not 0 <= number < MOST_COUNTED:
        raise ValueError(f"{text(raw)[:40]} is no number that was counted")
    return number


def _pairs(flat: Sequence[object]) -> list[tuple[object, object]]:
    return list(zip(flat[::2], flat[1::2], strict=True))
