"""The right to poll an account: held while the store was heard of late, and given up before others may take it.

Times, in seconds, with T the moment at which the last renewal that was answered had been sent:

    T + 10   the holder sends nothing any more, by its own clock
    T + 15   another replica may take the lease, by a clock of its own that began later than T

Whether it may send is asked last of all right before bytes are written to the portal's connection, so that what lies
between, a look-up, a connect, a process that stood still, does not count. An answer under way may still come in later,
up to 30 seconds (`portal/http`); it changes nothing, because the store refuses what its receiver writes then. Of a
sign-in the next holder knows from the brake, which was in the store before it was sent, and waits a minute.
"""

import threading
from collections.abc import Sequence
from datetime import datetime

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.replicas.scripts import GIVE_UP
from sems_exporter.replicas.shared_store import Keys, SharedStore

LEASE_SECONDS = 15.0
HELD_SECONDS = LEASE_SECONDS * 2 / 3
"""After a renewal; in the last third nobody sends anything."""


class Lease:
    """One time of holding: from the acquisition, with an `epoch` of its own, to the end, from which there is no return.

    Until `doubtful_until` on the steady clock the store may lack what a holder before wrote last. Safe for several
    threads.
    """

    doubtful_until = 0.0

    def __init__(
        self, store: SharedStore, keys: Keys, holder: str, epoch: int, *, clock: Clock, sent: "Moment"
    ) -> None:
        self.epoch = epoch
        self.holder = holder
        self._store = store
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._renewed = sent
        self._writes = 0
        self._ended = ""

    def renew(self, sent: "Moment") -> None:
        """Go on from a renewal that the store has answered, which was sent at this moment."""
        if not self.over:
            self._renewed = sent

    def end(self, why: str) -> None:
        """End it for good."""
        self._ended = self._ended or why

    @property
    def over(self) -> str:
        """Say why nothing may be sent any more; "" while it may."""
        if not self._ended and self._renewed.passed(self._clock) >= HELD_SECONDS:
            self.end(f"the store at {self._store.place} has not been reached for {HELD_SECONDS:g} s")
        return self._ended

    def require(self) -> None:
        """Raise LoginWithheld where it is over."""
        if why := self.over:
            raise errors.LoginWithheld(f"{why}; without it nothing is sent to the portal")

    def write(self, script: str, keys: Sequence[str], words: Sequence[str | bytes | int]) -> int:
        """What a script that writes returns; raises StoreAway, and LoginWithheld where another one has the lease."""
        self.require()
        with self._lock:
            self._writes += 1
            proof = (self.holder, self.epoch, self._writes)
            done = int(self._store.run(script, [self._keys.of("lease"), *keys], [*proof, *words]))
        if not done:
            self.end("another replica has the account")
            self.require()
        return done

    def give_up(self) -> None:
        """Let another one have it at once; raises StoreAway."""
        self.end("this replica has given the account up")
        self._store.run(GIVE_UP, [self._keys.of("lease")], [self.holder, self.epoch])


class Moment:
    """A moment on both of a machine's clocks, one of which may stand still and the other be set."""

    def __init__(self, clock: Clock) -> None:
        self._monotonic = clock.monotonic()
        self._at: datetime = clock.now()

    def passed(self, clock: Clock) -> float:
        """Seconds since then, by the clock that says more: the steady one stands still while a machine sleeps."""
        return max(clock.monotonic() - self._monotonic, (clock.now() - self._at).total_seconds())
