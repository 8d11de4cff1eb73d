"""The SEMS+ web sign-in as semsplus.toml has it: first identity, signature, and what a real session looks like.

The portal broke every client that lacks the web identity or the signature; a success without token and uid is no
session. All of it was seen in captures and in several independent clients.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sems_exporter import errors, protocol
from sems_exporter.config.settings import Account
from sems_exporter.portal.decoding.json_shapes import is_yes
from sems_exporter.portal.http.envelope import Envelope
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.portal.session import trusted_hosts
from sems_exporter.portal.session.account_state import Token, unfit
from sems_exporter.protocol import templates


def _named(now: datetime, *, chinese: bool = False) -> dict[str, object]:
    """What the names in texts stand for that do not depend on the session."""
    client = protocol.semsplus().written.client
    return {
        "client": client.name,
        "version": client.version,
        "language": client.chinese_language if chinese else client.language,
        "timestamp": int(now.timestamp() * 1000),
        "seconds": int(now.timestamp()),
    }


def first_identity(now: datetime, *, chinese: bool = False) -> dict[str, Any]:
    """The identity of a sign-in, which has no session yet."""
    written: Mapping[str, object] = protocol.semsplus().written.identity.first
    values = _named(now, chinese=chinese)
    return {key: templates.filled(value, values) for key, value in written.items()}


def own_identity(identity: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The identity of a session with what the exporter says of itself, whatever the portal gave."""
    values = _named(now)
    always = {key: templates.text(value, values) for key, value in protocol.semsplus().written.identity.always.items()}
    return {**identity, **{key: text for key, text in always.items() if text}}


def signature(identity: Mapping[str, Any], now: datetime) -> str:
    """The signature of one request."""
    told = {key: identity.get(key, "") for key in ("uid", "token")}
    return protocol.semsplus().written.signature.made({**_named(now), **told})


def headers(identity: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """The headers of one request, which carry the whole identity and the signature over it."""
    values = {
        **_named(now),
        **{key: identity.get(key, "") for key in ("uid", "token")},
        "identity": json.dumps(identity, separators=(",", ":")),
        "signature": signature(identity, now),
    }
    return {name: templates.text(text, values) for name, text in protocol.semsplus().written.headers.items()}


def password_digest(password: str) -> str:
    """The password as the portal wants it."""
    return protocol.semsplus().written.password.made({"password": password})


def exchange(account: Account, now: datetime) -> HttpRequest:
    """The sign-in request of `account`."""
    written = protocol.semsplus().written.sign_in
    values = {
        **_named(now, chinese=account.is_chinese),
        "account": account.name,
        "password": password_digest(account.password.reveal()),
        "chinese": account.is_chinese,
    }
    address = account.login_url if account.own_login_url else written.of(account.region)
    identity = first_identity(now, chinese=account.is_chinese)
    return HttpRequest("login", "POST", address, headers(identity, now), templates.filled(written.body, values))


def token(envelope: Envelope, allowed_hosts: tuple[str, ...], now: datetime) -> Token:
    """The session in a sign-in answer; raises where the success holds none."""
    data = envelope.data
    identity = dict(data) if isinstance(data, dict) else {}
    if is_yes(identity.get("mfaRequired")):
        raise errors.MfaRequired("the account has two-step login; use an account without it, such as a visitor's")
    if not all(isinstance(identity.get(key), str) and identity[key] for key in ("uid", "token")):
        raise errors.AgreementPending(
            "the portal accepted the sign-in but gave no session; log in once on the SEMS+ web page or in the app "
            "and accept the new terms"
        )
    if why := unfit(identity):
        raise errors.LoginRefused(f"the portal gave a session that cannot be used: {why}")
    identity = own_identity(identity, now)
    address = identity.get("api") or envelope.document.get("api")
    return Token(identity, trusted_hosts.trusted(address, allowed_hosts), now.timestamp())


def login_failure(error: errors.PortalError) -> errors.PortalError:
    """Return what a failure means when it answers a sign-in: there is no session yet that could be rejected."""
    if isinstance(error, errors.SessionRejected | errors.PermissionDenied | errors.StationUnknown):
        return errors.LoginRefused(str(error))
    if isinstance(error, errors.RouteUnknown):
        return errors.ProtocolChanged(f"the sign-in address is gone ({error})")
    return error
