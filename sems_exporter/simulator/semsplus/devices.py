"""What the portal says about devices: which there are, how they do, what they are."""

from datetime import UTC, datetime, time

from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.plant.plant_state import BatteryState, EvChargerState, InverterState, PlantState, Running
from sems_exporter.simulator.semsplus import factors
from sems_exporter.simulator.server.wire import Call, JsonObject, decimal_text, kilo

_OFFLINE, _ONLINE, _FAULT, _WAITING, _RUNNING, _CHARGING, _DISCHARGING, _AVAILABLE = 0, 1, 2, 3, 5, 6, 7, 8
_INVERTER_STATUS = {
    Running.OFFLINE: _OFFLINE,
    Running.WAITING: _WAITING,
    Running.RUNNING: _RUNNING,
    Running.FAULT: _FAULT,
}

_SIGNAL = {"communicationMode": "WIFI", "wirelessSignalStrength": "-61"}
_ALIASES = {
    "sn": "serial_number_1",
    "deviceType": "type",
    "deviceName": "name_1",
    "modelType": "model",
    "workStu": "status",
    "charGunNum": "number_of_charging_ports",
}

# Batteries hang below their inverter; the portal wants this type even when that is a plain hybrid.
_BATTERY_HOLDER = "ENERGY_STORAGE_INTEGRATED_CABINET"


def serials(plant: Plant) -> dict[str, str]:
    """Every serial number of a plant, with the device type the portal gives it."""
    spec = plant.spec
    found: dict[str, str] = {inverter.serial: inverter.device_type for inverter in spec.inverters}
    found |= {battery.serial: "BAT_SYS" for battery in spec.batteries}
    found |= {rack: "BATTERY_RACK" for battery in spec.batteries for rack in battery.racks}
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
    """The live values of a device, or None for one that has none; a dongle has an empty list of them."""
    state = plant.state(now)
    device = _find(state, serial)
    if serial == plant.spec.dongle_serial:
        return []
    if (rack := _rack(state, serial)) is not None:
        return factors.rack_telemetry(rack, serial)
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
        counters = factors.inverter_telecounting(device)
        return factors.as_in_china(counters) if plant.spec.china else counters
    if (rack := _rack(state, serial)) is not None:
        return factors.rack_telecounting(*_share_of(state, rack))
    return factors.meter_telecounting(state) if serial == plant.spec.meter_serial else None


def information(plant: Plant, now: datetime, serial: str) -> list[JsonObject]:
    """What a device is: a flat list of codes; how well its radio is heard stands at the dongle, or at the inverter."""
    state, kind = plant.state(now), serials(plant)[serial]
    device = _find(state, serial)
    values = {"sn": serial, "deviceType": kind, "deviceName": serial, "addTime": _added(plant)}
    if isinstance(device, InverterState):
        values |= {
            "modelType": device.spec.model,
            "safetyVersion": "1717.0",
            "ratedPower": decimal_text(kilo(device.spec.rated_watts, 2), 2),
            "status": str(_INVERTER_STATUS[device.running]),
            "gridConnStu": str(int(state.grid_up)),
        } | (_SIGNAL if device.spec.reports_signal else {})
    elif state.ev_charger is not None and serial == state.ev_charger.spec.serial:
        model = state.ev_charger.spec.model
        values |= {"workStu": str(_charger_status(state.ev_charger)), "deviceName": model, "modelType": model}
        values["charGunNum"] = "1"
    else:
        values["status"] = str(_ONLINE)
        if kind == "DONGLE":
            values |= _SIGNAL | {"commModuleVer": "2.1.8"}
    return [{"code": code, "data": data, "alias": _ALIASES.get(code, code)} for code, data in values.items()]


def related_batteries(plant: Plant, now: datetime, serial: str, device_type: str) -> list[JsonObject]:
    """The batteries of an inverter, if asked for in the one way that works; for a dongle the inverters behind it."""
    state = plant.state(now)
    device = _find(state, serial)
    if serial == plant.spec.dongle_serial:
        return [_inverter_row(number, inverter) for number, inverter in enumerate(state.inverters, start=1)]
    if device_type != _BATTERY_HOLDER or not isinstance(device, InverterState):
        return []
    return [_battery_row(number, battery) for number, battery in enumerate(device.batteries, start=1)]


