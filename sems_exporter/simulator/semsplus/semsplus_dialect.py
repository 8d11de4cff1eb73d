"""The SEMS+ web dialect: which request is which call, and what the plants answer to it."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import unquote

from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.semsplus import alarm_pages, devices, ev_chargers, power_curves, stations
from sems_exporter.simulator.semsplus.signin import SignIn, WebQuirks
from sems_exporter.simulator.server.account import Account
from sems_exporter.simulator.server.answers import Answer
from sems_exporter.simulator.server.dialect_interface import Moment, Recordings
from sems_exporter.simulator.server.wire import (
    Call,
    JsonObject,
    Refusal,
    Request,
    json_object,
    refusal,
    success,
    success_without_data,
)

API_PATH = "/web/sems"
LOGIN_PATH = f"{API_PATH}/sems-user/api/v1/auth/cross-login"

_FRONT_PAGE = b"<!DOCTYPE html><title>SEMS+</title>"
_VERSION: JsonObject = {"version": "0.0.0-simulated", "buildTime": "2026-01-01T00:00:00Z"}

_PLANT = f"{API_PATH}/sems-plant/api"
_EQUIPMENT = rf"{_PLANT}/equipments/(?P<sn>[^/]+)"
_ROUTES = [
    (method, re.compile(pattern), endpoint)
    for method, pattern, endpoint in (
        ("POST", LOGIN_PATH, "login"),
        ("GET", r"/version\.json", "version"),
        ("POST", f"{_PLANT}/portal/stations/page", "stations"),
        ("POST", f"{_PLANT}/portal/stations/basic/info", "info"),
        ("GET", f"{_PLANT}/stations/flow", "flow"),
        ("GET", f"{_PLANT}/stations/device/all-status", "devices"),
        ("GET", f"{_EQUIPMENT}/telemetry", "telemetry"),
        ("GET", f"{_EQUIPMENT}/telecounting", "telecounting"),
        ("GET", f"{_EQUIPMENT}/information", "information"),
        ("GET", f"{_EQUIPMENT}/relatedDevices", "batteries"),
        ("POST", f"{_PLANT}/stations/statistics", "statistics"),
        ("POST", f"{_PLANT}/stations/production", "production"),
        ("POST", f"{API_PATH}/sems-alarm/api/alarm/statistics", "alarm_statistics"),
        ("POST", f"{API_PATH}/sems-alarm/api/v2/alarm/page", "alarms"),
        ("GET", f"{API_PATH}/sems-user/api/v1/user/get-user", "user"),
        ("GET", f"{_PLANT}/web/device/station/getDevicesByType", "devices_by_type"),
        ("POST", f"{API_PATH}/sems-remote/api/ev-charger/detail", "ev_charger"),
        ("GET", "/", "front_page"),
        ("POST", f"{_PLANT}/web/device/station/page", "device_page"),
        ("POST", f"{_PLANT}/app/v2/stations/basic/info", "app_info"),
        ("POST", f"{_PLANT}/stations/simple-query", "simple_stations"),
        ("POST", f"{_PLANT}/v1/hems/power/statisticsAndPreV2", "curve"),
        ("POST", rf"{_PLANT}/v1/hems/power/(?P<stationId>[^/]+)", "curve"),
        ("GET", f"{_PLANT}/second-data/enable", "feed"),
        ("GET", f"{_PLANT}/second-data/config", "feed_config"),
        ("GET", f"{_PLANT}/v1/chargePile/getLastCharge", "last_charge"),
        ("POST", f"{_PLANT}/v1/chargePile/queryChargeLogList", "charges"),
        ("GET", rf"{API_PATH}/sems-remote/api/ev-charger/control-item-content-list/(?P<sn>[^/]+)", "charger_items"),
        ("GET", rf"{_PLANT}/stations/(?P<stationId>[^/]+)", "station"),
    )
]
ENDPOINTS = tuple(endpoint for _, _, endpoint in _ROUTES)
WITHOUT_SESSION = ("version", "front_page")
"""What is there for everybody."""
_OF_DEVICES = ("telemetry", "telecounting", "information", "batteries")
_OF_CHARGERS: Mapping[str, Callable[[Plant, datetime, Call], object]] = {
    "ev_charger": ev_chargers.detail,
    "charger_items": lambda plant, _now, _call: ev_chargers.control_items(plant),
    "last_charge": lambda plant, now, _: ev_chargers.last_charge(plant, now),
    "charges": ev_chargers.sessions_page,
}


def route(request: Request) -> Call | None:
    """The call a request makes, or None for a route the portal does not have."""
    for method, pattern, endpoint in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match and method == request.method:
            found = {name: unquote(value) for name, value in match.groupdict().items()}
            return Call(endpoint, {**json_object(request.body), **request.query, **found})
    return None


class SemsPlusDialect:
    """Answers the SEMS+ calls of the account; a station or device that is not its own gives 100025."""

    def __init__(self, plants: Sequence[Plant], sign_in: SignIn, owner: Account, quirks: WebQuirks) -> None:
        """Serve `plants` to the owner."""
        self._plants, self._sign_in, self._owner, self._quirks = plants, sign_in, owner, quirks
        self._stations = {plant.spec.station_id: plant for plant in plants}
        self._devices = {serial: plant for plant in plants for serial in devices.serials(plant)}
        self._station_calls: Mapping[str, Callable[[Plant, datetime, Call], object]] = {
            "info": lambda plant, now, _: stations.basic_info(plant, now),
            "flow": lambda plant, now, _: stations.flow(plant, now),
            "devices": lambda plant, now, _: devices.all_status(plant, now),
            "statistics": lambda plant, now, call: stations.statistics(plant, now, call, quirks),
            "production": stations.production,
            "app_info": lambda plant, now, _: stations.basic_info(plant, now),
            "station": lambda plant, now, _: stations.station(plant, now),
            "device_page": devices.page,
            "curve": lambda plant, now, call: power_curves.curve(plant, now, call, quirks),
            "feed": lambda _plant, _now, _call: True,
            "devices_by_type": lambda plant, now, call: devices.of_type(plant, now, call.text("deviceType")),
        }

    def answer(self, call: Call, request: Request, moment: Moment, recordings: Recordings, *, spoken: bool) -> Answer:
        """What the portal says to a call."""
        try:
            return self._answer(call, request, moment, recordings, spoken=spoken)
        except Refusal as refused:
            return Answer(200, refusal(refused.code))

    def _answer(self, call: Call, request: Request, moment: Moment, recordings: Recordings, *, spoken: bool) -> Answer:
        if call.endpoint == "login" and not spoken:
            raise Refusal("100004")
        if call.endpoint not in ("login", *WITHOUT_SESSION):
            self._sign_in.check(request)
        recorded = recordings.take(call, request)
        if recorded is not None:
            return recorded if recordings.complete else _enveloped(recorded)
        if call.endpoint == "front_page":
            return Answer(200, _FRONT_PAGE, {"Content-Type": "text/html; charset=utf-8"})
        if call.endpoint == "version":
            return Answer(200, dict(_VERSION))
        if call.endpoint == "login":
            return Answer(200, success(self._sign_in.sign_in(request)))
        try:
            return Answer(200, self._data(call, moment.reported))
        except Refusal as refused:
            if recordings and refused.code == "100025":
                return Answer(200, success_without_data())
            raise

    def _data(self, call: Call, now: datetime) -> JsonObject:
        if call.endpoint in self._station_calls:
            return success(self._station_calls[call.endpoint](self._station(call.text("stationId")), now, call))
        if call.endpoint in _OF_CHARGERS:
            serial = call.text("sn") or call.text("chargeSn")
            return success(_OF_CHARGERS[call.endpoint](self._owning(serial, call, "EV_CHARGER"), now, call))
        if call.endpoint in _OF_DEVICES:
            return self._equipment(call, now)
        return success(self._account_call(call, now))

    def _account_call(self, call: Call, now: datetime) -> JsonObject:
        if call.endpoint == "stations":
            return stations.stations_page(self._plants, now, call)
        if call.endpoint == "simple_stations":
            return stations.simple_list([] if self._quirks.installer else self._plants, now, call)
        if call.endpoint == "user":
            return self._user()
        if call.endpoint == "feed_config":
            return self._feed_config()
        wanted = [self._station(str(station_id)) for station_id in call.parameters.get("stationIds") or ()]
        asked = wanted or self._plants
        if call.endpoint == "alarm_statistics":
            return alarm_pages.statistics(asked, now)
        return alarm_pages.page(asked, now, call, self._owner.uid)

    def _user(self) -> JsonObject:
        name = self._owner.name
        return {"userId": self._owner.uid, "account": name, "email": name, "nickName": name.partition("@")[0]}

    def _equipment(self, call: Call, now: datetime) -> JsonObject:
        serial, device_type = call.text("sn"), call.text("deviceType")
        plant = self._owning(serial, call)
        if call.endpoint == "batteries":
            return success(devices.related_batteries(plant, now, serial, device_type))
        if call.endpoint == "information":
            return success(devices.information(plant, now, serial))
        factors = devices.telemetry if call.endpoint == "telemetry" else devices.telecounting
        groups = factors(plant, now, serial) if device_type == devices.serials(plant)[serial] else None
        return success_without_data() if groups is None else success(groups)

    def _owning(self, serial: str, call: Call, device_type: str = "") -> Plant:
        """The plant of a device, which may have to be of a type."""
        plant = self._devices.get(serial)
        if plant is None or call.text("pwId") not in ("", plant.spec.station_id):
            raise Refusal("100025")
        if device_type and devices.serials(plant)[serial] != device_type:
            raise Refusal("100025")
        return plant

    def _feed_config(self) -> JsonObject:
        """Credentials of the live feed, with an address where no feed is, or clients would go to the real one."""
        broker = f"{self._sign_in.host.replace('http', 'ws', 1)}/mqtt"
        return {"clientId": "SEMS_PLUS_WebClient_sim", "userName": "sim", "password": "sim", "brokerUrl": broker}

    def _station(self, station_id: str) -> Plant:
        try:
            return self._stations[station_id]
        except KeyError:
            raise Refusal("100025") from None


def _enveloped(recorded: Answer) -> Answer:
    """A recording as it is, or in an envelope when it is bare data."""
    body = recorded.body
    if isinstance(body, dict) and ("code" in body or "error_msg" in body):
        return recorded
    return Answer(recorded.status, success(body))
