"""The batteries behind an inverter, and which way their power goes."""

from dataclasses import replace
from enum import Enum

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Battery, DeviceState, Inverter
from sems_exporter.model.schema import with_values
from sems_exporter.portal.classic import keys, register_filter
from sems_exporter.portal.classic.display_texts import Document, number
from sems_exporter.portal.classic.field_reader import fill, register
from sems_exporter.portal.decoding.field_mapping import Values, assign
from sems_exporter.portal.decoding.json_shapes import objects, text
from sems_exporter.protocol.rows import split

OUT_OF_BATTERY = split("discharge_power", "charge_power", "W")


class Direction(Enum):
    """Which way the power of a battery goes; the value is the sign of discharge - charge."""

    CHARGE = -1
    DISCHARGE = 1


def batteries(
    registers: Document, own: Values, inverter: Inverter, findings: Diagnostics
) -> tuple[tuple[Battery, ...], tuple[Direction, ...]]:
    """The batteries of `inverter`, and the directions of those that tell one.

    `own` are the values of `registers` themselves. They are those of a single battery; several stand in
    `more_batterys`, and a bay there in which nothing can be felt is empty.
    """
    packs = [
        (n, pack) for n, pack in enumerate(objects(registers.get("more_batterys")), 1) if register_filter.alive(pack)
    ]
    if len(packs) <= 1:
        [(n, pack)] = packs or [(1, {})]
        current = pack.get("ibattery", registers.get("ibattery1"))
        shared = {key: registers.get(key) for key in ("bms_warning", "bms_alarm")}
        bays = {_id(n, pack, registers, inverter): {**shared, **pack, "ibattery": current}}
    else:
        own, bays = {}, {_id(n, pack, registers, inverter): pack for n, pack in packs}
    found = [_battery(key, pack, own, inverter, findings) for key, pack in bays.items()]
    return tuple(battery for battery, _ in found), tuple(way for _, way in found if way)


def _id(n: int, pack: Document, registers: Document, inverter: Inverter) -> str:
    return text(pack.get("sn")) or text(registers.get(f"battery{n}sn")) or f"{inverter.id}-{n}"


def _battery(
    key: str, pack: Document, own: Values, inverter: Inverter, findings: Diagnostics
) -> tuple[Battery, Direction | None]:
    """The battery `key`: what its bay says, and beside it `own`."""
    keys.meet("more_batterys", pack, findings)
    mute = register_filter.mute_limits(pack) | ({"soh"} if number(pack.get("soh")) == 0 else set())
    said = {key: raw for key, raw in pack.items() if key not in mute}
    values = {**own, **fill(protocol.classic().blocks["more_batterys"], said, findings).get((Battery, ""), {})}
    way = direction(values.get("work_mode_code"), pack.get("ibattery"))
    _put_power(values, pack.get("pbattery"), way, findings)
    offline = inverter.state is DeviceState.OFFLINE
    battery = Battery(
        id=key,
        inverter=inverter.id,
        state=DeviceState.OFFLINE if offline else _STATES[way] if way else None,
        data_timestamp=inverter.data_timestamp,
        fetched_at=inverter.fetched_at,
        warning_bits=register(pack.get("bms_warning"), Battery, "warning_bits", findings),
        alarm_bits=register(pack.get("bms_alarm"), Battery, "alarm_bits", findings),
    )
    return with_values(battery, values), way


_STATES = {Direction.CHARGE: DeviceState.CHARGING, Direction.DISCHARGE: DeviceState.DISCHARGING}


def direction(work_mode: object, current: object) -> Direction | None:
    """Tell which way a battery goes: mode 2 discharges, mode 3 charges; a negative current charges.

    Both were seen together in a capture of 2022-04 (mode 3, -0.6 A). Where they contradict each other, nobody knows.
    A text made for display may lack the sign ("53.1V/0.7A/37W").
    """
    by_mode = {2.0: Direction.DISCHARGE, 3.0: Direction.CHARGE}.get(number(work_mode) or 0.0)
    amperes = number(current) or 0.0
    if not amperes or (amperes > 0 and isinstance(current, str)):
        return by_mode
    by_current = Direction.DISCHARGE if amperes > 0 else Direction.CHARGE
    return by_current if by_mode in (None, by_current) else None


def _put_power(values: Values, raw: object, way: Direction | None, findings: Diagnostics) -> None:
    """Write the power of a battery, whose own sign nobody has described."""
    watts = number(raw)
    if watts is not None and (way or not watts):
        assign(values, Battery, OUT_OF_BATTERY, abs(watts) * (way.value if way else 1), findings=findings)


def with_power(battery: Battery, charge: float, discharge: float, findings: Diagnostics) -> Battery:
    """`battery` with the powers that the plant tells of its only one, and the state that they show."""
    values: Values = {}
    assign(values, Battery, OUT_OF_BATTERY, discharge - charge, findings=findings)
    flowing = charge or discharge
    state = _STATES[Direction.CHARGE if charge else Direction.DISCHARGE] if flowing else battery.state
    return with_values(replace(battery, state=state), values)
