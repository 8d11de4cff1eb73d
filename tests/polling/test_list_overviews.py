"""What the account's list says of a station, and when it is not believed."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import KWH, Station, StationState
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from sems_exporter.polling.list_overviews import ListOverviews
from sems_exporter.portal import StationRef
from tests.homes import AMSTERDAM, NOON, home

ROW = StationRef(
    "plant-1",
    "Sunny Home",
    AMSTERDAM,
    "Europe/Amsterdam",
    StationState.RUNNING,
    6000.0,
    seen_at=NOON,
    pv_power=1500.0,
    pv_energy_today=5 * KWH,
)


def looked(overviews: ListOverviews, row: StationRef, minutes: float = 0, details: Station | None = None) -> Station:
    """The station after a refresh that found `row` in the list."""
    overviews.keep_only({row.id})
    seen = overviews.renewed(replace(row, seen_at=NOON + timedelta(minutes=minutes)), details, Diagnostics())
    assert seen is not None
    return seen


def later(overviews: ListOverviews, row: StationRef, minutes: float) -> Station:
    """What is shown of the station right after such a look."""
    return apply_staleness(
        looked(overviews, row, minutes), NOON + timedelta(minutes=minutes), Limits(1200.0, 900.0)
    ).station


def made(account: str = "") -> ListOverviews:
    return ListOverviews(account)


def test_a_row_becomes_a_station_with_the_instant_of_the_answer() -> None:
    seen = looked(made(), ROW)

    assert (seen.name, seen.state, seen.installed_power) == ("Sunny Home", StationState.RUNNING, 6000.0)
    assert (seen.pv_power, seen.pv_energy_today) == (1500.0, 5 * KWH)
    assert (seen.timezone, seen.timezone_name) == (AMSTERDAM, "Europe/Amsterdam")
    assert seen.data_timestamp == seen.fetched_at == NOON
    assert seen.full_load_time_today == pytest.approx(3000)


@pytest.mark.parametrize("account, shown", [("north", "north"), ("", None)])
def test_a_station_carries_the_name_of_its_account_if_that_has_one(account: str, shown: str | None) -> None:
    assert looked(made(account), ROW).account == shown


def test_the_same_answer_is_no_new_look() -> None:
    overviews = made()
    looked(overviews, ROW)

    assert overviews.renewed(ROW, None, Diagnostics()) is None
    assert overviews.renewed(replace(ROW, seen_at=None), None, Diagnostics()) is None


def test_place_and_zone_come_from_the_details() -> None:
    details = replace(home(), latitude=52.0, longitude=5.0)

    seen = looked(made(), replace(ROW, timezone=None, timezone_name=None), details=details)

    assert (seen.timezone, seen.timezone_name) == (AMSTERDAM, "Europe/Amsterdam")
    assert seen.sun_elevation is not None
    assert seen.sun_elevation > 50


@pytest.mark.parametrize("state", [StationState.OFFLINE, None])
def test_the_power_of_a_station_that_reports_nothing_is_not_believed(state: StationState | None) -> None:
    seen = looked(made(), replace(ROW, state=state))

    assert seen.pv_power is None
    assert seen.pv_energy_today == 5 * KWH


@pytest.mark.parametrize("power", [1500.0, 0.0])
def test_a_row_that_stands_still_goes_after_a_while_and_returns_with_the_next_change(power: float) -> None:
    """The list has no time of its own; a dead dongle would otherwise make a flat line, at 0 as well."""
    overviews, row = made(), replace(ROW, pv_power=power)

    looks = [later(overviews, row, minutes) for minutes in (0, 5, 10, 15, 20, 25)]
    changed = later(overviews, replace(row, pv_energy_today=5.1 * KWH), 30)

    assert [look.pv_power for look in looks] == [power, power, power, power, None, None]
    assert [look.state for look in looks] == [*[StationState.RUNNING] * 4, None, None]
    assert looks[-1].data_timestamp == NOON
    assert looks[-1].pv_energy_today == 5 * KWH
    assert (changed.pv_power, changed.state) == (power, StationState.RUNNING)
    assert changed.data_timestamp == NOON + timedelta(minutes=30)


@pytest.mark.parametrize("state", [StationState.OFFLINE, StationState.FAULT, StationState.WAITING])
def test_what_is_at_rest_may_stand_still_and_the_list_says_so_now(state: StationState) -> None:
    overviews, row = made(), replace(ROW, state=state, pv_power=0.0)

    looks = [later(overviews, row, minutes) for minutes in (0, 30, 120)]

    assert [look.state for look in looks] == [state] * 3


def test_yesterdays_energy_that_is_repeated_after_midnight_is_left_out() -> None:
    overviews = made()
    midnight = datetime(2026, 6, 11, tzinfo=AMSTERDAM)
    minutes = (midnight - NOON).total_seconds() / 60
    looked(overviews, ROW, minutes - 5)

    repeated = looked(overviews, replace(ROW, pv_power=0.0), minutes + 5)
    begun = looked(overviews, replace(ROW, pv_power=0.0, pv_energy_today=0.0), minutes + 10)

    assert repeated.pv_energy_today is None
    assert begun.pv_energy_today == 0.0


def test_stations_that_left_are_forgotten() -> None:
    overviews = made()
    looked(overviews, ROW)

    overviews.keep_only({"other"})

    assert overviews.of("plant-1") is None
