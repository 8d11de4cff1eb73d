"""The wire in general: requests, envelopes, result codes and how numbers are written."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

JsonObject = dict[str, Any]

SUCCESS = "00000"
NOT_FOUND: Mapping[str, str] = {"error_msg": "404 Route Not Found"}

# code: (English or Chinese text, translation code); texts as reported by users in 2026, or likely ones.
_REFUSALS: Mapping[str, tuple[str, str | None]] = {
    "100000": ("system error", "system_error"),
    "100001": ("No access, please log in.", "no_access"),
    "100002": ("The authorization has expired, please log in again.", "authorization_expired"),
    "100004": ("parameter error.", "parameter_error"),
    "100005": ("Email or password error.", "email_or_password_error"),
    "100025": ("No operation permission.", "no_permission"),
    "C0602": ("账号登录异常", "account_login_abnormal"),
    "C0501": ("Email or password error.", "email_or_password_error"),
    "C0607": ("登录失效", "login_invalid"),
    "Z0100": ("登录失效", "login_invalid"),
    "GY0429": ("too many requests", "too_many_requests"),
    "P0214": ("Missing parameter", "missing_parameter"),
    "P0215": ("operation failed", "operation_failed"),
    "R0219": ("model_not_supported", "model_not_supported"),
    "R0305": ("remote_control_fail", "remote_control_fail"),
    "R000013": ("read_fail", "read_fail"),
    # The one captured S0327 answer (2026-09) has a description only.
    "S0327": ("Statistical dimension parameters are incorrect", None),
}


class Refusal(Exception):
    """The portal says no, with one of its result codes."""

    def __init__(self, code: str) -> None:
        """Refuse with `code`."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names in lower case, `path` without the query."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request that found its route: query, path serial number (`sn`) and body fields in one mapping.

    `via` is "web" for a classic call that came through the web page's proxy.
    """

    endpoint: str
    parameters: Mapping[str, Any]
    via: str = ""

    def text(self, name: str) -> str:
        """A parameter as text; "" when it is missing."""
        value = self.parameters.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int) -> int:
        """A parameter as a whole number of at least 1; forms send text."""
        value = self.parameters.get(name, default)
        if isinstance(value, str) and value.isdecimal():
            return max(1, int(value))
        return max(1, value) if isinstance(value, int) else default

    def date(self, name: str) -> date:
        """The date that a parameter begins with."""
        try:
            return date.fromisoformat(self.text(name)[:10])
        except ValueError:
            raise Refusal("P0214") from None


def success(data: object) -> JsonObject:
    """The envelope of an answer with data."""
    return {**success_without_data(), "data": data}


def success_without_data() -> JsonObject:
    """The envelope of a success that carries nothing, as for the telemetry of a dongle."""
    return {"code": SUCCESS, "description": "成功", "traceId": _trace_id()}


def refusal_text(code: str) -> str:
    """What the portal says about a result code."""
    return _REFUSALS.get(code, (code, None))[0]


def refusal(code: str) -> JsonObject:
    """The envelope of a refusal: no `data` key at all."""
    text, translation = _REFUSALS.get(code, (code, None))
    envelope: JsonObject = {"code": code, "description": text, "traceId": _trace_id()}
    if translation:
        envelope |= {"translationCode": translation, "errorMsg": text}
    return envelope


def decimal_text(value: float, digits: int) -> str:
    """A number as telemetry writes it: at most `digits` decimals, no trailing zeros."""
    text = f"{round(value, digits) + 0.0:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


def kilo(value: float, digits: int) -> float:
    """Watts as kilowatts, rounded; never a negative zero."""
    return round(value / 1000.0, digits) + 0.0


def kilowatt_hours(joules: float) -> float:
    """Joules as kilowatt-hours, rounded to hundredths."""
    return round(joules / 3.6e6, 2) + 0.0


def json_object(raw: bytes | str) -> JsonObject:
    """The JSON object in `raw`; anything else counts as an empty one."""
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _trace_id() -> str:
    return secrets.token_hex(16)
