"""One element of `inverter`, decoded: the inverter with its inputs and phases, its batteries, its meter, its alarms."""

from dataclasses import dataclass
from datetime import datetime

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import (
    Alarm,
    Battery,
    DeviceState,
    Inverter,
    Meter,
    MeterPhase,
    Phase,
    PvInput,
)
from sems_exporter.model.schema import with_values
from sems_exporter.portal.classic import keys, month_energy, register_filter, time_formats
from sems_exporter.portal.classic.batteries import Direction, batteries
from sems_exporter.portal.classic.display_texts import Document, document, flag, number
from sems_exporter.portal.classic.field_reader import Moment, Parts, drop_past_periods, fill, register
from sems_exporter.portal.classic.inputs_phases import listed, rows, shown
from sems_exporter.portal.classic.register_filter import Plant
from sems_exporter.portal.decoding import states, timestamps
from sems_exporter.portal.decoding.alarms import believed
from sems_exporter.portal.decoding.alarms import level as alarm_level
from sems_exporter.portal.decoding.json_shapes import code_of, objects, text
from sems_exporter.protocol.entries import Block, StandIn

HIGHEST_VERSION = 1e9


@dataclass(frozen=True, slots=True)
class Unit:
    """An inverter and what hangs on it. `claims_battery` even where none can be felt; `alarms` None where not told."""

    inverter: Inverter
    batteries: tuple[Battery, ...]
    meter: Meter | None
    alarms: tuple[Alarm, ...] | None
    claims_battery: bool
    directions: tuple[Direction, ...]

    @property
    def offline(self) -> bool:
        """Tell whether the inverter is silent, or has never reported: zeros of the plant are no readings then."""
        silent = self.inverter.state is None and self.inverter.ac_power is None
        return silent or self.inverter.state is DeviceState.OFFLINE


def serial(raw: Document) -> str | None:
    """The serial number of one element of `inverter`."""
    return text(raw.get("sn")) or text(document(raw.get("invert_full")).get("sn"))


def unit(raw: Document, sn: str, plant: Plant, moment: Moment, findings: Diagnostics) -> Unit:
    """One element of `inverter` whose serial number is `sn`."""
    _meet(raw, findings)
    registers = registers_of(raw)
    taken = _taken(registers, raw, moment, findings)
    if taken is None and register_filter.never_reported(registers):
        registers = register_filter.described(registers)
    state = device_state(registers.get("status"), findings) or device_state(raw.get("status"), findings)
    claims = register_filter.claims_battery(registers, raw.get("is_stored"), plant)
    stored = register_filter.says_battery(registers, raw.get("is_stored"), plant)
    battery = claims and ((stored and state is DeviceState.OFFLINE) or _felt(registers, plant, stored=stored))
    meter = register_filter.has_meter(registers, plant)
    reliable = register_filter.readings(registers, plant, battery=battery, meter=meter, findings=findings)
    reliable["thismonthetotle"] = _month(reliable, raw, plant, moment)
    parts = fill(protocol.classic().blocks["invert_full"], reliable, findings)
    for (scope, _), values in parts.items():
        drop_past_periods(values, scope, taken, moment, findings)
    described = Inverter(
        id=sn,
        name=text(registers.get("name")) or text(raw.get("name")),
        model=text(registers.get("model_type")) or text(raw.get("type")),
        firmware=_firmware(registers, raw),
        state=state,
        data_timestamp=taken,
        fetched_at=moment.now,
        fault_bits=register(registers.get("fault_messge"), Inverter, "fault_bits", findings),
        inputs=_inputs(parts, raw),
        phases=_phases(parts, raw),
    )
    inverter = with_values(described, parts.get((Inverter, ""), {}))
    found, directions = batteries(reliable, parts.get((Battery, ""), {}), inverter, findings) if battery else ((), ())
    return Unit(
        inverter,
        found,
        _meter(inverter, parts, plant) if meter else None,
        _alarms(registers, inverter, moment, findings),
        claims,
        directions,
    )


def _meet(raw: Document, findings: Diagnostics) -> None:
    keys.meet("inverter", raw, findings)
    keys.meet("invert_full", document(raw.get("invert_full")), findings)
    keys.meet("d", document(raw.get("d")), findings)


def registers_of(raw: Document) -> Document:
    """`invert_full`; a key that it lacks, or all of them, from what stands around it, nearest first.

    The page of an inverter that has never reported shows zeros, beside no state.
    """
    reports = code_of(raw.get("status")) is not None
    blocks = protocol.classic().blocks
    pages = ((blocks["dict"], rows(raw)), (blocks["d"], document(raw.get("d")))) if reports else ()
    found: Document = {}
    for block, said in (*pages, (blocks["inverter"], raw)):
        found.update(_standing_in(block, said))
    return {**found, **document(raw.get("invert_full"))}


