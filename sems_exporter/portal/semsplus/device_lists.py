"""Lists of devices and their static facts, decoded. Pure functions of JSON."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from sems_exporter import errors, protocol
from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.model.plant import Battery, Device, DeviceState
from sems_exporter.portal.decoding.field_mapping import Values, assign, assign_all
from sems_exporter.portal.decoding.json_shapes import code_of, is_no, is_yes, objects, text
from sems_exporter.portal.decoding.quantities import NotANumber, quantity
from sems_exporter.portal.semsplus import documents
from sems_exporter.portal.semsplus.device_kinds import SYSTEM, is_known, kind_of
from sems_exporter.portal.semsplus.factor_reader import factors as factor_rows
from sems_exporter.protocol.semsplus import Kind, Table


@dataclass(frozen=True, slots=True)
class DeviceRef:
    """A device as the list of devices shows it, and the instant at which its state was told.

    `parent` is the serial number of the one it is connected to; `has_serial` is False where its own id is made up.
    """

    id: str
    type: str
    name: str | None = None
    state: DeviceState | None = None
    subtype: str | None = None
    parent: str | None = None
    all_in_one: bool = False
    told_at: datetime | None = None
    has_serial: bool = True

    @property
    def kind(self) -> Kind:
        """The kind that its type names, or that the list tells otherwise."""
        return Kind.INVERTER if self.all_in_one else kind_of(self.type)


@dataclass(frozen=True, slots=True)
class BatteryRef:
    """A battery system, or a rack of one, behind the inverter `inverter`, with the values its list already tells.

    `has_serial` is False where the id is made up, so that nothing can be asked about it.
    """

    id: str
    inverter: str
    name: str | None
    state: DeviceState | None
    values: Values
    has_serial: bool = True
    type: str = SYSTEM

    @property
    def kind(self) -> Kind:
        """System or rack."""
        return kind_of(self.type)


def device_state(raw: object, findings: Diagnostics) -> DeviceState | None:
    """The state that a device's status code names."""
    values: Values = {}
    assign(values, Device, protocol.semsplus().listed_device["status"], raw, findings=findings)
    return values.get("state")


def listed(data: object, findings: Diagnostics) -> tuple[DeviceRef, ...]:
    """The devices of a station, each serial number once."""
    body = documents.document(data, "devices")
    found: dict[str, DeviceRef] = {}
    for kind in objects(documents.listed(body, "deviceDetailList", "devices")):
        device_type = text(kind.get("deviceType")) or ""
        if not is_known(device_type):
            findings.meet(Unknown.DEVICE_TYPE, device_type)
        for group in objects(kind.get("statusDetailList")):
            for ref in _device_group(group, device_type, findings):
                found.setdefault(ref.id, ref)
    return tuple(found.values())


def _device_group(group: dict[str, Any], device_type: str, findings: Diagnostics) -> list[DeviceRef]:
    details = group.get("detailMap")
    by_serial: dict[str, Any] = details if isinstance(details, dict) else {}
    listed = group.get("snList")
    named = [*by_serial, *(listed if isinstance(listed, list) else ())]
    serials = {serial: name for name in named if (serial := text(name))}
    refs = []
    for serial, name in serials.items():
        detail = by_serial.get(name)
        row: dict[str, Any] = detail if isinstance(detail, dict) else {}
        if findings.traces:
            findings.asked("devices", f"about {serial}")
        state = device_state(code_of(row.get("status")) or group.get("status"), findings)
        refs.append(
            DeviceRef(
                text(row.get("sn")) or serial,
                text(row.get("deviceType")) or device_type,
                text(row.get("name")),
                state,
                text(row.get("subtype")),
                text(row.get("preSn")),
                is_yes(row.get("isAllInOne")),
            )
        )
    return refs


