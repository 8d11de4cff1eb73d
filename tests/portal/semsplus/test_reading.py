"""Reading one station: how often each thing is asked, and what a missing or odd answer costs."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics, DropReason, Unknown
from sems_exporter.model.plant import DeviceState, Station, StationState
from sems_exporter.pipeline.counter_guard import without_phantom_battery
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from sems_exporter.pipeline.totals import totals
from sems_exporter.portal.semsplus.device_lists import batteries
from sems_exporter.simulator import Answer, demo_plants
from tests.portal.semsplus.conftest import Builder
from tests.portal.semsplus.homes import Home, SharedClock, readings

HOUR = 3600
DENIED = Answer(body={"code": "100025", "description": "No operation permission."})
NOT_FOUND = Answer(404, {"error_msg": "404 Route Not Found"})
LIMITS = Limits(data_max_age=1200.0, snapshot_max_age=900.0)
INVERTER, BATTERY, METER = "SIM5K0001", "SIMBAT0001", "SIMMETER0001"


def factor(envelope: dict[str, Any], code: str) -> dict[str, Any]:
    """The factor `code` of an answer with factors."""
    return next(each for group in envelope["data"] for each in group["factors"] if each["code"] == code)


def test_the_slow_answers_are_asked_once_in_their_time(home: Home) -> None:
    for _ in range(36):
        home.read()
        home.clock.advance(300)

    # 3 hours at 5 minutes
    assert home.asked("info") == 1
    assert home.asked("information", INVERTER) == 1
    assert home.asked("stations") == 3
    assert home.asked("batteries") == 3
    assert home.asked("flow") == home.asked("devices") == home.asked("telemetry", METER) == 36


def test_facts_are_asked_again_after_a_day(home: Home) -> None:
    for _ in range(26):
        home.read()
        home.clock.advance(HOUR)

    assert home.asked("info") == 2
    assert home.asked("information", INVERTER) == 2


@pytest.mark.parametrize("nothing", ["", [], {}, None])
def test_facts_of_before_stay_where_an_answer_is_empty_for_a_moment(home: Home, nothing: object) -> None:
    before = home.read().inverters[0]
    home.clock.advance(25 * HOUR)
    home.portal.script("information", Answer(body={"code": "00000", "data": nothing}))

    during = home.read().inverters[0]
    home.clock.advance(300)
    home.read()

    assert before.model is not None
    assert (during.model, during.firmware, during.rated_power) == (before.model, before.firmware, before.rated_power)
    assert home.asked("information", INVERTER) == 3


@pytest.mark.parametrize(
    "told, strength, quality",
    [
        ({"data": "-61"}, -61.0, None),
        ({"data": "-61", "unit": "dBm"}, -61.0, None),
        ({"data": "85", "unit": "%"}, None, 0.85),
        ({"data": "85"}, None, 0.85),
        ({"data": "excellent"}, None, None),
        ({"data": None}, None, None),
    ],
)
def test_the_strength_of_the_signal_is_told_in_dbm_or_as_a_share(
    home: Home, told: dict[str, str | None], strength: float | None, quality: float | None
) -> None:
    def tell(envelope: dict[str, Any], _: object) -> None:
        for row in envelope["data"]:
            if row["code"] == "wirelessSignalStrength":
                row.update(told)

    home.portal.mutate("information", tell)

    [inverter] = home.read().inverters

    assert (inverter.signal_strength, inverter.signal_quality) == (strength, quality)
    assert inverter.model is not None


@pytest.mark.parametrize("latitude", ["north", None, 91, 0])
def test_a_place_that_is_none_on_earth_is_left_out(home: Home, latitude: object) -> None:
    home.portal.mutate("info", lambda envelope, _: envelope["data"].update(latitude=latitude, longitude=0))

    station = home.read()

    assert (station.latitude, station.longitude) == (None, None)
    assert station.name == "Sunny Home"


def test_todays_energies_are_asked_every_few_minutes_and_not_every_minute(home: Home) -> None:
    for _ in range(12):
        home.read()
        home.clock.advance(60)

    # Every four minutes for the day, and once for the month.
    assert 4 <= home.asked("statistics") <= 5


def test_todays_energies_are_asked_for_the_day_of_the_station(build: Builder) -> None:
    clock = SharedClock()
    home = build(plants=demo_plants(2, clock=clock)[1:])
    days: list[str] = []

    def note(_: object, parameters: Mapping[str, str]) -> None:
        if parameters["dimension"] == "day":
            days.append(parameters["startTime"])

    home.portal.mutate("statistics", note)

    home.read()
    home.clock.advance(6 * HOUR)  # past midnight in Melbourne
    home.read()

    assert days == ["2026-06-10 00:00:00", "2026-06-11 00:00:00"]


@pytest.mark.parametrize(
    "when", ["2026-06-10T00:00:00", "2026-06-10 00:00:00", "20260610", "2026/06/10", "10.06.2026", "06/10/2026"]
)
def test_todays_energies_are_known_however_the_day_is_written(home: Home, when: str) -> None:
    home.portal.mutate("statistics", lambda envelope, _: dated(envelope, when))

    assert home.read().load_energy_today is not None


@pytest.mark.parametrize("when", ["2026-06-09", "2026-06-10 09:00:00", "2026-06", "today", None])
def test_energies_of_another_time_are_not_todays_and_counted(home: Home, when: str | None) -> None:
    home.portal.mutate("statistics", lambda envelope, _: dated(envelope, when))

    station = home.read()

    assert station.load_energy_today is None
    assert home.findings.dropped["sems_station_load_energy_today_joules", DropReason.BAD_TIME] == 1


def dated(envelope: dict[str, Any], when: str | None) -> None:
    """Write `when` as the date of all energies."""
    for item in envelope["data"]["dataList"]:
        for entry in item["statisticsList"]:
            entry["date"] = when


def test_a_device_that_may_not_be_read_keeps_the_rest_and_is_left_alone_for_half_an_hour(home: Home) -> None:
    home.portal.script_always("telemetry.INVERTER", DENIED)

    station = home.read()
    home.clock.advance(1700)
    home.read()

    assert home.asked("telemetry", INVERTER) == 1
    (inverter,) = station.inverters
    assert (inverter.temperature, inverter.state) == (None, DeviceState.RUNNING)
    assert inverter.pv_energy is not None
    assert inverter.model == "SIM6K-ET"
    assert station.meters[0].grid_import_power is not None
    assert station.pv_power is not None
    assert home.portal.login_attempts == 1
    home.clock.advance(110)
    home.read()
    assert home.asked("telemetry", INVERTER) == 2


def test_a_right_that_is_taken_away_takes_the_values_with_it(home: Home) -> None:
    assert home.read().meters[0].grid_import_power is not None
    home.portal.script_always("telemetry.SMART_METER", DENIED)

    assert home.read().meters[0].grid_import_power is None


def test_a_statistics_route_that_is_gone_costs_only_its_values(home: Home) -> None:
    full = readings(home.read())
    home.restart()
    home.portal.script_always("statistics", NOT_FOUND)

    station = home.read()

    missing = full.keys() - readings(station).keys()
    energies = ("pv", "load", "grid_import", "grid_export", "battery_charge", "battery_discharge", "self_consumption")
    assert missing == {f"{name}_energy_{span}" for name in energies for span in ("today", "month")}
    assert len(station.inverters) == len(station.batteries) == len(station.meters) == 1


@pytest.mark.parametrize("data", [{}, [], "", None, "missing"])
def test_an_empty_flow_is_absent_and_never_zeros(home: Home, data: object) -> None:
    body = {"code": "00000"} if data == "missing" else {"code": "00000", "data": data}
    home.portal.script("flow", Answer(body=body))

    station = home.read()

    assert (station.pv_power, station.load_power, station.grid_import_power) == (None, None, None)
    assert station.data_timestamp is None
    assert home.outcomes("flow") == {"empty": 1}
    assert station.inverters[0].ac_power is not None


@pytest.mark.parametrize("answer", [Answer(body={"code": "0", "data": {}}), Answer(500, b""), Answer(body="<html>")])
def test_the_last_good_flow_stands_in_with_its_old_instant(home: Home, answer: Answer) -> None:
    before = home.read()
    home.clock.advance(600)
    home.portal.script("flow", answer)

    after = home.read()

    assert after.pv_power == before.pv_power
    assert before.data_timestamp is not None
    assert after.data_timestamp == before.data_timestamp
    assert home.read().data_timestamp == before.data_timestamp + timedelta(seconds=600)


def test_a_flow_without_a_time_is_not_remembered(home: Home) -> None:
    home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(refreshTime=None))
    assert home.read().pv_power is not None
    home.portal.script("flow", Answer(500, b""))

    assert home.read().pv_power is None


def test_a_flow_that_stays_empty_takes_neither_the_devices_nor_the_station_with_it(home: Home) -> None:
    """Seen on plants without a battery: nothing flows at night but what the meter counts."""
    home.read()
    home.portal.script_always("flow", Answer(body={"code": "00000", "data": {}}))
    for _ in range(12):
        home.clock.advance(300)
        station = home.read()

    shown = apply_staleness(station, home.clock.now(), LIMITS)

    assert shown.up
    assert shown.station.meters[0].grid_export_power is not None
    assert shown.station.inverters[0].ac_power is not None
    assert shown.station.load_energy_today is not None
    assert (shown.station.pv_power, shown.station.data_timestamp) == (None, None)


def test_a_station_that_says_nothing_at_all_is_a_failure(home: Home) -> None:
    for endpoint in ("flow", "devices"):
        home.portal.script_always(endpoint, Answer(body={"code": "00000", "data": {}}))

    with pytest.raises(errors.AnswerEmpty):
        home.read()


def test_devices_whose_telemetry_is_all_null_have_not_answered(home: Home) -> None:
    def hollow(envelope: dict[str, Any], _: Any) -> None:
        for group in envelope["data"]:
            for factor in group["factors"]:
                factor["data"] = None

    for endpoint in ("telemetry", "telecounting"):
        home.portal.mutate(endpoint, hollow)
    home.portal.script_always("flow", Answer(body={"code": "00000", "data": {}}))
    home.portal.script_always("batteries", Answer(body={"code": "00000", "data": []}))

    with pytest.raises(errors.AnswerEmpty):
        home.read()


def test_devices_outlive_hours_without_their_list_but_not_their_states_nor_a_day(home: Home) -> None:
    """The list may be old; what each device itself says now is not."""
    home.read()
    home.portal.script_always("devices", Answer(500, b""))
    home.clock.advance(2 * HOUR)

    station = home.read()
    home.clock.advance(23 * HOUR)

    [inverter] = station.inverters
    assert inverter.ac_power is not None
    assert inverter.fetched_at is not None
    assert inverter.fetched_at > home.clock.now() - timedelta(hours=24)
    assert [device.state for device in (*station.inverters, *station.meters)] == [None, None]
    assert home.read().inverters == ()


def test_a_remembered_counter_answer_brings_back_no_power_of_before(home: Home) -> None:
    """The answer with the counters repeats the inverter's power, and may be twenty minutes old."""
    home.read()
    home.portal.script_always("telecounting.INVERTER", Answer(500, b""))
    home.portal.mutate("telemetry.INVERTER", lambda envelope, _: factor(envelope, "pAc").update(data="0.123"))
    home.clock.advance(600)

    (inverter,) = home.read().inverters

    assert inverter.ac_power == 123.0
    assert inverter.pv_energy is not None


