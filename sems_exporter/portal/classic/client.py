"""Calls of the classic portal: below `/api` with a token header, or through the web page's own proxy."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from cachetools import TTLCache

from sems_exporter import errors, protocol
from sems_exporter.portal.classic import signin
from sems_exporter.portal.client import AccountClient, Call
from sems_exporter.portal.http.envelope import parse_envelope
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.portal.session.account_state import Token

log = logging.getLogger(__name__)

NEXT_WAY = (errors.RouteUnknown, errors.ProtocolChanged, errors.ServerFault, errors.AnswerUnreadable)
"""Answers to a sign-in that say "not this way" and nothing about account or password."""


REFUSED_SECONDS = 1800.0
"""Seconds for which a call that the portal refuses is left alone."""
MOST_REFUSED_CALLS = 10_000


def _call(endpoint: str, name: str, **values: str) -> Call:
    """The call `name` of the files, with `values` for the names in it."""
    call = protocol.classic().written.calls[name]
    return Call(endpoint, call.method, call.address(values), call.content(values))


def listed() -> Call:
    """The stations of the account."""
    return _call("classic_stations", "stations")


def owned_ids() -> Call:
    """The ids of the owner's own stations."""
    return _call("classic_ids", "ids")


def versions() -> tuple[str, ...]:
    """Versions of the interface, of which accounts differ in those that answer; the newest first."""
    return protocol.classic().written.versions.monitor


def detail(station: str, version: str = "") -> Call:
    """Everything that is known of a station, in the newest `version` where none is named."""
    return _call("monitor", "monitor", station=station, version=version or versions()[0])


class ClassicClient(AccountClient):
    """Sends calls for one account. The ways to sign in take turns, one a sign-in, until one works."""

    _way = 0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._protocol = protocol.current()
        self._refused: TTLCache[str, None] = TTLCache(MOST_REFUSED_CALLS, REFUSED_SECONDS, self._clock.monotonic)

    @property
    def probe(self) -> Call:
        """The list of stations."""
        return listed()

    @contextmanager
    def request(self, call: Call) -> Iterator[Any]:
        """As of any client, but a call that was refused is left alone for a while.

        Plants of one type (2) answer 100002 to a session that all others take.
        """
        if self._protocol is not protocol.current():
            self._protocol = protocol.current()
            self._refused.clear()
        name = f"{call.path} {json.dumps(call.body)}"
        if name in self._refused:
            raise errors.PermissionDenied("refused by the portal; asked again within half an hour")
        try:
            with super().request(call) as data:
                yield data
        except errors.PermissionDenied:
            self._refused[name] = None
            raise

    def sign_in(self) -> Token:
        """Send one sign-in; where this way is closed, the next sign-in takes the next one."""
        ways = signin.ways()
        way = ways[self._way % len(ways)]
        now = self._clock.now().timestamp()
        try:
            with self.exchange(signin.exchange(self._account, way)) as response:
                answered_at = self._clock.now()
                envelope = None if way.form else parse_envelope(response, answered_at)
                if way.form:
                    signin.web_answer(response, answered_at)
            if envelope is None:
                return signin.web_token(response, self._account, now)
            return signin.token(envelope, self._account, now)
        except NEXT_WAY as error:
            self._way = (self._way + 1) % len(ways)
            if self._way == 0:
                raise errors.ProtocolChanged(f"no classic sign-in works any more ({error})") from error
            log.info("this classic sign-in is closed; the next one is tried later", extra={"path": way.path})
            raise errors.LoginRefused(str(error)) from error
        except (errors.SessionRejected, errors.PermissionDenied, errors.StationUnknown) as error:
            raise errors.LoginRefused(str(error)) from error

    def build_request(self, call: Call, token: Token) -> HttpRequest:
        """`call` with its token, or wrapped for the proxy of the web page."""
        if token.dialect != signin.WEB_DIALECT:
            headers = {"token": json.dumps(token.identity)}
            return HttpRequest(call.endpoint, call.method, token.gateway + call.path, headers, call.body)
        wrapped = {"api": call.path.lstrip("/"), "param": call.body or {}}
        url = f"{token.gateway}/GopsApi/Post?s={quote(call.path.lstrip('/'))}"
        cookies = "; ".join(f"{name}={value}" for name, value in token.identity.items())
        return HttpRequest(call.endpoint, "POST", url, {"Cookie": cookies}, form={"str": json.dumps(wrapped)})
