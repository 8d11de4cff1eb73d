"""The faults that are being played, and what each does to a request."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sems_exporter.simulator.semsplus.semsplus_dialect import WITHOUT_SESSION
from sems_exporter.simulator.server.account import Account
from sems_exporter.simulator.server.answers import Answer, names_of
from sems_exporter.simulator.server.content_faults import EDITS, EMPTY, zero_lifetime
from sems_exporter.simulator.server.dialect_interface import Moment
from sems_exporter.simulator.server.dispatcher import SIGN_INS, Dispatcher
from sems_exporter.simulator.server.fault_types import (
    DEFAULT_SECONDS,
    EVERYWHERE,
    SIGN_IN_CODES,
    SIGN_IN_FAULTS,
    Fault,
    fault_and_code,
)
from sems_exporter.simulator.server.midnight_replay import REPLAYED
from sems_exporter.simulator.server.transport_faults import answer_instead, sent_otherwise
from sems_exporter.simulator.server.wire import Call, JsonObject, Request

EVERY_ENDPOINT = "*"
_SUCCESSES = ("0", "00000")
_PENDING: Mapping[str, JsonObject] = {
    "login": {"agreement": True},
    "classic_login": {"agreement_agreement": True},
    "web_login": {"agreement_agreement": True},
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One fault while it is played."""

    fault: Fault
    code: str
    endpoint: str
    seconds: float
    since: datetime
    blipped: set[tuple[str, ...]] = field(default_factory=set)

    def strikes(self, call: Call) -> bool:
        """Whether this call is among those struck."""
        if self.endpoint != EVERY_ENDPOINT:
            return self.endpoint in names_of(call)
        if self.fault in EVERYWHERE:
            return True
        of_sign_in = self.fault in SIGN_IN_FAULTS or self.code in SIGN_IN_CODES
        return (call.endpoint in SIGN_INS) == of_sign_in and call.endpoint not in WITHOUT_SESSION

    def first(self, call: Call) -> bool:
        """Whether this is the first call about its device."""
        device = (call.endpoint, call.text("sn"), call.text("powerstationid"))
        if device in self.blipped:
            return False
        self.blipped.add(device)
        return True


class Troubles:
    """All faults being played, in the order they were ordered. Thread-safe."""

    def __init__(self, account: Account, reception: Dispatcher) -> None:
        """Nothing is wrong at first."""
        self._account, self._reception = account, reception
        self._lock = threading.Lock()
        self._troubles: list[Trouble] = []

    def play(self, fault: Fault | str, endpoint: str, seconds: float | None, now: datetime) -> None:
        """Begin to play a fault."""
        found, code = fault_and_code(fault)
        lasting = DEFAULT_SECONDS.get(found, 0.0) if seconds is None else seconds
        with self._lock:
            self._troubles.append(Trouble(found, code, endpoint, lasting, now))
            self._set_skew()

    def heal(self, *faults: Fault | str) -> None:
        """End these faults, or all."""
        ended = {fault_and_code(fault) for fault in faults}
        with self._lock:
            self._troubles = [t for t in self._troubles if ended and (t.fault, t.code) not in ended]
            self._set_skew()

    def answer(self, call: Call, request: Request, now: datetime) -> tuple[Answer, str]:
        """The answer to a call as the faults leave it, and the name of the fault that gave it by itself, or ""."""
        with self._lock:
            troubles = [trouble for trouble in self._troubles if trouble.strikes(call)]
        for trouble in troubles:
            made_up = self._instead(trouble, call)
            if made_up is not None:
                return made_up, trouble.fault.value
        since = [trouble.since for trouble in troubles if trouble.fault is Fault.FROZEN_DEVICE]
        answer = self._reception.answer(call, request, Moment(now, min([*since, now])))
        for trouble in troubles:
            answer = self._edited(trouble, call, request, answer, now)
        return answer, ""

    def sent(self, call: Call, answer: Answer) -> Answer:
        """The finished answer, as slow and as broken as the faults want it."""
        with self._lock:
            troubles = [trouble for trouble in self._troubles if trouble.strikes(call)]
        for trouble in troubles:
            answer = sent_otherwise(trouble.fault, answer, trouble.seconds)
        return answer

    def _set_skew(self) -> None:
        self._account.skew = sum(t.seconds for t in self._troubles if t.fault is Fault.CLOCK_SKEW)

    def _instead(self, trouble: Trouble, call: Call) -> Answer | None:
        if trouble.fault is Fault.SESSION_STOLEN and call.endpoint not in SIGN_INS:
            self._account.end()
        if trouble.fault is Fault.CODE:
            return Answer(200, self._reception.refusal(call, trouble.code))
        return answer_instead(trouble.fault, trouble.seconds)

    def _edited(self, trouble: Trouble, call: Call, request: Request, answer: Answer, now: datetime) -> Answer:
        envelope = answer.body
        if not isinstance(envelope, dict) or "code" not in envelope:
            return answer
        if trouble.fault in (Fault.INT_CODES, Fault.STRING_CODES):
            envelope["code"] = _recoded(envelope["code"], trouble.fault)
        if str(envelope["code"]) not in _SUCCESSES:
            return answer
        if trouble.fault in SIGN_IN_FAULTS and call.endpoint in SIGN_INS:
            return self._without_session(trouble.fault, call, answer, envelope)
        if trouble.fault in EMPTY:
            envelope["data"] = EMPTY[trouble.fault]()
        elif not envelope.get("data"):
            return answer
        elif trouble.fault in EDITS:
            EDITS[trouble.fault](call.endpoint, envelope)
        elif trouble.fault is Fault.COUNTER_ZERO_BLIP and trouble.first(call):
            zero_lifetime(call.endpoint, envelope)
        elif trouble.fault is Fault.MIDNIGHT_REPLAY and call.endpoint in REPLAYED:
            self._reception.replay_yesterday(call, request, envelope, now)
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


def _recoded(code: object, fault: Fault) -> object:
    text = str(code)
    if fault is Fault.INT_CODES and text.isdecimal():
        return int(text)
    return text