def test_a_broken_connection_is_tried_once_more(home: Home) -> None:
    home.portal.script("flow", Answer(body=b"{", headers={"Content-Length": "100"}))

    assert home.read().pv_power is not None
    assert home.outcomes("flow") == {"broken": 1, "ok": 1}


@pytest.mark.parametrize(
    "wire, watts",
    [
        ({"pSystem": "1.2kW"}, 1200.0),
        ({"pSystem": "589W"}, 589.0),
        ({"pSystem": "2337(W)"}, 2337.0),
        ({"pSystem": "0.0123 MW"}, 12_300.0),
        ({"pSystem": 1.5}, 1500.0),
        ({"pSystem": "1.5"}, 1500.0),
        ({"pSystem": -0.012}, -12.0),
        ({"pSystem": "--"}, None),
        ({"pSystem": ""}, None),
        ({"pSystem": None}, None),
        ({"pSystem": 6553.5}, None),
        ({"pSystem": 4294967.295}, None),
        ({"pSystem": "1.2 MWh"}, None),
        ({"pSystem": [1]}, None),
    ],
)
def test_powers_scale_by_the_unit_they_carry_and_nonsense_is_absent(
    home: Home, wire: dict[str, object], watts: float | None
) -> None:
    home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(wire))

    assert home.read().pv_power == watts


