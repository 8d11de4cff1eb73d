"""Captured answers of the real portal and every reading in them, written out by hand in base units."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sems_exporter import errors, protocol
from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import KWH, Alarm, AlarmLevel, Battery, DeviceState, Inverter, Meter, StationState
from sems_exporter.model.schema import Entity, Role
from sems_exporter.portal.http.envelope import HttpResponse, parse_envelope
from sems_exporter.portal.semsplus import alarms, device_lists, ev_chargers, signin, station_decoder
from sems_exporter.portal.semsplus.factor_reader import Reading, fill
from sems_exporter.protocol.semsplus import Kind
from tests.portal.semsplus import captures
from tests.portal.semsplus.captures import needs_captures

pytestmark = needs_captures

NOW = datetime(2026, 9, 24, 19, 20, tzinfo=UTC)


def test_every_capture_is_named_in_a_test() -> None:
    there = {file.stem.removeprefix("semsplus_") for file in Path(captures.FOLDER).glob("semsplus_*.json")}
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_capture*.py"))

    assert {name for name in there if f'"{name}"' not in tests} == set(), "no test reads it"


def device(scope: type[Entity], *names: str) -> tuple[Reading, Diagnostics]:
    reading, findings = Reading(), Diagnostics()
    for name in names:
        fill(reading, captures.data(name), protocol.semsplus().tables[scope], findings)
    return reading, findings


def test_telemetry_of_a_hybrid_inverter() -> None:
    reading, findings = device(Inverter, "telemetry_hybrid_inverter_2026-09")

    # Its insulation resistance is null, and it gives no frequency: both stay absent.
    assert reading.own == {
        "temperature": 53.7,
        "operating_time": 24_332_400.0,
        "ac_power": 897.0,
        "reactive_power": 1163.0,
        "power_factor": 0.03,
        "backup_power": 0.0,
        "pv_power": 77.6,
    }
    assert reading.parts == {
        ("PHASE", "L1"): {"voltage": 244.1, "current": 6.0, "backup_voltage": 243.5, "backup_current": 0.5},
        ("MPPT", "1"): {"power": 0.0, "voltage": 131.7, "current": 0.0},
        ("MPPT", "2"): {"power": 77.6, "voltage": 194.0, "current": 0.4},
    }
    assert (findings.dropped, findings.unknown) == ({}, {})


def test_telemetry_of_a_grid_inverter() -> None:
    reading, findings = device(Inverter, "telemetry_grid_inverter_2026-09")

    # ISOLimit and LeakageCurrent have no data; a gridPF of -0.001 means "none".
    assert reading.own == {
        "operating_time": 109_270_800.0,
        "temperature": 29.2,
        "ac_power": 1064.0,
        "reactive_power": -1.0,
        "grid_frequency": 49.95,
    }
    assert reading.parts == {
        ("PHASE", "L1"): {"voltage": 233.3, "current": 4.3},
        ("MPPT", "1"): {"power": 991.38, "voltage": 319.8, "current": 3.1},
    }
    assert findings.dropped == {("sems_inverter_power_factor_ratio", DropReason.SENTINEL): 1}
    assert findings.unknown == {}


def test_counters_of_a_grid_inverter() -> None:
    reading, findings = device(Inverter, "telecounting_grid_inverter_2026-09")

    assert reading.own == {
        "ac_power": 1064.0,
        "rated_power": 5000.0,
        "pv_energy_today": 44_424_000.0,
        "pv_energy_month": 444_420_000.0,
        "pv_energy_year": 8_444_412_000.0,
        "pv_energy": 44_444_412_000.0,
    }
    assert (reading.parts, findings.dropped, findings.unknown) == ({}, {}, {})


def test_telemetry_of_a_three_phase_meter_that_imports() -> None:
    reading, findings = device(Meter, "telemetry_smart_meter_3phase_import_2026-09")

    assert reading.own == {"grid_import_power": 1154.0, "grid_export_power": 0.0}
    assert reading.parts == {
        ("PHASE", "L1"): {"grid_import_power": 515.0, "grid_export_power": 0.0, "voltage": 240.0, "current": 2.52},
        ("PHASE", "L2"): {"grid_import_power": 422.0, "grid_export_power": 0.0, "voltage": 234.3, "current": 2.64},
        ("PHASE", "L3"): {"grid_import_power": 217.0, "grid_export_power": 0.0, "voltage": 240.4, "current": 2.02},
    }
    assert (findings.dropped, findings.unknown) == ({}, {})


def test_counters_of_a_meter() -> None:
    reading, findings = device(Meter, "telecounting_smart_meter_2026-09")

    assert reading.own == {
        "grid_export_energy_today": 132_372_000.0,
        "grid_import_energy_today": 46_224_000.0,
        "grid_export_energy_month": 3_526_416_000.0,
        "grid_import_energy_month": 1_464_192_000.0,
        "grid_export_energy_year": 31_540_320_000.0,
        "grid_import_energy_year": 16_224_768_000.0,
        "grid_export_energy": 139_847_364_000.0,
        "grid_import_energy": 73_133_172_000.0,
    }
    assert (reading.parts, findings.dropped, findings.unknown) == ({}, {}, {})


def test_telemetry_of_a_battery_system_that_discharges() -> None:
    reading, findings = device(Battery, "telemetry_bat_sys_2026-09")

    assert reading.own == {
        "state_of_health": 1.0,
        "state_of_charge": 0.99,
        "discharge_power": 796.08,
        "charge_power": 0.0,
        "voltage": 331.7,
        "current": 2.4,
        "temperature": 23.9,
        "charge_current_limit": 0.0,
        "discharge_current_limit": 50.0,
    }
    assert (reading.parts, findings.dropped, findings.unknown) == ({}, {}, {})


def test_flow_of_a_hybrid_that_discharges() -> None:
    findings = Diagnostics()

    flow = station_decoder.flow(captures.data("flow_hybrid_discharge_2026-09"), findings)

    assert flow.values == {
        "pv_power": 77.72,
        "ac_power": 840.17,
        "battery_discharge_power": 762.45,
        "battery_charge_power": 0.0,
        "grid_import_power": 1.0,
        "grid_export_power": 0.0,
        "battery_state_of_charge": 0.99,
        "load_power": 841.17,
    }
    assert (flow.state, flow.refresh_time, flow.battery) == (StationState.RUNNING, "2026-09-24T18:02:00", True)
    assert (findings.dropped, findings.unknown) == ({}, {})


def test_flow_of_a_night_without_pv_and_battery_keys_has_neither() -> None:
    findings = Diagnostics()

    flow = station_decoder.flow(captures.data("flow_night_import_no_battery_2026-09"), findings)

    assert flow.values == {
        "ac_power": 0.0,
        "grid_import_power": 1351.0,
        "grid_export_power": 0.0,
        "load_power": 1351.0,
    }
    assert (flow.state, flow.refresh_time, flow.battery) == (StationState.OFFLINE, "2026-09-24T21:19:00", False)
    assert (findings.dropped, findings.unknown) == ({}, {})


@pytest.mark.parametrize(
    "number, expected, taken",
    [
        (
            0,
            {
                "pv_power": 0.0,
                "ac_power": 1179.3,
                "battery_discharge_power": 1179.3,
                "battery_charge_power": 0.0,
                "grid_export_power": 149.0,
                "grid_import_power": 0.0,
                "battery_state_of_charge": 0.42,
                "load_power": 1030.3,
            },
            "2026-09-27T19:32:00",
        ),
        (
            1,
            {
                "battery_discharge_power": 511.94,
                "battery_charge_power": 0.0,
                "grid_export_power": 0.0,
                "grid_import_power": 28.0,
                "battery_state_of_charge": 0.41,
                "load_power": 539.94,
            },
            "2026-09-27T19:35:00",
        ),
        (
            2,
            {
                "battery_discharge_power": 0.0,
                "battery_charge_power": 0.0,
                "grid_export_power": 0.0,
                "grid_import_power": 111.0,
                "battery_state_of_charge": 0.41,
                "load_power": 111.0,
            },
            "2026-09-27T19:36:00",
        ),
        (
            3,
            {
                "pv_power": 3736.61,
                "ac_power": 426.27,
                "battery_discharge_power": 0.0,
                "battery_charge_power": 3310.34,
                "grid_export_power": 5.0,
                "grid_import_power": 0.0,
                "battery_state_of_charge": 0.51,
                "load_power": 421.27,
            },
            "2026-09-30T10:15:00",
        ),
    ],
)
def test_flow_of_an_et_hybrid_in_four_directions(number: int, expected: dict[str, float], taken: str) -> None:
    sample = captures.document("flow_et_battery_directions_4_samples_2026-09")["samples"][number]
    findings = Diagnostics()

    flow = station_decoder.flow(sample["flow"], findings)

    assert flow.values == expected
    assert (flow.state, flow.refresh_time, flow.battery) == (None, taken, True)
    assert (findings.dropped, findings.unknown) == ({}, {})


def test_page_of_stations() -> None:
    findings = Diagnostics()

    page = station_decoder.page(captures.data("portal_stations_page_2026-09"), findings)

    (ref,) = page.stations
    assert (page.total, ref.id, ref.name, ref.state) == (1, "<station_id>", "<station_name>", StationState.RUNNING)
    assert (str(ref.timezone), ref.timezone_name) == ("Europe/Amsterdam", "Europe/Amsterdam")
    assert ref.installed_power == 3000.0
    assert (findings.dropped, findings.unknown) == ({}, {})


@pytest.mark.parametrize(
    "name, expected",
    [
        (
            "all_status_single_inverter_2026-09",
            [("<inverter_serial>", "INVERTER", "<inverter_name>", DeviceState.ONLINE, "<inverter_subtype>")],
        ),
        (
            "all_status_inverter_meter_night_2026-09",
            [
                ("<INVERTER_SN>", "INVERTER", "<INVERTER_SN>", DeviceState.OFFLINE, "grid"),
                ("<METER_SN>", "SMART_METER", "<METER_SN>", DeviceState.ONLINE, "goodwe"),
            ],
        ),
        (
            "all_status_hybrid_rack_dongle_2026-09",
            [
                ("<inverter_serial>", "INVERTER", "Inverter", DeviceState.RUNNING, "store"),
                ("<battery_rack_serial>", "BATTERY_RACK", "<battery_rack_serial>", DeviceState.OFFLINE, None),
                ("<dongle_serial>", "DONGLE", "Dongle 1", DeviceState.ONLINE, None),
            ],
        ),
    ],
)
def test_devices_of_a_station(name: str, expected: list[tuple[Any, ...]]) -> None:
    findings = Diagnostics()

    refs = device_lists.listed(captures.data(name), findings)

    assert [(ref.id, ref.type, ref.name, ref.state, ref.subtype) for ref in refs] == expected
    assert findings.unknown == {}


def test_battery_systems_of_an_inverter() -> None:
    findings = Diagnostics()

    (battery,) = device_lists.batteries(captures.data("related_devices_bat_sys_2026-09"), "INV1", findings)

    assert (battery.id, battery.inverter, battery.name) == ("<battery_system_serial>", "INV1", "BAT1")
    assert battery.state is DeviceState.DISCHARGING
    assert battery.values == {"state_of_charge": 0.99, "discharge_power": 796.08, "charge_power": 0.0}
    assert (findings.dropped, findings.unknown) == ({}, {})


def test_energies_of_a_day_are_the_items_and_not_the_sums_beside_them() -> None:
    findings = Diagnostics()
    data = captures.data("statistics_day_hybrid_2026-09")

    values = station_decoder.statistics(data, Role.DAY, date(2026, 9, 24), findings).values

    assert values == {
        "pv_energy_today": 113_040_000.0,
        "load_energy_today": 104_436_000.0,
        "battery_charge_energy_today": 73_080_000.0,
        "battery_discharge_energy_today": 46_080_000.0,
        "grid_export_energy_today": 35_136_000.0,
        "grid_import_energy_today": 63_252_000.0,
        "self_consumption_energy_today": 62_064_000.0,
    }
    assert (findings.dropped, findings.unknown) == ({}, {})


def test_energies_of_another_day_are_not_taken_for_todays() -> None:
    energies = station_decoder.statistics(
        captures.data("statistics_day_hybrid_2026-09"), Role.DAY, date(2026, 9, 25), Diagnostics()
    )

    assert (energies.values, energies.priced) == ({}, False)


@pytest.mark.parametrize("name", ["web_login_ok_2026-09", "login_ok_no_client_2026-05"])
def test_a_sign_in_that_worked(name: str) -> None:
    envelope = parse_envelope(HttpResponse(200, captures.path(name).read_bytes()), NOW)

    token = signin.token(envelope, (), NOW)

    assert token.identity == {**captures.data(name), "client": "semsPlusWeb"}
    assert token.gateway == "https://eu-gateway.semsportal.com/web/sems"
    assert token.issued_at == NOW.timestamp()


@pytest.mark.parametrize(
    "name, failure",
    [
        ("login_error_100004_2026-09", errors.ProtocolChanged),
        ("error_S0327_bad_dimension_2026-09", errors.RequestInvalid),
    ],
)
def test_a_refusal_has_its_name(name: str, failure: type[errors.PortalError]) -> None:
    with pytest.raises(errors.PortalError) as raised:
        parse_envelope(HttpResponse(200, captures.path(name).read_bytes()), NOW)

    assert type(raised.value) is failure


def test_income_of_a_day_stands_in_the_currency_beside_it() -> None:
    findings = Diagnostics()

    income = station_decoder.income(captures.data("production_day_us_2026-09"), findings)

    assert (income.currency, income.values) == ("USD", {"income_today": 0.0})
    # 20.8 kWh that earned nothing: the owner has entered no price.
    assert station_decoder.earned(income, priced=False) == {}
    assert (findings.dropped, findings.unknown) == ({}, {})


def test_a_recovered_alarm_is_not_active() -> None:
    active = alarms.page(captures.data("alarm_page_one_recovered_row_2026-09"), Diagnostics())

    assert (active.listed, active.unlisted) == ((), 0)


def test_the_same_alarm_while_it_lasts() -> None:
    findings = Diagnostics()
    data = captures.data("alarm_page_one_recovered_row_2026-09")
    data["dataList"][0]["status"] = 0

    active = alarms.page(data, findings)

    assert active.listed == (
        Alarm(
            device="<sn>",
            code="E-G3-0-12",
            level=AlarmLevel.ALARM,
            name="Grid Waveform Abnormal",
            started_at=datetime(2026, 9, 6, 17, 58, 51, tzinfo=UTC),
        ),
    )
    assert (active.unlisted, findings.unknown) == (0, {})


def test_number_of_active_alarms() -> None:
    active = alarms.statistics(captures.data("alarm_statistics_2026-09"))

    assert (active.listed, active.unlisted) == ((), 0)


def test_list_of_ev_chargers() -> None:
    findings = Diagnostics()

    (ref,) = ev_chargers.listed(captures.data("ev_charger_device_list_2026"), findings)

    assert (ref.id, ref.name, ref.state) == ("<charger_serial>", "GW11K-HCA", DeviceState.CHARGING)
    assert findings.unknown == {}


def test_an_ev_charger_without_a_vehicle_has_a_limit_and_no_power() -> None:
    findings = Diagnostics()

    charger = ev_chargers.detail(captures.data("ev_charger_detail_2026"), findings)

    assert charger.state is DeviceState.AVAILABLE
    assert charger.values == {"charging_power_limit": 11_000.0}
    assert (findings.dropped, findings.unknown) == ({}, {})


def test_the_dashboards_list_of_stations_decodes_by_the_same_rule() -> None:
    findings = Diagnostics()

    page = station_decoder.page(captures.data("dashboard_stationPage_8_stations_2026-09"), findings)

    assert page.total == 8
    assert [ref.id[-1] for ref in page.stations] == list("12345678")
    assert [ref.state for ref in page.stations] == [
        *[StationState.RUNNING] * 3,
        StationState.FAULT,
        StationState.OFFLINE,
        *[StationState.RUNNING] * 3,
    ]
    assert {(ref.timezone, ref.installed_power) for ref in page.stations} == {(None, None)}
    assert findings == Diagnostics()


def test_the_pushed_form_of_the_flow_decodes_by_the_same_rule() -> None:
    findings = Diagnostics()

    flow = station_decoder.flow(captures.document("mqtt_station_message_2026-09"), findings)

    assert flow.values == {
        "pv_power": 0.0,
        "ac_power": 500.0,
        "load_power": 500.0,
        "grid_import_power": 0.0,
        "grid_export_power": 0.0,
        "battery_charge_power": 0.0,
        "battery_discharge_power": 500.0,
        "battery_state_of_charge": 0.5,
    }
    assert (flow.refresh_time, flow.battery) == ("2026-09-23 10:00:00", True)
    assert findings == Diagnostics()


def test_energies_of_a_calendar_year_hold_what_the_grid_gave_and_took() -> None:
    findings = Diagnostics()
    data = captures.data("statistics_year_2026_hybrid")

    energies = station_decoder.statistics(data, Role.YEAR, date(2026, 9, 24), findings)

    assert energies.values == {"grid_export_energy": 388.67 * KWH, "grid_import_energy": 9216.08 * KWH}
    assert not energies.priced
    assert station_decoder.statistics(data, Role.YEAR, date(2025, 1, 1), Diagnostics()).values == {}
    assert findings == Diagnostics()


def test_a_charger_at_rest_keeps_the_energy_of_its_session_and_has_no_power() -> None:
    findings = Diagnostics()

    told = ev_chargers.last_charge(captures.data("ev_last_charge_idle_us_2026-06"), findings)

    assert told.state is DeviceState.AVAILABLE
    assert told.values == {"session_energy": pytest.approx(11.49 * KWH)}
    assert findings == Diagnostics()


def test_an_unplugged_charger_has_targets_and_no_reading() -> None:
    findings = Diagnostics()

    told = ev_chargers.detail(captures.data("ev_detail_idle_unplugged_us_2026-06"), findings)

    assert (told.state, told.values) == (DeviceState.AVAILABLE, {})
    assert findings == Diagnostics()


def test_model_and_rating_of_a_charger() -> None:
    model = ev_chargers.model(captures.data("ev_control_items_us_2026-06"), Diagnostics())

    assert (model.name, model.values) == ("GW7K-HCA-20", {"rated_power": 7000.0})


def test_information_of_a_charger_names_its_model() -> None:
    information = device_lists.information(
        captures.data("ev_information_2026"), protocol.semsplus().charger, Diagnostics()
    )

    assert (information.name, information.model, information.values) == ("GW11K-HCA", "GW11K-HCA", {})


def test_telemetry_of_a_rack_tells_its_cells() -> None:
    reading, findings = device(Battery, "battery_rack_telemetry_shape")

    assert reading.own == {
        "state_of_charge": 0.52,
        "state_of_health": 0.98,
        "discharge_power": 250.0,
        "charge_power": 0.0,
        "voltage": 380.0,
        "charge_power_limit": 5000.0,
        "discharge_power_limit": 5000.0,
        "cell_temperature_max": 31.0,
        "cell_temperature_min": 28.0,
        "cell_voltage_max": 3.3,
        "cell_voltage_min": 3.29,
    }
    assert findings == Diagnostics()


def test_the_types_of_an_all_in_one_with_two_racks_are_known() -> None:
    """Of the list by pages, which is not asked; its types are those of the other one."""
    rows = captures.data("station_devices_two_racks_shape")

    refs = [device_lists.DeviceRef(row["sn"], row["deviceType"]) for row in rows]

    assert [ref.kind for ref in refs] == [Kind.INVERTER, Kind.RACK, Kind.RACK, Kind.DONGLE]
    assert {ref.type for ref in refs} <= protocol.semsplus().kinds.keys()
    assert [ref.id for ref in refs if ref.kind is Kind.RACK] == ["SN_RACK_1", "SN_RACK_2"]


def test_counters_of_the_chinese_gateway_stand_in_a_group_of_another_name() -> None:
    reading, findings = device(Inverter, "telecounting_cn_total_group_shape")

    assert reading.own["pv_energy"] == pytest.approx(17777.2 * KWH)
    assert reading.own["pv_energy_today"] == pytest.approx(27.7 * KWH)
    assert (reading.own["ac_power"], reading.own["rated_power"]) == (6895.0, 10_000.0)
    assert findings == Diagnostics()


def test_the_curve_of_a_day_bears_out_the_units_that_powers_and_energies_are_read_in() -> None:
    """Nothing reads curves. A minute each of kilowatts adds up to the kilowatt hours of the same plant and day."""
    series = captures.data("power_curve_day_us_2026-09-29")["dataList"]
    (powers,) = [each["powerData"] for each in series if each["item"] == "pSystem"]
    told = [point["power"] for point in powers if point["power"] is not None]

    assert sum(told) / 60 == pytest.approx(captures.data("production_day_us_2026-09")["proSystemTotalStats"], abs=0.05)
    # What is not known is null there too, and never 0.
    assert {point["power"] for point in powers if point.get("isCE")} == {None}
