"""EV chargers: their state and limit. What goes into the vehicle is told by the station's flow alone."""

from dataclasses import dataclass

from sems_exporter.findings import Findings
from sems_exporter.model import DeviceState, EvCharger
from sems_exporter.portal.rows import Values, put
from sems_exporter.portal.semsplus.devicelists import DeviceRef, device_state
from sems_exporter.portal.semsplus.factors import CHARGER
from sems_exporter.portal.semsplus.shapes import document
from sems_exporter.portal.shapes import code_of, objects, text


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
    for key, row in CHARGER.items():
        put(values, EvCharger, row, body.get(key), unit=shown, findings=findings)
    return Detail(values.pop("state", None), values)
