"""Answers of the SEMS+ gateway, decoded one by one. Pure functions of JSON; what does not fit raises or is absent."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sems_exporter import errors
from sems_exporter.findings import Findings, Unknown
from sems_exporter.model import Battery, DeviceState, Station, StationState
from sems_exporter.portal import times
from sems_exporter.portal.base import StationRef
from sems_exporter.portal.semsplus import factors
from sems_exporter.portal.semsplus.fill import Values, put, put_all

STATION_STATES = {
    "0": StationState.OFFLINE,
    "1": StationState.RUNNING,
    "2": StationState.FAULT,
    "3": StationState.WAITING,
    "11": StationState.CONSTRUCTING,
}
DEVICE_STATES = {str(code): state for code, state in enumerate(DeviceState) if state is not DeviceState.UNKNOWN}
OTHER = "4294967295"
"""Written where the portal itself knows no status."""

INVERTER_TYPES = frozenset({"INVERTER", "ENERGY_STORAGE_INTEGRATED_CABINET", "MICRO_INVERTER", "PCS"})
METER_TYPES = frozenset({"SMART_METER"})
BATTERY_TYPES = frozenset({"BAT_SYS", "BATTERY_RACK"})
OTHER_TYPES = frozenset({"DONGLE", "DATA_LOGGER", "EV_CHARGER", "SWITCH_CAB", "BAT_BUSBAR", "DIESEL_GEN"})


@dataclass(frozen=True, slots=True)
class DeviceRef:
    """A device as the list of devices shows it."""

    id: str
    type: str
    name: str | None = None
    state: DeviceState | None = None
    subtype: str | None = None


@dataclass(frozen=True, slots=True)
class BatteryRef:
    """A battery system behind the inverter `inverter`, with the values its list already tells."""

    id: str
    inverter: str
    name: str | None
    state: DeviceState | None
    values: Values


@dataclass(frozen=True, slots=True)
class Flow:
    """The powers of a station and the local time they are from; `battery` tells whether one takes part."""

    values: Values
    state: StationState | None
    refresh_time: str | None
    battery: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page of stations. `total` is what the portal counts in all."""

    stations: tuple[StationRef, ...]
    total: int


def text(raw: object) -> str | None:
    """A text that says something, or None."""
    return raw.strip() if isinstance(raw, str) and raw.strip() not in ("", "--", "null") else None


def document(data: object, what: str) -> dict[str, Any]:
    """`data` as a non-empty object; raises AnswerEmpty or AnswerUnreadable."""
    if data is None or data in ({}, [], ""):
        raise errors.AnswerEmpty(f"{what}: success without data")
    if not isinstance(data, dict):
        raise errors.AnswerUnreadable(f"{what}: not an object")
    return data


def station_state(raw: object, findings: Findings) -> StationState | None:
    """The state that a station's status code names."""
    code = _code(raw)
    if code is None:
        return None
    if code not in STATION_STATES and code != OTHER:
        findings.meet(Unknown.STATUS, f"station {code}")
    return STATION_STATES.get(code, StationState.UNKNOWN)


def device_state(raw: object, findings: Findings) -> DeviceState | None:
    """The state that a device's status code names."""
    code = _code(raw)
    if code is None:
        return None
    if code not in DEVICE_STATES and code != OTHER:
        findings.meet(Unknown.STATUS, f"device {code}")
    return DEVICE_STATES.get(code, DeviceState.UNKNOWN)


def _code(raw: object) -> str | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    code = str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw).strip()
    return code or None


def page(data: object, findings: Findings) -> Page:
    """One page of the station list."""
    body = document(data, "station list")
    rows = body.get("dataList")
    if not isinstance(rows, list):
        raise errors.AnswerUnreadable("station list: no dataList")
    refs = tuple(_station_ref(row, findings) for row in rows if isinstance(row, dict) and text(row.get("id")))
    total = body.get("total")
    return Page(refs, int(total) if isinstance(total, int | str) and str(total).isdigit() else len(refs))


def _station_ref(row: dict[str, Any], findings: Findings) -> StationRef:
    values: Values = {}
    put(values, Station, factors.INFO["installedPower"], row.get("installedPower"), findings=findings)
    zone_name = text(row.get("timeZone"))
    return StationRef(
        id=text(row["id"]) or "",
        name=text(row.get("name")),
        timezone=times.zone(zone_name),
        timezone_name=zone_name,
        state=station_state(row.get("status"), findings),
        installed_power=values.get("installed_power"),
    )


@dataclass(frozen=True, slots=True)
class Info:
    """What the portal knows of a station beside its powers; `storage` tells whether it is one with batteries."""

    name: str | None
    zone_name: str | None
    storage: bool
    values: Values


