"""Where every request arrives: it finds out the dialect and the call, and hands both to the right desk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast, get_args

from sems_exporter.simulator.classic import classic_dialect, classic_signin, wire
from sems_exporter.simulator.classic.wire import ClassicQuirks
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.semsplus import devices, semsplus_dialect, signin
from sems_exporter.simulator.server import midnight_replay
from sems_exporter.simulator.server.account import Account
from sems_exporter.simulator.server.answers import Answer
from sems_exporter.simulator.server.dialect_interface import Dialect, Moment, Recordings
from sems_exporter.simulator.server.wire import Call, JsonObject, Request, refusal

ENDPOINTS = (*semsplus_dialect.ENDPOINTS, *classic_dialect.CLASSIC_ENDPOINTS)
SIGN_INS = ("login", "classic_login", "web_login")


def known_dialects(dialects: Iterable[str]) -> frozenset[str]:
    """The set of these dialects, if the portal can speak them all."""
    spoken = frozenset(dialects)
    unknown = spoken - set(get_args(Dialect))
    if unknown:
        raise ValueError(f"unknown dialect {min(unknown)!r}; there are {', '.join(get_args(Dialect))}")
    return spoken


class Dispatcher:
    """Both desks of the portal, of which one may have stopped to speak its dialect."""

    def __init__(
        self, plants: Sequence[Plant], account: Account, base: str, tolerance: float | None, recordings: Recordings
    ) -> None:
        """`base` is the portal's address without a path; `tolerance` the seconds a signature may be off."""
        self.manners, self.web = ClassicQuirks(), signin.WebQuirks()
        self._plants, self._account, self._recordings = plants, account, recordings
        self._spoken: frozenset[str] = frozenset(get_args(Dialect))
        web = signin.SignIn(account, self.web, f"{base}{semsplus_dialect.API_PATH}", tolerance)
        old = classic_signin.ClassicSignIn(account, self.manners)
        self._semsplus = semsplus_dialect.SemsPlusDesk(plants, web, account, self.web)
        self._classic = classic_dialect.ClassicDesk(plants, old, self.manners, base, account.name)

    def speak(self, spoken: frozenset[str]) -> None:
        """Speak these dialects from now on; sessions of the others end, unless they are to see empty data."""
        self._spoken = spoken
        if "semsplus" not in spoken:
            self._account.end(signin.KIND)
        if "classic" not in spoken and self.manners.when_off == "agreement":
            self._account.end(classic_signin.KIND, classic_signin.WEB_KIND)

    def route(self, request: Request) -> Call | None:
        """The call a request makes, or None for a route that neither dialect has."""
        return semsplus_dialect.route(request) or classic_dialect.route(request)

    def answer(self, call: Call, request: Request, moment: Moment) -> Answer:
        """What the right desk says."""
        if call.endpoint in semsplus_dialect.ENDPOINTS:
            spoken = "semsplus" in self._spoken
            return self._semsplus.answer(call, request, moment, self._recordings, spoken=spoken)
        return self._classic.answer(call, request, moment, self._recordings, spoken="classic" in self._spoken)

    def refusal(self, call: Call, code: str) -> JsonObject:
        """The refusal of a call with `code`, in its dialect."""
        if call.endpoint in semsplus_dialect.ENDPOINTS:
            return refusal(code)
        return wire.refusal(self.manners, code)

    def replay_yesterday(self, call: Call, request: Request, envelope: JsonObject, now: datetime) -> None:
        """Replace period counters in an answer by yesterday's, for the stations where it is about midnight."""
        for plant in self._plants:
            spec, yesterday = plant.spec, midnight_replay.end_of_yesterday(plant, now)
            asked = {call.text(name) for name in ("stationId", "pwId", "powerstationid")} - {""}
            foreign = bool(call.text("sn")) and call.text("sn") not in devices.serials(plant)
            if yesterday is None or foreign or (asked and spec.station_id not in asked):
                continue
            # The same call gave data just now.
            then = cast("JsonObject", self.answer(call, request, Moment(yesterday, yesterday)).body)
            midnight_replay.replay(call.endpoint, envelope, then, spec.station_id)
