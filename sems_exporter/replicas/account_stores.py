"""What is kept of one account, in the store: by the replica that holds its lease, and read by whoever is beside it."""

import errno
import json
import logging
import math
import secrets
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.files import UNREADABLE
from sems_exporter.portal.session.account_state import AccountState, StateCodec
from sems_exporter.portal.session.login_throttle import LONGEST_PAUSE, SPACING, LoginThrottle
from sems_exporter.portal.session.request_ledger import WINDOW
from sems_exporter.replicas.codec import COMPRESSION
from sems_exporter.replicas.lease import Lease
from sems_exporter.replicas.scripts import ANSWERED, PAUSE, READ, RELEASE_BRAKE, REQUESTS, SEND, WRITE
from sems_exporter.replicas.seal import Seal, SealBroken
from sems_exporter.replicas.shared_store import Keys, SharedStore, StoreAway, text
from sems_exporter.telemetry.redaction import Secret

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
"""Until the store is asked again that did not answer, while the lease lasts."""
SEND_TRIES = 5
"""How often a request is announced anew because another one came between."""


@dataclass(slots=True)
class Place:
    """One account in the store, as this replica sees it. `remembered` outlives a store that loses everything.

    Without `lease` only what a person may do beside the holder is written; `holder` then says who that is.
    """

    store: SharedStore
    keys: Keys
    seal: Seal
    clock: Clock
    lease: Lease | None = None
    holder: str = ""
    remembered: dict[str, bytes] | None = None

    def read(self, kind: str, *fields: str) -> tuple[float, list[bytes | None]]:
        """Seconds since the last write, and the values; raises StoreAway."""
        now, at, values = self.store.run(READ, [self.keys.of(kind)], fields)
        try:
            return max(0.0, (int(now) - int(at or now)) / 1000), list(values)
        except ValueError:
            raise StoreAway(f"it holds what no replica has written, at {self.keys.of(kind)}") from None

    def write(self, kind: str, values: dict[str, bytes | str | int]) -> None:
        """Write values; raises StoreAway, and LoginWithheld without a lease."""
        if self.lease is None:
            raise errors.LoginWithheld("another process has the account, and only that one writes")
        self.lease.write(WRITE, [self.keys.of(kind)], [word for pair in values.items() for word in pair])

    def require(self) -> None:
        """Raise LoginWithheld where the lease is over."""
        if self.lease is not None:
            self.lease.require()