def info(data: object, findings: Findings) -> Info:
    """Name, zone and sizes of a station; the IANA zone wins over an offset, because it knows summer time."""
    body = document(data, "station info")
    values: Values = {}
    put_all(values, Station, factors.INFO, body, findings)
    zones = [name for name in (text(body.get("zoneId")), text(body.get("timeZone"))) if name and times.zone(name)]
    chart = body.get("chartMap")
    fields = str(chart.get("energy_flow") or "") if isinstance(chart, dict) else ""
    storage = str(body.get("powerStationType")) == "2" or "pBat" in fields.replace(" ", "").split(",")
    by_name = sorted(zones, key=lambda name: "/" not in name)
    return Info(text(body.get("name")), by_name[0] if by_name else None, storage, values)


def flow(data: object, findings: Findings) -> Flow:
    """The powers of a station. A key that is missing is absent, not 0.

    pGrid is + for export and - for import, pBat + for discharge and - for charge (captures of 2026-09).
    """
    body = document(data, "flow")
    values: Values = {}
    put_all(values, Station, factors.FLOW, body, findings)
    for key in body.keys() - factors.FLOW.keys() - factors.FLOW_PASSED_OVER:
        findings.meet(Unknown.FIELD, f"flow {key}")
    if not values and text(body.get("refreshTime")) is None:
        raise errors.AnswerEmpty("flow: no power and no time")
    return Flow(
        values,
        station_state(body.get("status"), findings),
        text(body.get("refreshTime")) or text(body.get("time")),
        body.get("pBat") is not None,
    )


def devices(data: object, findings: Findings) -> tuple[DeviceRef, ...]:
    """The devices of a station, each serial number once."""
    body = document(data, "devices")
    found: dict[str, DeviceRef] = {}
    for kind in _objects(body.get("deviceDetailList")):
        device_type = text(kind.get("deviceType")) or ""
        if device_type not in INVERTER_TYPES | METER_TYPES | BATTERY_TYPES | OTHER_TYPES:
            findings.meet(Unknown.DEVICE_TYPE, device_type)
        for group in _objects(kind.get("statusDetailList")):
            for ref in _device_group(group, device_type, findings):
                found.setdefault(ref.id, ref)
    return tuple(found.values())


def _device_group(group: dict[str, Any], device_type: str, findings: Findings) -> list[DeviceRef]:
    details = group.get("detailMap")
    by_serial: dict[str, Any] = details if isinstance(details, dict) else {}
    listed = group.get("snList")
    serials = dict.fromkeys([*by_serial, *(sn for sn in (listed if isinstance(listed, list) else ()) if text(sn))])
    refs = []
    for serial in serials:
        detail = by_serial.get(serial)
        row: dict[str, Any] = detail if isinstance(detail, dict) else {}
        state = device_state(row.get("status", group.get("status")), findings)
        refs.append(
            DeviceRef(
                text(row.get("sn")) or serial,
                text(row.get("deviceType")) or device_type,
                text(row.get("name")),
                state,
                text(row.get("subtype")),
            )
        )
    return refs


def batteries(data: object, inverter: str, findings: Findings) -> tuple[BatteryRef, ...]:
    """The battery systems behind `inverter`. None and an empty list both mean: there is none."""
    refs: list[BatteryRef] = []
    for row in _objects(data):
        if row.get("type", "BAT_SYS") not in BATTERY_TYPES:
            continue
        serial = text(row.get("sn")) or f"{inverter}-{text(str(row.get('no') or '')) or len(refs) + 1}"
        values: Values = {}
        put_all(values, Battery, factors.BATTERY, row, findings)
        state = DeviceState.OFFLINE if row.get("isConnected") is False else device_state(row.get("status"), findings)
        refs.append(BatteryRef(serial, inverter, text(row.get("name")), state, values))
    return tuple(refs)


@dataclass(frozen=True, slots=True)
class Information:
    """Static facts of a device."""

    name: str | None
    model: str | None
    firmware: str | None
    values: Values


def information(data: object, table: factors.Table, findings: Findings) -> Information:
    """Model, firmware and rating from the flat list of codes."""
    codes = {row["code"]: row for row in _objects(data) if isinstance(row.get("code"), str)}
    values: Values = {}
    rated, row = table.rows.get("ratedPower"), codes.get("ratedPower", {})
    if rated is not None:
        put(values, table.scope, rated, row.get("data"), unit=row.get("unit"), findings=findings)
    name, model, firmware = (
        text(str(codes.get(code, {}).get("data") or "")) for code in ("deviceName", "modelType", "safetyVersion")
    )
    return Information(name, model, firmware, values)


def statistics(data: object, day: date, findings: Findings) -> Values:
    """The energies of the station-local `day`; entries of other days are passed over."""
    body = document(data, "statistics")
    values: Values = {}
    for item in _objects(body.get("dataList")):
        row = factors.STATISTICS.get(str(item.get("item")))
        if row is None:
            findings.meet(Unknown.FIELD, f"statistics {item.get('item')}")
            continue
        for entry in _objects(item.get("statisticsList")):
            if str(entry.get("date"))[:10] == day.isoformat():
                put(values, Station, row, entry.get("val"), unit=item.get("unit"), findings=findings)
    return values


def _objects(raw: object) -> list[dict[str, Any]]:
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
