"""More stations than the budget allows: what the portal sees, and what is known of each station. Time is simulated."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sems_exporter.app import build_app
from sems_exporter.cli.report import unread
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.model.plant import KWH, StationState
from sems_exporter.pipeline.staleness import StationView
from sems_exporter.polling.rotation import NIGHT_ROUNDS
from sems_exporter.simulator import SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.fleets import MIDNIGHT, Fleet, name
from tests.portal.semsplus.homes import SharedClock

HOUR = 3600.0
Builder = Callable[..., Fleet]


@pytest.fixture
def build(tmp_path: Path) -> Builder:
    """Makes fleets on paper portals."""

    def built(stations: int, per_minute: int = 30, **options: object) -> Fleet:
        return Fleet(stations, tmp_path, per_minute, **options)  # type: ignore[arg-type]

    return built


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A thousand stations after an hour of daylight, in which each row of the list moves."""
    fleet = Fleet(1000, tmp_path_factory.mktemp("state"), start=MIDNIGHT + timedelta(hours=9))
    fleet.run(1)
    return fleet


def value(fleet: Fleet, metric: str, **labels: str) -> float:
    found = fleet.parts.metrics.registry.get_sample_value(metric, labels)
    assert found is not None, metric
    return found


def shown(fleet: Fleet) -> list[StationView]:
    return fleet.parts.snapshots.shown(fleet.clock.now())


def details(fleet: Fleet) -> list[StationView]:
    """The stations whose details are shown: only those tell what flows into the grid."""
    return [one for one in shown(fleet) if one.station.grid_export_power is not None]


class TestThousandStations:
    """The account of a large installer in its first hour."""

    def test_the_portal_never_sees_more_than_the_budget_and_nearly_all_of_it_is_used(self, thousand: Fleet) -> None:
        assert thousand.portal.most_in_a_minute <= 30
        assert len(thousand.portal.sent) > 0.95 * 30 * 60

    def test_nothing_comes_in_a_burst_at_the_start(self, thousand: Fleet) -> None:
        start = thousand.portal.sent[0][0]

        assert sum(at < start + 10 for at, _ in thousand.portal.sent) <= 16
        assert thousand.portal.by_endpoint["login"] == 1

    def test_the_day_is_drawn_from_what_was_read_and_costs_no_request(self, thousand: Fleet) -> None:
        """The budget is all used for the present."""
        curves = thousand.parts.runners[0].curves
        known = [curves.known(name(number), MIDNIGHT, thousand.clock.now()) for number in range(1000)]

        assert thousand.portal.by_endpoint["curve"] == 0
        assert curves.step == 900
        assert all(known)
        assert sum(powers.load is not None for one in known for _, powers in one) > 50

    def test_the_list_comes_first_and_then_every_interval(self, thousand: Fleet) -> None:
        asked = [endpoint for _, endpoint in thousand.portal.sent[:12]]

        assert asked == ["login", *["stations"] * 10, "info"]
        assert 11 <= thousand.portal.by_endpoint["stations"] / 10 <= 13

    def test_every_station_is_up_with_state_power_and_energy_of_today(self, thousand: Fleet) -> None:
        stations = [one.station for one in shown(thousand) if one.up]

        assert len(stations) == 1000
        assert all(station.state is not None for station in stations)
        assert all(station.pv_power is not None for station in stations)
        assert all(station.pv_energy_today is not None for station in stations)

    def test_the_operator_sees_what_the_budget_costs(self, thousand: Fleet) -> None:
        assert value(thousand, "sems_stations") == 1000
        assert value(thousand, "sems_portal_requests_per_minute_limit") == 30
        assert 6 * HOUR < value(thousand, "sems_details_round_seconds") < 10 * HOUR
        assert value(thousand, "sems_up") == 1
        read = [one.station.details_timestamp for one in shown(thousand) if one.station.details_timestamp is not None]
        assert 80 < len(read) < 150

    def test_the_plan_for_the_next_refresh_stays_fresh(self, thousand: Fleet) -> None:
        """An alert takes one that was due long ago for a poller that has stopped."""
        planned = value(thousand, "sems_refresh_next_timestamp_seconds")

        assert thousand.clock.now().timestamp() - planned < 120


def test_a_day_of_a_fleet_keeps_all_stations_up_and_lets_none_starve(build: Builder) -> None:
    fleet = build(20, per_minute=2)
    down: list[datetime] = []
    ages: list[float] = []

    def look(now: datetime) -> None:
        down.extend(now for one in shown(fleet) if not one.up)
        if now > MIDNIGHT + timedelta(hours=10):
            ages.extend(now.timestamp() - at for at in fleet.portal.read_at.values())

    fleet.run(24, look)

    whole = value(fleet, "sems_details_round_seconds")
    assert down == []
    assert len(fleet.portal.read_at) == 20
    assert max(ages) <= (NIGHT_ROUNDS + 1) * whole + 300
    assert fleet.portal.most_in_a_minute <= 2
    assert fleet.portal.by_endpoint["login"] == 1


