"""What the portal says about devices: which there are, how they do, what they are."""

from __future__ import annotations

from datetime import UTC, datetime, time

from sems_exporter.simulator import factors
from sems_exporter.simulator.plant import Plant
from sems_exporter.simulator.state import BatteryState, InverterState, PlantState, Running
from sems_exporter.simulator.wire import JsonObject, decimal_text, kilo

_OFFLINE, _ONLINE, _FAULT, _WAITING, _RUNNING, _CHARGING, _DISCHARGING, _AVAILABLE = 0, 1, 2, 3, 5, 6, 7, 8
_INVERTER_STATUS = {
    Running.OFFLINE: _OFFLINE,
    Running.WAITING: _WAITING,
    Running.RUNNING: _RUNNING,
    Running.FAULT: _FAULT,
}

# Batteries hang below their inverter; the portal wants this type even when that is a plain hybrid.
_BATTERY_HOLDER = "ENERGY_STORAGE_INTEGRATED_CABINET"


def serials(plant: Plant) -> dict[str, str]:
    """Every serial number of a plant, with the device type the portal gives it."""
    spec = plant.spec
    found = {inverter.serial: "INVERTER" for inverter in spec.inverters}
    found |= {battery.serial: "BAT_SYS" for battery in spec.batteries}
    if spec.meter_serial is not None:
        found[spec.meter_serial] = "SMART_METER"
    if spec.dongle_serial is not None:
        found[spec.dongle_serial] = "DONGLE"
    if spec.rack_serial is not None:
        found[spec.rack_serial] = "BATTERY_RACK"
    if spec.ev_charger is not None:
        found[spec.ev_charger.serial] = "EV_CHARGER"
    return found


def all_status(plant: Plant, now: datetime) -> JsonObject:
    """All devices of a station by type and status; batteries are not among them."""
    details = list(_details(plant, plant.state(now)))
    types = list(dict.fromkeys(detail["deviceType"] for detail in details))
    groups = [_type_group(kind, [d for d in details if d["deviceType"] == kind]) for kind in types]
    return {"total": len(details), "deviceDetailList": groups}


def telemetry(plant: Plant, now: datetime, serial: str) -> list[JsonObject] | None:
    """The live values of a device, or None for one that has none, such as a dongle."""
    state = plant.state(now)
    device = _find(state, serial)
    if isinstance(device, InverterState):
        return factors.inverter_telemetry(device)
    if isinstance(device, BatteryState):
        return factors.battery_telemetry(device)
    return factors.meter_telemetry(state) if serial == plant.spec.meter_serial else None


def telecounting(plant: Plant, now: datetime, serial: str) -> list[JsonObject] | None:
    """The counters of a device, or None for one that has none."""
    state = plant.state(now)
    device = _find(state, serial)
    if isinstance(device, InverterState):
        return factors.inverter_telecounting(device)
    return factors.meter_telecounting(state) if serial == plant.spec.meter_serial else None


def information(plant: Plant, now: datetime, serial: str) -> list[JsonObject]:
    """What a device is: a flat list of codes."""
    state = plant.state(now)
    device = _find(state, serial)
    values = {"deviceName": serial, "status": str(_ONLINE), "addTime": _added(plant)}
    if isinstance(device, InverterState):
        values |= {
            "modelType": device.spec.model,
            "safetyVersion": "1717.0",
            "ratedPower": decimal_text(kilo(device.spec.rated_watts, 2), 2),
            "status": str(_INVERTER_STATUS[device.running]),
            "gridConnStu": str(int(state.grid_up)),
            "communicationMode": "WIFI",
            "wirelessSignalStrength": "-61",
        }
    return [{"code": code, "data": data} for code, data in values.items()]


def related_batteries(plant: Plant, now: datetime, serial: str, device_type: str) -> list[JsonObject]:
    """The batteries of an inverter, if asked for in the one way that works."""
    device = _find(plant.state(now), serial)
    if device_type != _BATTERY_HOLDER or not isinstance(device, InverterState):
        return []
    return [_battery_row(number, battery) for number, battery in enumerate(device.batteries, start=1)]


def of_type(plant: Plant, now: datetime, device_type: str) -> list[JsonObject]:
    """The devices of one type as a flat list."""
    rows = _details(plant, plant.state(now))
    return [_without(row, "subtype", "addTime") for row in rows if row["deviceType"] == device_type]


