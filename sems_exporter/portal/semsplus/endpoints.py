"""The read-only calls of the SEMS+ gateway, and for how long each answer stays good."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from urllib.parse import quote, urlencode

from sems_exporter.model.plant import TimeZone
from sems_exporter.model.schema import Role
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
YEAR_ITEMS = ("proGridStats", "proPurchaseStats")

ENDPOINTS = (
    "login",
    "stations",
    "info",
    "flow",
    "devices",
    "telemetry",
    "telecounting",
    "information",
    "shape",
    "dongle",
    "related",
    "batteries",
    "statistics",
    "statistics_month",
    "statistics_year",
    "production",
    "curve",
    "day_energies",
    "alarms",
    "alarm_statistics",
    "chargers",
    "charger",
    "charger_model",
    "last_charge",
)
"""Short names, as metrics and logs show them."""

LIFETIMES = {
    "stations": HOUR,
    "info": 24 * HOUR,
    "information": 24 * HOUR,
    "shape": 24 * HOUR,
    "dongle": 900.0,
    "related": 24 * HOUR,
    "batteries": HOUR,
    "statistics": 240.0,
    "statistics_month": 900.0,
    "statistics_year": 24 * HOUR,
    "production": 900.0,
    "alarms": 240.0,
    "alarm_statistics": 240.0,
    "chargers": HOUR,
    "charger_model": 24 * HOUR,
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
    """`telemetry`, `telecounting` or `information` of one device.

    `shape` is the telemetry of a device whose type nobody knows, `dongle` the information of one that others use.
    """
    query = urlencode({"deviceType": device_type, "pwId": station})
    asked = {"shape": "telemetry", "dongle": "information"}.get(endpoint, endpoint)
    return Call(endpoint, "GET", f"/sems-plant/api/equipments/{quote(serial, safe='')}/{asked}?{query}")


@lru_cache(maxsize=4096)
def related(serial: str, device_type: str, station: str) -> Call:
    """The devices that one is connected to."""
    query = urlencode({"sn": serial, "deviceType": device_type, "pwId": station})
    return Call("related", "GET", f"/sems-plant/api/equipments/{quote(serial, safe='')}/relatedDevices?{query}")


@lru_cache(maxsize=4096)
def batteries(serial: str, station: str) -> Call:
    """The battery systems behind an inverter; the portal wants the cabinet's type even for a hybrid inverter."""
    query = urlencode({"sn": serial, "deviceType": STORAGE_CABINET, "pwId": station})
    return Call("batteries", "GET", f"/sems-plant/api/equipments/{quote(serial, safe='')}/relatedDevices?{query}")


@lru_cache(maxsize=4096)
def statistics(station: str, role: Role, day: date) -> Call:
    """The energies of the station-local day, month or year that holds `day`; more than one year gives zeros."""
    span = {Role.DAY: _day, Role.MONTH: _month, Role.YEAR: _year}[role](day)
    items = YEAR_ITEMS if role is Role.YEAR else DAY_ITEMS
    body = {"stationId": station, "isReport": False, "items": list(items), **span}
    name = {Role.DAY: "statistics", Role.MONTH: "statistics_month", Role.YEAR: "statistics_year"}[role]
    return Call(name, "POST", "/sems-plant/api/stations/statistics", body)


@lru_cache(maxsize=4096)
def production(station: str, day: date) -> Call:
    """The income of one station-local day; only the items that are asked for come back."""
    body = {"stationId": station, "items": ["proSystemTotalStats", "profitProStats"], **_day(day)}
    return Call("production", "POST", "/sems-plant/api/stations/production", body)


def curve(station: str, first: date, last: date, zone: TimeZone, items: Iterable[str]) -> Call:
    """The powers of the station-local days from `first` to `last`, one point a minute.

    The portal wants the zone as hours to add to local time to get UTC: -2 for Madrid in summer.
    """
    offset = datetime.combine(first, time(12), zone).utcoffset() or timedelta(0)
    hours = -offset / timedelta(hours=1)
    body = {
        "stationId": station,
        "items": list(items),
        "timeScale": 1,
        "timeZone": int(hours) if hours.is_integer() else hours,
        "startTime": f"{first} 00:00:00",
        "endTime": f"{last} 23:59:59",
    }
    return Call("curve", "POST", "/sems-plant/api/v1/hems/power/statisticsAndPreV2", body)


def day_energies(station: str, month: date) -> Call:
    """The energies of each station-local day of a month."""
    body = {"stationId": station, "isReport": False, "items": list(DAY_ITEMS), **_month(month), "dimension": "day"}
    return Call("day_energies", "POST", "/sems-plant/api/stations/statistics", body)


def _month(day: date) -> dict[str, str]:
    last = monthrange(day.year, day.month)[1]
    return {
        "dimension": "month",
        "startTime": f"{day.replace(day=1)} 00:00:00",
        "endTime": f"{day.replace(day=last)} 23:59:59",
    }


def _year(day: date) -> dict[str, str]:
    return {
        "dimension": "year",
        "startTime": f"{day.year}-01-01 00:00:00",
        "endTime": f"{day.year}-12-31 23:59:59",
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
    """Ask how many alarms a station has and had."""
    return Call("alarm_statistics", "POST", "/sems-alarm/api/alarm/statistics", {"stationIds": [station]})


@lru_cache(maxsize=4096)
def chargers(station: str) -> Call:
    """The EV chargers of a station."""
    query = urlencode({"stationId": station, "deviceType": "EV_CHARGER"})
    return Call("chargers", "GET", f"/sems-plant/api/web/device/station/getDevicesByType?{query}")


@lru_cache(maxsize=4096)
def charger(serial: str, model: str | None, station: str) -> Call:
    """One EV charger now; newer gateways refuse to tell of one whose model is not named (R0219)."""
    body = {"sn": serial, "productModel": model} if model else {"sn": serial, "stationId": station}
    return Call("charger", "POST", "/sems-remote/api/ev-charger/detail", body)


@lru_cache(maxsize=4096)
def charger_model(serial: str) -> Call:
    """Model and rating of an EV charger, beside what can be set there."""
    path = f"/sems-remote/api/ev-charger/control-item-content-list/{quote(serial, safe='')}"
    return Call("charger_model", "GET", path)


@lru_cache(maxsize=4096)
def last_charge(serial: str, station: str) -> Call:
    """The charging session that is or was last under way."""
    query = urlencode({"chargeSn": serial, "pwId": station})
    return Call("last_charge", "GET", f"/sems-plant/api/v1/chargePile/getLastCharge?{query}")