def _standing_in(block: Block, said: Document) -> Document:
    """Return what the keys of `said` say, under the names of `invert_full`."""
    found: Document = {}
    for key, entry in block.items():
        value = said.get(key)
        if isinstance(entry, StandIn) and value is not None and (text(value) or not isinstance(value, str)):
            values = value.split("/") if isinstance(value, str) and len(entry.keys) > 1 else [value]
            found.update(zip(entry.keys, values, strict=False))
    return found


def device_state(raw: object, findings: Diagnostics) -> DeviceState | None:
    """The state that a device's status code names."""
    return states.device_state(raw, protocol.classic().device_states, findings)


def _taken(registers: Document, raw: Document, moment: Moment, findings: Diagnostics) -> datetime | None:
    """Tell when the inverter last reported: `last_time` is UTC; texts say the same in local time."""
    milliseconds = registers.get("last_time")
    taken = time_formats.reported(milliseconds, moment.now)
    if taken is None and milliseconds not in (None, "", 0):
        findings.drop("sems_inverter_data_timestamp_seconds", DropReason.BAD_TIME)
    return taken or time_formats.taken(raw, moment.zone, moment.date_format, moment.now)


def _firmware(registers: Document, raw: Document) -> str | None:
    """Versions come as floats, 171724.0; 0 is none."""
    versions = (number(raw.get("firmware_version")), number(registers.get("firmwareversion")))
    return next((str(int(version)) for version in versions if version and 0 < version < HIGHEST_VERSION), None)


def _felt(registers: Document, plant: Plant, *, stored: bool) -> bool:
    packs = objects(registers.get("more_batterys"))
    return (
        register_filter.alive(registers, "1", stored=stored)
        or any(register_filter.alive(pack, stored=stored) for pack in packs)
        or (plant.alone and bool(plant.flow.battery))
    )


def _inputs(parts: Parts, raw: Document) -> tuple[PvInput, ...]:
    known = {part: values for (scope, part), values in parts.items() if scope is PvInput}
    return tuple(
        with_values(PvInput(number=n), known[n]) for n in shown(known, listed(raw, "vpv"), ("1", "2", "3", "4"))
    )


def _phases(parts: Parts, raw: Document) -> tuple[Phase, ...]:
    known = {part: values for (scope, part), values in parts.items() if scope is Phase}
    return tuple(with_values(Phase(name=n), known[n]) for n in shown(known, listed(raw, "vac"), ("L1", "L2", "L3")))


def _month(registers: Document, raw: Document, plant: Plant, moment: Moment) -> float | None:
    own = number(document(raw.get("invert_full")).get("thismonthetotle")) is not None
    return month_energy.month(registers, moment, included=plant.month_includes_today, raw=own)


def _meter(inverter: Inverter, parts: Parts, plant: Plant) -> Meter | None:
    """The meter that the inverter reads; classic answers show it as registers of the inverter only."""
    values = parts.get((Meter, ""), {})
    phases = tuple(
        with_values(MeterPhase(name=part), found)
        for (scope, part), found in parts.items()
        if scope is MeterPhase and found
    )
    if not values and not phases:
        return None
    named = plant.home_kit if plant.alone and plant.home_kit else f"{inverter.id}-meter"
    state = DeviceState.OFFLINE if inverter.state is DeviceState.OFFLINE else None
    meter = Meter(
        id=named, state=state, data_timestamp=inverter.data_timestamp, fetched_at=inverter.fetched_at, phases=phases
    )
    return with_values(meter, values)


def _alarms(registers: Document, inverter: Inverter, moment: Moment, findings: Diagnostics) -> tuple[Alarm, ...] | None:
    """List what the inverter complains of now; one that is offline complains of nothing."""
    if inverter.state is DeviceState.OFFLINE or not isinstance(registers.get("errors"), list):
        return None
    alarms: list[Alarm] = []
    for error in objects(registers["errors"]):
        keys.meet("errors", error, findings)
        name = text(error.get("error_code"))
        if name is None or ("show" in error and not flag(error["show"])):
            continue
        level = alarm_level(error.get("error_type"), findings)
        started_at = timestamps.epoch_milliseconds(error.get("time"))
        alarms.append(Alarm(device=inverter.id, code=name, level=level, started_at=started_at))
    return believed(alarms, moment.now, findings)
