"""What the SEMS+ portal says about alarms."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zlib import crc32

from sems_exporter.simulator.plant.alarms import Alarm
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.server.wire import Call, JsonObject

_STANDS, _OVER = 0, 1


def statistics(plants: Sequence[Plant], now: datetime) -> JsonObject:
    """Counts of alarms, as text; `happened` are the active ones."""
    stands = [alarm.active(now) for plant in plants for alarm in plant.alarms_until(now)]
    return {"total": str(len(stands)), "happened": str(sum(stands)), "recovery": str(len(stands) - sum(stands))}


def page(plants: Sequence[Plant], now: datetime, call: Call, uid: str) -> JsonObject:
    """One page of alarms, the latest first; status 0 asks for those that stand, 1 for those that are over."""
    alarms = [(plant, alarm) for plant in plants for alarm in plant.alarms_until(now)]
    rows = [
        _row(plant, alarm, now, uid) for plant, alarm in sorted(alarms, key=lambda pair: pair[1].start, reverse=True)
    ]
    wanted = call.text("status")
    rows = [row for row in rows if wanted in ("", str(row["status"]))]
    index, size = call.number("pageIndex", 1), call.number("pageSize", 20)
    return {"dataList": rows[(index - 1) * size : index * size], "current": index, "total": len(rows), "size": size}


def _row(plant: Plant, alarm: Alarm, now: datetime, uid: str) -> JsonObject:
    end = alarm.end if alarm.end is not None and alarm.end <= now else None
    return {
        "warningid": alarm.identifier,
        "warning_code": alarm.code,
        "error_code": str(1 << crc32(alarm.code.encode()) % 32),
        "warningNameEn": f"Simulated {alarm.code}",
        "warningNameZh": f"模拟 {alarm.code}",
        "warningname": f"{alarm.code}_warning",
        "cause": f"{alarm.code}_reason",
        "solution": f"{alarm.code}_solution",
        "alarmLevel": f"Total_FaultLevel_{alarm.level}",
        "warninglevel": alarm.level_number,
        "status": _OVER if end else _STANDS,
        "deviceName": alarm.device,
        "devicesn": alarm.device,
        "deviceType": "Total_DeviceType_inverter",
        "faultClassification": ["Total_FaultType_Protect"],
        "stationId": plant.spec.station_id,
        "stationname": plant.spec.name,
        "warningStationName": plant.spec.name,
        "confirmed": False,
        "starStatus": False,
        "attention": 0,
        "adcode": "",
        "is_show": True,
        "is_add_task": 2,
        "date_format": plant.spec.date_format,
        "current_user_id": uid,
        **_times(plant, alarm, end, now),
    }


def _times(plant: Plant, alarm: Alarm, end: datetime | None, now: datetime) -> JsonObject:
    """Epoch milliseconds as text, the same station-local, and minus the offset in hours."""
    local = alarm.start.astimezone(plant.zone)
    minutes, seconds = divmod(int(((end or now) - alarm.start).total_seconds()), 60)
    return {
        "happentime": _milliseconds(alarm.start),
        "recoverytime": _milliseconds(end) if end else None,
        "happentimes": f"{local:%Y-%m-%d %H:%M:%S}",
        "recoverytimes": f"{end.astimezone(plant.zone):%Y-%m-%d %H:%M:%S}" if end else None,
        "duration": f"{minutes}m {seconds}s",
        "stationTimeSpan": -(local.utcoffset() or timedelta()).total_seconds() / 3600.0 + 0.0,
    }


def _milliseconds(instant: datetime) -> str:
    return str(int(instant.astimezone(UTC).timestamp() * 1000))
