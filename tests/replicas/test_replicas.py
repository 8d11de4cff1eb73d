"""Whole exporters that share a real store, on clocks that run four times as fast."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sems_exporter.app import App, application, build_app, build_replica, start_polling
from sems_exporter.cli import log_setup
from sems_exporter.cli.check import check
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings, SharedStoreSettings
from sems_exporter.config.state_url import StateUrl
from sems_exporter.exposition import Format
from sems_exporter.portal.session import rate_limiter
from sems_exporter.replicas import account_stores, coordinator
from sems_exporter.replicas.account import ReplicatedAccount
from sems_exporter.replicas.codec import packed
from sems_exporter.simulator import SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.e2e.program import until
from tests.replicas.conftest import key_file
from tests.replicas.server import Server
from tests.serving import served

pytestmark = pytest.mark.needs("redis-server")

SPEED = 4.0
"""A refresh that a busy machine holds up for two seconds costs no lease yet."""
NAMES = ("north", "south")


class FastClock:
    """The machine's clock, but faster."""

    def __init__(self) -> None:
        self._began = datetime.now(UTC)

    def now(self) -> datetime:
        return self._began + (datetime.now(UTC) - self._began) * SPEED

    def monotonic(self) -> float:
        return self.now().timestamp() - self._began.timestamp()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        return stop.wait(max(0.0, seconds) / SPEED)


class Replicas:
    """Exporters that share a store, and the portals of their accounts."""

    def __init__(self, settings: ServerSettings, portals: dict[str, SimulatedPortal], server: Server) -> None:
        self.settings = settings
        self.portals = portals
        self.server = server
        self.clock = FastClock()
        self.running: dict[str, App] = {}
        self._threads: list[threading.Thread] = []

    def start(self, name: str) -> App:
        """Start a replica."""
        assert self.settings.shared
        shared = replace(self.settings.shared, replica=name)
        app = self.running[name] = build_replica(self.settings, shared, self.clock)
        self._threads += start_polling(app)
        return app

    def stop(self, name: str) -> None:
        """End a replica as its signal does."""
        self.running.pop(name).stop.set()

    def value(self, name: str, metric: str, **labels: str) -> float | None:
        """A value as the replica shows it."""
        return self.running[name].metrics.registry.get_sample_value(metric, labels)

    def leaders(self, account: str) -> list[str]:
        """The replicas that poll the account."""
        return [one for one in self.running if self.value(one, "sems_leader", account=account, replica=one) == 1]

    def leader(self, account: str) -> str:
        """The replica that polls the account, now or soon."""
        found: list[str] = []

        def one() -> bool:
            found[:] = self.leaders(account)
            return len(found) == 1

        until(one)
        return found[0]

    def stations(self, name: str) -> dict[str | None, float | None]:
        """The lifetime energy of each station, as the replica shows it."""
        app = self.running[name]
        return {one.station.name: one.station.pv_energy for one in app.snapshots.shown(self.clock.now())}

    def signed_in(self, name: str) -> float | None:
        """How often the first account was signed in to, as the replica shows it."""
        return self.value(name, "sems_portal_logins_total", account=NAMES[0], outcome="ok")

    @property
    def logins(self) -> list[int]:
        return [portal.logins for portal in self.portals.values()]

    def settled(self) -> bool:
        """Tell whether each account is polled once, and shown by all."""
        polled = all(len(self.leaders(name)) == 1 for name in NAMES)
        return polled and all(len(self.stations(name)) == 2 for name in self.running)

    def close(self) -> None:
        for name in list(self.running):
            self.stop(name)
        for thread in self._threads:
            thread.join(30)


@pytest.fixture
def replicas(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Replicas]:
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    monkeypatch.setattr(log_setup, "set_up", lambda *_: None)
    # The first sign-in need not wait here: what the wait is for is shown by the model.
    monkeypatch.setattr(account_stores, "SPACING", 0.0)
    monkeypatch.setattr(coordinator, "DOUBTFUL_SECONDS", 0.0)
    plants = demo_plants(2, clock=SimulatedClock())
    with ExitStack() as stack:
        portals = {
            name: stack.enter_context(SimulatedPortal([plant], account=f"{name}@example.com"))
            for name, plant in zip(NAMES, plants, strict=True)
        }
        accounts = tuple(
            AccountSettings(
                Account(f"{name}@example.com", Secret("demo"), portal.login_url, (f"127.0.0.1:{portal.port}",)),
                name=name,
                interval=60.0,
                requests_per_minute=120,
                state_dir=tmp_path / "state",
            )
            for name, portal in portals.items()
        )
        shared = SharedStoreSettings(StateUrl().convert(server.url, None, None), key_file(tmp_path), None, "a")
        found = Replicas(ServerSettings(accounts, shared=shared), portals, server)
        stack.callback(found.close)
        yield found


