"""EV chargers: their state and limit. What goes into the vehicle is told by the station's flow alone."""

from dataclasses import dataclass

from sems_exporter.findings import Findings, Unknown
from sems_exporter.model import DeviceState, EvCharger
from sems_exporter.portal.rows import Row, Values, put
from sems_exporter.portal.semsplus.devicelists import DEVICE_STATES, DeviceRef, device_state
from sems_exporter.portal.semsplus.shapes import document
from sems_exporter.portal.shapes import code_of, objects, text

LIMIT = Row("charging_power_limit", "kW")
STATES = {
    "available": DeviceState.AVAILABLE,
    "charging": DeviceState.CHARGING,
    "waiting": DeviceState.WAITING,
    "offline": DeviceState.OFFLINE,
    "fault": DeviceState.FAULT,
    "maintenance": DeviceState.MAINTENANCE,
}


@dataclass(frozen=True, slots=True)
class Detail:
    """What a charger says of itself."""

    state: DeviceState | None
    values: Values


def listed(data: object, findings: Findings) -> tuple[DeviceRef, ...]:
    """The chargers of a station by their own list."""
    return tuple(
        DeviceRef(serial, "EV_CHARGER", text(row.get("name")), device_state(row.get("status"), findings))
        for row in objects(data)
        if (serial := text(row.get("sn")))
    )


def detail(data: object, findings: Findings) -> Detail:
    """State and limit of a charger.

    `chargePower` is passed over: a capture of 2026 has 11 kW there with no vehicle connected.
    """
    body = document(data, "EV charger")
    values: Values = {}
    unit = code_of(body.get("unit"))
    # 0 stands beside kilowatts; what other numbers mean there has never been captured.
    shown = None if unit == "0" else unit
    put(values, EvCharger, LIMIT, body.get("chargePowerSetted"), unit=shown, findings=findings)
    name = text(body.get("status"))
    state = STATES.get(name.lower()) or DEVICE_STATES.get(name) if name else None
    if name and state is None:
        state = DeviceState.UNKNOWN
        findings.meet(Unknown.STATUS, f"EV charger {name}")
    return Detail(state, values)
