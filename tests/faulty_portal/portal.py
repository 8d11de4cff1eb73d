"""A simulated portal that plays faults, and what each of them does to a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from sems_exporter.simulator import SimulatedPortal
from sems_exporter.simulator.classic import wire
from sems_exporter.simulator.semsplus import devices, semsplus_dialect
from sems_exporter.simulator.server.answers import Answer, names_of
from sems_exporter.simulator.server.dialect_interface import Moment
from sems_exporter.simulator.server.dispatcher import SIGN_INS, known_endpoint
from sems_exporter.simulator.server.wire import Call, JsonObject, Request, refusal
from tests.faulty_portal import midnight_replay
from tests.faulty_portal.content_faults import EDITS, EMPTY, zero_lifetime
from tests.faulty_portal.fault_types import (
    DEFAULT_SECONDS,
    EVERYWHERE,
    SIGN_IN_CODES,
    SIGN_IN_FAULTS,
    Fault,
    fault_and_code,
)
from tests.faulty_portal.transport_faults import answer_instead, sent_otherwise

EVERY_ENDPOINT = "*"
_SUCCESSES = ("0", "00000")
_PENDING: Mapping[str, JsonObject] = {
    "login": {"agreement": True},
    "classic_login": {"agreement_agreement": True},
    "web_login": {"agreement_agreement": True},
}


@dataclass(frozen=True, slots=True)
class PlayedFault:
    """One fault while it is played."""

    fault: Fault
    code: str
    endpoint: str
    seconds: float
    since: datetime
    blipped: set[tuple[str, ...]] = field(default_factory=set)

    def strikes(self, call: Call) -> bool:
        """Tell whether this call is among those struck."""
        if self.endpoint != EVERY_ENDPOINT:
            return self.endpoint in names_of(call)
        if self.fault in EVERYWHERE:
            return True
        of_sign_in = self.fault in SIGN_IN_FAULTS or self.code in SIGN_IN_CODES
        return (call.endpoint in SIGN_INS) == of_sign_in and call.endpoint not in semsplus_dialect.WITHOUT_SESSION

    def first(self, call: Call) -> bool:
        """Tell whether this is the first call about its device."""
        device = (call.endpoint, call.text("sn"), call.text("powerstationid"))
        if device in self.blipped:
            return False
        self.blipped.add(device)
        return True


class FaultyPortal(SimulatedPortal):
    """A simulated portal on which tests play faults. They are played in the order in which they were asked for."""

    _played: tuple[PlayedFault, ...] = ()  # replaced as a whole, since requests are answered in threads

    def play(self, fault: Fault | str, endpoint: str = EVERY_ENDPOINT, *, seconds: float | None = None) -> None:
        """Play a fault (or its name, or `code:` and a result code) until `heal`; see `Fault` for what each does.

        On "*" it strikes whatever is usual for it, on an endpoint's name only that. `seconds` is for those that take
        time.
        """
        name = endpoint if endpoint == EVERY_ENDPOINT else known_endpoint(endpoint)
        found, code = fault_and_code(fault)
        lasting = DEFAULT_SECONDS.get(found, 0.0) if seconds is None else seconds
        self._played = (*self._played, PlayedFault(found, code, name, lasting, self.clock.now()))
        self._set_skew()

    def heal(self, *faults: Fault | str) -> None:
        """End these faults, or all."""
        ended = {fault_and_code(fault) for fault in faults}
        self._played = tuple(p for p in self._played if ended and (p.fault, p.code) not in ended)
        self._set_skew()

    def _answer(self, call: Call, request: Request, moment: Moment) -> tuple[Answer, str]:
        striking = self._striking(call)
        for played in striking:
            made_up = self._instead(played, call)
            if made_up is not None:
                return made_up, f"fault-{played.fault.value}"
        since = [played.since for played in striking if played.fault is Fault.FROZEN_DEVICE]
        answer, outcome = super()._answer(call, request, Moment(moment.now, min([*since, moment.reported])))
        for played in striking:
            answer = self._edited(played, call, request, answer, moment.now)
        return answer, outcome

    def _deliver(self, call: Call, answer: Answer) -> Answer:
        """Make the finished answer as slow and as broken as the faults want it."""
        for played in self._striking(call):
            answer = sent_otherwise(played.fault, answer, played.seconds)
        return answer

    def _striking(self, call: Call) -> list[PlayedFault]:
        return [played for played in self._played if played.strikes(call)]

    def _set_skew(self) -> None:
        self._account.skew = sum(played.seconds for played in self._played if played.fault is Fault.CLOCK_SKEW)

    def _instead(self, played: PlayedFault, call: Call) -> Answer | None:
        if played.fault is Fault.SESSION_STOLEN and call.endpoint not in SIGN_INS:
            self._account.end()
        if played.fault is Fault.CODE:
            of_semsplus = call.endpoint in semsplus_dialect.ENDPOINTS
            return Answer(200, refusal(played.code) if of_semsplus else wire.refusal(self.classic, played.code))
        return answer_instead(played.fault, played.seconds)

    def _edited(self, played: PlayedFault, call: Call, request: Request, answer: Answer, now: datetime) -> Answer:
        envelope = answer.body
        if not isinstance(envelope, dict) or "code" not in envelope:
            return answer
        if played.fault in (Fault.INT_CODES, Fault.STRING_CODES):
            envelope["code"] = _recoded(envelope["code"], played.fault)
        if str(envelope["code"]) not in _SUCCESSES:
            return answer
        if played.fault in SIGN_IN_FAULTS and call.endpoint in SIGN_INS:
            return self._without_session(played.fault, call, answer, envelope)
        if played.fault in EMPTY:
            envelope["data"] = EMPTY[played.fault]()
        elif not envelope.get("data"):
            return answer
        elif played.fault in EDITS:
            EDITS[played.fault](call.endpoint, envelope)
        elif played.fault is Fault.COUNTER_ZERO_BLIP and played.first(call):
            zero_lifetime(call.endpoint, envelope)
        elif played.fault is Fault.MIDNIGHT_REPLAY and call.endpoint in midnight_replay.REPLAYED:
            self._replay_yesterday(call, request, envelope, now)
        return answer

    def _without_session(self, fault: Fault, call: Call, answer: Answer, envelope: JsonObject) -> Answer:
        self._account.revoke()
        data = envelope["data"] if isinstance(envelope.get("data"), dict) else {}
        if fault is Fault.LOGIN_WITHOUT_TOKEN:
            data = {name: value for name, value in data.items() if name != "token"}
        elif fault is Fault.MFA_REQUIRED:
            data = {"mfaRequired": True}
        else:
            kept = {"api": data["api"]} if "api" in data else {}
            data = {**_PENDING.get(call.endpoint, {}), **kept}
        return replace(answer, body={**envelope, "data": data}, headers={})

    def _replay_yesterday(self, call: Call, request: Request, envelope: JsonObject, now: datetime) -> None:
        """Replace period counters in an answer by yesterday's, for the stations where it is about midnight."""
        for plant in self.plants:
            spec, yesterday = plant.spec, midnight_replay.end_of_yesterday(plant, now)
            asked = {call.text(name) for name in ("stationId", "pwId", "powerstationid")} - {""}
            foreign = bool(call.text("sn")) and call.text("sn") not in devices.serials(plant)
            if yesterday is None or foreign or (asked and spec.station_id not in asked):
                continue
            # The same call gave data just now.
            then = cast("JsonObject", super()._answer(call, request, Moment(yesterday, yesterday))[0].body)
            midnight_replay.replay(call.endpoint, envelope, then, spec.station_id)


def _recoded(code: object, fault: Fault) -> object:
    text = str(code)
    if fault is Fault.INT_CODES and text.isdecimal():
        return int(text)
    return text
