"""The whole exporter stands on stores that are no files, and sends nothing once another process holds the account."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sems_exporter import errors
from sems_exporter.app import App, build_app
from sems_exporter.clock import Clock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.portal.session.account_state import AccountState
from sems_exporter.portal.session.request_ledger import RequestLedger
from sems_exporter.portal.session.state_store import AccountStores
from sems_exporter.simulator import SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.portal.semsplus.homes import SharedClock

HOUR = 3600.0


class Remote:
    """Plays a store on the network: the epoch rises with each holder, and nothing is written under an older one."""

    def __init__(self) -> None:
        self.epoch = 0
        self.state = AccountState()
        self.counters: str | None = None

    def open(self, _settings: AccountSettings, clock: Clock) -> AccountStores:
        """What one process gets."""
        lease = Lease(self)
        return AccountStores(LeasedState(lease), lease, LeasedLedger(lease, clock), LeasedCounters(lease))


class Lease:
    """The place of one process, until another one takes it."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.epoch = 0

    @property
    def is_lost(self) -> bool:
        return self.epoch != self.remote.epoch

    def acquire(self) -> str:
        self.remote.epoch += 1
        self.epoch = self.remote.epoch
        return ""

    def release(self) -> None:
        self.epoch = 0


class LeasedState:
    place, is_gone = "remote", False

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self.unsaved = ""

    def load(self) -> AccountState:
        return self._lease.remote.state

    def news(self) -> AccountState | None:
        return None

    def save(self, state: AccountState) -> None:
        self.unsaved = "another process has the account" if self._lease.is_lost else ""
        if not self.unsaved:
            self._lease.remote.state = state


class LeasedLedger(RequestLedger):
    def __init__(self, lease: Lease, clock: Clock) -> None:
        super().__init__(None, clock)
        self._lease = lease

    def turn(self, due: Callable[[Sequence[float], float], float]) -> float:
        if self._lease.is_lost:
            raise errors.LoginWithheld("another process has the account")
        return super().turn(due)


class LeasedCounters:
    place = "remote"

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def load(self) -> str | None:
        return self._lease.remote.counters

    def save(self, text: str) -> None:
        if self._lease.is_lost:
            raise PermissionError("another process has the account")
        self._lease.remote.counters = text


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock()


@pytest.fixture
def portal(clock: SharedClock) -> Iterator[SimulatedPortal]:
    with SimulatedPortal(demo_plants(1, clock=clock), clock=clock) as portal:
        yield portal


@pytest.fixture
def start(portal: SimulatedPortal, clock: SharedClock, tmp_path: Path) -> Iterator[Callable[[Remote], App]]:
    """Starts an exporter on a remote store; its state directory is there and stays empty."""
    account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
    settings = ServerSettings((AccountSettings(account, state_dir=tmp_path, requests_per_minute=10_000),))
    running: list[App] = []

    def started(remote: Remote) -> App:
        running.append(build_app(settings, clock, stores=remote.open))
        return running[-1]

    yield started
    for app in running:
        app.close()
    assert list(tmp_path.iterdir()) == []


def test_another_machine_goes_on_without_a_sign_in(
    start: Callable[[Remote], App], portal: SimulatedPortal, clock: SharedClock
) -> None:
    remote = Remote()
    first = start(remote)
    first.poller.refresh()
    first.poller.remember()
    clock.advance(HOUR)

    outcome = start(remote).poller.refresh()

    assert outcome.up
    assert portal.login_attempts == 1
    assert remote.counters


@pytest.mark.parametrize("signed_in", [True, False])
def test_who_lost_the_account_sends_nothing_and_overwrites_nothing(
    start: Callable[[Remote], App], portal: SimulatedPortal, clock: SharedClock, *, signed_in: bool
) -> None:
    remote = Remote()
    first = start(remote)
    if signed_in:
        first.poller.refresh()
    second = start(remote)
    second.poller.refresh()
    kept, counters, sent = remote.state, remote.counters, len(portal.requests)
    clock.advance(HOUR)

    outcome = first.poller.refresh()
    first.poller.remember()

    assert isinstance(outcome.whole, errors.LoginWithheld)
    assert len(portal.requests) == sent
    assert (remote.state, remote.counters) == (kept, counters)
    assert first.metrics.registry.get_sample_value("sems_up") == 0.0


def test_a_sign_in_that_was_not_sent_does_not_count_as_one_that_failed(start: Callable[[Remote], App]) -> None:
    remote = Remote()
    first = start(remote)
    start(remote)

    first.poller.refresh()

    assert first.portal.account_state().brake.failures == 0
