"""The captures and all readings in them, in base units: to add one, add its file to this folder and a row here."""

from dataclasses import dataclass, field

from sems_exporter.model.diagnostics import DropReason
from sems_exporter.model.plant import KWH
from tests.captures.reader import Readings


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What has to be read from a capture, and nothing more.

    `dropped` names what must not be published, by metric; `unknown` is what the log has to name as new.
    """

    readings: Readings
    dropped: dict[tuple[str, DropReason], int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


CAPTURES: dict[str, Expected] = {
    "classic_monitor_roof_exporting.json": Expected(
        readings={
            "name": "text-0004",
            "timezone_name": "UTC+11:00",
            "currency": "AUD",
            "state": "running",
            "data_timestamp": "2026-11-28T03:00:00.619000+00:00",
            "pv_power": 3304.0,
            "load_power": 340.0,
            "grid_import_power": 0.0,
            "grid_export_power": 2964.0,
            "ac_power": 3303.9,
            "installed_power": 5600.0,
            "load_energy_today": 5.71 * KWH,
            "self_consumption_energy_today": 2.97 * KWH,
            "pv_energy_month": 711.2 * KWH,
            "income_today": 5.08,
            "income": 7615.75,
            "inverter SN-0004 name": "SN-0004",
            "inverter SN-0004 model": "SIM5K-DNS",
            "inverter SN-0004 firmware": "171724",
            "inverter SN-0004 state": "running",
            "inverter SN-0004 data_timestamp": "2026-11-28T03:00:00.619000+00:00",
            "inverter SN-0004 ac_power": 3303.9,
            "inverter SN-0004 reactive_power": 0.0,
            "inverter SN-0004 grid_frequency": 50.0,
            "inverter SN-0004 temperature": 45.3,
            "inverter SN-0004 rated_power": 5000.0,
            "inverter SN-0004 work_mode_code": 1.0,
            "inverter SN-0004 operating_time": 74_887_200.0,
            "inverter SN-0004 pv_energy": 30463.0 * KWH,
            "inverter SN-0004 pv_energy_today": 20.3 * KWH,
            "inverter SN-0004 pv_energy_month": 711.2 * KWH,
            "inverter SN-0004 input 1 voltage": 315.5,
            "inverter SN-0004 input 1 current": 10.5,
            "inverter SN-0004 phase L1 voltage": 230.6,
            "inverter SN-0004 phase L1 current": 14.3,
            "meter SN-0006 data_timestamp": "2026-11-28T03:00:00.619000+00:00",
            "meter SN-0006 grid_import_power": 0.0,
            "meter SN-0006 grid_export_power": 2964.0,
            "meter SN-0006 grid_import_energy": 14752.112 * KWH,
            "meter SN-0006 grid_export_energy": 19090.633 * KWH,
            "meter SN-0006 grid_import_energy_today": 2.735 * KWH,
            "meter SN-0006 grid_export_energy_today": 17.419 * KWH,
            "meter SN-0006 phase L1 grid_import_power": 0.0,
            "meter SN-0006 phase L1 grid_export_power": 2964.0,
            "meter SN-0006 phase L2 grid_import_power": 0.0,
            "meter SN-0006 phase L2 grid_export_power": 0.0,
            "meter SN-0006 phase L3 grid_import_power": 0.0,
            "meter SN-0006 phase L3 grid_export_power": 0.0,
        },
        dropped={
            ("sems_battery_state_of_charge_ratio", DropReason.NO_BATTERY): 1,
            ("sems_inverter_power_factor_ratio", DropReason.SENTINEL): 1,
            ("sems_inverter_phase_voltage_volts", DropReason.SENTINEL): 2,
            ("sems_inverter_phase_current_amperes", DropReason.SENTINEL): 2,
        },
    ),
    "classic_stations.json": Expected(
        readings={
            "STATION-0001 name": "text-0002",
            "STATION-0001 state": "running",
            "STATION-0001 installed_power": 6000.0,
            "STATION-0002 name": "text-0004",
            "STATION-0002 state": "running",
            "STATION-0002 installed_power": 5600.0,
            "STATION-0003 name": "text-0005",
            "STATION-0003 state": "running",
            "STATION-0003 installed_power": 20_000.0,
        },
    ),
    "semsplus_alarms_one_active.json": Expected(
        readings={
            "SN-0005 E-G3-0-12 level": "fault",
            "SN-0005 E-G3-0-12 name": "text-0046 E-G3-0-12",
            "SN-0005 E-G3-0-12 started_at": "2026-11-28T10:00:00+00:00",
        },
    ),
    "semsplus_batteries_hybrid.json": Expected(
        readings={
            "SN-0004 type": "BAT_SYS",
            "SN-0004 name": "text-0015",
            "SN-0004 state": "charging",
            "SN-0004 state_of_charge": 0.24,
            "SN-0004 discharge_power": 0.0,
            "SN-0004 charge_power": 382.08,
        },
    ),
    "semsplus_devices_hybrid.json": Expected(
        readings={
            "SN-0001 type": "INVERTER",
            "SN-0001 name": "text-0012",
            "SN-0001 state": "running",
            "SN-0001 subtype": "store",
            "SN-0002 type": "SMART_METER",
            "SN-0002 name": "SN-0002",
            "SN-0002 state": "online",
            "SN-0002 subtype": "goodwe",
            "SN-0003 type": "DONGLE",
            "SN-0003 name": "text-0013",
            "SN-0003 state": "online",
        },
    ),
    "semsplus_flow_hybrid_charging.json": Expected(
        readings={
            "state": "running",
            "refresh_time": "2026-11-28T12:00:00",
            "pv_power": 667.65,
            "ac_power": 281.25,
            "load_power": 296.25,
            "grid_export_power": 0.0,
            "grid_import_power": 15.0,
            "battery_discharge_power": 0.0,
            "battery_charge_power": 386.4,
            "battery_state_of_charge": 0.24,
        },
    ),
    "semsplus_info_hybrid.json": Expected(
        readings={
            "name": "text-0002",
            "timezone": "Europe/Amsterdam",
            "rated_power": 6000.0,
            "installed_power": 6000.0,
            "battery_capacity": 10.0 * KWH,
        },
    ),
    "semsplus_production_day.json": Expected(
        readings={
            "currency": "EUR",
            "income_today": 0.61,
        },
    ),
    "semsplus_stations.json": Expected(
        readings={
            "STATION-0001 name": "text-0002",
            "STATION-0001 state": "running",
            "STATION-0001 timezone_name": "Europe/Amsterdam",
            "STATION-0001 installed_power": 6000.0,
            "STATION-0001 pv_power": 670.0,
            "STATION-0001 pv_energy_today": 2.46 * KWH,
            "STATION-0002 name": "text-0004",
            "STATION-0002 state": "fault",
            "STATION-0002 timezone_name": "Australia/Melbourne",
            "STATION-0002 installed_power": 5600.0,
            "STATION-0002 pv_power": 0.0,
            "STATION-0002 pv_energy_today": 32.65 * KWH,
            "STATION-0003 name": "text-0005",
            "STATION-0003 state": "running",
            "STATION-0003 timezone_name": "Europe/Berlin",
            "STATION-0003 installed_power": 20_000.0,
            "STATION-0003 pv_power": 3580.0,
            "STATION-0003 pv_energy_today": 4.62 * KWH,
        },
    ),
    "semsplus_statistics_day.json": Expected(
        readings={
            "pv_energy_today": 2.46 * KWH,
            "load_energy_today": 4.93 * KWH,
            "grid_export_energy_today": 0.07 * KWH,
            "grid_import_energy_today": 0.61 * KWH,
            "self_consumption_energy_today": 4.32 * KWH,
            "battery_charge_energy_today": 1.49 * KWH,
            "battery_discharge_energy_today": 3.42 * KWH,
        },
    ),
    "semsplus_statistics_month.json": Expected(
        readings={
            "pv_energy_month": 142.6 * KWH,
            "load_energy_month": 406.44 * KWH,
            "grid_export_energy_month": 0.07 * KWH,
            "grid_import_energy_month": 264.21 * KWH,
            "self_consumption_energy_month": 142.23 * KWH,
            "battery_charge_energy_month": 30.08 * KWH,
            "battery_discharge_energy_month": 29.77 * KWH,
        },
    ),
    "semsplus_telecounting_hybrid_inverter.json": Expected(
        readings={
            "ac_power": 281.0,
            "rated_power": 6000.0,
            "pv_energy_today": 2.46 * KWH,
            "battery_charge_energy_today": 1.49 * KWH,
            "battery_discharge_energy_today": 3.42 * KWH,
            "pv_energy_month": 142.6 * KWH,
            "battery_charge_energy_month": 30.08 * KWH,
            "battery_discharge_energy_month": 29.77 * KWH,
            "pv_energy_year": 5708.26 * KWH,
            "battery_charge_energy_year": 1857.36 * KWH,
            "battery_discharge_energy_year": 1713.79 * KWH,
            "pv_energy": 21632.01 * KWH,
            "battery_charge_energy": 7077.01 * KWH,
            "battery_discharge_energy": 6524.22 * KWH,
        },
    ),
    "semsplus_telecounting_meter.json": Expected(
        readings={
            "grid_export_energy_today": 0.07 * KWH,
            "grid_import_energy_today": 0.61 * KWH,
            "grid_export_energy_month": 0.07 * KWH,
            "grid_import_energy_month": 264.21 * KWH,
            "grid_export_energy_year": 1811.36 * KWH,
            "grid_import_energy_year": 1218.01 * KWH,
            "grid_export_energy": 6567.53 * KWH,
            "grid_import_energy": 5596.57 * KWH,
        },
    ),
    "semsplus_telemetry_battery.json": Expected(
        readings={
            "state_of_health": 0.95,
            "state_of_charge": 0.24,
            "discharge_power": 0.0,
            "charge_power": 382.08,
            "voltage": 318.4,
            "current": 1.2,
            "temperature": 17.5,
            "charge_current_limit": 16.0,
            "discharge_current_limit": 16.0,
        },
    ),
    "semsplus_telemetry_hybrid_inverter.json": Expected(
        readings={
            "operating_time": 115_560_000.0,
            "temperature": 10.5,
            "ac_power": 281.0,
            "reactive_power": 40.0,
            "grid_frequency": 49.99,
            "backup_power": 0.0,
            "pv_power": 651.92,
            "power_factor": 0.99,
            "PHASE L1 voltage": 230.3,
            "PHASE L1 current": 0.4,
            "PHASE L1 backup_voltage": 229.7,
            "PHASE L1 backup_current": 0.2,
            "PHASE L2 voltage": 231.1,
            "PHASE L2 current": 0.4,
            "PHASE L3 voltage": 232.3,
            "PHASE L3 current": 0.4,
            "MPPT 1 power": 361.4,
            "MPPT 1 voltage": 361.4,
            "MPPT 1 current": 1.0,
            "MPPT 2 power": 290.52,
            "MPPT 2 voltage": 322.8,
            "MPPT 2 current": 0.9,
        },
    ),
    "semsplus_telemetry_meter_three_phases.json": Expected(
        readings={
            "grid_export_power": 0.0,
            "grid_import_power": 15.0,
            "PHASE L1 grid_export_power": 0.0,
            "PHASE L1 grid_import_power": 54.0,
            "PHASE L1 voltage": 230.3,
            "PHASE L1 current": 0.24,
            "PHASE L2 grid_export_power": 2.0,
            "PHASE L2 grid_import_power": 0.0,
            "PHASE L2 voltage": 231.1,
            "PHASE L2 current": 0.01,
            "PHASE L3 grid_export_power": 37.0,
            "PHASE L3 grid_import_power": 0.0,
            "PHASE L3 voltage": 232.3,
            "PHASE L3 current": 0.16,
        },
    ),
    "semsplus_alarm_statistics.json": Expected(readings={"active": 0}),
    "semsplus_charger.json": Expected(readings={"state": "charging", "charging_power_limit": 7400.0}),
    "semsplus_charger_model.json": Expected(readings={"model": "text-0014", "rated_power": 7400.0}),
    "semsplus_information_dongle.json": Expected(
        readings={
            "name": "SN-0003",
            "communication_mode": "text-0020",
            "communication_firmware": "2.1.8",
            "signal_strength": -61.0,
        }
    ),
    "semsplus_information_hybrid_inverter.json": Expected(
        readings={
            "name": "SN-0001",
            "model": "SIM6K-ET",
            "firmware": "1717.0",
            "communication_mode": "text-0020",
            "rated_power": 6000.0,
            "signal_strength": -61.0,
        }
    ),
    "semsplus_last_charge.json": Expected(
        readings={"state": "charging", "session_energy": 5.85 * KWH, "charging_power": 7400.0}
    ),
    "semsplus_related_dongle.json": Expected(readings={"SN-0001": "related", "SN-0002": "related"}),
}