def ev_charger_detail(plant: Plant, now: datetime) -> JsonObject:
    """How the charger is set, in kW, and whether a car charges; what it draws is in the station's flow only."""
    charger = plant.state(now).ev_charger
    charging = charger is not None and charger.watts > 0.0
    rated = kilo(charger.spec.rated_watts, 2) if charger else 0.0
    return {
        "currentLimit": 0,
        "dynamicLoad": 0,
        "chargeMode": 0,
        "chargePower": rated,
        "scheduleChargeMode": 0,
        "scheduleMode": 0,
        "scheduleTotalMinute": 480,
        "status": "charging" if charging else "available",
        "workState": "charging" if charging else "available_gun_no_insered",
        "chargePowerSetted": rated,
        "startStatus": charging,
        "unit": 0,
        "mileage": 5.0,
    }


def _without(row: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in row.items() if name not in names}


def _find(state: PlantState, serial: str) -> InverterState | BatteryState | None:
    devices: list[InverterState | BatteryState] = [*state.inverters, *state.batteries]
    return next((device for device in devices if device.spec.serial == serial), None)


def _battery_row(number: int, battery: BatteryState) -> JsonObject:
    watts = factors.published_battery_watts(battery)
    return {
        "sn": battery.spec.serial,
        "no": str(number),
        "name": f"BAT{number}",
        "translateCode": f"mppt{number}_battery",
        "type": "BAT_SYS",
        "status": _DISCHARGING if watts > 0.0 else _CHARGING if watts < 0.0 else _WAITING,
        "soc": round(battery.state_of_charge * 100),
        "isConnected": True,
        "pbat": kilo(watts, 5),
    }


def _details(plant: Plant, state: PlantState) -> list[JsonObject]:
    added = _added(plant)
    details = []
    for number, inverter in enumerate(state.inverters, start=1):
        row = _detail(inverter.spec.serial, f"Inverter {number}", "INVERTER", _INVERTER_STATUS[inverter.running])
        # Both spellings of the time occur in captures of 2026-09.
        when = added if inverter.spec.kind == "store" else f"{plant.spec.commissioned.isoformat()}T00:00:00"
        details.append(row | {"subtype": inverter.spec.kind, "addTime": when})
    if plant.spec.meter_serial is not None:
        meter = _detail(plant.spec.meter_serial, plant.spec.meter_serial, "SMART_METER", _ONLINE)
        details.append(meter | {"subtype": "goodwe", "addTime": added})
    if plant.spec.dongle_serial is not None:
        details.append(_detail(plant.spec.dongle_serial, "Dongle 1", "DONGLE", _ONLINE) | {"addTime": added})
    if plant.spec.rack_serial is not None:
        rack = _detail(plant.spec.rack_serial, plant.spec.rack_serial, "BATTERY_RACK", _OFFLINE)
        details.append(rack | {"addTime": added})
    if state.ev_charger is not None:
        charger, status = state.ev_charger.spec, _CHARGING if state.ev_charger.watts > 0.0 else _AVAILABLE
        details.append(_detail(charger.serial, charger.model, "EV_CHARGER", status) | {"addTime": added})
    return details


def _detail(serial: str, name: str, device_type: str, status: int) -> JsonObject:
    return {"sn": serial, "name": name, "deviceType": device_type, "status": status, "isHems": False}


def _type_group(device_type: str, details: list[JsonObject]) -> JsonObject:
    statuses = sorted({detail["status"] for detail in details})
    return {
        "deviceType": device_type,
        "total": len(details),
        "statusDetailList": [_status_group(s, [d for d in details if d["status"] == s]) for s in statuses],
    }


def _status_group(status: int, details: list[JsonObject]) -> JsonObject:
    return {
        "status": status,
        "total": len(details),
        "snList": [detail["sn"] for detail in details],
        "isHemsMap": {detail["sn"]: False for detail in details},
        "detailMap": {detail["sn"]: detail for detail in details},
    }


def _added(plant: Plant) -> str:
    """The day of commissioning in epoch milliseconds, as text."""
    return str(int(datetime.combine(plant.spec.commissioned, time(10), UTC).timestamp() * 1000))
