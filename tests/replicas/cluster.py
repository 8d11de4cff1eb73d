"""Three replicas in one process, on clocks that a test moves, with a real store between that loses what it is told to.

What an exporter does in threads is done here step by step, so that a test can let anything happen between any two
steps: each account's work stops before a request is sent, and before its answer is there.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.portal.session.account_state import Token
from sems_exporter.portal.session.session import Session
from sems_exporter.replicas.account_stores import LeaseLock, Place, SharedLedger, SharedState
from sems_exporter.replicas.coordinator import Coordinator
from sems_exporter.replicas.lease import Lease
from sems_exporter.replicas.seal import Seal
from sems_exporter.replicas.shared_store import Keys, SharedStore, StoreAway
from sems_exporter.telemetry.metrics import AccountMetrics
from sems_exporter.telemetry.redaction import Secret

START = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
TIME = "test:time"
RUN = "test:run"
METRICS = AccountMetrics()
LONGEST_EXCHANGE = 30.0
SPACING = 60.0


@contextmanager
def cheap_fingerprints() -> Iterator[None]:
    """Fingerprints of passwords that cost nothing: each holder takes one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashlib, "scrypt", lambda text, **_: hashlib.sha256(text).digest())
        yield


class World:
    """What time it really is."""

    def __init__(self) -> None:
        self.seconds = 0.0


class LocalClock:
    """The clock of one machine, which goes with the time, and may be set, or stand still while the machine sleeps."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.ahead = self.slept = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self._world.seconds + self.ahead)

    def monotonic(self) -> float:
        return self._world.seconds - self.slept

    def wait(self, stop: threading.Event, _: float) -> bool:
        return stop.is_set()


@dataclass
class Faults:
    """How the way from one replica to the store is: cut, or about to lose what is asked next, or the answer to it."""

    cut: bool = False
    lose: str = ""
    late: list[Callable[[], object]] = field(default_factory=list)


class FaultyStore:
    """The store as one replica reaches it. Its server's time and process are what the test says."""

    def __init__(self, real: SharedStore, world: World, faults: Faults) -> None:
        self.place = real.place
        self._real = real
        self._world = world
        self._faults = faults

    def run(self, script: str, keys: Sequence[str], words: Sequence[object] = ()) -> Any:
        """As the real one, but for the faults."""
        script = script.replace("redis.call('INFO', 'server'), 'run_id:(%x+)'", f"redis.call('GET', '{RUN}'), '.*'")
        script = script.replace("redis.call('TIME')", f"{{redis.call('GET', '{TIME}'), 0}}")

        def ask() -> Any:
            return self._real.run(script, keys, words)

        lose, self._faults.lose = self._faults.lose, ""
        if self._faults.cut or lose == "question":
            raise StoreAway("cut off")
        if lose == "late":
            self._faults.late.append(ask)
            raise StoreAway("no answer in time")
        answer = ask()
        if lose == "answer":
            raise StoreAway("the answer was lost")
        return answer


@dataclass(frozen=True)
class Sent:
    """A request as the portal got it."""

    kind: str
    replica: int
    holding: int
    at: float


