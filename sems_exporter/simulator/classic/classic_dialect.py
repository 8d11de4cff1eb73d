"""The classic dialect: its routes by app and by web page, and what the plants answer to them."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sems_exporter.simulator.classic import charts, monitor, stations
from sems_exporter.simulator.classic.classic_signin import COOKIE, ClassicSignIn
from sems_exporter.simulator.classic.wire import ClassicQuirks, envelope, fields, form, lowered, refusal
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.server.answers import Answer
from sems_exporter.simulator.server.dialect_interface import Moment, Recordings
from sems_exporter.simulator.server.wire import NOT_FOUND, Call, JsonObject, Refusal, Request, json_object

CLASSIC_PATH = "/api/"
LOGIN_PAGE = "/Home/Login"
_PROXY = "/GopsApi/Post"
_ACTIONS: Mapping[str, str] = {
    "common/crosslogin": "classic_login",
    "powerstation/getpowerstationidbyowner": "classic_ids",
    "powerstationmonitor/querypowerstationmonitor": "classic_stations",
    "historydata/querypowerstationbyhistory": "classic_names",
    "powerstation/getmonitordetailbypowerstationid": "monitor",
    "powerstation/getpowerflow": "powerflow",
    "charts/getplantpowerchart": "power_chart",
    "powerstationmonitor/getpowerstationpacbydayforapp": "pac_by_day",
    "powerstationmonitor/getpowerstationpowerandincomebyday": "energy_by_day",
    "smartoperatemaintenance/getpowerstationwarininginfobymulticondition": "warnings",
}
CLASSIC_ENDPOINTS = (*_ACTIONS.values(), "web_login")
_HISTORY: Mapping[str, Callable[[Plant, datetime, Call], object]] = {
    "power_chart": charts.power_chart,
    "pac_by_day": charts.pac_by_day,
    "energy_by_day": charts.energy_by_day,
}
_NEED_VERSION = ("classic_login", "monitor", "powerflow", *_HISTORY)
_PATH = re.compile(r"(?:v(?P<version>\d)/)?(?P<action>[a-z]+/[a-z]+)", re.IGNORECASE)
_PAGE = b"<!DOCTYPE html><title>SEMS Portal</title><form action='/Home/Login' method='post'></form>"


def route(request: Request) -> Call | None:
    """The call a request makes, or None for a route the classic portal does not have."""
    if request.path.lower() == LOGIN_PAGE.lower():
        return Call("web_login", lowered(form(request)))
    if request.path.lower() == _PROXY.lower() and request.method == "POST":
        wanted = json_object(str(form(request).get("str", "")))
        parameters = wanted.get("param")
        api = str(wanted.get("api") or request.query.get("s", ""))
        return _call(api, parameters if isinstance(parameters, dict) else {}, via="web")
    if request.path.startswith(CLASSIC_PATH):
        # The sign-in names a base that ends in a slash, to which clients add another; the portal never minded.
        return _call(re.sub("/+", "/", request.path).removeprefix(CLASSIC_PATH), fields(request))
    return None


def _call(path: str, parameters: JsonObject, via: str = "") -> Call | None:
    match = _PATH.fullmatch(path)
    endpoint = _ACTIONS.get(match["action"].lower()) if match else None
    if match is None or endpoint is None or (match["version"] is None and endpoint in _NEED_VERSION):
        return None
    return Call(endpoint, {**lowered(parameters), "version": int(match["version"] or 0)}, via)


class ClassicDialect:
    """Answers the classic calls of the account."""

    def __init__(
        self, plants: Sequence[Plant], sign_in: ClassicSignIn, quirks: ClassicQuirks, base: str, account: str
    ) -> None:
        """`base` is the address of the portal without a path."""
        self._plants, self._sign_in, self._quirks, self._base = plants, sign_in, quirks, base
        self._stations = {plant.spec.station_id: plant for plant in plants}
        self._owner = account

    def answer(self, call: Call, request: Request, moment: Moment, recordings: Recordings, *, spoken: bool) -> Answer:
        """What the portal says to a call."""
        version = call.parameters.get("version", 0)
        if version and version not in self._quirks.versions and not call.via:
            if self._quirks.missing_version == "404":
                return Answer(404, dict(NOT_FOUND))
            return Answer(200, refusal(self._quirks, "100000"))
        try:
            if call.endpoint == "web_login":
                return self._web_login(request, recordings, call, spoken=spoken)
            return self._call(call, request, moment, recordings, spoken=spoken)
        except Refusal as refused:
            return Answer(200, refusal(self._quirks, refused.code))

    def _call(self, call: Call, request: Request, moment: Moment, recordings: Recordings, *, spoken: bool) -> Answer:
        if request.method != "POST":
            raise Refusal("100000")
        if call.endpoint == "classic_login":
            recorded = recordings.take(call, request)
            return (
                self._enveloped(recorded, call, recordings) if recorded else self._login(call, request, spoken=spoken)
            )
        if call.via:
            if not self._sign_in.has_cookie(request):
                return self._without_cookie()
        else:
            self._sign_in.check(request)
        recorded = recordings.take(call, request)
        if recorded:
            return self._enveloped(recorded, call, recordings)
        if recordings or not spoken:
            return Answer(200, self._success(call, {}))
        return Answer(200, self._success(call, self._data(call, moment)))

    def _login(self, call: Call, request: Request, *, spoken: bool) -> Answer:
        data = self._sign_in.sign_in(request, spoken=spoken)
        answer = self._success(call, data)
        if self._quirks.names_api and "token" in data:
            answer["api"] = f"{self._base}{CLASSIC_PATH}"
        return Answer(200, answer)

    def _web_login(self, request: Request, recordings: Recordings, call: Call, *, spoken: bool) -> Answer:
        if request.method != "POST":
            return Answer(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"})
        recorded = recordings.take(call, request)
        if recorded:
            return self._enveloped(recorded, call, recordings)
        cookie = self._sign_in.sign_in_web(request, spoken=spoken)
        if not cookie:
            return Answer(200, self._success(call, {"agreement_agreement": True}))
        station = next(iter(self._stations), "")
        answer = self._success(call, {"redirect": f"/PowerStation/PowerStatusSnMin/{station}"})
        return Answer(200, answer, {"Set-Cookie": f"{COOKIE}={cookie}; path=/; HttpOnly"})

    def _without_cookie(self) -> Answer:
        if self._quirks.dead_cookie == "redirect":
            return Answer(302, b"", {"Location": LOGIN_PAGE})
        raise Refusal("100001")

    def _data(self, call: Call, moment: Moment) -> object:
        plants = self._plants
        if call.endpoint == "classic_ids":
            ids = [plant.spec.station_id for plant in plants]
            return ids[0] if len(ids) == 1 else ids
        if call.endpoint == "classic_stations":
            return stations.stations(plants, moment.reported, call)
        if call.endpoint == "classic_names":
            return stations.names(plants)
        if call.endpoint == "warnings":
            wanted = call.text("stationid")
            return stations.warnings([self._plant(wanted)] if wanted else plants, moment.now, call)
        return self._of_station(call, moment)

    def _of_station(self, call: Call, moment: Moment) -> object:
        # The calls of past days name the station in two more ways.
        plant = self._plant(call.text("powerstationid") or call.text("powerstation_id") or call.text("id"))
        if call.endpoint in _HISTORY:
            return _HISTORY[call.endpoint](plant, moment.reported, call)
        if call.endpoint == "powerflow":
            return monitor.powerflow_answer(plant, moment.reported)
        return monitor.detail(plant, moment.now, moment.reported, self._owner)

    def _plant(self, station_id: str) -> Plant:
        try:
            return self._stations[station_id]
        except KeyError:
            raise Refusal("100025") from None

    def _enveloped(self, recorded: Answer, call: Call, recordings: Recordings) -> Answer:
        body = recorded.body
        if recordings.complete or (isinstance(body, dict) and ("code" in body or "error_msg" in body)):
            return recorded
        return Answer(recorded.status, self._success(call, body))

    def _success(self, call: Call, data: object) -> JsonObject:
        shown = {key: value for key, value in call.parameters.items() if key not in ("version", "pwd", "account")}
        return envelope(self._quirks, data, f"{self._base.rpartition(':')[0]}:82/api/{call.endpoint}", shown)