@pytest.mark.parametrize(
    "value, reason", [("1.2 MWh", DropReason.UNIT), (6553.5, DropReason.SENTINEL), (1e9, DropReason.OUT_OF_RANGE)]
)
def test_what_is_dropped_is_counted_by_metric_and_reason(home: Home, value: object, reason: DropReason) -> None:
    home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(pSystem=value))

    home.read()

    assert home.findings.dropped["sems_station_pv_power_watts", reason] == 1


def test_an_impossible_grid_power_invents_no_zero_for_the_other_direction(home: Home) -> None:
    home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(pGrid=6553.5))

    station = home.read()

    assert (station.grid_import_power, station.grid_export_power) == (None, None)


def test_energies_in_megawatt_hours_are_scaled_by_their_unit(home: Home) -> None:
    def megawatts(envelope: dict[str, Any], _: Any) -> None:
        for item in envelope["data"]["dataList"]:
            item["unit"] = "MWh"
            for entry in item["statisticsList"]:
                entry["val"] = 0.0314

    home.portal.mutate("statistics", megawatts)

    assert home.read().pv_energy_today == 113_040_000.0


def test_a_time_in_the_future_is_not_believed_and_counted(home: Home) -> None:
    home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(refreshTime="2031-01-01T00:00:00"))

    station = home.read()

    assert station.data_timestamp is None
    assert home.findings.dropped["sems_station_data_timestamp_seconds", DropReason.BAD_TIME] == 1


