"""What is shown of SEMS+ answers that repeat themselves, fail, or tell another time than it is."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sems_exporter import protocol
from sems_exporter.errors import PortalError
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import KWH, Battery, DeviceState, Station, StationState
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.derived_values import derived
from sems_exporter.pipeline.process import process
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from sems_exporter.simulator import Answer
from tests.portal.semsplus.conftest import Builder
from tests.portal.semsplus.homes import Home

LIMITS = Limits(data_max_age=1200.0, snapshot_max_age=900.0)
FAILING = Answer(500, b"")


def shown(home: Home, last: Station | None = None) -> Station:
    """What is shown now of a station that is read now, or of its `last` reading."""
    now = home.clock.now()
    return apply_staleness(last or derived(home.read(), now), now, LIMITS).station


def battery(home: Home) -> Battery:
    [found] = shown(home).batteries
    return found


def repeating(home: Home, endpoint: str, change: Callable[[Any], None] = lambda _: None) -> None:
    """Let the portal give its next answer to `endpoint` for ever, changed by `change`."""
    kept: dict[str, Any] = {}

    def repeat(envelope: dict[str, Any], _: object) -> None:
        if envelope.get("code") == "00000":
            kept.setdefault(endpoint, copy.deepcopy(envelope["data"]))
            envelope["data"] = copy.deepcopy(kept[endpoint])
            change(envelope["data"])

    home.portal.mutate(endpoint, repeat)


def minutes(home: Home, count: float, step: int = 5) -> list[Station]:
    """What is shown every five minutes, or another number of them, for so long."""
    looks = []
    for _ in range(int(count // step)):
        home.clock.advance(60 * step)
        looks.append(shown(home))
    return looks


class TestRepeatedAnswers:
    """An answer without a time of its own is as old as the first that said the same."""

    @pytest.mark.parametrize("time", [None, "", "soon", "2099-01-01T00:00:00", "1999-01-01T00:00:00"])
    def test_a_flow_that_repeats_itself_without_a_time_goes(self, home: Home, time: str | None) -> None:
        repeating(home, "flow", lambda flow: flow.update(refreshTime=time))
        first = shown(home)

        looks = minutes(home, 30)

        assert (first.pv_power is None, first.state) == (False, StationState.RUNNING)
        assert [look.pv_power for look in looks[:3]] == [first.pv_power] * 3
        assert [(look.pv_power, look.load_power, look.state) for look in looks[3:]] == [(None, None, None)] * 3

    def test_anything_that_moves_in_a_flow_vouches_for_all_of_it(self, home: Home) -> None:
        numbers = iter(range(100))
        repeating(home, "flow", lambda flow: flow.update(refreshTime=None, pConsum=1 + next(numbers) / 1000))
        first = shown(home)

        assert {look.pv_power for look in minutes(home, 40)} == {first.pv_power}

    def test_a_report_whose_time_cannot_be_read_but_moves_is_a_new_one(self, home: Home) -> None:
        numbers = iter(range(10, 60))
        repeating(home, "flow", lambda flow: flow.update(refreshTime=f"{next(numbers)} past"))

        assert all(look.pv_power is not None for look in minutes(home, 40))

    def test_telemetry_that_repeats_itself_goes_where_nothing_dates_it(self, home: Home) -> None:
        home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(refreshTime=None))
        repeating(home, "telemetry.INVERTER")
        first = shown(home)

        last = minutes(home, 25)[-1]

        assert first.inverters[0].ac_power is not None
        assert (last.inverters[0].ac_power, last.inverters[0].state) == (None, None)
        assert all(part.power is None for part in last.inverters[0].inputs)
        assert last.inverters[0].pv_energy is not None
        assert last.meters[0].grid_export_power is not None

    def test_a_flow_with_a_time_vouches_for_telemetry_that_stands_still(self, home: Home) -> None:
        """A battery at rest says the same for hours."""
        repeating(home, "telemetry.BAT_SYS")

        assert minutes(home, 40)[-1].batteries[0].state_of_charge is not None

    def test_an_outage_makes_no_news_of_what_was_said_before(self, home: Home) -> None:
        repeating(home, "flow", lambda flow: flow.update(refreshTime=None))
        assert all(look.pv_power is not None for look in minutes(home, 15))
        home.portal.script("flow", *[FAILING] * 12)
        minutes(home, 60)

        [look] = minutes(home, 5)

        assert home.outcomes("flow") == {"ok": 4, "server_fault": 12}
        assert look.pv_power is None

    def test_values_come_back_with_the_next_change(self, home: Home) -> None:
        said = {"pConsum": 1.5}
        repeating(home, "flow", lambda flow: flow.update(refreshTime=None, **said))
        assert minutes(home, 30)[-1].load_power is None

        said["pConsum"] = 1.501

        assert shown(home).load_power == 1501.0


class TestStates:
    """A state is of now, or absent."""

    def test_no_state_outlives_the_portal(self, home: Home) -> None:
        last = derived(home.read(), home.clock.now())
        home.clock.advance(901)

        station = shown(home, last)

        devices = (*station.inverters, *station.batteries, *station.meters)
        assert [station.state, *(device.state for device in devices)] == [None] * 4

    def test_no_state_but_offline_outlives_the_data(self, home: Home) -> None:
        repeating(home, "flow")
        assert shown(home).inverters[0].state is DeviceState.RUNNING

        station = minutes(home, 25)[-1]

        devices = (*station.inverters, *station.batteries, *station.meters)
        assert [station.state, *(device.state for device in devices)] == [None] * 4

    def test_that_a_device_is_offline_is_told_of_now_however_old_its_data(self, home: Home) -> None:
        repeating(home, "flow", lambda flow: flow.update(status="0"))
        home.portal.mutate("devices", _all_offline)

        station = minutes(home, 60)[-1]

        assert (station.state, station.inverters[0].state) == (StationState.OFFLINE, DeviceState.OFFLINE)
        assert station.batteries[0].state is DeviceState.OFFLINE
        assert station.inverters[0].ac_power is None

    def test_that_it_was_offline_when_the_list_was_last_read_is_not_of_now(self, home: Home) -> None:
        home.portal.mutate("devices", _all_offline)
        last = derived(home.read(), home.clock.now())
        home.clock.advance(1200)
        later = apply_staleness(last, home.clock.now(), Limits(1200.0, 86_400.0)).station

        assert (later.inverters[0].state, later.inverters[0].ac_power) == (None, None)

    def test_a_fault_in_a_fresh_list_is_shown_although_the_telemetry_fails(self, home: Home) -> None:
        home.read()
        home.portal.script_always("telemetry.INVERTER", FAILING)
        home.portal.mutate("devices", _all_faulty)

        assert minutes(home, 60)[-1].inverters[0].state is DeviceState.FAULT

    @pytest.mark.parametrize("status", ["2", None])
    def test_the_state_in_a_list_of_an_hour_ago_is_not_of_now(self, home: Home, status: str | None) -> None:
        """Where the flow tells none, the list is read more often."""
        home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(status=None))
        home.portal.mutate("stations", lambda envelope, _: envelope["data"]["dataList"][0].update(status="1"))
        home.read()
        home.portal.mutate("stations", lambda envelope, _: envelope["data"]["dataList"][0].update(status=status))

        assert minutes(home, 30)[-1].state is (protocol.semsplus().states["station"][status] if status else None)
        assert home.asked("stations") <= 4


class TestBattery:
    """Its state is that of its powers, and a fresh list wins over telemetry that fails."""

    def test_a_fresh_list_wins_over_telemetry_that_fails(self, home: Home) -> None:
        home.read()
        home.portal.script_always("telemetry.BAT_SYS", FAILING)
        home.portal.mutate(
            "batteries", lambda envelope, _: envelope["data"][0].update(soc=40, pbat=1.0, status=7, isConnected=True)
        )

        found = minutes(home, 15)[-1].batteries[0]

        assert (found.state, found.state_of_charge) == (DeviceState.DISCHARGING, 0.4)
        assert (found.discharge_power, found.charge_power) == (1000.0, 0.0)

    def test_it_stays_so_for_a_day(self, home: Home) -> None:
        home.read()
        home.portal.script_always("telemetry.BAT_SYS", FAILING)
        home.portal.mutate("batteries", lambda envelope, _: envelope["data"][0].update(soc=40, pbat=1.0, status=7))

        looks = [look.batteries[0] for look in minutes(home, 20 * 60, step=15)[1:]]

        assert {(each.state, each.state_of_charge) for each in looks} == {(DeviceState.DISCHARGING, 0.4)}

    def test_the_list_is_asked_no_oftener_than_telemetry_would_be(self, home: Home) -> None:
        home.read()
        home.portal.script_always("telemetry.BAT_SYS", FAILING)
        before = home.asked("batteries")

        minutes(home, 30)

        assert home.asked("batteries") - before <= 6

    def test_no_state_is_worked_out_of_powers_that_are_too_old(self, home: Home) -> None:
        repeating(home, "flow")
        assert battery(home).state is not None

        found = minutes(home, 25)[-1].batteries[0]

        assert (found.state, found.charge_power, found.discharge_power) == (None, None, None)


class TestInstants:
    """A value carries the instant it was measured at."""

    def test_no_report_is_dated_in_the_future(self, home: Home) -> None:
        def ahead(envelope: dict[str, Any], _: object) -> None:
            said = datetime.fromisoformat(envelope["data"]["refreshTime"]) + timedelta(minutes=9)
            envelope["data"]["refreshTime"] = said.isoformat()

        home.portal.mutate("flow", ahead)

        station = home.read()

        assert station.data_timestamp is not None
        assert station.data_timestamp <= home.clock.now()
        assert station.inverters[0].data_timestamp is not None
        assert station.inverters[0].data_timestamp <= station.data_timestamp

    def test_a_counter_whose_call_failed_for_hours_is_back_at_once(self, home: Home) -> None:
        """What the inverter made meanwhile is no leap, although its powers were told all the time."""
        guard = CounterGuard()

        def counted() -> float | None:
            home.clock.advance(1200)
            return process(home.read(), guard, home.clock.now(), Diagnostics()).inverters[0].pv_energy

        before = counted()
        home.portal.script("telecounting.INVERTER", *[FAILING] * 6)
        held = [counted() for _ in range(6)]
        back = counted()

        assert set(held) == {before}
        assert before is not None
        assert back is not None
        assert back == home.read().inverters[0].pv_energy
        assert back > before + 5 * KWH

    @pytest.mark.parametrize("dead_for", range(5, 125, 5))
    def test_the_second_pass_of_an_hour_brings_nothing_back(self, build: Builder, dead_for: int) -> None:
        """In Amsterdam clocks show 02:30 at 00:30 UTC and once more at 01:30."""
        home = build(start=datetime(2026, 10, 25, 0, 31, tzinfo=UTC))
        repeating(home, "flow", lambda flow: flow.update(refreshTime="2026-10-25T02:30:00"))
        first = home.read()

        later = minutes(home, dead_for)[-1]

        assert first.data_timestamp == later.data_timestamp == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert (later.load_power is None) == (dead_for >= 20)

    def test_an_hour_that_may_be_the_first_pass_is_not_taken_for_the_second(self, build: Builder) -> None:
        """Nobody knows at the start; the next report tells."""
        home = build(start=datetime(2026, 10, 25, 1, 31, tzinfo=UTC))
        said = {"refreshTime": "2026-10-25T02:30:00"}
        home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(said))
        start = shown(home)
        said["refreshTime"] = "2026-10-25T02:35:00"

        [moved] = minutes(home, 5)

        assert start.load_power is None
        assert moved.load_power is not None
        assert moved.data_timestamp == datetime(2026, 10, 25, 1, 35, tzinfo=UTC)

    def test_reports_of_a_whole_night_in_autumn_follow_each_other(self, build: Builder) -> None:
        home = build(start=datetime(2026, 10, 24, 22, 0, 20, tzinfo=UTC))

        looks = minutes(home, 5 * 60)

        stamps = [look.data_timestamp for look in looks]
        assert all(look.load_power is not None for look in looks)
        assert stamps == sorted(stamps, key=lambda stamp: stamp or datetime.min.replace(tzinfo=UTC))

    def test_what_is_kept_for_a_day_tells_no_strength_of_the_signal_for_as_long(self, home: Home) -> None:
        assert shown(home).inverters[0].signal_strength == -61.0
        home.portal.script_always("information.DONGLE", Answer(500, b""))

        inverter = minutes(home, 25)[-1].inverters[0]

        assert inverter.signal_strength is None
        assert inverter.rated_power is not None

    def test_a_remembered_answer_lends_its_powers_no_newer_time(self, home: Home) -> None:
        """Where telemetry leaves out what the answer with the counters had, that is not of now."""

        def without_power(envelope: dict[str, Any], _: object) -> None:
            for group in envelope["data"]:
                group["factors"] = [each for each in group["factors"] if each["code"] != "pAc"]

        home.portal.mutate(
            "telecounting.INVERTER",
            lambda envelope, _: envelope["data"][0].update(factors=[{"code": "pAc", "data": "1.5", "unit": "kW"}]),
        )
        home.portal.mutate("telemetry.INVERTER", without_power)
        assert home.read().inverters[0].ac_power == 1500.0
        home.portal.script_always("telecounting.INVERTER", FAILING)
        home.clock.advance(600)

        inverter = home.read().inverters[0]

        assert inverter.ac_power is None
        assert inverter.pv_energy is not None


def _all_offline(envelope: dict[str, Any], _: object) -> None:
    _set_status(envelope, 0)


def _all_faulty(envelope: dict[str, Any], _: object) -> None:
    _set_status(envelope, 2)


def _set_status(envelope: dict[str, Any], status: int) -> None:
    for kind in envelope["data"]["deviceDetailList"]:
        for group in kind["statusDetailList"]:
            group["status"] = status
            for detail in group["detailMap"].values():
                detail["status"] = status


def test_nothing_is_shown_of_a_portal_that_fails_everywhere(home: Home) -> None:
    """Ten hours of HTTP 500 after one good reading."""
    last = derived(home.read(), home.clock.now())
    for endpoint in ("flow", "devices", "telemetry", "telecounting", "batteries", "stations", "info"):
        home.portal.script_always(endpoint, FAILING)
    home.clock.advance(36_000)
    with pytest.raises(PortalError):
        home.read()

    station = shown(home, last)

    assert station.state is None
    assert [each.state for each in (*station.inverters, *station.batteries, *station.meters)] == [None] * 3
