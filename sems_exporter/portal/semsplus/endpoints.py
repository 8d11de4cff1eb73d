"""The read-only calls of the SEMS+ gateway, as semsplus.toml has them, and for how long each answer stays good."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from sems_exporter import protocol
from sems_exporter.model.plant import TimeZone
from sems_exporter.model.schema import Role
from sems_exporter.portal.client import Call

HOUR = 3600.0
PAGE_SIZE = 100
ALARMS_SIZE = 20
MOST_PAGES = 200

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


def _call(endpoint: str, shape: str = "", **values: object) -> Call:
    """The call of this name, or of the `shape` of another, with `values` for the names in it."""
    written = protocol.semsplus().written
    call, client = written.calls[shape or endpoint], written.client
    named = {"client": client.name, "version": client.version, "language": client.language, **values}
    return Call(endpoint, call.method, call.address(named), call.content(named))


def stations(page: int) -> Call:
    """One page of the account's stations, counting from 1."""
    return _call("stations", page=page, size=PAGE_SIZE)


@protocol.cached(4096)
def info(station: str) -> Call:
    """Name, zone and sizes of a station."""
    return _call("info", station=station)


@protocol.cached(4096)
def flow(station: str) -> Call:
    """The powers of a station now."""
    return _call("flow", station=station)


@protocol.cached(4096)
def devices(station: str) -> Call:
    """The devices of a station with their states."""
    return _call("devices", station=station)


@protocol.cached(4096)
def of_device(endpoint: str, serial: str, device_type: str, station: str) -> Call:
    """`telemetry`, `telecounting` or `information` of one device.

    `shape` is the telemetry of a device whose type nobody knows, `dongle` the information of one that others use.
    """
    asked = {"shape": "telemetry", "dongle": "information"}.get(endpoint, endpoint)
    return _call(endpoint, asked, device=serial, type=device_type, station=station)


@protocol.cached(4096)
def related(serial: str, device_type: str, station: str) -> Call:
    """The devices that one is connected to."""
    return _call("related", device=serial, type=device_type, station=station)


@protocol.cached(4096)
def batteries(serial: str, station: str) -> Call:
    """The battery systems behind an inverter."""
    return _call("batteries", device=serial, station=station)


@protocol.cached(4096)
def statistics(station: str, role: Role, day: date) -> Call:
    """The energies of the station-local day, month or year that holds `day`."""
    if role is Role.YEAR:
        return _call("statistics_year", station=station, first=date(day.year, 1, 1), last=date(day.year, 12, 31))
    first, last = (day, day) if role is Role.DAY else _month(day)
    name = {Role.DAY: "statistics", Role.MONTH: "statistics_month"}[role]
    return _call(name, "statistics", station=station, span=role.value, first=first, last=last)


@protocol.cached(4096)
def production(station: str, day: date) -> Call:
    """The income of one station-local day."""
    return _call("production", station=station, first=day, last=day)


def curve(station: str, first: date, last: date, zone: TimeZone, items: Iterable[str]) -> Call:
    """The powers of the station-local days from `first` to `last`, one point a minute."""
    offset = datetime.combine(first, time(12), zone).utcoffset() or timedelta(0)
    hours = -offset / timedelta(hours=1)
    whole = int(hours) if hours.is_integer() else hours
    return _call("curve", station=station, items=list(items), hours=whole, first=first, last=last)


def day_energies(station: str, month: date) -> Call:
    """The energies of each station-local day of a month."""
    first, last = _month(month)
    return _call("day_energies", "statistics", station=station, span="day", first=first, last=last)


def _month(day: date) -> tuple[date, date]:
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


@protocol.cached(4096)
def alarms(station: str) -> Call:
    """The alarms of a station that are active now."""
    return _call("alarms", page=1, size=ALARMS_SIZE, stations=[station])


def alarms_of(stations: tuple[str, ...], page: int) -> Call:
    """A page of the alarms of several stations that are active now, counting from 1."""
    return _call("alarms", page=page, size=PAGE_SIZE, stations=list(stations))


@protocol.cached(4096)
def alarm_statistics(station: str) -> Call:
    """Ask how many alarms a station has and had."""
    return _call("alarm_statistics", stations=[station])


@protocol.cached(4096)
def chargers(station: str) -> Call:
    """The EV chargers of a station."""
    return _call("chargers", station=station)


@protocol.cached(4096)
def charger(serial: str, model: str | None, station: str) -> Call:
    """One EV charger now."""
    if model:
        return _call("charger", device=serial, model=model)
    return _call("charger", "charger_without_model", device=serial, station=station)


@protocol.cached(4096)
def charger_model(serial: str) -> Call:
    """Model and rating of an EV charger, beside what can be set there."""
    return _call("charger_model", device=serial)


@protocol.cached(4096)
def last_charge(serial: str, station: str) -> Call:
    """The charging session that is or was last under way."""
    return _call("last_charge", device=serial, station=station)