def each_device(envelope: dict[str, Any], kind: str, change: Callable[[dict[str, Any]], object]) -> None:
    for entry in envelope["data"]["deviceDetailList"]:
        if entry["deviceType"] == kind:
            for group in entry["statusDetailList"]:
                for detail in group["detailMap"].values():
                    change(detail)


@pytest.mark.parametrize(
    "code, state, unknown",
    [
        (0, DeviceState.OFFLINE, 0),
        (1, DeviceState.ONLINE, 0),
        ("2", DeviceState.FAULT, 0),
        (3, DeviceState.WAITING, 0),
        (4, DeviceState.SHUTDOWN, 0),
        (5, DeviceState.RUNNING, 0),
        (6, DeviceState.CHARGING, 0),
        (7, DeviceState.DISCHARGING, 0),
        (8, DeviceState.AVAILABLE, 0),
        (9.0, DeviceState.MAINTENANCE, 0),
        (4294967295, DeviceState.UNKNOWN, 0),
        (77, DeviceState.UNKNOWN, 1),
        ("new", DeviceState.UNKNOWN, 1),
    ],
)
def test_a_device_state_is_known_or_unknown_and_news_are_counted(
    home: Home, code: object, state: DeviceState, unknown: int
) -> None:
    home.portal.mutate(
        "devices", lambda envelope, _: each_device(envelope, "INVERTER", lambda detail: detail.update(status=code))
    )

    station = home.read()

    assert station.inverters[0].state is state
    assert home.findings.unknown.get(Unknown.STATUS, 0) == unknown


@pytest.mark.parametrize("status", [None, "", "--"])
def test_a_device_without_a_state_of_its_own_has_that_of_its_group(home: Home, status: object) -> None:
    def grouped(envelope: dict[str, Any], _: Any) -> None:
        each_device(envelope, "INVERTER", lambda detail: detail.update(status=status))
        envelope["data"]["deviceDetailList"][0]["statusDetailList"][0]["status"] = 0

    home.portal.mutate("devices", grouped)

    station = home.read()

    assert station.inverters[0].state is DeviceState.OFFLINE
    assert home.findings.unknown == {}


