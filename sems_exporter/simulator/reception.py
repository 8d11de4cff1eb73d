"""Where every request arrives: it finds out the dialect and the call, and hands both to the right desk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast, get_args

from sems_exporter.simulator import classic, classicsignin, classicwire, devices, midnight, semsplus, signin
from sems_exporter.simulator.account import Account
from sems_exporter.simulator.classicwire import ClassicManners
from sems_exporter.simulator.desk import Dialect, Moment, Recordings
from sems_exporter.simulator.faults import Answer
from sems_exporter.simulator.plant import Plant
from sems_exporter.simulator.wire import Call, JsonObject, Request, refusal

ENDPOINTS = (*semsplus.ENDPOINTS, *classic.CLASSIC_ENDPOINTS)
SIGN_INS = ("login", "classic_login", "web_login")


def known_dialects(dialects: Iterable[str]) -> frozenset[str]:
    """The set of these dialects, if the portal can speak them all."""
    spoken = frozenset(dialects)
    unknown = spoken - set(get_args(Dialect))
    if unknown:
        raise ValueError(f"unknown dialect {min(unknown)!r}; there are {', '.join(get_args(Dialect))}")
    return spoken


class Reception:
    """Both desks of the portal, of which one may have stopped to speak its dialect."""

    def __init__(
        self, plants: Sequence[Plant], account: Account, base: str, tolerance: float | None, recordings: Recordings
    ) -> None:
        """`base` is the portal's address without a path; `tolerance` the seconds a signature may be off."""
        self.manners, self.web = ClassicManners(), signin.WebManners()
        self._plants, self._account, self._recordings = plants, account, recordings
        self._spoken: frozenset[str] = frozenset(get_args(Dialect))
        web = signin.SignIn(account, self.web, f"{base}{semsplus.API_PATH}", tolerance)
        old = classicsignin.ClassicSignIn(account, self.manners)
        self._semsplus = semsplus.SemsPlusDesk(plants, web, account, self.web)
        self._classic = classic.ClassicDesk(plants, old, self.manners, base, account.name)

    def speak(self, spoken: frozenset[str]) -> None:
        """Speak these dialects from now on; sessions of the others end, unless they are to see empty data."""
        self._spoken = spoken
        if "semsplus" not in spoken:
            self._account.end(signin.KIND)
        if "classic" not in spoken and self.manners.when_off == "agreement":
            self._account.end(classicsignin.KIND, classicsignin.WEB_KIND)

    def route(self, request: Request) -> Call | None:
        """The call a request makes, or None for a route that neither dialect has."""
        return semsplus.route(request) or classic.route(request)

    def answer(self, call: Call, request: Request, moment: Moment) -> Answer:
        """What the right desk says."""
        if call.endpoint in semsplus.ENDPOINTS:
            spoken = "semsplus" in self._spoken
            return self._semsplus.answer(call, request, moment, self._recordings, spoken=spoken)
        return self._classic.answer(call, request, moment, self._recordings, spoken="classic" in self._spoken)

    def refusal(self, call: Call, code: str) -> JsonObject:
        """The refusal of a call with `code`, in its dialect."""
        if call.endpoint in semsplus.ENDPOINTS:
            return refusal(code)
        return classicwire.refusal(self.manners, code)

    def replay_yesterday(self, call: Call, request: Request, envelope: JsonObject, now: datetime) -> None:
        """Replace period counters in an answer by yesterday's, for the stations where it is about midnight."""
        for plant in self._plants:
            spec, yesterday = plant.spec, midnight.end_of_yesterday(plant, now)
            asked = {call.text(name) for name in ("stationId", "pwId", "powerstationid")} - {""}
            foreign = bool(call.text("sn")) and call.text("sn") not in devices.serials(plant)
            if yesterday is None or foreign or (asked and spec.station_id not in asked):
                continue
            # The same call gave data just now.
            then = cast("JsonObject", self.answer(call, request, Moment(yesterday, yesterday)).body)
            midnight.replay(call.endpoint, envelope, then, spec.station_id)
