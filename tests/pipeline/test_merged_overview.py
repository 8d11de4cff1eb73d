"""A station whose details are read in rotation: what the list says stands in for them when they are old."""

from dataclasses import replace
from datetime import timedelta

from sems_exporter.model.plant import Alarm, AlarmLevel, Station, StationState
from sems_exporter.pipeline.staleness import Limits, Snapshot, StationView, view
from tests.homes import NOON, home

LIMITS = Limits(data_max_age=1200.0, snapshot_max_age=900.0)


def listed(minutes: float, **changes: object) -> Station:
    """What the list says so many minutes after noon."""
    instant = NOON + timedelta(minutes=minutes)
    told = Station(
        id="plant-1",
        fetched_at=instant,
        data_timestamp=instant,
        state=StationState.FAULT,
        pv_power=1234.0,
        pv_energy_today=9e6,
    )
    return replace(told, **changes)  # type: ignore[arg-type]


def at(minutes: float, seen: Station) -> StationView:
    return view(Snapshot(home(), seen), NOON + timedelta(minutes=minutes), LIMITS)


def test_details_stand_together_with_their_own_instant_while_they_are_young() -> None:
    shown = at(18, listed(15))

    assert shown.up
    assert (shown.station.pv_power, shown.station.load_power) == (5000.0, 700.5)
    assert shown.station.data_timestamp == home().data_timestamp
    assert shown.station.inverters[0].ac_power == 2900.0


def test_the_state_and_alarms_are_the_latest_that_were_told() -> None:
    alarm = Alarm(device="INV1", code="E1", level=AlarmLevel.FAULT)

    later = at(10, listed(5, alarms=(alarm,))).station
    earlier = at(10, listed(-5, alarms=(alarm,))).station

    assert (later.state, later.alarms) == (StationState.FAULT, (alarm,))
    assert (earlier.state, earlier.alarms) == (StationState.RUNNING, None)


def test_old_details_go_as_a_whole_and_the_lists_values_stay_with_their_instant() -> None:
    station = at(22, listed(20)).station

    assert (station.pv_power, station.pv_energy_today) == (1234.0, 9e6)
    assert station.data_timestamp == NOON + timedelta(minutes=20)
    assert (station.load_power, station.grid_export_power, station.battery_state_of_charge) == (None, None, None)
    assert station.inverters[0].ac_power is None
    assert station.batteries[0].charge_power is None
    assert [device.state for device in (*station.inverters, *station.batteries, *station.meters)] == [None] * 3


def test_counters_and_texts_outlast_their_details() -> None:
    station = at(60, listed(58)).station

    assert station.pv_energy == home().pv_energy
    assert station.inverters[0].pv_energy == home().inverters[0].pv_energy
    assert (station.name, station.inverters[0].model) == ("Sunny Home", "SIM6K-ET")


def test_the_change_comes_by_itself_between_two_looks() -> None:
    before = at(18.9, listed(15))

    assert before.until == NOON + timedelta(minutes=19)
    assert at(19, listed(15)).station.pv_power == 1234.0


def test_either_look_keeps_it_up() -> None:
    assert at(60, listed(50)).up
    assert at(10, listed(-30)).up
    assert not at(60, listed(45)).up


def test_when_neither_look_is_recent_nothing_live_is_shown() -> None:
    station = at(60, listed(40)).station

    assert (station.pv_power, station.pv_energy_today) == (None, None)


def test_energy_of_today_ends_at_midnight_although_the_list_is_young() -> None:
    """Midnight in Amsterdam is twelve hours after noon there."""
    seen = listed(718)

    before = view(Snapshot(home(), seen), NOON + timedelta(minutes=719), LIMITS)
    after = view(Snapshot(home(), seen), NOON + timedelta(minutes=721), LIMITS)

    assert before.station.pv_energy_today == 9e6
    assert after.station.pv_energy_today is None
    assert after.station.pv_power == 1234.0
