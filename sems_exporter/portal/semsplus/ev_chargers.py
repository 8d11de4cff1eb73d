"""EV chargers: what they are, what is set, and the session that is or was last under way."""

from dataclasses import dataclass

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import DeviceState, EvCharger
from sems_exporter.model.schema import Extra
from sems_exporter.portal.decoding.extras import measured_all
from sems_exporter.portal.decoding.field_mapping import Values, assign, assign_all
from sems_exporter.portal.decoding.json_shapes import code_of, objects, text
from sems_exporter.portal.semsplus.device_lists import DeviceRef, device_state
from sems_exporter.portal.semsplus.documents import document


@dataclass(frozen=True, slots=True)
class Told:
    """What one answer says of a charger."""

    state: DeviceState | None
    values: Values
    extras: tuple[Extra, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """Which charger it is."""

    name: str | None
    values: Values


def listed(data: object, findings: Diagnostics) -> tuple[DeviceRef, ...]:
    """The chargers of a station by their own list."""
    return tuple(
        DeviceRef(serial, "EV_CHARGER", text(row.get("name")), device_state(row.get("status"), findings))
        for row in objects(data)
        if (serial := text(row.get("sn")))
    )


def model(data: object, findings: Diagnostics) -> Model:
    """Model and rated power, out of the list of what can be set there."""
    body = document(data, "EV charger model")
    values: Values = {}
    assign_all(values, EvCharger, protocol.semsplus().charger_model, body, findings)
    return Model(text(body.get("productModel")), values)


def detail(data: object, findings: Diagnostics) -> Told:
    """State and limit of a charger.

    `chargePower` is passed over: a capture of 2026 has 11 kW there with no vehicle connected. So are `soc` and
    `scheduleSOC`, which are targets and not what the vehicle has.
    """
    body = document(data, "EV charger")
    values: Values = {}
    unit = code_of(body.get("unit"))
    # 0 stands beside kilowatts; what other numbers mean there has never been captured.
    shown = None if unit == "0" else unit
    for key, row in protocol.semsplus().charger_detail.items():
        assign(values, EvCharger, row, body.get(key), unit=shown, findings=findings)
    extras = measured_all(protocol.semsplus().extras.get(EvCharger, {}), body, findings)
    return Told(values.pop("state", None), values, extras)


def last_charge(data: object, findings: Diagnostics) -> Told:
    """Power and energy of the session that is or was last under way.

    After a session the answer keeps it, with its mean and its peak (captures of 2026-06): the energy stays what it is,
    and a power there is only while the charger says that it charges. `unit` beside them is that of a distance.
    """
    log = data.get("chargeLog") if isinstance(data, dict) else None
    values: Values = {}
    if not isinstance(log, dict):
        # A charger that has never charged has no session, which is no failure.
        return Told(None, values)
    assign_all(values, EvCharger, protocol.semsplus().last_charge, log, findings)
    state = values.pop("state", None)
    if state is not DeviceState.CHARGING:
        values.pop("charging_power", None)
    return Told(state, values)