def batteries(data: object, inverter: str, findings: Diagnostics) -> tuple[BatteryRef, ...]:
    """The battery systems behind `inverter`. None and an empty list both mean: there is none."""
    if data and not isinstance(data, list):
        raise errors.AnswerUnreadable("batteries: not a list")
    refs: list[BatteryRef] = []
    rows = [(text(row.get("type")) or SYSTEM, row) for row in objects(data)]
    rows = [(kind, row) for kind, row in rows if kind_of(kind) in (Kind.SYSTEM, Kind.RACK)]
    for (kind, row), serial in zip(rows, _battery_ids(rows, inverter), strict=True):
        values: Values = {}
        if findings.traces:
            findings.asked("batteries", f"behind {inverter}, about {serial}")
        assign_all(values, Battery, protocol.semsplus().listed_battery, row, findings)
        told = values.pop("state", None)
        state = DeviceState.OFFLINE if is_no(row.get("isConnected")) else told
        refs.append(BatteryRef(serial, inverter, text(row.get("name")), state, values, bool(text(row.get("sn"))), kind))
    return tuple(refs)


def _battery_ids(rows: list[tuple[str, dict[str, Any]]], inverter: str) -> list[str]:
    """The serial number of each row; where it has none, the inverter's with the row's number, made distinct.

    A system and a rack are numbered apart, rows may lack a number or share one. So each number is first its own row's,
    systems before racks; who finds it taken, or has none, takes the lowest that is left.
    """
    ids = {at: serial for at, (_, row) in enumerate(rows) if (serial := text(row.get("sn")))}
    unnamed = sorted(set(range(len(rows))) - ids.keys(), key=lambda at: kind_of(rows[at][0]) is not Kind.SYSTEM)
    taken = set(ids.values())
    for at in unnamed:
        number = code_of(rows[at][1].get("no"))
        if number and f"{inverter}-{number}" not in taken:
            ids[at] = f"{inverter}-{number}"
            taken.add(ids[at])
    left = (made for number in count(1) if (made := f"{inverter}-{number}") not in taken)
    ids |= {at: next(left) for at in unnamed if at not in ids}
    return [ids[at] for at in range(len(rows))]


def related(data: object) -> frozenset[str]:
    """The serial numbers of the devices that one is connected to."""
    return frozenset(serial for row in objects(data) if (serial := text(row.get("sn"))))


@dataclass(frozen=True, slots=True)
class Information:
    """Static facts of a device, and how it reaches the portal."""

    name: str | None
    model: str | None
    firmware: str | None
    values: Values
    communication_mode: str | None
    communication_firmware: str | None


def information(data: object, table: Table, findings: Diagnostics) -> Information:
    """Model, firmware and rating by their codes; raises AnswerEmpty where there are none."""
    codes = {row["code"].lower(): row for row in factor_rows(data)}
    if not codes:
        # It is kept for a day, and names and ratings of before must not be gone for as long.
        raise errors.AnswerEmpty("information: success without data")
    values: Values = {}
    for code in table.rows:
        found = codes.get(code.lower())
        if found is not None and (known := _of_signal(code, found)) is not None:
            assign(values, table.scope, table.rows[known], found.get("data"), unit=found.get("unit"), findings=findings)

    def said(code: str) -> str | None:
        return text(str(codes.get(code.lower(), {}).get("data") or ""))

    texts = protocol.semsplus().written.information
    return Information(
        name=said(texts.name),
        model=said(texts.model),
        firmware=said(texts.firmware),
        values=values,
        communication_mode=said(texts.communication_mode),
        communication_firmware=said(texts.communication_firmware),
    )


def _of_signal(code: str, found: dict[str, Any]) -> str | None:
    """The row that `code` belongs to: a signal strength may be a share and not dBm, and 0 of a cable is neither."""
    if code != "wirelessSignalStrength":
        return code
    try:
        signal = quantity(found.get("data"), found.get("unit"))
    except NotANumber:
        return code
    if signal is None or not signal.number:
        return None
    return "wirelessSignalQuality" if signal.unit == "%" or (not signal.unit and signal.number > 0) else code
