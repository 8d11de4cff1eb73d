"""The read-only calls of the SEMS+ gateway, and for how long each answer stays good."""

from calendar import monthrange
from datetime import date
from functools import lru_cache
from urllib.parse import quote, urlencode

from sems_exporter.measure import Role
from sems_exporter.portal.client import Call

HOUR = 3600.0
PAGE_SIZE = 100
MOST_PAGES = 200
STORAGE_CABINET = "ENERGY_STORAGE_INTEGRATED_CABINET"

DAY_ITEMS = (
    "proSystemTotalStats",
    "proConsumStats",
    "proGridStats",
    "proPurchaseStats",
    "proSelfConsumStats",
    "proCharStats",
    "proDischarStats",
)

ENDPOINTS = (
    "login",
    "stations",
    "info",
    "flow",
    "devices",
    "telemetry",
    "telecounting",
    "information",
    "batteries",
    "statistics",
    "statistics_month",
    "production",
    "alarms",
    "alarm_statistics",
    "chargers",
    "charger",
)
"""Short names, as metrics and logs show them."""

LIFETIMES = {
    "stations": HOUR,
    "info": 24 * HOUR,
    "information": 24 * HOUR,
    "batteries": HOUR,
    "statistics": 240.0,
    "statistics_month": 900.0,
    "production": 900.0,
    "alarms": 240.0,
    "alarm_statistics": 240.0,
    "chargers": HOUR,
}
"""Seconds that an answer is kept; calls that are not named are asked at every refresh."""


def stations(page: int) -> Call:
    """One page of the account's stations, counting from 1."""
    return Call("stations", "POST", "/sems-plant/api/portal/stations/page", {"current": page, "size": PAGE_SIZE})


@lru_cache(maxsize=4096)
def info(station: str) -> Call:
    """Name, zone and sizes of a station."""
    return Call("info", "POST", f"/sems-plant/api/portal/stations/basic/info?{urlencode({'stationId': station})}", {})


@lru_cache(maxsize=4096)
def flow(station: str) -> Call:
    """The powers of a station now."""
    return Call("flow", "GET", f"/sems-plant/api/stations/flow?{urlencode({'stationId': station})}")


@lru_cache(maxsize=4096)
def devices(station: str) -> Call:
    """The devices of a station with their states."""
    return Call("devices", "GET", f"/sems-plant/api/stations/device/all-status?{urlencode({'stationId': station})}")


@lru_cache(maxsize=4096)
def of_device(endpoint: str, serial: str, device_type: str, station: str) -> Call:
    """`telemetry`, `telecounting` or `information` of one device."""
    query = urlencode({"deviceType": device_type, "pwId": station})
    return Call(endpoint, "GET", f"/sems-plant/api/equipments/{quote(serial, safe='')}/{endpoint}?{query}")


@lru_cache(maxsize=4096)
def batteries(serial: str, station: str) -> Call:
    """The battery systems behind an inverter; the portal wants the cabinet's type even for a hybrid inverter."""
    query = urlencode({"sn": serial, "deviceType": STORAGE_CABINET, "pwId": station})
    return Call("batteries", "GET", f"/sems-plant/api/equipments/{quote(serial, safe='')}/relatedDevices?{query}")


@lru_cache(maxsize=4096)
def statistics(station: str, role: Role, day: date) -> Call:
    """The energies of the station-local day or month that holds `day`."""
    span = _day(day) if role is Role.DAY else _month(day)
    body = {"stationId": station, "isReport": False, "items": list(DAY_ITEMS), **span}
    name = "statistics" if role is Role.DAY else "statistics_month"
    return Call(name, "POST", "/sems-plant/api/stations/statistics", body)


@lru_cache(maxsize=4096)
def production(station: str, day: date) -> Call:
    """The income of one station-local day; only the items that are asked for come back."""
    body = {"stationId": station, "items": ["proSystemTotalStats", "profitProStats"], **_day(day)}
    return Call("production", "POST", "/sems-plant/api/stations/production", body)


def _month(day: date) -> dict[str, str]:
    last = monthrange(day.year, day.month)[1]
    return {
        "dimension": "month",
        "startTime": f"{day.replace(day=1)} 00:00:00",
        "endTime": f"{day.replace(day=last)} 23:59:59",
    }


def _day(day: date) -> dict[str, str]:
    return {"dimension": "day", "startTime": f"{day} 00:00:00", "endTime": f"{day} 23:59:59"}


@lru_cache(maxsize=4096)
def alarms(station: str) -> Call:
    """The alarms of a station that are active now."""
    body = {"pageIndex": 1, "pageSize": 20, "stationIds": [station], "status": 0}
    return Call("alarms", "POST", "/sems-alarm/api/v2/alarm/page", body)


def alarms_of(stations: tuple[str, ...], page: int) -> Call:
    """A page of the alarms of several stations that are active now, counting from 1."""
    body = {"pageIndex": page, "pageSize": PAGE_SIZE, "stationIds": list(stations), "status": 0}
    return Call("alarms", "POST", "/sems-alarm/api/v2/alarm/page", body)


@lru_cache(maxsize=4096)
def alarm_statistics(station: str) -> Call:
    """How many alarms a station has and had."""
    return Call("alarm_statistics", "POST", "/sems-alarm/api/alarm/statistics", {"stationIds": [station]})


@lru_cache(maxsize=4096)
def chargers(station: str) -> Call:
    """The EV chargers of a station."""
    query = urlencode({"stationId": station, "deviceType": "EV_CHARGER"})
    return Call("chargers", "GET", f"/sems-plant/api/web/device/station/getDevicesByType?{query}")


@lru_cache(maxsize=4096)
def charger(serial: str, station: str) -> Call:
    """One EV charger now."""
    return Call("charger", "POST", "/sems-remote/api/ev-charger/detail", {"sn": serial, "stationId": station})
