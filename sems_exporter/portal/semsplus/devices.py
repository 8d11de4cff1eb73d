"""The devices of a station: which calls each kind needs, put together into inverters, batteries and meters."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from sems_exporter.findings import Findings
from sems_exporter.measure import filled
from sems_exporter.model import Battery, Device, DeviceState, Inverter, Meter, MeterPhase, Phase, PvInput, Station
from sems_exporter.portal.semsplus import decode, endpoints
from sems_exporter.portal.semsplus.decode import BatteryRef, DeviceRef
from sems_exporter.portal.semsplus.factors import TABLES
from sems_exporter.portal.semsplus.fill import Reading, Values, fill
from sems_exporter.portal.semsplus.questions import Questions

D = TypeVar("D", bound=Device)


class DeviceReader:
    """Reads the devices of one station. `answered` tells whether any of them said anything."""

    def __init__(self, questions: Questions, station: Station, findings: Findings) -> None:
        self._questions = questions
        self._station = station
        self._findings = findings
        self.answered = False

    def read(self, refs: tuple[DeviceRef, ...]) -> Station:
        """The station with all devices of `refs` that this version reads."""
        inverters = tuple(self._inverter(ref) for ref in refs if ref.type in decode.INVERTER_TYPES)
        meters = tuple(self._meter(ref) for ref in refs if ref.type in decode.METER_TYPES)
        batteries = self._batteries(refs)
        has_battery = True if batteries else self._station.has_battery
        return replace(self._station, inverters=inverters, meters=meters, batteries=batteries, has_battery=has_battery)

    def _inverter(self, ref: DeviceRef) -> Inverter:
        reading, fetched_at = self._reading(ref, Inverter, "telemetry", "telecounting")
        inputs = tuple(filled(PvInput(number=index), values) for index, values in _parts(reading, "MPPT"))
        phases = tuple(filled(Phase(name=index), values) for index, values in _parts(reading, "PHASE"))
        inverter = self._described(Inverter(id=ref.id, inputs=inputs, phases=phases), ref, reading.own, fetched_at)
        return self._informed(inverter, ref)

    def _meter(self, ref: DeviceRef) -> Meter:
        reading, fetched_at = self._reading(ref, Meter, "telemetry", "telecounting")
        phases = tuple(filled(MeterPhase(name=index), values) for index, values in _parts(reading, "PHASE"))
        meter = self._described(Meter(id=ref.id, phases=phases), ref, reading.own, fetched_at)
        return self._informed(meter, ref)

    def _batteries(self, refs: tuple[DeviceRef, ...]) -> tuple[Battery, ...]:
        systems = {battery.id: battery for ref in refs if self._may_have_battery(ref) for battery in self._systems(ref)}
        listed = [ref for ref in refs if ref.type == "BAT_SYS" and ref.id not in systems]
        # A rack repeats the battery system it belongs to, so it counts only where no system is shown.
        racks = [] if systems or listed else [ref for ref in refs if ref.type == "BATTERY_RACK"]
        return (*systems.values(), *(self._battery(ref) for ref in (*listed, *racks)))

    def _may_have_battery(self, ref: DeviceRef) -> bool:
        if ref.type not in decode.INVERTER_TYPES:
            return False
        return ref.subtype != "grid" or self._station.battery_charge_power is not None

    def _systems(self, inverter: DeviceRef) -> list[Battery]:
        call, key = endpoints.batteries(inverter.id, self._station.id), (inverter.id,)
        kept = self._questions.ask(call, key, lambda data: decode.batteries(data, inverter.id, self._findings))
        batteries = []
        for system in kept.value if kept else ():
            battery = self._battery(DeviceRef(system.id, "BAT_SYS", system.name))
            if kept and battery.fetched_at is None:
                # Without telemetry the list is all there is, so it has to be as fresh as telemetry would be.
                self._questions.ask_again(call, key)
                battery = self._from_list(system, kept.fetched_at)
            state = DeviceState.OFFLINE if inverter.state is DeviceState.OFFLINE else battery.state
            batteries.append(replace(battery, inverter=inverter.id, state=state))
        return batteries

    def _battery(self, ref: DeviceRef) -> Battery:
        reading, fetched_at = self._reading(ref, Battery, "telemetry")
        return self._described(Battery(id=ref.id), ref, reading.own, fetched_at)

    def _from_list(self, system: BatteryRef, fetched_at: datetime) -> Battery:
        ref = DeviceRef(system.id, "BAT_SYS", system.name, system.state)
        self.answered = self.answered or bool(system.values)
        return self._described(Battery(id=system.id), ref, system.values, fetched_at)

    def _reading(self, ref: DeviceRef, scope: type[Device], *endpoint_names: str) -> tuple[Reading, datetime | None]:
        """What the calls say together, and the instant of the oldest answer that said something."""
        reading, table = Reading(), TABLES[scope]
        instants = []
        for name in endpoint_names:
            call = endpoints.of_device(name, ref.id, ref.type, self._station.id)
            kept = self._questions.ask(call, (ref.id,), lambda data: data)
            if kept is None:
                continue
            fill(reading, kept.value, table, self._findings)
            if reading:
                instants.append(kept.fetched_at)
        self.answered = self.answered or bool(reading)
        return reading, min(instants, default=None)

    def _described(self, device: D, ref: DeviceRef, values: Values, fetched_at: datetime | None) -> D:
        """`device` with its identity, its values and the instants they are from.

        SEMS+ gives no report time of a device; its readings are as old as the station's, or as their own answer.
        """
        taken = self._station.data_timestamp
        known = None if taken is None or fetched_at is None else min(taken, fetched_at)
        described = replace(device, name=ref.name, state=ref.state, data_timestamp=known, fetched_at=fetched_at)
        return filled(described, values)

    def _informed(self, device: D, ref: DeviceRef) -> D:
        call = endpoints.of_device("information", ref.id, ref.type, self._station.id)
        table = TABLES[type(device)]
        kept = self._questions.ask(call, (ref.id,), lambda data: decode.information(data, table, self._findings))
        if kept is None:
            return device
        facts: decode.Information = kept.value
        missing = {name: value for name, value in facts.values.items() if getattr(device, name) is None}
        name = device.name or facts.name
        return filled(replace(device, name=name, model=facts.model, firmware=facts.firmware), missing)


def _parts(reading: Reading, part: str) -> list[tuple[str, Values]]:
    return sorted((index, values) for (kind, index), values in reading.parts.items() if kind == part and values)
