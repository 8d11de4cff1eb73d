"""The whole exporter on a simulated portal: the day before the start, and that after a restart."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sems_exporter.app import App, build_app
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.curves.curve import Powers
from sems_exporter.model.plant import KWH
from sems_exporter.portal.session import rate_limiter
from sems_exporter.simulator import Answer, Plant, SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret

NOON = datetime(2026, 6, 10, 10, 2, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 9, 22, 0, tzinfo=UTC)


class OneClock:
    """The simulated portal's time is the exporter's, which moves while it waits; it stops after some waits."""

    def __init__(self, simulated: SimulatedClock) -> None:
        self.simulated = simulated
        self.left = 0

    def now(self) -> datetime:
        return self.simulated.now()

    def monotonic(self) -> float:
        return self.simulated.now().timestamp()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        if seconds > 30.0:
            # A wait for the next refresh, and not for a turn to ask.
            self.left -= 1
        self.simulated.advance(max(0.0, seconds))
        if self.left <= 0:
            stop.set()
        return stop.is_set()


class World:
    """A portal, and runs of an exporter with the same state directory."""

    def __init__(self, portal: SimulatedPortal, plant: Plant, state: Path) -> None:
        self.portal, self.plant, self.state = portal, plant, state
        self.clock = OneClock(portal.clock)
        self.runs: list[App] = []

    def run(self, polls: int, dialect: str = "auto", interval: float = 300.0) -> App:
        """Start, poll so many times, and end."""
        account = Account("demo@example.com", Secret("demo"), self.portal.login_url, ("127.0.0.1",))
        one = AccountSettings(account, state_dir=self.state, requests_per_minute=600, portal=dialect, interval=interval)
        parts = build_app(ServerSettings((one,)), self.clock, first_delay=0.0)
        self.clock.left = polls
        parts.poller.run(parts.stop)
        parts.close()
        self.runs.append(parts)
        return parts

    def known(self, parts: App) -> dict[datetime, Powers]:
        """What is known of the day, by the middle of each slot."""
        found = parts.runners[0].curves.known(self.plant.spec.station_id, MIDNIGHT, self.clock.now())
        return {datetime.fromtimestamp(at, UTC): powers for at, powers in found}

    @staticmethod
    def days_asked(parts: App) -> float | None:
        """Requests of a run for the energies of the days of a month."""
        labels = {"endpoint": "day_energies", "outcome": "ok"}
        return parts.metrics.registry.get_sample_value("sems_portal_requests_total", labels)

    @property
    def asked(self) -> int:
        """Requests for a curve."""
        return sum(request.endpoint == "curve" for request in self.portal.requests)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    clock = SimulatedClock(NOON, speed=0)
    plants = demo_plants(1, clock=clock)
    with SimulatedPortal(plants, clock=clock, signature_tolerance=None) as portal:
        yield World(portal, plants[0], tmp_path)


def test_the_first_start_shows_the_day_from_midnight(world: World) -> None:
    """As the plant lived it, and with one request."""
    known = world.known(world.run(3))

    assert world.asked == 1
    assert min(known) == MIDNIGHT + timedelta(seconds=150)
    assert len(known) >= 145
    for at in (MIDNIGHT + timedelta(hours=hours, seconds=150) for hours in (1, 8, 11)):
        minutes = [world.plant.state(at + timedelta(seconds=s)) for s in range(-150, 150, 60)]
        truth = sum(state.load_watts for state in minutes) / 5
        assert known[at].load == pytest.approx(truth, abs=2.0)
        assert known[at].grid == pytest.approx(-sum(state.grid_watts for state in minutes) / 5, abs=2.0)
        assert known[at].charge == pytest.approx(minutes[2].state_of_charge, abs=0.02)


def test_the_first_start_shows_the_six_days_before(world: World) -> None:
    """As the plant lived them, and with one request, which no restart repeats."""
    for parts in (world.run(3), world.run(2)):
        for ago in range(1, 7):
            day = MIDNIGHT.date() + timedelta(days=1 - ago)
            truth = world.plant.energy_on(day, world.clock.now())
            total = parts.runners[0].curves.weeks.at(world.plant.spec.station_id, day)
            assert total is not None
            assert total.until is None
            assert total.energies == pytest.approx(
                (truth.pv, truth.load, truth.grid_import, truth.grid_export, truth.charge, truth.discharge),
                abs=0.01 * KWH,
            )
        world.clock.simulated.advance(300)

    assert [world.days_asked(parts) for parts in world.runs] == [1, 0]


def test_a_restart_remembers_and_asks_nothing(world: World) -> None:
    before = world.known(world.run(3))
    world.clock.simulated.advance(300)
    after = world.known(world.run(2))

    assert world.asked == 1
    assert before.items() <= after.items()


def test_what_was_missed_meanwhile_is_filled_by_the_portal(world: World) -> None:
    world.run(3)
    world.clock.simulated.advance(7200)
    known = world.known(world.run(2))

    assert world.asked == 2
    assert len(known) >= 168


def test_without_the_portals_help_a_hole_stays_a_hole(world: World) -> None:
    world.portal.script_always("curve", Answer(404, {"error_msg": "404 Route Not Found"}))
    world.run(3)
    world.clock.simulated.advance(7200)
    parts = world.run(2)

    assert world.asked == 2
    assert len(world.known(parts)) < 10
    assert parts.health.up
    assert parts.health.problem is None


@pytest.mark.parametrize("code", ["100004", "100002", "C0602", "GY0429", "100025"])
def test_a_refusal_of_the_curve_ends_no_polling_and_changes_no_dialect(world: World, code: str) -> None:
    world.portal.script_always("curve", Answer(200, {"code": code, "description": "no"}))
    parts = world.run(5)

    assert parts.health.up
    assert world.portal.logins == 1
    assert {request.endpoint for request in world.portal.requests} <= set(SEMSPLUS_CALLS)


SEMSPLUS_CALLS = (
    *("login", "stations", "info", "flow", "devices", "telemetry", "telecounting", "information", "batteries", "curve"),
    *("statistics", "production", "alarms", "alarm_statistics", "devices_by_type"),
)


def test_the_classic_portal_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    clock = SimulatedClock(NOON, speed=0)
    plants = demo_plants(1, clock=clock)
    with SimulatedPortal(plants, clock=clock, dialects=("classic",), signature_tolerance=None) as portal:
        world = World(portal, plants[0], tmp_path)
        parts = world.run(3, dialect="classic")

        assert parts.health.up
        assert 0 < len(world.known(parts)) < 5
        assert not [
            request for request in portal.requests if "curve" in request.endpoint or "chart" in request.endpoint
        ]
