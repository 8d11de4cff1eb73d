"""What a refresh keeps that could not be ended, and what an account shows that leaves out stations for a moment."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sems_exporter import errors
from sems_exporter.model.plant import Station
from sems_exporter.portal.http.envelope import HttpResponse
from tests.fleets import Fleet
from tests.portal.semsplus.test_partial import FAILURES, TroubledPortal

MORNING = datetime(2026, 6, 10, 8, 0, tzinfo=UTC)
MINUTES = 1 / 60


class Account:
    """An account on a paper portal, and how it looks from outside."""

    def __init__(self, directory: Path, stations: int) -> None:
        self.fleet = Fleet(stations, directory, start=MORNING, per_minute=120)
        self.portal = TroubledPortal(stations, self.fleet.clock)
        self.fleet.portal = self.portal
        self.fleet.parts.close()
        self.fleet.restart()

    def trouble(self, call: str, answer: HttpResponse | None, of: str = "") -> None:
        self.portal.at, self.portal.of, self.portal.trouble = call, of, answer

    def shown(self) -> list[Station]:
        return [shown.station for shown in self.fleet.parts.snapshots.shown(self.fleet.clock.now())]

    def value(self, name: str, **labels: str) -> float | None:
        return self.fleet.parts.metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    made = Account(tmp_path, 1)
    yield made
    made.fleet.parts.close()


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Account]:
    made = Account(tmp_path, 2)
    yield made
    made.fleet.parts.close()


@pytest.mark.parametrize("call", ["devices", "telemetry", "information", "statistics", "production", "alarms"])
def test_what_was_read_before_a_rate_limit_is_shown_on_a_fresh_start_and_the_pause_is_kept(
    account: Account, call: str
) -> None:
    account.trouble(call, FAILURES["rate limit"])

    outcome = account.fleet.parts.poller.refresh()

    [station] = account.shown()
    assert station.pv_power is not None
    assert station.fetched_at >= MORNING
    assert isinstance(outcome.whole, errors.RateLimited)
    sent = len(account.portal.sent)
    account.fleet.clock.advance(200)
    account.fleet.parts.poller.refresh()
    assert len(account.portal.sent) == sent, "nothing is sent during a pause"


def test_a_limit_that_ends_every_refresh_never_takes_the_station_down(account: Account) -> None:
    account.trouble("alarms", FAILURES["rate limit"])

    account.fleet.run(2)

    [shown] = account.fleet.parts.snapshots.shown(account.fleet.clock.now())
    assert shown.up
    assert shown.station.pv_power is not None
    assert shown.station.inverters[0].operating_time is not None
    assert account.portal.by_endpoint["login"] == 1


def test_a_session_that_ends_in_the_middle_and_is_not_renewed_keeps_what_came_before(account: Account) -> None:
    account.fleet.parts.poller.refresh()
    account.fleet.clock.advance(1200)
    # The list of stations, asked with the same session, tells that it is not about the devices alone.
    account.trouble("devices stations login", HttpResponse(200, b'{"code": "100002"}'))

    outcome = account.fleet.parts.poller.refresh()

    assert isinstance(outcome.whole, errors.LoginFailed)
    [station] = account.shown()
    assert station.pv_power is not None


def test_a_limit_at_the_second_station_costs_the_first_one_nothing(pair: Account) -> None:
    pair.trouble("devices", FAILURES["rate limit"], of="S00001")

    pair.fleet.parts.poller.refresh()

    first, second = pair.shown()
    assert first.inverters
    assert second.pv_power is not None
    assert second.inverters == ()


@pytest.mark.parametrize(
    "listed", [b'{"dataList": [], "total": 0}', b'{"dataList": [{"id": "S00000"}], "total": 1}'], ids=["empty", "half"]
)
def test_a_list_that_leaves_out_stations_once_unsays_none(pair: Account, listed: bytes) -> None:
    pair.fleet.run(1)
    pair.trouble("stations", HttpResponse(200, b'{"code": "0", "data": ' + listed + b"}"))
    pair.fleet.run(10 * MINUTES)

    during = pair.shown()
    assert pair.portal.by_endpoint["stations"] >= 2, "the odd list has been read"
    assert [station.id for station in during] == ["S00000", "S00001"]
    assert all(station.inverters[0].operating_time for station in during)
    assert (pair.value("sems_stations"), pair.value("sems_up")) == (2.0, 1.0)

    pair.trouble("stations", None)
    pair.fleet.run(10 * MINUTES)
    assert (pair.value("sems_stations"), pair.value("sems_up")) == (2.0, 1.0)


def test_a_station_that_stays_out_of_the_list_for_an_hour_is_gone(pair: Account) -> None:
    pair.fleet.run(1)
    pair.trouble("stations", HttpResponse(200, b'{"code": "0", "data": {"dataList": [{"id": "S00000"}], "total": 1}}'))

    # The list is kept for an hour, and then has to stand for another one.
    pair.fleet.run(2.2)

    assert [station.id for station in pair.shown()] == ["S00000"]
    assert pair.value("sems_stations") == 1.0


def test_an_account_that_shows_nothing_for_an_hour_shows_nothing(pair: Account) -> None:
    pair.fleet.run(1)
    pair.trouble("stations", HttpResponse(200, b'{"code": "0", "data": {"dataList": [], "total": 0}}'))

    # The list is kept for an hour, and then has to stand for another one.
    pair.fleet.run(2.2)

    assert pair.shown() == []
    assert (pair.value("sems_stations"), pair.value("sems_up")) == (0.0, 0.0)
