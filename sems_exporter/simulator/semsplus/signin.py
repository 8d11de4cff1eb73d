"""Signing in and staying signed in, as the SEMS+ web client of late 2026 has to do it."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sems_exporter.simulator.server.account import Account, new_token, new_uuid
from sems_exporter.simulator.server.wire import JsonObject, Refusal, Request, json_object

KIND = "semsplus"

_WEB_CLIENT = "semsPlusWeb"
_AGREEMENT_KEYS = ("agreement", "isLocal", "isChinese")
# What a `token` header cannot do without: living clients of 2026 send no more than these.
_NEEDED = ("uid", "token", "timestamp", "client")


@dataclass(slots=True)
class WebQuirks:
    """What was reported in more than one way; may be changed while the portal runs.

    `whole_token`: the `token` header has to be the sign-in's whole answer but for the language, as one report has it;
    else uid, token, timestamp and client are enough, and the rest may be missing or other, as two clients do it.
    `dead_session`: the code for a session that has run out or was replaced; "both" gives the first one handed out
    100002, the next one C0602, and so on in turn, since both were seen.
    `installer`: the account is an installer's, for whom the shorter list of stations is empty.
    `minutes_kept`: for how many days before today the portal keeps minute curves, which nobody knows; None for ever.
    `lost_day`: what statistics say of a past day of which nothing was heard; both were reported.
    `hour_twice`: whether a curve has the repeated hour of a 25-hour day twice, in order, or its second run alone;
    no capture shows such a day.
    """

    whole_token: bool = False
    installer: bool = False
    dead_session: Literal["100002", "C0602", "both"] = "both"
    minutes_kept: int | None = None
    lost_day: float | None = None
    hour_twice: bool = True


class SignIn:
    """The door of the SEMS+ dialect to the account."""

    def __init__(self, account: Account, quirks: WebQuirks, api: str, signature_tolerance: float | None) -> None:
        """`signature_tolerance` is how many seconds the client's clock may be off; None accepts any time."""
        self._account, self._quirks = account, quirks
        self._api, self._tolerance = api, signature_tolerance
        self._handed_out: dict[str, int] = {}  # the number of each session by its token

    @property
    def host(self) -> str:
        """The address of the portal without a path."""
        return self._api.removesuffix("/web/sems")

    def sign_in(self, request: Request) -> JsonObject:
        """The login data, or a `Refusal`; without the agreement fields a success without a session."""
        self._check_bootstrap(request)
        body = json_object(request.body)
        if not self._account.admits(body.get("account"), body.get("pwd", ""), encoded_password(self._account.password)):
            raise Refusal("100005")
        if any(key not in body for key in _AGREEMENT_KEYS) or not body["agreement"]:
            return {"agreement": True, "api": self._api}
        session = self._new_session()
        self._handed_out[session["token"]] = len(self._handed_out)
        return self._account.begin(KIND, session)

    def check(self, request: Request) -> None:
        """Raise a `Refusal` unless the request belongs to the live session."""
        token = _token_header(request)
        if not token.get("token"):
            raise Refusal("100001")
        session = self._account.session(KIND)
        if session is None or token["token"] != session["token"]:
            raise Refusal(self._dead(str(token["token"])))
        if not self._accepted(token, session):
            raise Refusal("C0602")
        if not self._signed(request, session["uid"], session["token"]):
            raise Refusal("C0602")

    def _dead(self, token: str) -> str:
        if self._quirks.dead_session != "both":
            return self._quirks.dead_session
        return ("100002", "C0602")[self._handed_out.get(token, 0) % 2]

    def _accepted(self, token: JsonObject, session: Mapping[str, Any]) -> bool:
        if self._quirks.whole_token:
            return _without_language(token) == _without_language(session)
        return all(str(token.get(name)) == str(session[name]) for name in _NEEDED)

    def _check_bootstrap(self, request: Request) -> None:
        token = _token_header(request)
        if token.get("client") != _WEB_CLIENT or "x-signature" not in request.headers:
            raise Refusal("100004")
        if token.get("uid") or token.get("token") or not self._signed(request, "", ""):
            raise Refusal("C0602")

    def _signed(self, request: Request, uid: str, token: str) -> bool:
        """Tell whether X-Signature is right for `uid` and `token`, and recent."""
        header = request.headers.get("x-signature", "")
        milliseconds = _signed_at(header)
        if milliseconds is None:
            return False
        if not hmac.compare_digest(header.encode(), signature(milliseconds, uid, token).encode()):
            return False
        if self._tolerance is None:
            return True
        return abs(milliseconds / 1000.0 - self._account.timestamp()) <= self._tolerance

    def _new_session(self) -> JsonObject:
        return {
            "uid": self._account.uid,
            "timestamp": str(int(self._account.timestamp() * 1000)),
            "token": new_token(),
            "client": _WEB_CLIENT,
            "version": "",
            "language": "en",
            "api": self._api,
            "region": "eu",
            "uuid": new_uuid(),
        }


def encoded_password(password: str) -> str:
    """The `pwd` field: base64 of the lower-case hexadecimal MD5 of the password."""
    digest = hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
    return b64encode(digest.encode()).decode()


def signature(milliseconds: int, uid: str, token: str) -> str:
    """The X-Signature header: base64 of `digest@milliseconds`, the digest over all three, joined by @."""
    digest = hashlib.sha256(f"{milliseconds}@{uid}@{token}".encode()).hexdigest()
    return b64encode(f"{digest}@{milliseconds}".encode()).decode()


def _signed_at(header: str) -> int | None:
    """The epoch milliseconds in an X-Signature header, if it has any."""
    try:
        _, _, stamp = b64decode(header, validate=True).decode().partition("@")
    except (Base64Error, UnicodeDecodeError):
        return None
    return int(stamp) if stamp.isdecimal() else None


def _token_header(request: Request) -> JsonObject:
    """The `token` header is plain JSON; anything else counts as none."""
    return json_object(request.headers.get("token", "").encode())


def _without_language(token: Mapping[str, Any]) -> JsonObject:
    return {key: value for key, value in token.items() if key != "language"}
