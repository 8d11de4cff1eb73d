"""Answers of the SEMS+ gateway, decoded one by one. Pure functions of JSON; what does not fit raises or is absent."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sems_exporter import errors, protocol
from sems_exporter.model.diagnostics import Diagnostics, DropReason, Limited, Unknown
from sems_exporter.model.limits import STATIONS_PER_ACCOUNT
from sems_exporter.model.plant import Station, StationState
from sems_exporter.model.schema import Extra, Role, family
from sems_exporter.portal.decoding import timestamps
from sems_exporter.portal.decoding.extras import measured_all
from sems_exporter.portal.decoding.field_mapping import Values, assign, assign_all, merge
from sems_exporter.portal.decoding.json_shapes import code_of, count, objects, text
from sems_exporter.portal.decoding.quantities import NotANumber, quantity
from sems_exporter.portal.interface import StationRef
from sems_exporter.portal.semsplus.documents import document, listed
from sems_exporter.portal.semsplus.power_direction import settled

_YEAR_MONTH = re.compile(r"(?P<year>\d{4})[-/.]?(?P<month>\d{1,2})")
_MONTH_YEAR = re.compile(r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})")


@dataclass(frozen=True, slots=True)
class Flow:
    """The powers of a station and the local time they are from; `battery` tells whether one takes part."""

    values: Values
    state: StationState | None
    refresh_time: str | None
    battery: bool
    extras: tuple[Extra, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of stations. `total` is what the portal counts in all, if it tells."""

    stations: tuple[StationRef, ...]
    total: int | None


def page(data: object, findings: Diagnostics) -> Page:
    """One page of the station list."""
    body = document(data, "station list")
    rows = listed(body, "dataList", "station list")
    named = [row for row in rows if isinstance(row, dict) and text(row.get("id"))]
    findings.limit(Limited.STATIONS, len(named) - STATIONS_PER_ACCOUNT)
    refs = tuple(_station_ref(row, findings) for row in named[:STATIONS_PER_ACCOUNT])
    return Page(refs, count(body.get("total")))


def _station_ref(row: dict[str, Any], findings: Diagnostics) -> StationRef:
    values: Values = {}
    if findings.traces:
        findings.asked("stations", f"about {row['id']}")
    assign_all(values, Station, protocol.semsplus().station_list, row, findings)
    zone_name = text(row.get("timeZone"))
    return StationRef(
        id=text(row["id"]) or "",
        name=text(row.get("name")),
        timezone=timestamps.zone(zone_name),
        timezone_name=zone_name,
        state=values.get("state"),
        installed_power=values.get("installed_power"),
        pv_power=values.get("pv_power"),
        pv_energy_today=values.get("pv_energy_today"),
    )


@dataclass(frozen=True, slots=True)
class Info:
    """What the portal knows of a station beside its powers.

    `storage` tells whether batteries of some capacity belong to it: its type says so of hybrids without any, too.
    `rated_power` are the watts of its inverters.
    """

    name: str | None
    zone_name: str | None
    storage: bool
    values: Values
    rated_power: float | None = None
    latitude: float | None = None
    longitude: float | None = None


def info(data: object, findings: Diagnostics) -> Info:
    """Name, zone and sizes of a station; the IANA zone wins over an offset, because it knows summer time."""
    body = document(data, "station info")
    values: Values = {}
    assign_all(values, Station, protocol.semsplus().station_info, body, findings)
    keys = protocol.semsplus().written.station_texts.zones
    zones = [name for name in (text(body.get(key)) for key in keys) if name and timestamps.zone(name)]
    rated: Values = {}
    assign_all(rated, Station, protocol.semsplus().station_size, body, findings)
    by_name = sorted(zones, key=lambda name: "/" not in name)
    latitude, longitude = coordinates(body)
    return Info(
        name=text(body.get("name")),
        zone_name=by_name[0] if by_name else None,
        storage="battery_capacity" in values,
        values=values,
        rated_power=rated.get("installed_power"),
        latitude=latitude,
        longitude=longitude,
    )


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


