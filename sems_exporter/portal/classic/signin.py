"""Sign-ins of the classic portal: `CrossLogin` in three versions, and the form of its web page.

All of them were seen in captures or in several independent clients between 2018 and 2026. What a success without token
and uid means is told by the SEMS+ sign-in in the same words.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sems_exporter import errors, protocol
from sems_exporter.config.settings import Account
from sems_exporter.portal.http.envelope import Envelope, HttpResponse, parse_envelope
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.portal.session import trusted_hosts
from sems_exporter.portal.session.account_state import Token, unfit

DIALECT = "classic"
WEB_DIALECT = "classic-web"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to sign in: below `path`, with a JSON body or as the form of the web page."""

    path: str
    form: bool = False


def ways() -> tuple[Way, ...]:
    """The ways to sign in, in the order in which they are tried."""
    written = protocol.classic().written.sign_in
    return (*map(Way, written.paths), Way(written.form, form=True))


def origin(account: Account) -> str:
    """Return where the classic portal of `account` is: beside a sign-in address of its own, else by region."""
    if account.own_login_url:
        parts = urlsplit(account.login_url)
        return f"{parts.scheme}://{parts.netloc}"
    hosts = protocol.classic().written.hosts
    return hosts.get(account.region, hosts["other"])


def exchange(account: Account, way: Way) -> HttpRequest:
    """The sign-in request of `account` by `way`; the password goes out as it is, as this dialect wants it."""
    url, written = origin(account) + way.path, protocol.classic().written
    fields = {written.sign_in.account: account.name, written.sign_in.password: account.password.reveal()}
    if way.form:
        return HttpRequest("login", "POST", url, form={**fields, **written.sign_in.form_beside})
    return HttpRequest("login", "POST", url, {"token": json.dumps(written.client.identity)}, fields)


def token(envelope: Envelope, account: Account, now: float) -> Token:
    """The session in a CrossLogin answer; raises where the success holds none, or where it points to SEMS+."""
    data = envelope.data
    identity: dict[str, Any] = dict(data) if isinstance(data, dict) else {}
    if not all(isinstance(identity.get(key), str) and identity[key] for key in ("uid", "token")):
        raise errors.AgreementPending(
            "the classic portal accepted the sign-in but gave no session; this account has probably moved to SEMS+"
        )
    if why := unfit(identity):
        raise errors.LoginRefused(f"the portal gave a session that cannot be used: {why}")
    base = trusted_hosts.trusted(envelope.document.get("api") or f"{origin(account)}/api", account.allowed_hosts)
    if not urlsplit(base).path.rstrip("/").endswith("/api"):
        # Seen 2026-09: the sign-in still answers, but names the SEMS+ gateway, which knows no classic route.
        raise errors.ProtocolChanged("the classic portal points this account to SEMS+")
    return Token(identity, base, now, DIALECT)


def web_answer(answer: HttpResponse, now: datetime) -> Envelope:
    """Read what the form answers: a page or a redirect with the session's cookies, or JSON with a result code."""
    try:
        return parse_envelope(answer, now)
    except (errors.AnswerUnreadable, errors.AnswerEmpty):
        if not answer.cookies:
            raise
        return Envelope("0", "", {})


def web_token(answer: HttpResponse, account: Account, now: float) -> Token:
    """The session of the web page, which is its cookies.

    A page without any is no sign-in; taken for a refusal that may pass, it would keep the exporter away from SEMS+.
    """
    if not answer.cookies:
        raise errors.ProtocolChanged("the classic web page gave no session")
    if why := unfit(answer.cookies):
        raise errors.LoginRefused(f"the portal gave a session that cannot be used: {why}")
    base = trusted_hosts.trusted(origin(account), (*account.allowed_hosts, urlsplit(origin(account)).netloc))
    return Token(dict(answer.cookies), base, now, WEB_DIALECT)
