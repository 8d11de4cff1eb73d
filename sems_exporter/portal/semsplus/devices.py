"""The devices of a station: which calls each kind needs, put together into inverters, batteries, meters, chargers."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sems_exporter.findings import Findings, Unknown
from sems_exporter.model import Battery, Device, DeviceState, EvCharger, Inverter, Meter, MeterPhase, Phase, PvInput
from sems_exporter.portal import states
from sems_exporter.portal.rows import Values
from sems_exporter.portal.semsplus import chargers, decode, endpoints
from sems_exporter.portal.semsplus import devicelists as lists
from sems_exporter.portal.semsplus.devicelists import BatteryRef, DeviceRef
from sems_exporter.portal.semsplus.factors import TABLES
from sems_exporter.portal.semsplus.fill import Reading, factors, fill
from sems_exporter.portal.semsplus.memory import PASSING_KEPT_FOR, Kept
from sems_exporter.portal.semsplus.questions import Questions
from sems_exporter.repeats import Repeats

Facts = dict[str, Any]
"""Attributes of a device, by name."""


@dataclass(frozen=True, slots=True)
class Dates:
    """The instant of an answer, and the one since when it has said the same."""

    fetched_at: datetime
    since: datetime


class DeviceReader:
    """Reads the devices of one station in the refresh that `began` then.

    `answered` tells whether any of them said anything.
    """

    def __init__(
        self, questions: Questions, station: Facts, findings: Findings, *, began: datetime, repeats: Repeats
    ) -> None:
        self._questions = questions
        self._station: str = station["id"]
        # A flow of before says nothing about the age of what the devices tell now.
        self._taken: datetime | None = station.get("data_timestamp") if "flow" in questions.heard else None
        self._shows_battery = decode.shows_battery(station)
        self._shows_charger = "ev_charger_power" in station
        self._findings = findings
        self._began = began
        self._repeats = repeats
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
        kept = self._questions.ask(call, (), lambda data: chargers.listed(data, self._findings))
        return tuple(replace(ref, told_at=kept.fetched_at) for ref in kept.value) if kept else ()

    def _ev_charger(self, ref: DeviceRef) -> EvCharger:
        call = endpoints.charger(ref.id, self._station)
        kept = self._questions.ask(call, (ref.id,), lambda data: chargers.detail(data, self._findings))
        if kept is None:
            return EvCharger(**self._facts(ref, {}, None))
        detail: chargers.Detail = kept.value
        if detail.state is not None and (ref.told_at is None or ref.told_at <= kept.fetched_at):
            ref = replace(ref, state=detail.state, told_at=kept.fetched_at)
        return EvCharger(**self._facts(ref, detail.values, self._dates("charger", ref.id, kept, detail)))

    def _inverter(self, ref: DeviceRef) -> Inverter:
        reading, dates = self._reading(ref, Inverter, "telemetry", "telecounting")
        inputs = tuple(PvInput(number=index, **values) for index, values in _parts(reading, "MPPT"))
        phases = tuple(Phase(name=index, **values) for index, values in _parts(reading, "PHASE"))
        facts = self._informed(Inverter, ref, self._facts(ref, reading.own, dates))
        return Inverter(inputs=inputs, phases=phases, **facts)

    def _meter(self, ref: DeviceRef) -> Meter:
        reading, dates = self._reading(ref, Meter, "telemetry", "telecounting")
        phases = tuple(MeterPhase(name=index, **values) for index, values in _parts(reading, "PHASE"))
        return Meter(phases=phases, **self._informed(Meter, ref, self._facts(ref, reading.own, dates)))

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
        kept = self._questions.ask(call, key, lambda data: lists.batteries(data, inverter.id, self._findings))
        if kept and not kept.value and self._shows_battery and inverter.subtype != "grid":
            # The flow knows better; the list was empty for a moment, and would be so for an hour.
            self._questions.ask_again(call, key)
        batteries = []
        for system in kept.value if kept else ():
            ref = DeviceRef(system.id, "BAT_SYS", system.name)
            battery = self._battery(ref) if system.has_serial else Battery(id=system.id)
            if kept and (battery.fetched_at is None or battery.fetched_at < self._began):
                # Without telemetry the list is all there is, so it has to be as fresh as telemetry would be.
                self._questions.ask_again(call, key)
                if battery.fetched_at is None or battery.fetched_at < kept.fetched_at:
                    battery = self._from_list(system, kept)
            if inverter.state is DeviceState.OFFLINE:
                battery = replace(battery, state=inverter.state, state_at=inverter.told_at)
            batteries.append(replace(battery, inverter=inverter.id))
        return batteries

    def _battery(self, ref: DeviceRef) -> Battery:
        reading, dates = self._reading(ref, Battery, "telemetry")
        return Battery(**self._facts(ref, reading.own, dates))

    def _from_list(self, system: BatteryRef, kept: Kept) -> Battery:
        ref = DeviceRef(system.id, "BAT_SYS", system.name, system.state, told_at=kept.fetched_at)
        self.answered = self.answered or bool(system.values and "batteries" in self._questions.heard)
        return Battery(**self._facts(ref, system.values, self._dates("batteries", system.id, kept, system)))

    def _dates(self, endpoint: str, device: str, kept: Kept, content: object) -> Dates:
        said = self._repeats.said((self._station, endpoint, device), content, kept.fetched_at)
        return Dates(kept.fetched_at, said.since)

    def _reading(self, ref: DeviceRef, scope: type[Device], *endpoint_names: str) -> tuple[Reading, Dates | None]:
        """What the calls say together, and the dates of the first answer that said something.

        The first call is the one with the live values, whose age is the age of the device. The others repeat some of
        them, and may be remembered ones, so they only add to it.
        """
        reading, table = Reading(), TABLES[scope]
        dates: Dates | None = None
        for name in endpoint_names:
            call = endpoints.of_device(name, ref.id, ref.type, self._station)
            kept = self._questions.ask(call, (ref.id,), lambda data: data)
            if kept is None:
                continue
            told = Reading()
            fill(told, kept.value, table, self._findings)
            if kept.value and not any(factors(kept.value)):
                self._findings.meet(Unknown.FIELD, f"{name} of {ref.type} without factors")
            if told:
                own = self._dates(name, ref.id, kept, told)
                if dates is not None and own.fetched_at < self._began:
                    # A remembered answer must not lend its powers the instant of the first one.
                    told = told.lasting(scope)
                dates = dates or own
            reading.supplement(told)
        self.answered = self.answered or bool(reading and self._questions.heard & set(endpoint_names))
        return reading, dates

    def _facts(self, ref: DeviceRef, values: Values, dates: Dates | None) -> Facts:
        """Identity, values, and the instants they are from.

        SEMS+ gives no report time of a device; its readings are as old as the station's, or as their own answer. The
        state is told by another answer: it outlasts readings that fail, but not those that stand still.
        """
        taken = self._taken
        found: Facts = {"id": ref.id, "name": ref.name, "state": ref.state, **values}
        if dates is not None:
            found |= {"fetched_at": dates.fetched_at, "unchanged_since": dates.since}
            found |= {"data_timestamp": taken and min(taken, dates.fetched_at)}
        still = dates.since if dates is not None and dates.fetched_at >= self._began else None
        return {**found, "state_at": ref.state and states.dated(ref.state, ref.told_at, taken, still)}

    def _informed(self, scope: type[Device], ref: DeviceRef, facts: Facts) -> Facts:
        """`facts` with what the device's static information adds."""
        call = endpoints.of_device("information", ref.id, ref.type, self._station)
        table = TABLES[scope]
        kept = self._questions.ask(call, (ref.id,), lambda data: lists.information(data, table, self._findings))
        if kept is None:
            return facts
        known: lists.Information = kept.value
        name = ref.name or known.name
        # It is kept for a day, and what it says of a moment is not true for as long.
        passed = (self._began - kept.fetched_at).total_seconds() >= PASSING_KEPT_FOR
        values = Reading(known.values).lasting(scope).own if passed else known.values
        return {**values, **facts, "name": name, "model": known.model, "firmware": known.firmware}


def _parts(reading: Reading, part: str) -> list[tuple[str, Facts]]:
    found = [(index, values) for (kind, index), values in reading.parts.items() if kind == part and values]
    return sorted(found, key=lambda pair: pair[0])
