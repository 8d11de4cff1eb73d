"""The devices of a station: which calls each kind needs, put together into inverters, batteries, meters, chargers."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from sems_exporter.findings import Findings, Limited, Unknown
from sems_exporter.limits import BATTERIES_PER_INVERTER, BATTERIES_PER_STATION, DEVICES_PER_STATION
from sems_exporter.model import Battery, Device, DeviceState, EvCharger, Inverter, Meter, MeterPhase, Phase, PvInput
from sems_exporter.portal.client import Call
from sems_exporter.portal.rows import Values
from sems_exporter.portal.semsplus import chargers, decode, endpoints
from sems_exporter.portal.semsplus import devicelists as lists
from sems_exporter.portal.semsplus.devicelists import BatteryRef, DeviceRef
from sems_exporter.portal.semsplus.factors import TABLES
from sems_exporter.portal.semsplus.fill import Reading, factors, fill
from sems_exporter.portal.semsplus.questions import Questions

READ_TYPES = lists.INVERTER_TYPES | lists.METER_TYPES | lists.BATTERY_TYPES | {"EV_CHARGER"}
Facts = dict[str, Any]
"""Attributes of a device, by name."""


class DeviceReader:
    """Reads the devices of one station. `answered` tells whether any of them said anything."""

    def __init__(self, questions: Questions, station: Facts, findings: Findings) -> None:
        self._questions = questions
        self._station: str = station["id"]
        # A flow of before says nothing about the age of what the devices tell now.
        self._taken: datetime | None = station.get("data_timestamp") if "flow" in questions.heard else None
        self._shows_battery = decode.shows_battery(station)
        self._shows_charger = "ev_charger_power" in station
        self._findings = findings
        self._batteries_left = BATTERIES_PER_STATION
        self.answered = False

    def read(self, refs: tuple[DeviceRef, ...]) -> Facts:
        """All devices of `refs` that this version reads, as attributes of their station."""
        batteries = self._batteries(refs)
        found: Facts = {
            "inverters": tuple(self._inverter(ref) for ref in refs if ref.type in lists.INVERTER_TYPES),
            "meters": tuple(self._meter(ref) for ref in refs if ref.type in lists.METER_TYPES),
            "batteries": batteries,
            "ev_chargers": tuple(self._ev_charger(ref) for ref in self._ev_charger_refs(refs)),
        }
        return {**found, "has_battery": True} if batteries else found

    def _ev_charger_refs(self, refs: tuple[DeviceRef, ...]) -> tuple[DeviceRef, ...]:
        found = tuple(ref for ref in refs if ref.type == "EV_CHARGER")
        if found or not self._shows_charger:
            return found
        call = endpoints.chargers(self._station)
        kept = self._questions.ask(
            call, (), lambda data: shared_out(chargers.listed(data, self._findings), self._findings)
        )
        return kept.value if kept else ()

    def _ev_charger(self, ref: DeviceRef) -> EvCharger:
        call = endpoints.charger(ref.id, self._station)
        kept = self._questions.ask(call, (ref.id,), lambda data: chargers.detail(data, self._findings))
        if kept is None:
            return EvCharger(id=ref.id, name=ref.name, state=ref.state)
        detail: chargers.Detail = kept.value
        known = DeviceRef(ref.id, ref.type, ref.name, detail.state or ref.state)
        return EvCharger(**self._facts(known, detail.values, kept.fetched_at))

    def _inverter(self, ref: DeviceRef) -> Inverter:
        reading, fetched_at = self._reading(ref, Inverter, "telemetry", "telecounting")
        inputs = tuple(PvInput(number=index, **values) for index, values in _parts(reading, "MPPT"))
        phases = tuple(Phase(name=index, **values) for index, values in _parts(reading, "PHASE"))
        facts = self._informed(Inverter, ref, self._facts(ref, reading.own, fetched_at))
        return Inverter(inputs=inputs, phases=phases, **facts)

    def _meter(self, ref: DeviceRef) -> Meter:
        reading, fetched_at = self._reading(ref, Meter, "telemetry", "telecounting")
        phases = tuple(MeterPhase(name=index, **values) for index, values in _parts(reading, "PHASE"))
        return Meter(phases=phases, **self._informed(Meter, ref, self._facts(ref, reading.own, fetched_at)))

    def _batteries(self, refs: tuple[DeviceRef, ...]) -> tuple[Battery, ...]:
        systems = {battery.id: battery for ref in refs if self._may_have_battery(ref) for battery in self._systems(ref)}
        listed = [ref for ref in refs if ref.type == "BAT_SYS" and ref.id not in systems]
        # A rack repeats the battery system it belongs to, so it counts only where no system is shown.
        racks = [] if systems or listed else [ref for ref in refs if ref.type == "BATTERY_RACK"]
        return (*systems.values(), *(self._battery(ref) for ref in (*listed, *racks)))

    def _may_have_battery(self, ref: DeviceRef) -> bool:
        if ref.type not in lists.INVERTER_TYPES or ref.type == "MICRO_INVERTER":
            return False
        return ref.subtype != "grid" or self._shows_battery

    def _systems(self, inverter: DeviceRef) -> list[Battery]:
        call, key = endpoints.batteries(inverter.id, self._station), (inverter.id,)
        kept = self._questions.ask(call, key, lambda data: self._listed(data, inverter.id))
        if kept and not kept.value and self._shows_battery and inverter.subtype != "grid":
            # The flow knows better; the list was empty for a moment, and would be so for an hour.
            self._questions.ask_again(call, key)
            kept = self._questions.remembered(call, key) or kept
        batteries = []
        for system in kept.value[: self._batteries_left] if kept else ():
            ref = DeviceRef(system.id, "BAT_SYS", system.name)
            battery = self._battery(ref) if system.has_serial else Battery(id=system.id)
            if kept and battery.fetched_at is None:
                # Without telemetry the list is all there is, so it has to be as fresh as telemetry would be.
                self._questions.ask_again(call, key)
                battery = self._from_list(system, kept.fetched_at)
            state = DeviceState.OFFLINE if inverter.state is DeviceState.OFFLINE else battery.state
            batteries.append(replace(battery, inverter=inverter.id, state=state))
        if kept:
            self._findings.limit(Limited.BATTERIES, len(kept.value) - len(batteries))
        self._batteries_left -= len(batteries)
        return batteries

    def _listed(self, data: object, inverter: str) -> tuple[BatteryRef, ...]:
        listed = lists.batteries(data, inverter, self._findings)
        self._findings.limit(Limited.BATTERIES, len(listed) - BATTERIES_PER_INVERTER)
        return listed[:BATTERIES_PER_INVERTER]

    def _battery(self, ref: DeviceRef) -> Battery:
        reading, fetched_at = self._reading(ref, Battery, "telemetry")
        return Battery(**self._facts(ref, reading.own, fetched_at))

    def _from_list(self, system: BatteryRef, fetched_at: datetime) -> Battery:
        ref = DeviceRef(system.id, "BAT_SYS", system.name, system.state)
        self.answered = self.answered or bool(system.values and "batteries" in self._questions.heard)
        return Battery(**self._facts(ref, system.values, fetched_at))

    def _reading(self, ref: DeviceRef, scope: type[Device], *endpoint_names: str) -> tuple[Reading, datetime | None]:
        """What the calls say together, and the instant of the first young answer that said something.

        The first call is the one with the live values, whose age is the age of the device. The others repeat some of
        them, and may be remembered ones, so they only add to it. Of what is old, only what lasts is told.
        """
        reading = Reading()
        instants, old = list[datetime](), list[datetime]()
        for name in endpoint_names:
            call = endpoints.of_device(name, ref.id, ref.type, self._station)
            kept = self._questions.ask(call, (ref.id,), partial(self._told, call=call, ref=ref, scope=scope))
            if kept is None or not kept.value:
                kept = kept and self._questions.remembered(call, (ref.id,))
            else:
                self.answered = self.answered or name in self._questions.heard
            if kept is None:
                continue
            is_old = self._questions.memory.is_old(kept)
            (old if is_old else instants).append(kept.fetched_at)
            reading.supplement(kept.value.lasting(scope) if is_old else kept.value)
        return reading, next(iter([*instants, *old]), None)

    def _told(self, data: object, call: Call, ref: DeviceRef, scope: type[Device]) -> Reading:
        """What an answer says, and nothing else of it: as the portal sent it, it may be megabytes."""
        told = Reading()
        fill(told, data, TABLES[scope], self._findings)
        if data and not any(factors(data)):
            self._findings.meet(Unknown.FIELD, f"{call.endpoint} of {ref.type} without factors")
        return told

    def _facts(self, ref: DeviceRef, values: Values, fetched_at: datetime | None) -> Facts:
        """Identity, values, and the instants they are from.

        SEMS+ gives no report time of a device; its readings are as old as the station's, or as their own answer.
        """
        taken = self._taken
        known = None if taken is None or fetched_at is None else min(taken, fetched_at)
        own = {"id": ref.id, "name": ref.name, "state": ref.state}
        return {**own, "data_timestamp": known, "fetched_at": fetched_at, **values}

    def _informed(self, scope: type[Device], ref: DeviceRef, facts: Facts) -> Facts:
        """`facts` with what the device's static information adds."""
        call = endpoints.of_device("information", ref.id, ref.type, self._station)
        table = TABLES[scope]
        kept = self._questions.ask(call, (ref.id,), lambda data: lists.information(data, table, self._findings))
        if kept is None:
            return facts
        known: lists.Information = kept.value
        name = ref.name or known.name
        return {**known.values, **facts, "name": name, "model": known.model, "firmware": known.firmware}


def shared_out(refs: tuple[DeviceRef, ...], findings: Findings) -> tuple[DeviceRef, ...]:
    """As many of `refs` as a station may have, of each type in turn, so that many of one leave room for the others.

    Those that are asked nothing come last.
    """
    if len(refs) <= DEVICES_PER_STATION:
        return refs
    numbers, order = Counter[str](), []
    for ref in refs:
        order.append((ref.type not in READ_TYPES, numbers[ref.type]))
        numbers[ref.type] += 1
    kept = sorted(sorted(range(len(refs)), key=order.__getitem__)[:DEVICES_PER_STATION])
    findings.limit(Limited.DEVICES, sum(ref.type in READ_TYPES for ref in refs) - len(kept))
    return tuple(refs[index] for index in kept)


def _parts(reading: Reading, part: str) -> list[tuple[str, Facts]]:
    found = [(index, values) for (kind, index), values in reading.parts.items() if kind == part and values]
    return sorted(found, key=lambda pair: pair[0])
