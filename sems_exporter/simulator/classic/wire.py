"""The wire of the classic dialect: envelopes, the token header, bodies, and how it writes times and numbers."""

import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import floor
from typing import Any, Literal
from urllib.parse import parse_qsl

from sems_exporter.simulator.server.wire import JsonObject, Request, json_object, refusal_text

PORTAL_TIME = "%m/%d/%Y %H:%M:%S"
_MESSAGES = {"100000": "ver is not fund"}  # (sic), as captured in 2026-04


@dataclass(slots=True)
class ClassicQuirks:
    """What differed between accounts and years; may be changed while the portal runs.

    `versions`: those of v1 to v3 that exist; `missing_version`: what the others answer. `string_codes`: "0" instead of
    0. `names_api`: whether the sign-in tells the base address. `when_off`: what a portal that no longer speaks the
    dialect answers, "agreement" (a sign-in without token) or "empty" (sign-in works, every data call gives `{}`).
    `dead_cookie`: the web flow without a session gives code 100001 or a redirect to the login page.
    """

    versions: frozenset[int] = frozenset({1, 2, 3})
    missing_version: Literal["404", "100000"] = "404"
    string_codes: bool = False
    names_api: bool = True
    when_off: Literal["agreement", "empty"] = "agreement"
    dead_cookie: Literal["code", "redirect"] = "code"


def envelope(quirks: ClassicQuirks, data: object, call_url: str, parameters: Mapping[str, Any]) -> JsonObject:
    """A successful answer; `components.api` is the address of the call on an internal host, not the base."""
    return {
        "language": "en",
        "function": None,
        "hasError": False,
        "msg": "操作成功" if quirks.string_codes else "Successful",
        "code": _code("0", quirks),
        "data": data,
        "components": {
            "para": json.dumps({"model": dict(parameters)}),
            "langVer": 179,
            "timeSpan": 0,
            "api": call_url,
            "msgSocketAdr": None,
        },
    }


def refusal(quirks: ClassicQuirks, code: str) -> JsonObject:
    """A refusal: `data` is there and null."""
    return {
        "language": "en",
        "function": None,
        "hasError": code == "100000",
        "msg": _MESSAGES.get(code) or refusal_text(code),
        "code": _code(code, quirks),
        "data": None,
        "components": {"para": None, "langVer": 179, "timeSpan": 0, "msgSocketAdr": None},
    }


def token_header(request: Request) -> JsonObject:
    """The `token` header: a JSON object, or base64 of one."""
    raw = request.headers.get("token", "")
    plain = json_object(raw)
    if plain:
        return plain
    try:
        return json_object(b64decode(raw, validate=True))
    except (Base64Error, ValueError):
        return {}


def fields(request: Request) -> JsonObject:
    """The fields of a body, which may be a JSON object or a form."""
    found = json_object(request.body)
    return found or form(request)


def form(request: Request) -> JsonObject:
    """The fields of a form."""
    return dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))


def lowered(mapping: Mapping[str, Any]) -> JsonObject:
    """The same fields by lower-case name: the portal does not care about case."""
    return {name.lower(): value for name, value in mapping.items()}


def portal_time(local: datetime) -> str:
    """A station-local time as the portal writes it, whatever the user's date format is."""
    return local.strftime(PORTAL_TIME)


def user_time(local: datetime, date_format: str) -> str:
    """A time in the user's own .NET date format."""
    pattern = date_format.replace("dd", "%d").replace("MM", "%m").replace("yyyy", "%Y")
    return local.strftime(f"{pattern} %H:%M:%S")


def tenths(joules: float) -> int:
    """Whole tenths of a kilowatt-hour, which is how inverters count."""
    return floor(round(joules) / 3.6e5)


def _code(code: str, quirks: ClassicQuirks) -> object:
    return code if quirks.string_codes or not code.isdecimal() else int(code)
