"""Changes of the protocol, as the real portal makes them overnight: old clients are refused, new ones are served.

A break translates what a new client sends into what the portal understood before, and what the portal answers into the
new form. What an old client sends is refused as the real portal did on 2026-09-23, or as it comes.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sems_exporter.simulator.semsplus.signin import signature
from sems_exporter.simulator.server.wire import SUCCESS, Call, JsonObject, Refusal, Request, json_object

REFUSED = "100004"
NEW_CLIENT, OLD_CLIENT = "semsPlusPortal", "semsPlusWeb"
NEW_VERSION = "4.2.0"
NEW_HEADER = ("x-client-type", "web")
NEW_SUCCESS = "20000"
MOVED = {
    "/sems-plant/api/stations/flow": "/sems-plant/api/v2/stations/flow",
    "/sems-plant/api/portal/stations/page": "/sems-plant/api/v2/portal/stations/page",
}
RENAMED = {"pAc": "activePower", "Temperature": "cabinetTemperature"}


@dataclass(frozen=True, slots=True)
class Break:
    """A change: what it is, what it does to a request (or a `Refusal`), and what to an answer."""

    tells: str
    request: Callable[[Request], Request] = lambda request: request
    answer: Callable[[Call, JsonObject], JsonObject] = lambda _, envelope: envelope


def _token(request: Request) -> JsonObject:
    return json_object(request.headers.get("token", "").encode())


def _with_headers(request: Request, **changed: str) -> Request:
    return replace(request, headers={**request.headers, **changed})


def _is_ours(request: Request) -> bool:
    return "/sems-" in request.path


def _renamed_client(request: Request) -> Request:
    token = _token(request)
    if not _is_ours(request):
        return request
    if token.get("client") != NEW_CLIENT:
        raise Refusal(REFUSED)
    return _with_headers(request, token=json.dumps({**token, "client": OLD_CLIENT}))


def _demanded_version(request: Request) -> Request:
    if _is_ours(request) and _token(request).get("version") != NEW_VERSION:
        raise Refusal(REFUSED)
    return request


def _demanded_header(request: Request) -> Request:
    name, value = NEW_HEADER
    if _is_ours(request) and request.headers.get(name) != value:
        raise Refusal(REFUSED)
    return request


def _moved_path(request: Request) -> Request:
    for old, new in MOVED.items():
        if request.path.endswith(new):
            return replace(request, path=request.path.removesuffix(new) + old)
        if request.path.endswith(old):
            return replace(request, path=f"{request.path}/gone")
    return request


def _as_in_september(request: Request) -> Request:
    """Another client name, another recipe of the signature, and for a sign-in a further field."""
    if not _is_ours(request):
        return request
    token, stamp = _token(request), request.headers.get("x-time", "")
    uid, secret = str(token.get("uid", "")), str(token.get("token", ""))
    expected = b64encode(hashlib.sha512(f"{NEW_CLIENT}@{uid}@{secret}@{stamp}".encode()).hexdigest().encode()).decode()
    is_sign_in = request.path.endswith("cross-login")
    agreed = not is_sign_in or json_object(request.body).get("agreementVersion") == 2
    signed = stamp.isdecimal() and request.headers.get("x-sign") == expected
    if token.get("client") != NEW_CLIENT or not signed or not agreed:
        raise Refusal(REFUSED)
    old = signature(int(stamp), uid, secret)
    return _with_headers(request, token=json.dumps({**token, "client": OLD_CLIENT}), **{"x-signature": old})


def _changed_codes(_: Call, envelope: JsonObject) -> JsonObject:
    return {**envelope, "code": NEW_SUCCESS} if envelope.get("code") == SUCCESS else envelope


def _renamed_factors(call: Call, envelope: JsonObject) -> JsonObject:
    if call.endpoint not in ("telemetry", "telecounting") or call.text("deviceType") != "INVERTER":
        return envelope
    groups = envelope.get("data")
    if not isinstance(groups, list):
        return envelope
    renamed = [
        {
            **group,
            "factors": [{**each, "code": RENAMED.get(each["code"], each["code"])} for each in group.get("factors", [])],
        }
        for group in groups
    ]
    return {**envelope, "data": renamed}


BREAKS: Mapping[str, Break] = {
    "2026-09-23": Break(
        "what the portal did then, once more: another client name, signature and field of the sign-in", _as_in_september
    ),
    "client-renamed": Break(f"only a client called {NEW_CLIENT} is served", _renamed_client),
    "version-demanded": Break(f"only version {NEW_VERSION} is served", _demanded_version),
    "path-moved": Break("the list of stations and the flow have other addresses", _moved_path),
    "header-demanded": Break("only requests with X-Client-Type: web are served", _demanded_header),
    "codes-changed": Break(f"a success has the code {NEW_SUCCESS}", answer=_changed_codes),
    "factor-renamed": Break(
        "inverters call their power " + " and their temperature ".join(RENAMED.values()), answer=_renamed_factors
    ),
}
"""The breaks that can be played, by name."""