@pytest.mark.parametrize("kind", [None, "", "BAT_SYS"])
def test_a_battery_is_one_unless_it_is_called_something_else(home: Home, kind: str | None) -> None:
    home.portal.mutate("batteries", lambda envelope, _: envelope["data"][0].update(type=kind))

    assert [battery.id for battery in home.read().batteries] == [BATTERY]


def test_an_offline_inverter_takes_its_battery_offline(home: Home) -> None:
    home.portal.mutate(
        "devices", lambda envelope, _: each_device(envelope, "INVERTER", lambda detail: detail.update(status=0))
    )

    assert [battery.state for battery in home.read().batteries] == [DeviceState.OFFLINE]


def test_a_new_kind_of_device_is_counted_and_the_others_are_read(home: Home) -> None:
    home.portal.mutate(
        "devices",
        lambda envelope, _: envelope["data"]["deviceDetailList"].append(
            {"deviceType": "FLUX_CAPACITOR", "statusDetailList": [{"status": 1, "snList": ["X1"]}]}
        ),
    )

    station = home.read()

    assert home.findings.unknown == {Unknown.DEVICE_TYPE: 1}
    assert (Unknown.DEVICE_TYPE, "FLUX_CAPACITOR") in home.findings.details
    assert len(station.inverters) == 1
    home.clock.advance(60)
    home.read()
    # Once, to see whether it is an inverter by another name.
    assert home.asked("telemetry", "X1") == 1


def test_a_new_factor_is_counted_and_the_others_are_read(home: Home) -> None:
    home.portal.mutate(
        "telemetry.SMART_METER",
        lambda envelope, _: envelope["data"][0]["factors"].append({"code": "flux", "data": "1.21", "unit": "GW"}),
    )

    station = home.read()

    assert home.findings.unknown == {Unknown.FACTOR: 1}
    assert (Unknown.FACTOR, "meter flux") in home.findings.details
    assert station.meters[0].grid_import_power is not None


@pytest.mark.parametrize("spell", [str.lower, str.upper])
def test_codes_are_known_in_any_case(home: Home, spell: Callable[[str], str]) -> None:
    def spelt(envelope: dict[str, Any], _: Any) -> None:
        for group in envelope["data"]:
            for each in group["factors"]:
                each["code"] = spell(each["code"])

    before = home.read()
    for endpoint in ("telemetry", "telecounting"):
        home.portal.mutate(endpoint, spelt)

    after = home.read()

    assert home.findings.unknown == {}
    assert told(after) == told(before)


def test_a_frequency_of_each_phase_is_that_of_the_inverter(home: Home) -> None:
    def by_phase(envelope: dict[str, Any], _: Any) -> None:
        [ac] = [group["factors"] for group in envelope["data"] if group["code"] == "ac"]
        ac.remove(factor(envelope, "Fac"))
        ac.extend(
            {"code": f"PHASE-{x}:Fac", "data": hz, "unit": "Hz"}
            for x, hz in zip("ABC", ("50.02", "", "655.35"), strict=True)
        )

    home.portal.mutate("telemetry.INVERTER", by_phase)

    assert home.read().inverters[0].grid_frequency == 50.02
    assert home.findings.unknown == {}


def test_a_code_in_its_own_case_wins_over_one_in_another(home: Home) -> None:
    home.portal.mutate(
        "telemetry.BAT_SYS",
        lambda envelope, _: envelope["data"][0]["factors"].append({"code": "SOC", "data": "12", "unit": "%"}),
    )

    assert home.read().batteries[0].state_of_charge != 0.12


def test_factors_are_read_in_groups_by_name_and_without_groups(home: Home) -> None:
    def named(envelope: dict[str, Any], _: Any) -> None:
        envelope["data"] = {group["code"]: group for group in envelope["data"]}

    def flat(envelope: dict[str, Any], _: Any) -> None:
        envelope["data"] = [each for group in envelope["data"] for each in group["factors"]]

    before = home.read()
    home.portal.mutate("telemetry.INVERTER", named)
    home.portal.mutate("telemetry.SMART_METER", flat)

    after = home.read()

    assert told(after) == told(before)


