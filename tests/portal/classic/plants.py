"""Invented monitor details: a house with panels, a battery and a meter, and ways to change it."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.portal.classic.station_decoder import monitor

NOW = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
"""Twelve o'clock in Amsterdam."""
REPORTED = datetime(2026, 6, 10, 9, 58, tzinfo=UTC)
YESTERDAY = datetime(2026, 6, 9, 20, 0, tzinfo=UTC)


def milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


REGISTERS: dict[str, Any] = {
    "sn": "INV1",
    "name": "Garage",
    "model_type": "GW5000-EX",
    "firmwareversion": 1414.0,
    "status": 1,
    "last_time": milliseconds(REPORTED),
    "workmode": 2,
    "fault_messge": 0,
    "errors": [],
    "capacity": 5.0,
    "pac": 2000.0,
    "eday": 12.5,
    "etotal": 8000.0,
    "thismonthetotle": 100.0,
    "lastmonthetotle": 7887.5,
    "hour_total": 9000.0,
    "tempperature": 41.5,
    "vpv1": 350.0,
    "ipv1": 5.0,
    "vpv2": 360.0,
    "ipv2": 4.0,
    "vpv3": 6553.5,
    "ipv3": 6553.5,
    "vac1": 231.0,
    "iac1": 8.7,
    "fac1": 50.01,
    "vbattery1": 50.0,
    "ibattery1": -20.0,
    "soc": 60.0,
    "soh": 98.0,
    "bms_charge_i_max": 50.0,
    "bms_discharge_i_max": 60.0,
    "bms_warning": 0,
    "bms_alarm": 4,
    "battary_work_mode": 3,
    "isbuettey": True,
    "battery1sn": "BAT1",
    "pmeter": 500.0,
    "seller": 3.0,
    "buy": 1.0,
    "total_sell": 4000.0,
    "total_buy": 2000.0,
    "hasmeter": True,
    "eBatteryCharge": 900.0,
    "eChargeDay": 4.0,
    "eBatteryDischarge": 800.0,
    "eDischargeDay": 2.0,
}
HOUSE: dict[str, Any] = {
    "info": {
        "powerstation_id": "plant-1",
        "stationname": "Sunny Home",
        "time": "06/10/2026 12:00:00",
        "time_span": -2.0,
        "status": 1,
        "capacity": 6.0,
        "battery_capacity": 10.0,
        "is_stored": True,
        "latitude": 52.1,
        "longitude": "4.9",
    },
    "kpi": {"power": 12.5, "total_power": 8000.0, "day_income": 2.5, "total_income": 1600.0, "currency": "EUR"},
    "inverter": [{"sn": "INV1", "name": "Garage", "is_stored": True, "invert_full": REGISTERS}],
    "hasPowerflow": True,
    "powerflow": {"pv": "3000(W)", "load": "1500(W)", "grid": "500(W)", "bettery": "1000(W)", "soc": 60},
    "soc": {"power": 60, "status": 1},
    "homKit": {"sn": None, "homeKitLimit": False},
    "hasEnergeStatisticsCharts": True,
    "energeStatisticsCharts": {"sum": 12.5, "buy": 1.0, "sell": 3.0, "selfUseOfPv": 7.5, "consumptionOfLoad": 8.5},
}


def house(registers: dict[str, Any] | None = None, **blocks: Any) -> dict[str, Any]:
    """HOUSE with some registers of its inverter changed, and some blocks: None takes a key away."""
    made: dict[str, Any] = deepcopy(HOUSE)
    for name, value in blocks.items():
        if value is None:
            made.pop(name)
        elif isinstance(value, dict) and isinstance(made.get(name), dict):
            made[name] = _changed(made[name], value)
        else:
            made[name] = value
    if registers:
        made["inverter"][0]["invert_full"] = _changed(made["inverter"][0]["invert_full"], registers)
    return made


def inverter(serial: str, **registers: Any) -> dict[str, Any]:
    """One more element of `inverter`, with a life of its own."""
    return {"sn": serial, "invert_full": _changed(REGISTERS, {"sn": serial, "battery1sn": None, **registers})}


def _changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**document, **changes}.items() if value is not None}


def decoded(data: object, findings: Diagnostics | None = None) -> Station:
    """What is read from `data` at NOW."""
    return monitor(data, NOW, findings or Diagnostics())