class Portal:
    """Takes requests, and sees to it that they come as they may."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sent: list[Sent] = []
        self.sessions = 0
        self.valid = 0

    def take(self, kind: str, replica: int, holding: int) -> None:
        """Note a request; fails where an earlier holder comes after a later one, or a sign-in too soon."""
        now = Sent(kind, replica, holding, self._world.seconds)
        for before in self.sent:
            assert before.holding <= holding, f"{before} and then {now}: two poll"
            if kind == before.kind == "login":
                assert now.at - before.at >= SPACING - 1, f"{before} and then {now}: two sign-ins"
                assert now.at - before.at > LONGEST_EXCHANGE
        self.sent.append(now)

    def sign_in(self) -> Token:
        """A session, which ends the one before."""
        self.sessions += 1
        self.valid = self.sessions
        return Token({"uid": "u", "token": f"session {self.sessions}"}, "https://example.com", 0.0)

    def accepts(self, token: Token) -> bool:
        return bool(token.identity["token"] == f"session {self.valid}")


class Gone(BaseException):
    """The process is dead."""


class Work:
    """A function in a thread that goes on from one `pause` to the next when it is told to."""

    def __init__(self, function: Callable[["Work"], None]) -> None:
        self._go, self._paused = threading.Semaphore(0), threading.Semaphore(0)
        self.is_dead = self.is_over = False
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(function,), daemon=True)
        self._thread.start()
        self._paused.acquire()

    def _run(self, function: Callable[["Work"], None]) -> None:
        try:
            self.pause()
            function(self)
        except Gone:
            pass
        except BaseException as error:  # noqa: BLE001 - it is the test that has to see it
            self.failure = error
        self.is_over = True
        self._paused.release()

    def pause(self) -> None:
        """Wait until the test goes on with it; for the thread itself."""
        self._paused.release()
        self._go.acquire()
        if self.is_dead:
            raise Gone

    def step(self) -> None:
        """Let it go on to the next pause; for the test."""
        if not self.is_over:
            self._go.release()
            self._paused.acquire()
        if self.failure:
            raise self.failure

    def kill(self) -> None:
        """End it where it stands."""
        if not self.is_over:
            self.is_dead = True
            self._go.release()
            self._thread.join()


class FakeTenant:
    """Signs in and asks, as a poller does, and stops wherever something might come between."""

    is_unfit = False

    def __init__(self, replica: "FakeReplica") -> None:
        self._replica = replica
        self._work: Work | None = None
        self._stop = threading.Event()
        self.remembered: dict[str, bytes] = {}

    @property
    def is_busy(self) -> bool:
        return self._work is not None and not self._work.is_over

    def begin(self, lease: Lease) -> None:
        self._stop = threading.Event()
        self._replica.cluster.holdings += 1
        holding = self._replica.cluster.holdings
        self._work = Work(lambda work: self._poll(work, lease, holding))

    def end(self) -> None:
        self._stop.set()

    def step(self) -> None:
        if self._work:
            self._work.step()

    def kill(self) -> None:
        if self._work:
            self._work.kill()

    def _poll(self, work: Work, lease: Lease, holding: int) -> None:
        own, portal = self._replica, self._replica.cluster.portal
        place = Place(own.store, Keys(ACCOUNT), own.cluster.seal, own.clock, lease, remembered=self.remembered)
        state = SharedState(place, Secret("demo"))
        ledger = SharedLedger(place, state)

        def exchange(kind: str) -> None:
            if ledger.turn(lambda sent, now: max(0.0, sent[-1] + 0.2 - now) if sent else 0.0) > 0:
                raise errors.LoginWithheld("not now")
            work.pause()
            lease.require()
            portal.take(kind, own.number, holding)
            work.pause()

        def sign_in() -> Token:
            exchange("login")
            return portal.sign_in()

        session = Session(sign_in, state, own.clock, METRICS, LeaseLock(place), ledger)
        while not self._stop.is_set() and not lease.over:
            work.pause()
            try:
                token = session.token()
                exchange("data")
                if portal.accepts(token):
                    session.answered()
                else:
                    session.renew(token)
            except (errors.LoginWithheld, errors.RateLimited):
                continue


ACCOUNT = "account"


class Ignorant:
    """A watcher that does not care."""

    def beaten(self, news: Mapping[str, int]) -> None:
        """Nothing."""

    def begun_anew(self) -> None:
        """Nothing."""

    def missed(self, why: str) -> None:
        """Nothing."""

    def took(self, account: str, *, silent: bool) -> None:
        """Nothing."""


class FakeReplica:
    """One replica: a process that may be paused or killed, on a machine with a clock of its own."""

    def __init__(self, cluster: "Cluster", number: int) -> None:
        self.cluster = cluster
        self.number = number
        self.clock = LocalClock(cluster.world)
        self.faults = Faults()
        self.store: Any = FaultyStore(cluster.real, cluster.world, self.faults)
        self.is_paused = False
        self.lives = 0
        self._start()

    def _start(self) -> None:
        self.lives += 1
        self.number = self.number % 10 + 10 * self.lives
        self.tenant = FakeTenant(self)
        self.coordinator = Coordinator(
            self.store, {ACCOUNT: self.tenant}, f"replica-{self.number % 10}", clock=self.clock, watcher=Ignorant()
        )

    def beat(self) -> None:
        if not self.is_paused:
            self.coordinator.beat()

    def step(self) -> None:
        if not self.is_paused:
            self.tenant.step()

    def restart(self) -> None:
        """Kill it, and start it anew."""
        self.tenant.kill()
        self.is_paused = False
        self._start()


class Cluster:
    """Three replicas, their store and their portal."""

    def __init__(self, real: SharedStore, client: Any, seal: Seal) -> None:
        self.world = World()
        self.real = real
        self.seal = seal
        self.portal = Portal(self.world)
        self.holdings = 0
        self._client = client
        self._runs = 0
        self._saved: dict[bytes, bytes] = {}
        client.flushall()
        client.set(RUN, "a0")
        self.advance(0.0)
        self.replicas = [FakeReplica(self, number) for number in range(3)]

    def advance(self, seconds: float) -> None:
        """Let time pass for everybody."""
        self.world.seconds += seconds
        self._client.set(TIME, int(1_800_000_000 + self.world.seconds))

    def live(self, seconds: float, step: float = 0.5) -> None:
        """Let everybody who can do their work for so long, each `step` seconds."""
        for _ in range(int(seconds / step)):
            self.advance(step)
            for replica in self.replicas:
                replica.beat()
            for replica in self.replicas:
                replica.step()

    def save_store(self) -> None:
        """What is in the store now will survive."""
        self._saved = {key: self._client.dump(key) for key in self._client.keys("sems:*")}

    def restart_store(self, *, keep: str) -> None:
        """Let another process answer, with "all" that was there, what was "saved" last, or "nothing"."""
        self._runs += 1
        if keep != "all":
            if keys := self._client.keys("sems:*"):
                self._client.delete(*keys)
            for key, value in self._saved.items() if keep == "saved" else ():
                self._client.restore(key, 0, value)
        self._client.set(RUN, f"a{self._runs}")

    def close(self) -> None:
        """End all work."""
        for replica in self.replicas:
            replica.tenant.kill()