def told(station: Station) -> list[set[str]]:
    """What is known of the devices of a station and of their parts."""
    devices = (*station.inverters, *station.meters, *station.batteries)
    parts = (*station.inverters[0].inputs, *station.inverters[0].phases, *station.meters[0].phases)
    return [set(readings(each)) for each in (*devices, *parts)]


@pytest.mark.parametrize("data", ["text", [{}], {"rows": [{"key": "pAc", "value": 1}]}])
def test_an_answer_without_any_factor_is_counted(home: Home, data: object) -> None:
    home.portal.script_always("telemetry.SMART_METER", Answer(body={"code": "00000", "data": data}))

    home.read()

    assert (Unknown.FIELD, "telemetry of SMART_METER without factors") in home.findings.details


def test_a_list_of_batteries_in_another_shape_takes_no_battery_away(home: Home) -> None:
    home.read()
    home.portal.script_always("batteries", Answer(body={"code": "00000", "data": {"rows": []}}))
    home.clock.advance(HOUR)

    station = home.read()

    assert [battery.id for battery in station.batteries] == [BATTERY]
    assert "batteries could not be read" in "".join(home.findings.partial)


def test_a_list_of_devices_that_is_gone_for_a_moment_takes_no_device_with_it(home: Home) -> None:
    home.read()
    home.portal.mutate("devices", lambda envelope, _: envelope["data"].update(deviceDetailList=None))

    assert len(home.read().inverters) == 1


def test_a_new_key_of_the_flow_is_counted(home: Home) -> None:
    home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(pFlux=1.21))

    home.read()

    assert home.findings.unknown == {Unknown.FIELD: 1}


@pytest.mark.parametrize("endpoint", ["telemetry", "telecounting", "devices", "batteries", "statistics", "information"])
@pytest.mark.parametrize(
    "data", [7, "text", True, [7], [[]], [{}], [{"factors": 7}], [{"factors": [7, {}, {"code": 7}]}], {"x": []}]
)
def test_an_answer_of_another_shape_costs_its_values_and_never_the_refresh(
    home: Home, endpoint: str, data: object
) -> None:
    home.portal.script_always(endpoint, Answer(body={"code": "00000", "data": data}))

    assert home.read().pv_power is not None


def test_two_inverters_have_a_battery_each(build: Builder) -> None:
    clock = SharedClock()
    home = build(plants=demo_plants(3, clock=clock)[2:])

    station = home.read()

    assert [inverter.id for inverter in station.inverters] == ["SIM5K0021", "SIM5K0022"]
    assert {battery.id: battery.inverter for battery in station.batteries} == {
        "SIMBAT0021": "SIM5K0021",
        "SIMBAT0022": "SIM5K0022",
    }
    assert all(battery.state_of_charge is not None for battery in station.batteries)


def battery_of(station: Station) -> dict[str, float]:
    (battery,) = station.batteries
    return readings(battery)


def test_without_telemetry_the_list_of_batteries_tells_charge_and_power_as_fresh(home: Home) -> None:
    home.portal.script_always("telemetry.BAT_SYS", DENIED)
    home.portal.mutate("batteries", lambda envelope, _: envelope["data"][0].update(soc=81, pbat=-1.5))

    first = home.read()
    home.clock.advance(300)
    home.portal.mutate("batteries", lambda envelope, _: envelope["data"][0].update(soc=82, pbat=0.5))
    second = home.read()

    assert battery_of(first) == {"state_of_charge": 0.81, "charge_power": 1500.0, "discharge_power": 0.0}
    assert battery_of(second) == {"state_of_charge": 0.82, "charge_power": 0.0, "discharge_power": 500.0}
    assert second.batteries[0].fetched_at != first.batteries[0].fetched_at


def test_a_battery_without_a_serial_number_is_named_after_its_inverter(home: Home) -> None:
    def anonymous(envelope: dict[str, Any], _: Any) -> None:
        envelope["data"] = [{"no": "1", "soc": 50, "type": "BAT_SYS"}, {"no": "2", "soc": 60, "type": "BAT_SYS"}]

    home.portal.mutate("batteries", anonymous)

    station = home.read()

    assert [(battery.id, battery.state_of_charge) for battery in station.batteries] == [
        (f"{INVERTER}-1", 0.5),
        (f"{INVERTER}-2", 0.6),
    ]


