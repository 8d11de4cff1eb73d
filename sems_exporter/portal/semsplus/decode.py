"""Answers of the SEMS+ gateway, decoded one by one. Pure functions of JSON; what does not fit raises or is absent."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sems_exporter import errors
from sems_exporter.findings import Dropped, Findings, Unknown
from sems_exporter.measure import Role, family
from sems_exporter.model import Station, StationState
from sems_exporter.portal import times
from sems_exporter.portal.base import StationRef
from sems_exporter.portal.rows import Values, put, put_all
from sems_exporter.portal.semsplus import factors
from sems_exporter.portal.semsplus.directions import settled
from sems_exporter.portal.semsplus.shapes import document
from sems_exporter.portal.shapes import objects, text
from sems_exporter.portal.values import NotANumber, quantity


@dataclass(frozen=True, slots=True)
class Flow:
    """The powers of a station and the local time they are from; `battery` tells whether one takes part."""

    values: Values
    state: StationState | None
    refresh_time: str | None
    battery: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of stations. `total` is what the portal counts in all, if it tells."""

    stations: tuple[StationRef, ...]
    total: int | None


def page(data: object, findings: Findings) -> Page:
    """One page of the station list."""
    body = document(data, "station list")
    rows = body.get("dataList")
    if not isinstance(rows, list):
        raise errors.AnswerUnreadable("station list: no dataList")
    refs = tuple(_station_ref(row, findings) for row in rows if isinstance(row, dict) and text(row.get("id")))
    total = body.get("total")
    return Page(refs, int(total) if isinstance(total, int | str) and str(total).isdecimal() else None)


def _station_ref(row: dict[str, Any], findings: Findings) -> StationRef:
    values: Values = {}
    put_all(values, Station, factors.LISTED, row, findings)
    zone_name = text(row.get("timeZone"))
    return StationRef(
        id=text(row["id"]) or "",
        name=text(row.get("name")),
        timezone=times.zone(zone_name),
        timezone_name=zone_name,
        state=values.get("state"),
        installed_power=values.get("installed_power"),
        pv_power=values.get("pv_power"),
        pv_energy_today=values.get("pv_energy_today"),
    )


@dataclass(frozen=True, slots=True)
class Info:
    """What the portal knows of a station beside its powers; `storage` tells whether it is one with batteries."""

    name: str | None
    zone_name: str | None
    storage: bool
    values: Values
    latitude: float | None = None
    longitude: float | None = None


def info(data: object, findings: Findings) -> Info:
    """Name, zone and sizes of a station; the IANA zone wins over an offset, because it knows summer time."""
    body = document(data, "station info")
    values: Values = {}
    put_all(values, Station, factors.INFO, body, findings)
    zones = [name for name in (text(body.get(key)) for key in factors.ZONES) if name and times.zone(name)]
    chart = body.get("chartMap")
    fields = str(chart.get("energy_flow") or "") if isinstance(chart, dict) else ""
    storage = str(body.get("powerStationType")) == "2" or "pBat" in fields.replace(" ", "").split(",")
    by_name = sorted(zones, key=lambda name: "/" not in name)
    latitude, longitude = coordinates(body)
    return Info(text(body.get("name")), by_name[0] if by_name else None, storage, values, latitude, longitude)


def coordinates(body: dict[str, Any]) -> tuple[float | None, float | None]:
    """Latitude and longitude in degrees, numbers or texts; (None, None) where they are missing or no place on earth.

    0, 0 is where a portal puts stations whose place nobody has entered.
    """
    try:
        found = [quantity(body.get(key)) for key in ("latitude", "longitude")]
    except NotANumber:
        return None, None
    latitude, longitude = (None if place is None else place.number for place in found)
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else (None, None)


def flow(data: object, findings: Findings) -> Flow:
    """The powers of a station. A key that is missing is absent, not 0.

    pGrid is + for export and - for import, pBat + for discharge and - for charge (captures of 2026-09), as far as the
    portal's own arrows do not prove otherwise.
    """
    body = document(data, "flow")
    values: Values = {}
    put_all(values, Station, factors.FLOW, body, findings)
    state = values.pop("state", None)
    values = settled(values, body.get("flows"), findings)
    for key in body.keys() - factors.FLOW.keys() - factors.FLOW_PASSED_OVER:
        findings.meet(Unknown.FIELD, f"flow {key}")
    if not values and text(body.get("refreshTime")) is None:
        raise errors.AnswerEmpty("flow: no power and no time")
    return Flow(
        values,
        state,
        text(body.get("refreshTime")) or text(body.get("time")),
        shows_battery(values),
    )


def shows_battery(values: dict[str, Any]) -> bool:
    """Whether the powers of a station tell of a battery; an empty one at rest looks like none."""
    return any(values.get(f"battery_{name}") for name in ("charge_power", "discharge_power", "state_of_charge"))


def statistics(data: object, role: Role, day: date, findings: Findings) -> Values:
    """The energies of the station-local day or month that holds `day`; entries of others are passed over."""
    body = document(data, "statistics")
    values: Values = {}
    for item in objects(body.get("dataList")):
        row = factors.STATISTICS[role].get(str(item.get("item")))
        if row is None:
            findings.meet(Unknown.FIELD, f"statistics {item.get('item')}")
            continue
        entries = objects(item.get("statisticsList"))
        present = [entry for entry in entries if _is_of(role, day, text(entry.get("date")) or "")]
        for entry in present:
            put(values, Station, row, entry.get("val"), unit=item.get("unit"), findings=findings)
        if entries and not present and role is Role.DAY:
            findings.drop(family(Station, row.attribute).sample_name, Dropped.BAD_TIME)
    return values


def _is_of(role: Role, day: date, when: str) -> bool:
    """Whether `when` is the day or month itself; a day must never pass for its month, nor an hour for its day."""
    if role is Role.MONTH:
        return when.replace("/", "-") == f"{day:%Y-%m}"
    return datetime.combine(day, time(0)) in [moment.replace(tzinfo=None) for moment in times.written(when)]


@dataclass(frozen=True, slots=True)
class Income:
    """Money of a day, in `currency`."""

    currency: str | None
    values: Values


def income(data: object, findings: Findings) -> Income:
    """The income of a day. Without a currency a number of money says nothing, so it is left out."""
    body = document(data, "production")
    values: Values = {}
    currency = text(body.get("currency"))
    if currency is not None:
        put_all(values, Station, factors.PRODUCTION, body, findings)
    return Income(currency, values)
