"""The devices of a station: which calls each kind needs, put together into inverters, batteries, meters, chargers."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics, Limited, Unknown
from sems_exporter.model.limits import BATTERIES_PER_INVERTER, BATTERIES_PER_STATION, DEVICES_PER_STATION
from sems_exporter.model.plant import (
    Battery,
    Device,
    DeviceState,
    EvCharger,
    Inverter,
    Meter,
    MeterPhase,
    Phase,
    PvInput,
)
from sems_exporter.model.schema import measures
from sems_exporter.pipeline.repeated_answers import RepeatedAnswers
from sems_exporter.portal.client import Call
from sems_exporter.portal.decoding import states
from sems_exporter.portal.decoding.field_mapping import Values
from sems_exporter.portal.semsplus import device_lists as lists
from sems_exporter.portal.semsplus import endpoints, ev_chargers, station_decoder
from sems_exporter.portal.semsplus.answer_cache import PASSING_KEPT_FOR, CachedAnswer
from sems_exporter.portal.semsplus.device_kinds import RACK, SYSTEM, looks_like_inverter, spelt
from sems_exporter.portal.semsplus.device_lists import BatteryRef, DeviceRef
from sems_exporter.portal.semsplus.factor_reader import OWN, Reading, factors, fill
from sems_exporter.portal.semsplus.station_queries import StationQueries
from sems_exporter.protocol.semsplus import Kind

READ_KINDS = (Kind.INVERTER, Kind.METER, Kind.SYSTEM, Kind.RACK, Kind.EV_CHARGER, Kind.DONGLE)
MICRO_INVERTER = spelt("MICRO_INVERTER")
Facts = dict[str, Any]
"""Attributes of a device, by name."""
SIGNAL = ("signal_strength", "signal_quality")


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
        self,
        questions: StationQueries,
        station: Facts,
        findings: Diagnostics,
        *,
        began: datetime,
        repeats: RepeatedAnswers,
    ) -> None:
        self._questions = questions
        self._station: str = station["id"]
        # A flow of before says nothing about the age of what the devices tell now.
        self._taken: datetime | None = station.get("data_timestamp") if "flow" in questions.answered_now else None
        self._shows_battery = station_decoder.shows_battery(station)
        self._shows_charger = "ev_charger_power" in station
        self._findings = findings
        self._began = began
        self._repeats = repeats
        self._batteries_of: dict[str, CachedAnswer] = {}
        self._dongle_of: dict[str, DeviceRef] = {}
        self.answered = False

    def read(self, refs: tuple[DeviceRef, ...]) -> Facts:
        """All devices of `refs` that this version reads, as attributes of their station."""
        own = [ref for ref in refs if self._is_inverter(ref)]
        batteries = self._batteries(refs, own)
        self._dongle_of = self._dongles(refs, own)
        found: Facts = {
            "inverters": tuple(map(self._inverter, own)),
            "meters": tuple(map(self._meter, (ref for ref in refs if ref.kind is Kind.METER))),
            "batteries": batteries,
            "ev_chargers": tuple(map(self._ev_charger, self._ev_charger_refs(refs))),
        }
        stored = any(each.battery_charge_energy or each.battery_discharge_energy for each in found["inverters"])
        return {**found, "has_battery": True} if stored or any(map(_is_there, batteries)) else found

    def _is_inverter(self, ref: DeviceRef) -> bool:
        """Tell whether `ref` is one by its type, or, where nobody knows the type, by what it tells."""
        if ref.kind is not Kind.UNKNOWN or not ref.type:
            return ref.kind is Kind.INVERTER
        call = endpoints.of_device("shape", ref.id, ref.type, self._station)
        kept = self._questions.ask(call, (ref.id,), looks_like_inverter)
        return bool(kept and kept.value)

    def _dongles(self, refs: tuple[DeviceRef, ...], inverters: list[DeviceRef]) -> dict[str, DeviceRef]:
        """The dongle of each inverter, as far as the portal tells."""
        found: dict[str, DeviceRef] = {}
        for dongle in (ref for ref in refs if ref.kind is Kind.DONGLE):
            for inverter in inverters:
                if len(inverters) == 1 or inverter.id == dongle.parent or inverter.parent == dongle.id:
                    found.setdefault(inverter.id, dongle)
            if inverters and dongle not in found.values():
                call = endpoints.related(dongle.id, dongle.type, self._station)
                kept = self._questions.ask(call, (dongle.id,), lists.related)
                serials = kept.value if kept else ()
                found = {**{each.id: dongle for each in inverters if each.id in serials}, **found}
        return found

    def _ev_charger_refs(self, refs: tuple[DeviceRef, ...]) -> tuple[DeviceRef, ...]:
        found = tuple(ref for ref in refs if ref.kind is Kind.EV_CHARGER)
        if found or not self._shows_charger:
            return found
        call = endpoints.chargers(self._station)
        kept = self._questions.ask(
            call, (), lambda data: shared_out(ev_chargers.listed(data, self._findings), self._findings)
        )
        return tuple(replace(ref, told_at=kept.fetched_at) for ref in kept.value) if kept else ()

    def _ev_charger(self, ref: DeviceRef) -> EvCharger:
        model = self._charger_model(ref)
        calls = (
            (endpoints.charger(ref.id, model.name, self._station), ev_chargers.detail),
            (endpoints.last_charge(ref.id, self._station), ev_chargers.last_charge),
        )
        answers = [
            kept
            for call, decoded in calls
            if (kept := self._questions.ask(call, (ref.id,), partial(decoded, findings=self._findings)))
        ]
        values = {**model.values, **{name: value for kept in answers for name, value in kept.value.values.items()}}
        if not answers:
            return EvCharger(model=model.name, **self._facts(ref, values, None))
        for kept in answers:
            if kept.value.state is not None and (ref.told_at is None or ref.told_at <= kept.fetched_at):
                ref = replace(ref, state=kept.value.state, told_at=kept.fetched_at)
                break
        if answers[-1].fetched_at < answers[0].fetched_at:
            # It may have stopped since.
            values.pop("charging_power", None)
        oldest = min(answers, key=lambda kept: kept.fetched_at)
        said = [kept.value for kept in answers]
        extras = tuple(extra for told in said for extra in told.extras)
        facts = self._facts(ref, values, self._dates("charger", ref.id, oldest, said))
        return EvCharger(model=model.name, extras=extras, **facts)

    def _charger_model(self, ref: DeviceRef) -> ev_chargers.Model:
        call = endpoints.charger_model(ref.id)
        kept = self._questions.ask(call, (ref.id,), lambda data: ev_chargers.model(data, self._findings))
        if kept is not None and kept.value.name:
            found: ev_chargers.Model = kept.value
            return found
        call = endpoints.of_device("information", ref.id, ref.type, self._station)
        kept = self._questions.ask(
            call, (ref.id,), lambda data: lists.information(data, protocol.semsplus().charger, self._findings)
        )
        return ev_chargers.Model(kept.value.model, kept.value.values) if kept else ev_chargers.Model(None, {})

    def _inverter(self, ref: DeviceRef) -> Inverter:
        reading, own = self._reading(ref, Inverter, "telemetry", "telecounting")
        inputs = tuple(PvInput(number=index, **values) for index, values in _parts(reading, "MPPT"))
        phases = tuple(Phase(name=index, **values) for index, values in _parts(reading, "PHASE"))
        facts = self._connected(self._informed(Inverter, ref, own), self._dongle_of.get(ref.id))
        return Inverter(inputs=inputs, phases=phases, **facts)

    def _meter(self, ref: DeviceRef) -> Meter:
        reading, own = self._reading(ref, Meter, "telemetry", "telecounting")
        phases = tuple(MeterPhase(name=index, **values) for index, values in _parts(reading, "PHASE"))
        return Meter(phases=phases, **self._informed(Meter, ref, own))

    def _batteries(self, refs: tuple[DeviceRef, ...], inverters: list[DeviceRef]) -> tuple[Battery, ...]:
        """The battery systems, and their racks. Where no system is told of, the racks are the batteries."""
        racks = {ref.id: ref for ref in refs if ref.kind is Kind.RACK}
        systems: dict[str, Battery] = {}
        listed = [
            (one, found) for one in inverters if self._may_have_battery(one) for found in self._batteries_behind(one)
        ]
        self._findings.limit(Limited.BATTERIES, len(listed) - BATTERIES_PER_STATION)
        for inverter, found in listed[:BATTERIES_PER_STATION]:
            if found.kind is Kind.RACK or found.id in racks:
                told_at = self._batteries_of[inverter.id].fetched_at
                own = DeviceRef(found.id, RACK, found.name, found.state, told_at=told_at, has_serial=found.has_serial)
                rack = racks.get(found.id, own)
                racks[found.id] = replace(rack, parent=rack.parent or inverter.id)
            else:
                systems[found.id] = self._system(found, inverter)
        alone = (ref for ref in refs if ref.kind is Kind.SYSTEM and ref.id not in systems)
        systems |= {ref.id: Battery(**self._reading(ref, Battery, "telemetry")[1]) for ref in alone}
        offline = {ref.id: ref for ref in inverters if ref.state is DeviceState.OFFLINE}
        return (*systems.values(), *(self._rack(ref, systems, offline) for ref in racks.values()))

    def _may_have_battery(self, inverter: DeviceRef) -> bool:
        return spelt(inverter.type) != MICRO_INVERTER and (inverter.subtype != "grid" or self._shows_battery)

    def _batteries_behind(self, inverter: DeviceRef) -> tuple[BatteryRef, ...]:
        """The batteries that the portal lists listed an inverter."""
        call, key = endpoints.batteries(inverter.id, self._station), (inverter.id,)
        kept = self._questions.ask(call, key, lambda data: self._listed(data, inverter.id))
        if kept and not kept.value and self._shows_battery and inverter.subtype != "grid":
            # The flow knows better; the list was empty for a moment, and would be so for an hour.
            self._questions.ask_again(call, key)
            kept = self._questions.remembered(call, key) or kept
        if kept is None:
            return ()
        self._batteries_of[inverter.id] = kept
        found: tuple[BatteryRef, ...] = kept.value
        return found

    def _listed(self, data: object, inverter: str) -> tuple[BatteryRef, ...]:
        listed = lists.batteries(data, inverter, self._findings)
        self._findings.limit(Limited.BATTERIES, len(listed) - BATTERIES_PER_INVERTER)
        return listed[:BATTERIES_PER_INVERTER]

    def _system(self, system: BatteryRef, inverter: DeviceRef) -> Battery:
        ref = DeviceRef(system.id, SYSTEM, system.name)
        facts: Facts = self._reading(ref, Battery, "telemetry")[1] if system.has_serial else {"id": system.id}
        battery = Battery(**facts)
        kept = self._batteries_of[inverter.id]
        if battery.fetched_at is None or battery.fetched_at < self._began:
            # Without telemetry the list is all there is, so it has to be as fresh as telemetry would be.
            self._questions.ask_again(endpoints.batteries(inverter.id, self._station), (inverter.id,))
            if battery.fetched_at is None or battery.fetched_at < kept.fetched_at:
                battery = self._from_list(system, kept)
        if inverter.state is DeviceState.OFFLINE:
            battery = replace(battery, state=inverter.state, state_at=inverter.told_at)
        elif system.state is DeviceState.OFFLINE and not _is_there(battery):
            # Behind another battery, too, the bay of one that was never bought answers with noughts.
            battery = replace(battery, state=system.state, state_at=kept.fetched_at)
        return replace(battery, inverter=inverter.id)

    def _rack(self, ref: DeviceRef, systems: dict[str, Battery], offline: dict[str, DeviceRef]) -> Battery:
        """A rack with what only racks tell: the cells. One that is offline or has no serial number is not asked."""
        known = _system_of(ref, systems)
        system = systems.get(known) if known else None
        inverter = system.inverter if system else ref.parent
        if inverter in offline:
            ref = replace(ref, state=DeviceState.OFFLINE, told_at=offline[inverter].told_at)
        if ref.state is DeviceState.OFFLINE or not ref.has_serial:
            facts = self._facts(ref, {}, None)
        else:
            _, facts = self._reading(ref, Battery, "telemetry", "telecounting")
        return Battery(**facts, system=known, inverter=inverter)

    def _from_list(self, system: BatteryRef, kept: CachedAnswer) -> Battery:
        ref = DeviceRef(system.id, SYSTEM, system.name, system.state, told_at=kept.fetched_at)
        self.answered = self.answered or bool(system.values and "batteries" in self._questions.answered_now)
        return Battery(**self._facts(ref, system.values, self._dates("batteries", system.id, kept, system)))

    def _dates(self, endpoint: str, device: str, kept: CachedAnswer, content: object) -> Dates:
        said = self._repeats.said((self._station, endpoint, device), content, kept.fetched_at)
        return Dates(kept.fetched_at, said.since)

    def _reading(self, ref: DeviceRef, scope: type[Device], *endpoint_names: str) -> tuple[Reading, Facts]:
        """Ask the calls; return what they say together, and the facts of the device, dated by one of the answers.

        The first call is the one with the live values, whose age is the age of the device. The others repeat some of
        them, and may be remembered ones, so they only add to it. Of what is old, only what lasts is told. The facts are
        as old as the first answer that is young and said something.
        """
        reading = Reading()
        young, old = list[Dates](), list[Dates]()
        counted: datetime | None = None
        for name in endpoint_names:
            call = endpoints.of_device(name, ref.id, ref.type, self._station)
            kept = self._questions.ask(call, (ref.id,), partial(self._told, call=call, ref=ref, scope=scope))
            if kept is None or not kept.value:
                kept = kept and self._questions.remembered(call, (ref.id,))
            else:
                self.answered = self.answered or name in self._questions.answered_now
            if kept is None or not kept.value:
                continue
            told: Reading = kept.value
            dates = self._dates(name, ref.id, kept, told)
            counted = kept.fetched_at if name == "telecounting" else None
            if self._questions.memory.is_old(kept):
                reading.supplement(told.lasting(scope))
                old.append(dates)
                continue
            # A remembered answer must not lend its powers the instant of the first one.
            reading.supplement(told.without_live(scope) if young and kept.fetched_at < self._began else told)
            young.append(dates)
        facts = self._facts(ref, reading.own, next(iter([*young, *old]), None))
        if counted is not None and counted < self._began:
            facts["counted_at"] = counted
        return reading, {**facts, "extras": reading.extras_of(*OWN)} if reading.extras else facts

    def _told(self, data: object, call: Call, ref: DeviceRef, scope: type[Device]) -> Reading:
        """Decode what an answer says, and keep nothing else of it: as the portal sent it, it may be megabytes."""
        told = Reading()
        said = fill(told, data, protocol.semsplus().tables[scope], self._findings)
        key = (self._station, call.endpoint, ref.id)
        self._questions.client.signs.spoken(f"{call.endpoint} of {ref.type}", key, said.codes, said.unknown)
        if data and not any(factors(data)):
            self._findings.meet(Unknown.FIELD, f"{call.endpoint} of {ref.type} without factors")
        return told

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

    def _connected(self, facts: Facts, dongle: DeviceRef | None) -> Facts:
        """`facts` with what the dongle tells of the connection; what the inverter itself tells stands in for it."""
        if dongle is None:
            return facts
        kept = self._information("dongle", dongle, Inverter)
        if kept is None:
            return facts
        known: lists.Information = kept.value
        radio: Facts = {name: value for name, value in self._current(kept, Inverter).items() if name in SIGNAL}
        if radio:
            facts = {name: fact for name, fact in facts.items() if name not in SIGNAL}
        return {**facts, **radio, **_connection(known, facts)}

    def _informed(self, scope: type[Device], ref: DeviceRef, facts: Facts) -> Facts:
        """`facts` with what the device's static information adds."""
        kept = self._information("information", ref, scope)
        if kept is None:
            return facts
        known: lists.Information = kept.value
        name = ref.name or known.name
        told = {**self._current(kept, scope), **facts, "name": name, "model": known.model, "firmware": known.firmware}
        return {**told, **_connection(known, {})} if scope is Inverter else told

    def _information(self, endpoint: str, ref: DeviceRef, scope: type[Device]) -> CachedAnswer | None:
        call = endpoints.of_device(endpoint, ref.id, ref.type, self._station)
        table = protocol.semsplus().tables[scope]
        return self._questions.ask(call, (ref.id,), lambda data: lists.information(data, table, self._findings))

    def _current(self, kept: CachedAnswer, scope: type[Device]) -> Values:
        """The values of an answer that is kept for a day: what it says of a moment is not true for as long."""
        passed = (self._began - kept.fetched_at).total_seconds() >= PASSING_KEPT_FOR
        values: Values = kept.value.values
        return Reading(values).lasting(scope).own if passed else values


