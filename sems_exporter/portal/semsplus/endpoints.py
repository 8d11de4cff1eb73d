"""The read-only calls of the SEMS+ gateway, and for how long each answer stays good."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

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
)
"""Short names, as metrics and logs show them."""

LIFETIMES = {
    "stations": HOUR,
    "info": 24 * HOUR,
    "information": 24 * HOUR,
    "batteries": HOUR,
    "statistics": 240.0,
}
"""Seconds that an answer is kept; calls that are not named are asked at every refresh."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request below the gateway's base address."""

    endpoint: str
    method: str
    path: str
    body: Any = None


def stations(page: int) -> Call:
    """One page of the account's stations, counting from 1."""
    return Call("stations", "POST", "/sems-plant/api/portal/stations/page", {"current": page, "size": PAGE_SIZE})


def info(station: str) -> Call:
    """Name, zone and sizes of a station."""
    return Call("info", "POST", f"/sems-plant/api/portal/stations/basic/info?{urlencode({'stationId': station})}", {})


def flow(station: str) -> Call:
    """The powers of a station now."""
    return Call("flow", "GET", f"/sems-plant/api/stations/flow?{urlencode({'stationId': station})}")


def devices(station: str) -> Call:
    """The devices of a station with their states."""
    return Call("devices", "GET", f"/sems-plant/api/stations/device/all-status?{urlencode({'stationId': station})}")


def of_device(endpoint: str, serial: str, device_type: str, station: str) -> Call:
    """`telemetry`, `telecounting` or `information` of one device."""
    query = urlencode({"deviceType": device_type, "pwId": station})
    return Call(endpoint, "GET", f"/sems-plant/api/equipments/{quote(serial, safe='')}/{endpoint}?{query}")


def batteries(serial: str, station: str) -> Call:
    """The battery systems behind an inverter; the portal wants the cabinet's type even for a hybrid inverter."""
    query = urlencode({"sn": serial, "deviceType": STORAGE_CABINET, "pwId": station})
    return Call("batteries", "GET", f"/sems-plant/api/equipments/{quote(serial, safe='')}/relatedDevices?{query}")


def statistics(station: str, day: date) -> Call:
    """The energies of one station-local day."""
    body = {
        "stationId": station,
        "isReport": False,
        "items": list(DAY_ITEMS),
        "dimension": "day",
        "startTime": f"{day} 00:00:00",
        "endTime": f"{day} 23:59:59",
    }
    return Call("statistics", "POST", "/sems-plant/api/stations/statistics", body)