def of_type(plant: Plant, now: datetime, device_type: str) -> list[JsonObject]:
    """The devices of one type as a flat list."""
    rows = _details(plant, plant.state(now))
    return [_without(row, "subtype", "addTime") for row in rows if row["deviceType"] == device_type]


def page(plant: Plant, now: datetime, call: Call) -> JsonObject:
    """One page of a station's devices with their models. An all-in-one has another type here than elsewhere."""
    current, size = call.number("current", 1), call.number("size", 15)
    rows = [_page_row(plant, row) for row in _details(plant, plant.state(now))]
    shown = rows[(current - 1) * size : current * size]
    return {"dataList": shown, "size": size, "current": current, "total": len(rows), "extras": {}}


def _without(row: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in row.items() if name not in names}


def _find(state: PlantState, serial: str) -> InverterState | BatteryState | None:
    devices: list[InverterState | BatteryState] = [*state.inverters, *state.batteries]
    return next((device for device in devices if device.spec.serial == serial), None)


def _rack(state: PlantState, serial: str) -> BatteryState | None:
    """The battery system that a rack is part of."""
    return next((battery for battery in state.batteries if serial in battery.spec.racks), None)


def _share_of(state: PlantState, battery: BatteryState) -> tuple[InverterState, float]:
    """The inverter of a rack's battery, and the rack's share of what that charged: the racks are all alike."""
    inverter = next(inverter for inverter in state.inverters if battery in inverter.batteries)
    whole = sum(own.spec.capacity_watt_hours for own in inverter.batteries)
    return inverter, battery.spec.capacity_watt_hours / whole / len(battery.spec.racks)


def _charger_status(charger: EvChargerState) -> int:
    return _CHARGING if charger.watts > 0.0 else _AVAILABLE


def _page_row(plant: Plant, row: JsonObject) -> JsonObject:
    model = next((spec.model for spec in plant.spec.inverters if spec.serial == row["sn"]), "")
    kind = "ALL_IN_ONE" if row["deviceType"] == _BATTERY_HOLDER else row["deviceType"]
    return row | {
        "deviceType": kind,
        "model": model,
        "brand": "GoodWe",
        "zoneId": plant.spec.zone,
        "timespan": 0.0,
        "snQuery": row["sn"],
        "powerStationType": 2 if plant.spec.batteries else 1,
        **_SIGNAL,
    }


def _inverter_row(number: int, inverter: InverterState) -> JsonObject:
    return {
        "sn": inverter.spec.serial,
        "no": str(number),
        "name": f"Inverter {number}",
        "type": inverter.spec.device_type,
        "status": _INVERTER_STATUS[inverter.running],
        "isConnected": True,
    }


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
        spec, status = inverter.spec, _INVERTER_STATUS[inverter.running]
        row = _detail(spec.serial, f"Inverter {number}", spec.device_type, status)
        # Both spellings of the time occur in captures of 2026-09.
        when = added if spec.kind == "store" else f"{plant.spec.commissioned.isoformat()}T00:00:00"
        subtype = "RESIDENTIAL" if spec.device_type == _BATTERY_HOLDER else spec.kind
        details.append(row | {"subtype": subtype, "addTime": when})
    racks = [rack for battery in state.batteries for rack in battery.spec.racks]
    details += [_detail(rack, rack, "BATTERY_RACK", _RUNNING) | {"addTime": added} for rack in racks]
    if plant.spec.meter_serial is not None:
        meter = _detail(plant.spec.meter_serial, plant.spec.meter_serial, "SMART_METER", _ONLINE)
        details.append(meter | {"subtype": "goodwe", "addTime": added})
    if plant.spec.dongle_serial is not None:
        details.append(_detail(plant.spec.dongle_serial, "Dongle 1", "DONGLE", _ONLINE) | {"addTime": added})
    if plant.spec.rack_serial is not None:
        silent = _detail(plant.spec.rack_serial, plant.spec.rack_serial, "BATTERY_RACK", _OFFLINE)
        details.append(silent | {"addTime": added})
    if state.ev_charger is not None:
        charger, status = state.ev_charger.spec, _charger_status(state.ev_charger)
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