def test_powers_of_two_instants_never_stand_side_by_side(build: Builder) -> None:
    """The details' own as long as they are young; after that only the list's, with its instant."""
    fleet = build(40, per_minute=6, start=MIDNIGHT + timedelta(hours=8))
    both: set[bool] = set()

    def look(now: datetime) -> None:
        for one in shown(fleet):
            station = one.station
            assert station.data_timestamp is not None
            both.add(station.load_power is not None)
            if station.load_power is not None:
                flowing = station.load_power + (station.grid_export_power or 0) - (station.grid_import_power or 0)
                assert station.pv_power == pytest.approx(flowing)
            else:
                assert station.grid_export_power is None
                assert station.power_residual is None
                assert (now - station.data_timestamp).total_seconds() < 900

    fleet.run(4, look)

    assert both == {True, False}


def test_a_station_with_an_alarm_is_told_by_the_list_and_read_soon(build: Builder) -> None:
    fleet = build(30, per_minute=3)
    fleet.run(4)
    whole = value(fleet, "sems_details_round_seconds")
    fleet.portal.ill = {name(7)}
    began = fleet.clock.now().timestamp()

    fleet.run(0.2)
    [seen] = [one.station for one in shown(fleet) if one.station.id == name(7)]
    fleet.run(2)

    assert seen.alarms is not None
    assert [alarm.code for alarm in seen.alarms] == ["E1"]
    assert began < fleet.portal.read_at[name(7)]
    assert fleet.clock.now().timestamp() - fleet.portal.read_at[name(7)] < whole / 2


def test_a_fleet_that_fits_is_read_whole_every_interval(build: Builder) -> None:
    """As ever: one list an hour, all details every five minutes."""
    fleet = build(8)
    fleet.run(1)
    fleet.portal.sent.clear()

    fleet.run(2)

    asked = fleet.portal.by_endpoint
    assert 8 * 22 <= asked["flow"] <= 8 * 25
    assert asked["stations"] <= 3
    assert len(details(fleet)) == 8
    assert value(fleet, "sems_details_round_seconds") < 300


def test_a_restart_shows_all_stations_within_minutes_and_goes_on_with_others(build: Builder) -> None:
    fleet = build(300, start=MIDNIGHT + timedelta(hours=9))
    fleet.run(0.5)
    before = set(fleet.portal.read_at)
    fleet.portal.read_at.clear()
    fleet.restart()

    fleet.run(0.5)

    assert fleet.portal.by_endpoint["login"] == 1
    assert sum(one.station.pv_power is not None for one in shown(fleet)) == 300
    assert len(before) > 20
    assert len(before & set(fleet.portal.read_at)) < len(before) / 2


