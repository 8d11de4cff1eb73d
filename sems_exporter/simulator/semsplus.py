"""The SEMS+ web dialect: which request is which call, and what the plants answer to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from sems_exporter.simulator import devices, stations
from sems_exporter.simulator.plant import Plant
from sems_exporter.simulator.wire import Call, JsonObject, Refusal, Request, success, success_without_data

API_PATH = "/web/sems"
LOGIN_PATH = f"{API_PATH}/sems-user/api/v1/auth/cross-login"
NOT_FOUND: Mapping[str, str] = {"error_msg": "404 Route Not Found"}

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
    )
]
ENDPOINTS = tuple(endpoint for _, _, endpoint in _ROUTES)


def route(request: Request) -> Call | None:
    """The call a request makes, or None for a route the portal does not have."""
    for method, pattern, endpoint in _ROUTES:
        match = pattern.fullmatch(request.path)
        if match and method == request.method:
            found = {name: unquote(value) for name, value in match.groupdict().items()}
            return Call(endpoint, {**_body(request), **request.query, **found})
    return None


class Plants:
    """The stations of the account, answering calls; a station or device that is not among them gives 100025."""

    def __init__(self, plants: Sequence[Plant], account: str, uid: str) -> None:
        """Serve `plants` to the owner."""
        self._plants = list(plants)
        self._stations = {plant.spec.station_id: plant for plant in plants}
        self._devices = {serial: plant for plant in plants for serial in devices.serials(plant)}
        self._owner = {
            "userId": uid,
            "account": account,
            "email": account,
            "nickName": account.partition("@")[0],
        }
        self._station_calls: Mapping[str, Callable[[Plant, datetime, Call], object]] = {
            "info": lambda plant, now, _: stations.basic_info(plant, now),
            "flow": lambda plant, now, _: stations.flow(plant, now),
            "devices": lambda plant, now, _: devices.all_status(plant, now),
            "statistics": stations.statistics,
            "production": stations.production,
        }

    def answer(self, call: Call, now: datetime) -> JsonObject:
        """The envelope of a call by the signed-in owner."""
        if call.endpoint in self._station_calls:
            return success(self._station_calls[call.endpoint](self._station(call.text("stationId")), now, call))
        if call.endpoint in ("telemetry", "telecounting", "information", "batteries"):
            return self._equipment(call, now)
        return success(self._account_call(call, now))

    def _account_call(self, call: Call, now: datetime) -> JsonObject:
        if call.endpoint == "stations":
            return stations.stations_page(self._plants, now, call)
        if call.endpoint == "user":
            return self._owner
        for station_id in call.parameters.get("stationIds") or ():
            self._station(str(station_id))
        return stations.alarm_statistics() if call.endpoint == "alarm_statistics" else stations.alarm_page(call)

    def _equipment(self, call: Call, now: datetime) -> JsonObject:
        serial, device_type = call.text("sn"), call.text("deviceType")
        plant = self._devices.get(serial)
        if plant is None or call.text("pwId") not in ("", plant.spec.station_id):
            raise Refusal("100025")
        if call.endpoint == "batteries":
            return success(devices.related_batteries(plant, now, serial, device_type))
        if call.endpoint == "information":
            return success(devices.information(plant, now, serial))
        factors = devices.telemetry if call.endpoint == "telemetry" else devices.telecounting
        groups = factors(plant, now, serial) if device_type == devices.serials(plant)[serial] else None
        return success_without_data() if groups is None else success(groups)

    def _station(self, station_id: str) -> Plant:
        try:
            return self._stations[station_id]
        except KeyError:
            raise Refusal("100025") from None


def _body(request: Request) -> Mapping[str, Any]:
    try:
        value = json.loads(request.body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