class LeaseLock:
    """The place of the holder, as it was when the lease was taken, or was not."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def acquire(self) -> str:
        """The name of who has it already, "" where it is ours."""
        return "" if self._place.lease else self._place.holder or "no replica, so far,"

    def release(self) -> None:
        """Nothing: a lease is given up where it was taken."""


class SharedState:
    """The token, sealed, and the brake. What could not be written is written before anything more is sent."""

    def __init__(self, place: Place, password: Secret) -> None:
        self._place = place
        self._codec = StateCodec(password)
        self._unwritten: AccountState | None = None
        self._released = 0
        self._unread = ""
        self.unsaved = ""
        self.is_gone = False

    @property
    def place(self) -> str:
        """The address of the store."""
        return self._place.store.place

    def check(self) -> None:
        """Raise SealBroken or StoreAway where the state cannot be read."""
        _, (sealed,) = self._place.read("state", "token")
        if sealed:
            self._place.seal.opened(sealed)

    def load(self) -> AccountState:
        """The state of the last holder; where the store has lost it, as this replica remembers it."""
        try:
            age, (document, sealed, released, seen) = self._place.read("state", "document", "token", "released", "seen")
            self._released = int(released or 0)
            if document is None:
                return self._recalled()
            state = self._doubted(self._told(document, sealed, age))
            return replace(state, brake=state.brake.released()) if int(seen or 0) != self._released else state
        except (StoreAway, SealBroken, *UNREADABLE) as error:
            self._unread = str(error) or type(error).__name__
            log.warning(
                "the state of the account cannot be read; nothing is sent without it",
                extra={"store": self.place, "error": self._unread},
            )
            return _after_a_loss(self._place.clock)

    def news(self) -> AccountState | None:
        """Tell what a person has released since; None where nothing was."""
        try:
            _, (told,) = self._place.read("state", "released")
            released = int(told or 0)
        except (StoreAway, ValueError):
            return None
        if released == self._released:
            return None
        self._released = released
        return AccountState()

    def save(self, state: AccountState) -> None:
        """Save it; beside the holder only that the brake is released."""
        try:
            if self._place.lease is None:
                if state.brake.is_released:
                    self._place.store.run(RELEASE_BRAKE, [self._place.keys.of("state")])
                return
            self._unwritten = state
            self.settle()
        except (StoreAway, errors.LoginWithheld) as error:
            self.unsaved = f"{self.place}: {error}"

    def settle(self) -> None:
        """Write what could not be written; raises StoreAway or LoginWithheld.

        What could not be read is not written over: the lease ends, and who has it next reads anew.
        """
        if self._unread:
            if self._place.lease:
                self._place.lease.end(f"the state could not be read: {self._unread}")
            raise errors.LoginWithheld("the state of the account could not be read, so nothing is sent")
        if self._unwritten is not None:
            self._write(self._unwritten)
            self._unwritten, self.unsaved = None, ""

    def _write(self, state: AccountState) -> None:
        document = self._codec.document(state)
        token = document.pop("token")
        values: dict[str, bytes | str | int] = {
            "document": json.dumps(document | {"clock": self._place.clock.now().timestamp()}).encode(),
            "token": self._place.seal.sealed(json.dumps(token)).encode() if token else b"",
            "seen": self._released,
        }
        self._place.write("state", values)
        if self._place.remembered is not None:
            self._place.remembered.update(document=bytes(values["document"]), token=bytes(values["token"]))  # type: ignore[arg-type]

    def _recalled(self) -> AccountState:
        known = self._place.remembered or {}
        if "document" not in known:
            log.info("the store knows nothing of the account; the first sign-in waits a minute")
            return _after_a_loss(self._place.clock)
        log.warning("the store has lost the state of the account; this replica remembers it")
        return self._doubted(self._told(known["document"], known["token"], math.inf))

    def _doubted(self, state: AccountState) -> AccountState:
        """The state of a store that may have lost the trace of a sign-in: the next one waits as if after that."""
        lease, clock = self._place.lease, self._place.clock
        left = lease.doubtful_until - clock.monotonic() if lease else 0.0
        if left <= 0:
            return state
        soonest = max(state.brake.next_login_at, clock.now().timestamp() + left)
        return replace(state, brake=replace(state.brake, next_login_at=soonest))

    def _told(self, raw: bytes, sealed: bytes | None, age: float) -> AccountState:
        document = json.loads(raw)
        token = json.loads(self._place.seal.opened(sealed)) if sealed else None
        state = self._codec.state({**document, "token": token})
        if self._place.remembered is not None:
            self._place.remembered.update(document=raw, token=sealed or b"")
        now, written = self._place.clock.now().timestamp(), float(document["clock"])
        # The less time has passed, the longer the brake holds: one of two clocks may have been set ahead.
        passed = max(0.0, min(age, now - written))
        return state.moved(now - passed - written)


def _after_a_loss(clock: Clock) -> AccountState:
    return AccountState(brake=LoginThrottle(next_login_at=clock.now().timestamp() + SPACING))


class SharedLedger:
    """The requests and the pause of an account, for all who ask the portal about it."""

    def __init__(self, place: Place, state: SharedState) -> None:
        self._place = place
        self._state = state
        self._own: dict[str, float] = {}
        self._paused_until = self._paused_at = -math.inf
        self._pauses = 0
        self.unshared = ""

    def turn(self, due: Callable[[Sequence[float], float], float]) -> float:
        """Seconds to wait before asking again; 0.0 if a request may be sent now, which is then written down.

        Raises LoginWithheld where this replica may not send: without the lease, or, beside it, without the store.
        """
        try:
            for _ in range(SEND_TRIES):
                self._place.require()
                self._state.settle()
                sent, latest = self._sent()
                now = self._place.clock.monotonic()
                wait = due(sent, now)
                if wait > 0:
                    return wait
                name = secrets.token_hex(8)
                if self._announced(latest, name):
                    # Asked again, because the store may have taken its time.
                    self._place.require()
                    self._own = {known: at for known, at in self._own.items() if at > now - WINDOW} | {name: now}
                    return 0.0
        except StoreAway as error:
            if self._place.lease is None:
                raise errors.LoginWithheld(
                    f"the store at {self._place.store.place} cannot be reached ({error}); nothing is sent without it"
                ) from error
        return RETRY_SECONDS

    def pause(self) -> tuple[float, float, int]:
        """Seconds that the pause still lasts, seconds since it began, and how many there were in a row."""
        now = self._place.clock.monotonic()
        return max(0.0, self._paused_until - now), max(0.0, now - self._paused_at), self._pauses

    def keep_pause(self, left: float, ago: float, pauses: int) -> None:
        """Write a pause down for all, unless a longer one is known."""
        self._learn_pause(left, ago, pauses)
        self._tell(PAUSE, [round(left * 1000), round(min(ago, 2 * LONGEST_PAUSE) * 1000), pauses])

    def answered(self) -> None:
        """A request went well: the next pause is short again."""
        self._pauses = 0
        self._tell(ANSWERED, [])

    def _tell(self, script: str, words: Sequence[int]) -> None:
        try:
            self._place.store.run(script, [self._place.keys.of("pause")], words)
        except StoreAway as error:
            log.debug("a pause cannot be shared; it is in the brake", extra={"error": str(error)})

    def _sent(self) -> tuple[list[float], str]:
        keys = [self._place.keys.of("requests"), self._place.keys.of("pause")]
        sent, left, ago, pauses, latest = self._place.store.run(REQUESTS, keys, [round(2 * WINDOW * 1000)])
        now = self._place.clock.monotonic()
        if left:
            self._learn_pause(int(left) / 1000, int(ago) / 1000, int(pauses))
        shared = {text(name): now - max(0, int(age)) / 1000 for name, age in zip(sent[::2], sent[1::2], strict=True)}
        # Its own it knows better, also where the store has lost them.
        return sorted((shared | self._own).values()), text(latest)

    def _learn_pause(self, left: float, ago: float, pauses: int) -> None:
        now = self._place.clock.monotonic()
        if now + left > self._paused_until:
            self._paused_until = now + min(left, LONGEST_PAUSE)
            self._paused_at, self._pauses = now - ago, pauses

    def _announced(self, latest: str, name: str) -> bool:
        lease = self._place.lease
        proof: list[Any] = [lease.holder, lease.epoch] if lease else ["", ""]
        keys = [self._place.keys.of("lease"), self._place.keys.of("requests")]
        done = int(self._place.store.run(SEND, keys, [*proof, latest, name]))
        if done < 0 and lease:
            lease.end("another replica has the account")
        return done > 0


class SharedText:
    """A text, compressed. `name` is a field of the account's texts."""

    def __init__(self, place: Place, name: str) -> None:
        self._place = place
        self._name = name

    @property
    def place(self) -> str:
        """The address of the store."""
        return f"{self._place.store.place} ({self._name})"

    def load(self) -> str | None:
        """The text saved last, or where the store has lost it, as this replica remembers it; raises OSError."""
        try:
            _, (raw,) = self._place.read("texts", self._name)
        except StoreAway as error:
            raise OSError(errno.EIO, str(error)) from error
        raw = raw or (self._place.remembered or {}).get(self._name)
        return None if raw is None else zlib.decompress(raw).decode()

    def save(self, text: str) -> None:  # noqa: D102 - as in the protocol
        raw = zlib.compress(text.encode(), COMPRESSION)
        if self._place.remembered is not None:
            self._place.remembered[self._name] = raw
        try:
            self._place.write("texts", {self._name: raw})
        except (StoreAway, errors.LoginWithheld) as error:
            raise OSError(errno.EIO, str(error)) from error