def test_one_polls_each_account_all_show_it_and_a_death_costs_nothing(replicas: Replicas) -> None:
    for name in "abc":
        replicas.start(name)
    until(replicas.settled)
    assert replicas.logins == [1, 1]
    until(lambda: len({frozenset(replicas.stations(name).items()) for name in "abc"}) == 1)
    # Told at the end of the first refresh, after its stations.
    until(lambda: [replicas.signed_in(name) for name in "abc"] == [1, 1, 1])
    until(lambda: len({replicas.leader(name) for name in NAMES}) == 2)

    leader = replicas.leader("north")
    before, requests = replicas.stations(leader), len(replicas.portals["north"].requests)
    replicas.running[leader].stop.set()
    del replicas.running[leader]
    until(lambda: replicas.settled() and len(replicas.portals["north"].requests) > requests)

    assert replicas.leader("north") != leader
    assert replicas.logins == [1, 1]
    for name in replicas.running:
        after = replicas.stations(name)
        assert all((after[station] or 0) >= (energy or 0) for station, energy in before.items())
        assert replicas.signed_in(name) == 1


def test_a_store_that_is_away_ends_polling_and_all_say_so(replicas: Replicas) -> None:
    app = replicas.start("a")
    until(lambda: replicas.settled() and app.health.up is True)
    with served(application(app, simulated=False)) as site:
        assert site.get("/-/ready")[0] == 200
        replicas.server.kill()
        until(lambda: replicas.value("a", "sems_leader", account="north", replica="a") == 0)
        until(lambda: site.get("/-/ready")[0] == 503)
        requests = [len(portal.requests) for portal in replicas.portals.values()]

        replicas.clock.wait(threading.Event(), 30.0)

        assert [len(portal.requests) for portal in replicas.portals.values()] == requests
        assert b"the store has not been reached" in site.get("/-/ready")[2]
        assert b"has not been reached" in site.get("/")[2]
        assert site.get("/-/healthy")[0] == 200
        status, _, body = site.get("/metrics")
        assert status == 200
        assert b"sems_station_pv_energy_joules_total{" in body
        assert replicas.value("a", "sems_store_up", replica="a") == 0
        replicas.server.start()
        until(lambda: site.get("/-/ready")[0] == 200 and replicas.settled())
    assert replicas.logins == [1, 1]


def test_a_restart_of_everything_signs_in_nobody(replicas: Replicas) -> None:
    replicas.start("a")
    until(replicas.settled)
    until(lambda: replicas.logins == [1, 1] and replicas.running["a"].health.up is True)
    shown = replicas.stations("a")
    replicas.close()
    replicas.server.kill()
    replicas.server.start()

    app = replicas.start("b")

    until(lambda: len(replicas.stations("b")) == 2)
    assert all((replicas.stations("b")[name] or 0) >= (energy or 0) for name, energy in shown.items())
    until(lambda: replicas.settled() and app.health.up is True)
    assert replicas.logins == [1, 1]


def test_check_beside_replicas_reads_with_their_session_and_never_signs_in(
    replicas: Replicas, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(replicas.settings, release_brake=False) == 1
    assert "none has the account yet" in capsys.readouterr().out
    replicas.start("a")
    until(lambda: replicas.settled() and replicas.running["a"].health.up is True)

    assert check(replicas.settings, release_brake=False) == 0

    said = capsys.readouterr().out
    assert "Session: works" in said
    assert "replica a serves this account" in said
    assert replicas.logins == [1, 1]
    assert replicas.leader("north") == "a"


def test_a_new_replica_takes_its_share_without_a_sign_in(replicas: Replicas) -> None:
    replicas.start("a")
    until(replicas.settled)
    until(lambda: replicas.logins == [1, 1])
    assert [replicas.leader(name) for name in NAMES] == ["a", "a"]

    replicas.start("b")

    until(lambda: replicas.settled() and {replicas.leader(name) for name in NAMES} == {"a", "b"})
    assert replicas.logins == [1, 1]
    one, other = (app.exposition.body(Format.TEXT, compressed=False) for app in replicas.running.values())
    assert one is not None
    assert other is not None
    infos = [[line for line in body.splitlines() if line.startswith(b"sems_station_info")] for body in (one, other)]
    assert infos[0] == infos[1] != []


@pytest.mark.parametrize("finds_way, waits", [(True, True), (False, False)])
def test_the_next_holder_asks_when_it_was_planned_or_at_once_where_the_last_one_could_not(
    replicas: Replicas, *, finds_way: bool, waits: bool
) -> None:
    assert replicas.settings.shared
    app = build_replica(replicas.settings, replicas.settings.shared, replicas.clock)
    account = app.replicated[0]
    assert isinstance(account, ReplicatedAccount)
    due = replicas.clock.now().timestamp() + 50.0
    health = {"up": finds_way, "problem": None, "finds_way": finds_way, "last_success": None, "next_refresh": due}

    account._learn(packed({"health": health, "metrics": []}))

    assert (account._until_due() > 10.0) == waits


def test_an_exporter_beside_replicas_takes_no_account(replicas: Replicas) -> None:
    app = build_app(replicas.settings, replicas.clock)

    assert not any(isinstance(one, ReplicatedAccount) for one in app.accounts)
    assert all(one.portal.account_state().served_by for one in app.runners)
    app.close()
