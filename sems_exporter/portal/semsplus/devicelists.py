"""Lists of devices and their static facts, decoded. Pure functions of JSON."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sems_exporter import errors
from sems_exporter.findings import Findings, Unknown
from sems_exporter.model import Battery, Device, DeviceState
from sems_exporter.portal.rows import Values, put, put_all
from sems_exporter.portal.semsplus import factors
from sems_exporter.portal.semsplus.fill import factors as factor_rows
from sems_exporter.portal.semsplus.shapes import document
from sems_exporter.portal.shapes import code_of, objects, text
from sems_exporter.portal.values import NotANumber, quantity

INVERTER_TYPES = frozenset({"INVERTER", "ENERGY_STORAGE_INTEGRATED_CABINET", "MICRO_INVERTER", "PCS"})
METER_TYPES = frozenset({"SMART_METER"})
BATTERY_TYPES = frozenset({"BAT_SYS", "BATTERY_RACK"})
OTHER_TYPES = frozenset({"DONGLE", "DATA_LOGGER", "EV_CHARGER", "SWITCH_CAB", "BAT_BUSBAR", "DIESEL_GEN"})


@dataclass(frozen=True, slots=True)
class DeviceRef:
    """A device as the list of devices shows it, and the instant at which its state was told."""

    id: str
    type: str
    name: str | None = None
    state: DeviceState | None = None
    subtype: str | None = None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BatteryRef:
    """A battery system behind the inverter `inverter`, with the values its list already tells.

    `has_serial` is False where the id is made up, so that nothing can be asked about it.
    """

    id: str
    inverter: str
    name: str | None
    state: DeviceState | None
    values: Values
    has_serial: bool = True


def device_state(raw: object, findings: Findings) -> DeviceState | None:
    """The state that a device's status code names."""
    values: Values = {}
    put(values, Device, factors.LISTED_DEVICE["status"], raw, findings=findings)
    return values.get("state")


def listed(data: object, findings: Findings) -> tuple[DeviceRef, ...]:
    """The devices of a station, each serial number once."""
    body = document(data, "devices")
    found: dict[str, DeviceRef] = {}
    kinds = body.get("deviceDetailList")
    if not isinstance(kinds, list) and code_of(body.get("total")) != "0":
        raise errors.AnswerUnreadable("devices: no deviceDetailList")
    for kind in objects(kinds):
        device_type = text(kind.get("deviceType")) or ""
        if device_type not in INVERTER_TYPES | METER_TYPES | BATTERY_TYPES | OTHER_TYPES:
            findings.meet(Unknown.DEVICE_TYPE, device_type)
        for group in objects(kind.get("statusDetailList")):
            for ref in _device_group(group, device_type, findings):
                found.setdefault(ref.id, ref)
    return tuple(found.values())


def _device_group(group: dict[str, Any], device_type: str, findings: Findings) -> list[DeviceRef]:
    details = group.get("detailMap")
    by_serial: dict[str, Any] = details if isinstance(details, dict) else {}
    listed = group.get("snList")
    named = [*by_serial, *(listed if isinstance(listed, list) else ())]
    serials = {serial: name for name in named if (serial := text(name))}
    refs = []
    for serial, name in serials.items():
        detail = by_serial.get(name)
        row: dict[str, Any] = detail if isinstance(detail, dict) else {}
        state = device_state(code_of(row.get("status")) or group.get("status"), findings)
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
    if data and not isinstance(data, list):
        raise errors.AnswerUnreadable("batteries: not a list")
    refs: list[BatteryRef] = []
    for row in objects(data):
        if (text(row.get("type")) or "BAT_SYS") not in BATTERY_TYPES:
            continue
        serial = text(row.get("sn")) or f"{inverter}-{text(str(row.get('no') or '')) or len(refs) + 1}"
        values: Values = {}
        put_all(values, Battery, factors.LISTED_BATTERY, row, findings)
        told = values.pop("state", None)
        state = DeviceState.OFFLINE if row.get("isConnected") is False else told
        refs.append(BatteryRef(serial, inverter, text(row.get("name")), state, values, bool(text(row.get("sn")))))
    return tuple(refs)


@dataclass(frozen=True, slots=True)
class Information:
    """Static facts of a device."""

    name: str | None
    model: str | None
    firmware: str | None
    values: Values


def information(data: object, table: factors.Table, findings: Findings) -> Information:
    """Model, firmware and rating by their codes; raises AnswerEmpty where there are none."""
    codes = {row["code"]: row for row in factor_rows(data)}
    if not codes:
        # It is kept for a day, and names and ratings of before must not be gone for as long.
        raise errors.AnswerEmpty("information: success without data")
    values: Values = {}
    for code in table.rows.keys() & codes.keys():
        found = codes[code]
        row = table.rows["wirelessSignalQuality" if _is_share(code, found) else code]
        put(values, table.scope, row, found.get("data"), unit=found.get("unit"), findings=findings)
    name, model, firmware = (
        text(str(codes.get(code, {}).get("data") or "")) for code in ("deviceName", "modelType", "safetyVersion")
    )
    return Information(name, model, firmware, values)


def _is_share(code: str, found: dict[str, Any]) -> bool:
    """Whether a signal strength is a share and not dBm."""
    if code != "wirelessSignalStrength":
        return False
    try:
        signal = quantity(found.get("data"), found.get("unit"))
    except NotANumber:
        return False
    return signal is not None and (signal.unit == "%" or (not signal.unit and signal.number > 0))