def flow(data: object, findings: Diagnostics) -> Flow:
    """The powers of a station. A key that is missing is absent, not 0.

    pGrid is + for export and - for import, pBat + for discharge and - for charge (captures of 2026-09), as far as the
    portal's own arrows do not prove otherwise.
    """
    body = document(data, "flow")
    values: Values = {}
    assign_all(values, Station, protocol.semsplus().flow, body, findings)
    state = values.pop("state", None)
    values = settled(values, body.get("flows"), findings)
    known = protocol.semsplus().flow_keys
    for key in body:
        if key.lower() not in known:
            findings.meet(Unknown.FIELD, f"flow {key}")
    if not values and text(body.get("refreshTime")) is None:
        raise errors.AnswerEmpty("flow: no power and no time")
    return Flow(
        values,
        state,
        text(body.get("refreshTime")) or text(body.get("time")),
        shows_battery(values),
        measured_all(protocol.semsplus().extras.get(Station, {}), body, findings),
    )


def shows_battery(values: dict[str, Any]) -> bool:
    """Tell whether the powers of a station tell of a battery; an empty one at rest looks like none."""
    return any(values.get(f"battery_{name}") for name in ("charge_power", "discharge_power", "state_of_charge"))


@dataclass(frozen=True, slots=True)
class Energies:
    """Energies of a period; `priced` tells whether the owner has entered what a kilowatt hour is worth."""

    values: Values
    priced: bool


def statistics(data: object, role: Role, day: date, findings: Diagnostics) -> Energies:
    """The energies of the station-local day, month or year that holds `day`; entries of others are passed over."""
    body = document(data, "statistics")
    values: Values = {}
    contradicted: set[str] = set()
    tables = protocol.semsplus().statistics
    for item in objects(body.get("dataList")):
        name = str(item.get("item"))
        row = tables[role].get(name)
        if row is None:
            if name not in tables[Role.DAY]:
                findings.meet(Unknown.FIELD, f"statistics {name}")
            continue
        entries = objects(item.get("statisticsList"))
        present = [entry for entry in entries if _is_of(role, day, text(entry.get("date")) or "")]
        for entry in present:
            told: Values = {}
            assign(told, Station, row, entry.get("val"), unit=item.get("unit"), findings=findings)
            merge(values, told, contradicted, Station, findings)
        if entries and not present and role is Role.DAY:
            findings.drop(family(Station, row.attribute).sample_name, DropReason.BAD_TIME)
    return Energies(values, code_of(str(body.get("hasProfit")).lower()) in ("true", "1"))


def _is_of(role: Role, day: date, when: str) -> bool:
    """Tell whether `when` is the period itself; a day must never pass for its month, nor an hour for its day."""
    if role is Role.YEAR:
        return when == f"{day:%Y}"
    if role is Role.MONTH:
        match = _YEAR_MONTH.fullmatch(when) or _MONTH_YEAR.fullmatch(when)
        return match is not None and (int(match["year"]), int(match["month"])) == (day.year, day.month)
    return datetime.combine(day, time(0)) in [moment.replace(tzinfo=None) for moment in timestamps.written(when)]


@dataclass(frozen=True, slots=True)
class Income:
    """Money of a day, in `currency`."""

    currency: str | None
    values: Values


def income(data: object, findings: Diagnostics) -> Income:
    """The income of a day. Without a currency a number of money says nothing, so it is left out."""
    body = document(data, "production")
    values: Values = {}
    currency = text(body.get("currency"))
    if currency is not None:
        assign_all(values, Station, protocol.semsplus().production, body, findings)
    return Income(currency, values)


def earned(income: Income, *, priced: bool) -> Values:
    """The income as far as it is one: without a price, which is usual, the portal writes 0 (capture of 2026-09)."""
    return {name: value for name, value in income.values.items() if value or priced}
