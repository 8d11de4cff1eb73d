"""Whole stations out of captured answers: the real client against a portal that serves the captures."""

from datetime import UTC, datetime

from sems_exporter.model.plant import DeviceState, StationState
from tests.portal.semsplus.captures import needs_captures, path
from tests.portal.semsplus.conftest import Builder
from tests.portal.semsplus.homes import readings

pytestmark = needs_captures

EVENING = datetime(2026, 9, 24, 16, 3, tzinfo=UTC)  # 18:03 in Amsterdam
NIGHT = datetime(2026, 9, 24, 19, 20, tzinfo=UTC)


def test_a_hybrid_with_rack_and_dongle_has_one_inverter_a_battery_and_its_sleeping_rack(build: Builder) -> None:
    home = build(
        start=EVENING,
        answers={
            "stations": path("portal_stations_page_2026-09"),
            "flow": path("flow_hybrid_discharge_2026-09"),
            "devices": path("all_status_hybrid_rack_dongle_2026-09"),
            "telemetry.INVERTER": path("telemetry_hybrid_inverter_2026-09"),
            "telemetry.BAT_SYS": path("telemetry_bat_sys_2026-09"),
            "batteries": path("related_devices_bat_sys_2026-09"),
            "statistics": path("statistics_day_hybrid_2026-09"),
        },
    )

    station = home.read()

    assert (station.id, station.name, station.state) == ("<station_id>", "<station_name>", StationState.RUNNING)
    assert station.data_timestamp == datetime(2026, 9, 24, 16, 2, tzinfo=UTC)
    assert station.has_battery is True
    assert readings(station) == {
        "pv_power": 77.72,
        "load_power": 841.17,
        "grid_import_power": 1.0,
        "grid_export_power": 0.0,
        "battery_charge_power": 0.0,
        "battery_discharge_power": 762.45,
        "battery_state_of_charge": 0.99,
        "ac_power": 840.17,
        "installed_power": 3000.0,
        "pv_energy_today": 113_040_000.0,
        "load_energy_today": 104_436_000.0,
        "battery_charge_energy_today": 73_080_000.0,
        "battery_discharge_energy_today": 46_080_000.0,
        "grid_export_energy_today": 35_136_000.0,
        "grid_import_energy_today": 63_252_000.0,
        "self_consumption_energy_today": 62_064_000.0,
    }
    (inverter,) = station.inverters
    assert (inverter.id, inverter.name, inverter.state) == ("<inverter_serial>", "Inverter", DeviceState.RUNNING)
    assert inverter.data_timestamp == station.data_timestamp
    assert readings(inverter) == {
        "temperature": 53.7,
        "operating_time": 24_332_400.0,
        "ac_power": 897.0,
        "reactive_power": 1163.0,
        "power_factor": 0.03,
        "backup_power": 0.0,
        "pv_power": 77.6,
    }
    assert {part.number: readings(part) for part in inverter.inputs} == {
        "1": {"power": 0.0, "voltage": 131.7, "current": 0.0},
        "2": {"power": 77.6, "voltage": 194.0, "current": 0.4},
    }
    assert {part.name: readings(part) for part in inverter.phases} == {
        "L1": {"voltage": 244.1, "current": 6.0, "backup_voltage": 243.5, "backup_current": 0.5}
    }
    battery, rack = station.batteries
    assert (battery.id, battery.name, battery.inverter) == ("<battery_system_serial>", "BAT1", "<inverter_serial>")
    assert (rack.id, rack.system, rack.state) == ("<battery_rack_serial>", battery.id, DeviceState.OFFLINE)
    assert readings(rack) == {}
    assert readings(battery) == {
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
    assert station.meters == ()
    asked = [r.endpoint for r in home.portal.requests if "dongle" in r.path or "rack" in r.path]
    assert asked == ["information"]
    assert (home.findings.dropped, home.findings.unknown) == ({}, {})


def test_at_night_the_inverter_is_offline_without_values_and_the_meter_goes_on(build: Builder) -> None:
    home = build(
        start=NIGHT,
        answers={
            "stations": path("portal_stations_page_2026-09"),
            "flow": path("flow_night_import_no_battery_2026-09"),
            "devices": path("all_status_inverter_meter_night_2026-09"),
            "telemetry.SMART_METER": path("telemetry_smart_meter_3phase_import_2026-09"),
            "telecounting.SMART_METER": path("telecounting_smart_meter_2026-09"),
        },
    )

    station = home.read()

    assert station.state is StationState.OFFLINE
    assert station.data_timestamp == datetime(2026, 9, 24, 19, 19, tzinfo=UTC)
    assert readings(station) == {
        "ac_power": 0.0,
        "grid_import_power": 1351.0,
        "grid_export_power": 0.0,
        "load_power": 1351.0,
        "installed_power": 3000.0,
    }
    (inverter,) = station.inverters
    assert (inverter.id, inverter.state) == ("<INVERTER_SN>", DeviceState.OFFLINE)
    assert (readings(inverter), inverter.inputs, inverter.phases) == ({}, (), ())
    (meter,) = station.meters
    assert (meter.id, meter.state) == ("<METER_SN>", DeviceState.ONLINE)
    assert readings(meter) == {
        "grid_import_power": 1154.0,
        "grid_export_power": 0.0,
        "grid_export_energy_today": 132_372_000.0,
        "grid_import_energy_today": 46_224_000.0,
        "grid_export_energy_month": 3_526_416_000.0,
        "grid_import_energy_month": 1_464_192_000.0,
        "grid_export_energy_year": 31_540_320_000.0,
        "grid_import_energy_year": 16_224_768_000.0,
        "grid_export_energy": 139_847_364_000.0,
        "grid_import_energy": 73_133_172_000.0,
    }
    assert [(phase.name, phase.grid_import_power) for phase in meter.phases] == [
        ("L1", 515.0),
        ("L2", 422.0),
        ("L3", 217.0),
    ]
    assert station.batteries == ()
    assert station.has_battery is None
    assert home.asked("batteries") == 0


def test_a_single_grid_inverter_has_its_live_values_and_counters(build: Builder) -> None:
    home = build(
        start=EVENING,
        answers={
            "stations": path("portal_stations_page_2026-09"),
            "flow": path("flow_hybrid_discharge_2026-09"),
            "devices": path("all_status_single_inverter_2026-09"),
            "telemetry": path("telemetry_grid_inverter_2026-09"),
            "telecounting": path("telecounting_grid_inverter_2026-09"),
        },
    )

    (inverter,) = home.read().inverters

    assert (inverter.id, inverter.name, inverter.state) == ("<inverter_serial>", "<inverter_name>", DeviceState.ONLINE)
    assert readings(inverter) == {
        "operating_time": 109_270_800.0,
        "temperature": 29.2,
        "ac_power": 1064.0,
        "reactive_power": -1.0,
        "grid_frequency": 49.95,
        "rated_power": 5000.0,
        "pv_energy_today": 44_424_000.0,
        "pv_energy_month": 444_420_000.0,
        "pv_energy_year": 8_444_412_000.0,
        "pv_energy": 44_444_412_000.0,
    }


def test_the_battery_follows_the_flow_of_an_et_hybrid_from_sample_to_sample(build: Builder) -> None:
    samples = path("flow_et_battery_directions_4_samples_2026-09")
    home = build(
        start=datetime(2026, 9, 30, 9, 0, tzinfo=UTC),
        answers={"stations": path("portal_stations_page_2026-09"), "flow": samples},
    )

    stations = [home.read() for _ in range(4)]

    # Where the portal leaves PV out, it is absent and not kept from the sample before.
    assert [s.pv_power for s in stations] == [0.0, None, None, 3736.61]
    assert [s.battery_discharge_power for s in stations] == [1179.3, 511.94, 0.0, 0.0]
    assert [s.battery_charge_power for s in stations] == [0.0, 0.0, 0.0, 3310.34]
    assert [s.grid_export_power for s in stations] == [149.0, 0.0, 0.0, 5.0]
    assert [s.grid_import_power for s in stations] == [0.0, 28.0, 111.0, 0.0]
    assert all(s.has_battery for s in stations)