@pytest.mark.parametrize(
    "rows, ids",
    [
        ([("BAT_SYS", 0), ("BAT_SYS", 1)], ["0", "1"]),
        ([("BAT_SYS", "0"), ("BAT_SYS", "1")], ["0", "1"]),
        ([("BAT_SYS", 1), ("BAT_SYS", 0)], ["1", "0"]),
        ([("BAT_SYS", None), ("BAT_SYS", 1)], ["2", "1"]),
        ([("BAT_SYS", None), ("BAT_SYS", None)], ["1", "2"]),
        ([("BAT_SYS", 2), ("BAT_SYS", None)], ["2", "1"]),
        ([("BAT_SYS", 1), ("BAT_SYS", 1), ("BAT_SYS", 1.0)], ["1", "2", "3"]),
        ([("BATTERY_RACK", 1), ("BATTERY_RACK", 2), ("BAT_SYS", 1)], ["3", "2", "1"]),
    ],
)
def test_batteries_without_serial_numbers_have_ids_of_their_own(rows: list[tuple[str, object]], ids: list[str]) -> None:
    data = [{"type": kind, "no": number, "soc": 50} for kind, number in rows]

    found = [batteries(data, INVERTER, Diagnostics()) for _ in range(2)]

    assert [ref.id for ref in found[0]] == [f"{INVERTER}-{number}" for number in ids]
    assert found[0] == found[1]


def test_a_made_up_id_is_nobodys_serial_number() -> None:
    found = batteries([{"no": 1, "soc": 50}, {"no": 1, "sn": f"{INVERTER}-1"}], INVERTER, Diagnostics())

    assert [ref.id for ref in found] == [f"{INVERTER}-2", f"{INVERTER}-1"]


def test_nothing_is_asked_of_a_rack_without_a_serial_number(home: Home) -> None:
    home.portal.mutate(
        "batteries", lambda envelope, _: envelope["data"].append({"no": "1", "type": "BATTERY_RACK", "status": 7})
    )

    station = home.read()

    assert [(battery.id, battery.system) for battery in station.batteries][1:] == [
        (f"{INVERTER}-1", station.batteries[0].id)
    ]
    assert home.asked("telemetry.BATTERY_RACK") == 0


def test_a_disconnected_battery_is_offline(home: Home) -> None:
    home.portal.script_always("telemetry.BAT_SYS", DENIED)
    home.portal.mutate("batteries", lambda envelope, _: envelope["data"][0].update(isConnected=False))

    assert home.read().batteries[0].state is DeviceState.OFFLINE


def test_a_list_of_batteries_that_is_empty_is_no_battery(home: Home) -> None:
    home.portal.mutate("batteries", lambda envelope, _: envelope.update(data=[]))

    assert home.read().batteries == ()


def test_an_inverter_for_pv_alone_is_asked_for_batteries_once_an_hour(home: Home) -> None:
    """Beside a hybrid, whose battery the flow shows, it has none."""
    home.portal.mutate("batteries", lambda envelope, _: envelope.update(data=[]))
    home.portal.mutate(
        "devices", lambda envelope, _: each_device(envelope, "INVERTER", lambda d: d.update(subtype="grid"))
    )
    for _ in range(6):
        home.read()
        home.clock.advance(300)

    assert home.asked("batteries") == 1


def test_a_micro_inverter_is_not_asked_for_batteries(home: Home) -> None:
    def micro(envelope: dict[str, Any], _: Any) -> None:
        each_device(envelope, "INVERTER", lambda detail: detail.update(deviceType="MICRO_INVERTER", subtype=None))

    home.portal.mutate("devices", micro)

    assert len(home.read().inverters) == 1
    assert home.asked("batteries") == 0


