"""Lists of the classic dialect: stations and warnings."""

from collections.abc import Sequence
from datetime import datetime

from sems_exporter.simulator.classic.invert_full import yield_of
from sems_exporter.simulator.classic.monitor import station_status, station_watts
from sems_exporter.simulator.classic.wire import portal_time
from sems_exporter.simulator.plant.alarms import Alarm
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.plant.specs import YIELD_RATE
from sems_exporter.simulator.server.wire import Call, JsonObject


def stations(plants: Sequence[Plant], reported: datetime, call: Call) -> JsonObject:
    """One page of the account's stations."""
    index, size = call.number("page_index", 1), call.number("page_size", 14)
    rows = [_station(plant, reported) for plant in plants[(index - 1) * size : index * size]]
    return {"record": len(plants), "list": rows}


def names(plants: Sequence[Plant]) -> JsonObject:
    """All stations of the account by id and name, as the page of past reports asks for them."""
    return {"record": len(plants), "list": [{"id": p.spec.station_id, "pw_name": p.spec.name} for p in plants]}


def warnings(plants: Sequence[Plant], now: datetime, call: Call) -> JsonObject:
    """One page of warnings; status 1 asks for those that are over, 0 or 2 for those that are not, else all."""
    wanted = {"0": (True,), "1": (False,), "2": (True,)}.get(call.text("status"), (True, False))
    found = [
        _warning(plant, alarm, active=alarm.active(now))
        for plant in plants
        for alarm in plant.alarms_until(now)
        if alarm.active(now) in wanted
    ]
    index, size = call.number("page_index", 1), call.number("page_size", 20)
    return {"record": len(found), "list": found[(index - 1) * size : index * size]}


def _station(plant: Plant, reported: datetime) -> JsonObject:
    """Coordinates are texts here and numbers in the detail."""
    spec, state = plant.spec, plant.state(reported)
    counted = [yield_of(inverter) for inverter in state.inverters]
    today = sum(c.today for c in counted) / 10.0
    watts = station_watts(state)
    return {
        "powerstation_id": spec.station_id,
        "stationname": spec.name,
        "first_letter": spec.name[:1],
        "adcode": "",
        "location": "1 Example Street, Exampleville",
        "status": station_status(state),
        "pac": watts,
        "pac_kw": round(watts / 1000.0, 3),
        "capacity": round(spec.peak_watts / 1000.0, 2),
        "eday": today,
        "emonth": sum(c.today + c.this_month for c in counted) / 10.0,
        "etotal": sum(c.total for c in counted) / 10.0,
        "eday_income": round(today * YIELD_RATE, 2),
        "to_hour": round(today / (spec.peak_watts / 1000.0), 2) if spec.peak_watts else 0.0,
        "powerstation_type": "Battery Storage" if spec.batteries else "Residential",
        "longitude": str(spec.longitude),
        "latitude": str(spec.latitude),
        "currency": spec.currency,
        "yield_rate": YIELD_RATE,
        "is_stored": bool(spec.batteries),
    }


def _warning(plant: Plant, alarm: Alarm, *, active: bool) -> JsonObject:
    return {
        "stationId": plant.spec.station_id,
        "stationname": plant.spec.name,
        "warningid": alarm.identifier,
        "warning_code": alarm.code,
        "warningname": f"{alarm.code}_warning",
        "devicesn": alarm.device,
        "deviceName": alarm.device,
        "deviceType": "Total_DeviceType_inverter",
        "warninglevel": alarm.level_number,
        "alarmLevel": f"Total_FaultLevel_{alarm.level}",
        "status": 0 if active else 1,
        "happentime": portal_time(alarm.start.astimezone(plant.zone)),
        "recoverytime": "" if active or alarm.end is None else portal_time(alarm.end.astimezone(plant.zone)),
    }
