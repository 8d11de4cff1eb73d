"""The SEMS+ web sign-in of 2026-09: bootstrap identity, signature, and what a real session looks like.

The portal broke every client that lacks the web identity or the signature; a success without token and uid is no
session. All of it was seen in captures and in several independent clients.
"""

import base64
import hashlib
import json
from datetime import datetime
from typing import Any

from sems_exporter import errors
from sems_exporter.config.settings import Account
from sems_exporter.portal.http.envelope import Envelope
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.portal.session import trusted_hosts
from sems_exporter.portal.session.state_file import Token, unfit

CLIENT = "semsPlusWeb"
BOOTSTRAP = {"uid": "", "timestamp": 0, "token": "", "client": CLIENT, "version": "", "language": "en"}


def signature(identity: dict[str, Any], now: datetime) -> str:
    """The `X-Signature` of one request: base64 of "sha256hex(ts@uid@token)@ts", ts in milliseconds."""
    stamp = int(now.timestamp() * 1000)
    text = f"{stamp}@{identity.get('uid', '')}@{identity.get('token', '')}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return base64.b64encode(f"{digest}@{stamp}".encode()).decode()


def headers(identity: dict[str, Any], now: datetime) -> dict[str, str]:
    """The headers that carry an identity: the whole of it, and the signature over it."""
    return {"token": json.dumps(identity, separators=(",", ":")), "X-Signature": signature(identity, now)}


def password_digest(password: str) -> str:
    """base64 of the lowercase hex MD5 of the password, as the portal wants it."""
    return base64.b64encode(hashlib.md5(password.encode(), usedforsecurity=False).hexdigest().encode()).decode()


def exchange(account: Account, now: datetime) -> HttpRequest:
    """The sign-in request of `account`."""
    body = {
        "account": account.name,
        "pwd": password_digest(account.password.reveal()),
        "agreement": 1,
        "isLocal": account.is_chinese,
        "isChinese": account.is_chinese,
    }
    identity = {**BOOTSTRAP, "language": "zh-CN"} if account.is_chinese else BOOTSTRAP
    return HttpRequest("login", "POST", account.login_url, headers(identity, now), body)


def token(envelope: Envelope, allowed_hosts: tuple[str, ...], now: datetime) -> Token:
    """The session in a sign-in answer; raises where the success holds none."""
    data = envelope.data
    identity = dict(data) if isinstance(data, dict) else {}
    if identity.get("mfaRequired") is True:
        raise errors.MfaRequired("the account has two-step login; use an account without it, such as a visitor's")
    if not all(isinstance(identity.get(key), str) and identity[key] for key in ("uid", "token")):
        raise errors.AgreementPending(
            "the portal accepted the sign-in but gave no session; log in once on the SEMS+ web page or in the app "
            "and accept the new terms"
        )
    if why := unfit(identity):
        raise errors.LoginRefused(f"the portal gave a session that cannot be used: {why}")
    identity["client"] = CLIENT
    address = identity.get("api") or envelope.document.get("api")
    return Token(identity, trusted_hosts.trusted(address, allowed_hosts), now.timestamp())


def login_failure(error: errors.PortalError) -> errors.PortalError:
    """Return what a failure means when it answers a sign-in: there is no session yet that could be rejected."""
    if isinstance(error, errors.SessionRejected | errors.PermissionDenied | errors.StationUnknown):
        return errors.LoginRefused(str(error))
    if isinstance(error, errors.RouteUnknown):
        return errors.ProtocolChanged(f"the sign-in address is gone ({error})")
    return error