@pytest.mark.parametrize("charge", [0, None, 536])
def test_a_flow_with_a_battery_at_nothing_shows_no_battery(home: Home, charge: float | None) -> None:
    home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(pBat=0, soc=charge))
    home.portal.mutate("info", lambda envelope, _: envelope["data"].update(batteryCapacity=0))
    home.portal.mutate("batteries", lambda envelope, _: envelope.update(data=[]))
    home.portal.mutate("telecounting", without_battery_counters)
    home.portal.mutate("statistics", lambda envelope, _: envelope["data"].update(dataList=[]))

    station = home.read()

    # The type of the plant, "2", says that it stores, and a hybrid inverter has counters.
    assert station.has_battery is None
    shown = readings(without_phantom_battery(totals(station), Diagnostics()))
    assert not [name for name in shown if name.startswith("battery_")]


def without_battery_counters(envelope: dict[str, Any], _: object) -> None:
    """The counters of a hybrid inverter that never had a battery."""
    for group in envelope["data"]:
        for each in group["factors"]:
            if each["code"].startswith(("proChar", "proDischar")):
                each["data"] = "0"


def test_telemetry_is_never_asked_of_a_dongle_and_information_each_quarter_of_an_hour(home: Home) -> None:
    for _ in range(6):
        home.read()
        home.clock.advance(300)

    asked = [request for request in home.portal.requests if "DONGLE" in request.path]
    assert [request.endpoint for request in asked] == ["information"] * 2


def test_a_name_zone_and_sizes_come_from_the_description_of_the_station(home: Home) -> None:
    station = home.read()

    assert (station.name, station.timezone_name, str(station.timezone)) == (
        "Sunny Home",
        "Europe/Amsterdam",
        "Europe/Amsterdam",
    )
    assert (station.installed_power, station.battery_capacity) == (6000.0, 36_000_000.0)
    assert station.has_battery is True


def test_without_a_zone_there_is_no_time_of_the_data_and_no_day(home: Home) -> None:
    home.portal.mutate("stations", lambda envelope, _: envelope["data"]["dataList"][0].update(timeZone=""))
    home.portal.script_always("info", DENIED)

    station = home.read()

    assert (station.timezone, station.data_timestamp, station.pv_energy_today) == (None, None, None)
    assert station.pv_power is not None
    assert home.asked("statistics") == 0
    assert home.findings.dropped["sems_station_data_timestamp_seconds", DropReason.BAD_TIME] == 0


def test_a_zone_that_nobody_knows_is_counted(home: Home) -> None:
    home.portal.mutate("info", lambda envelope, _: envelope["data"].update(timeZone="Mars", zoneId=None))
    home.portal.mutate("stations", lambda envelope, _: envelope["data"]["dataList"][0].update(timeZone="Mars"))

    station = home.read()

    assert (station.timezone, station.timezone_name) == (None, "Mars")
    assert (Unknown.FIELD, "time zone Mars") in home.findings.details


def test_a_station_whose_id_is_a_number_is_no_less_a_station(home: Home) -> None:
    home.portal.mutate("stations", lambda envelope, _: envelope["data"]["dataList"][0].update(id=12345))

    assert [ref.id for ref in home.account.stations(home.findings)] == ["12345"]


def test_a_station_state_that_nobody_knows_is_unknown_and_counted(home: Home) -> None:
    home.portal.mutate("flow", lambda envelope, _: envelope["data"].update(status=77))

    assert home.read().state is StationState.UNKNOWN
    assert home.findings.unknown == {Unknown.STATUS: 1}


def test_a_flow_without_powers_and_time_is_an_empty_answer_and_no_station_at_rest(home: Home) -> None:
    def emptied(envelope: dict[str, Any], _: Any) -> None:
        envelope["data"] = {"status": 1}

    home.portal.mutate("flow", emptied)

    station = home.read()

    assert (station.pv_power, station.data_timestamp) == (None, None)
    assert home.outcomes("flow") == {"empty": 1}


def test_what_hangs_behind_an_inverter_and_is_no_battery_system_is_left_out(home: Home) -> None:
    home.portal.mutate(
        "batteries", lambda envelope, _: envelope["data"].append({"type": "BAT_BUSBAR", "sn": "BUSBAR1", "soc": 5})
    )

    assert [battery.id for battery in home.read().batteries] == [BATTERY]