def _connection(known: lists.Information, facts: Facts) -> Facts:
    names = ("communication_mode", "communication_firmware")
    return {name: getattr(known, name) or facts.get(name) for name in names}


def _system_of(rack: DeviceRef, systems: dict[str, Battery]) -> str | None:
    """The battery system that a rack is a part of; None where there is none, "unknown" where nobody tells which."""
    if rack.parent in systems:
        return rack.parent
    near = [system.id for system in systems.values() if system.inverter == rack.parent] or list(systems)
    return near[0] if len(near) == 1 else ("unknown" if near else None)


def _is_there(battery: Battery) -> bool:
    """Tell whether it shows any sign of itself: the bay of a battery that was never bought has noughts."""
    if battery.state in (DeviceState.CHARGING, DeviceState.DISCHARGING):
        return True
    return any(getattr(battery, name) for name in measures(Battery))


def shared_out(refs: tuple[DeviceRef, ...], findings: Diagnostics) -> tuple[DeviceRef, ...]:
    """As many of `refs` as a station may have, of each type in turn, so that many of one leave room for the others.

    Those that are asked nothing come last.
    """
    if len(refs) <= DEVICES_PER_STATION:
        return refs
    numbers, order = Counter[str](), []
    for ref in refs:
        order.append((not _is_read(ref), numbers[ref.type]))
        numbers[ref.type] += 1
    kept = sorted(sorted(range(len(refs)), key=order.__getitem__)[:DEVICES_PER_STATION])
    findings.limit(Limited.DEVICES, sum(map(_is_read, refs)) - len(kept))
    return tuple(refs[index] for index in kept)


def _is_read(ref: DeviceRef) -> bool:
    return ref.kind in READ_KINDS


def _parts(reading: Reading, part: str) -> list[tuple[str, Facts]]:
    found = []
    for (kind, index), values in reading.parts.items():
        extras = reading.extras_of(kind, index)
        if kind == part and (values or extras):
            found.append((index, {**values, "extras": extras} if extras else values))
    return sorted(found, key=lambda pair: pair[0])