def test_stations_that_cannot_be_read_are_counted_and_hold_up_no_others(
    build: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    fleet = build(20, per_minute=3)
    fleet.portal.failing = lambda endpoint, station: 500 if station == name(3) and endpoint != "stations" else None

    fleet.run(6)

    told = [record for record in caplog.records if name(3) in str(vars(record).get("error"))]
    assert len(fleet.portal.read_at) == 19
    assert value(fleet, "sems_refresh_failures_total", reason="server_fault") >= 1
    assert value(fleet, "sems_up") == 1
    assert fleet.parts.poller.health.problem is not None
    assert len([record for record in told if record.getMessage() == "refresh incomplete"]) == 1


def test_a_fault_over_one_station_lets_the_others_have_their_turn(build: Builder) -> None:
    """A mistake in our code about one plant must not cost the details of all."""
    fleet = build(20, per_minute=3)

    def faulty(_: str, station: str) -> None:
        if station == name(3):
            raise ZeroDivisionError("ours")

    fleet.portal.failing = faulty
    fleet.run(6)

    assert set(fleet.portal.read_at) == {name(number) for number in range(20)} - {name(3)}


def test_a_portal_that_is_gone_is_not_asked_station_by_station(build: Builder) -> None:
    fleet = build(200)
    fleet.run(0.5)
    sent = len(fleet.portal.sent)
    fleet.portal.failing = lambda *_: 500 if len(fleet.portal.sent) >= sent else None

    fleet.run(0.5)

    assert fleet.portal.most_in_a_minute <= 30
    assert not any(
        one.up and one.station.pv_power is not None for one in shown(fleet) if one.station.details_timestamp is None
    )


def test_a_portal_that_answers_nothing_but_faults_is_not_asked_at_full_speed(build: Builder) -> None:
    fleet = build(100)
    fleet.run(0.5)
    fleet.portal.failing = lambda endpoint, _: None if endpoint in ("stations", "alarms") else 500
    fleet.portal.sent.clear()

    fleet.run(2)

    assert len(fleet.portal.sent) < 2 * 60 * 30 / 4


def test_a_clock_that_is_set_back_stops_neither_list_nor_rotation(build: Builder) -> None:
    fleet = build(30, per_minute=6, start=MIDNIGHT + timedelta(hours=9))
    fleet.run(1)
    fleet.clock.advance(-86_400)
    fleet.portal.sent.clear()
    fleet.portal.read_at.clear()

    fleet.run(1)

    assert fleet.portal.by_endpoint["stations"] >= 10
    assert len(fleet.portal.read_at) > 10
    assert fleet.portal.most_in_a_minute <= 6
    assert all(one.up and one.station.pv_power is not None for one in shown(fleet))


def test_a_clock_that_is_set_while_the_list_is_read_does_not_put_off_the_next_list(build: Builder) -> None:
    fleet = build(30, per_minute=6)

    def forward(endpoint: str, _: str) -> None:
        if endpoint == "stations" and fleet.portal.by_endpoint["stations"] == 1:
            fleet.clock.jump(30 * 86_400)

    fleet.portal.failing = forward
    fleet.run(0.1)
    fleet.run(1)

    assert fleet.portal.by_endpoint["stations"] >= 10


def test_the_list_of_a_very_large_account_leaves_room_for_details_and_keeps_all_stations_up(build: Builder) -> None:
    fleet = build(1000, per_minute=6)
    down: list[str] = []

    def look(now: datetime) -> None:
        if now > MIDNIGHT + timedelta(minutes=20):
            down.extend(one.station.id for one in shown(fleet) if not one.up)

    fleet.run(1.2, look, every=120)

    asked = fleet.portal.by_endpoint
    assert asked["stations"] + asked["alarms"] < 0.6 * sum(asked.values())
    assert asked["flow"] > 5
    assert down == []


def test_a_list_that_takes_longer_than_a_station_may_be_silent_is_told(
    build: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    """Then stations do count as down between two looks, and only the operator can change it."""
    fleet = build(1200, per_minute=2)

    fleet.run(0.5)

    assert sum("they count as down in between" in record.getMessage() for record in caplog.records) == 1


def test_a_person_who_checks_a_fleet_is_not_kept_waiting_for_hours(build: Builder) -> None:
    fleet = build(1000)

    outcome = fleet.parts.poller.refresh()

    assert fleet.clock.now() - MIDNIGHT < timedelta(minutes=4)
    assert outcome.up
    assert outcome.stations == outcome.overviews == len(shown(fleet)) == 1000
    assert 1 <= outcome.read < 20
    assert unread(outcome)[0].startswith(f"Details of {outcome.read} of 1000 stations were read")


def test_a_person_who_checks_some_homes_gets_the_details_of_all(build: Builder) -> None:
    fleet = build(20)

    outcome = fleet.parts.poller.refresh()

    assert outcome.read == len(details(fleet)) == 20
    assert unread(outcome) == []


def test_the_simulated_portal_can_be_a_fleet(tmp_path: Path) -> None:
    """Through sign-in, pages and HTTP, and with plants that obey physics."""
    clock = SharedClock()
    plants = demo_plants(101, clock=clock)
    for plant in plants:
        plant.state(clock.now())  # an answer has ten seconds, and the day until now takes long to work out

    with SimulatedPortal(plants, clock=clock) as portal:
        account = Account("demo@example.com", Secret("demo"), portal.login_url, (f"127.0.0.1:{portal.port}",))
        parts = build_app(ServerSettings((AccountSettings(account, state_dir=tmp_path),)), clock)
        outcome = parts.poller.refresh()
        parts.close()

    known = {one.station.id: one.station for one in parts.snapshots.shown(clock.now())}
    asked = Counter(request.endpoint for request in portal.requests)
    assert (outcome.up, len(known), asked["login"], asked["stations"]) == (True, 101, 1, 2)
    for plant in plants:
        station = known[plant.spec.station_id]
        assert station.fetched_at is not None
        truth = plant.state(station.fetched_at)
        assert station.name == plant.spec.name
        if station.state is not StationState.OFFLINE and station.details_timestamp is None:
            assert station.pv_power == pytest.approx(truth.pv_watts, abs=6)
            assert station.pv_energy_today == pytest.approx(truth.energy.today.pv, abs=0.06 * KWH)
