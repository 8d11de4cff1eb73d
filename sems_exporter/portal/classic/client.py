"""Calls of the classic portal: below `/api` with a token header, or through the web page's own proxy."""

import json
import logging
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from sems_exporter import errors
from sems_exporter.portal.classic import signin
from sems_exporter.portal.client import AccountClient, Call
from sems_exporter.portal.state import Token
from sems_exporter.portal.transport import Exchange

T = TypeVar("T")
log = logging.getLogger(__name__)

NEXT_WAY = (errors.RouteUnknown, errors.ProtocolChanged, errors.ServerFault, errors.AnswerUnreadable)
"""Answers to a sign-in that say "not this way" and nothing about account or password."""


FIRST_REFUSAL, LONGEST_REFUSAL = 1800.0, 86_400.0
"""Seconds until a refused call is sent again, and may cost a sign-in; each time twice as many."""


class _Refusal(NamedTuple):
    """The last session that was too little for a call, and when the call may be sent again."""

    token: Token
    wait: float
    until: float


def _name(call: Call) -> str:
    return f"{call.path} {json.dumps(call.body)}"


class ClassicClient(AccountClient):
    """Sends calls for one account. The ways to sign in take turns, one a sign-in, until one works."""

    _way = 0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._refused: dict[str, _Refusal] = {}

    def call(self, call: Call, decoded: Callable[[Any], T]) -> T:
        """As of any client, but a call that was refused is not sent again before its time."""
        refusal = self._refused.get(_name(call))
        if refusal and self._clock.monotonic() < refusal.until:
            raise errors.PermissionDenied("rejected by one session after the other; asked again later")
        return super().call(call, decoded)

    def _answer(self, call: Call, token: Token, decoded: Callable[[Any], T]) -> T:
        """The answer; a call that two sessions in a row were too little for is refused, and costs no third one.

        Plants of one type (2) answer 100002 to a good session: each new one may log the owner out of the app.
        """
        earlier, now = self._refused.get(_name(call)), self._clock.monotonic()
        try:
            answer = super()._answer(call, token, decoded)
        except errors.SessionRejected as error:
            if earlier is None or earlier.token is token:
                self._refused[_name(call)] = _Refusal(token, earlier.wait if earlier else 0.0, now)
                raise
            wait = min(max(FIRST_REFUSAL, 2 * earlier.wait), LONGEST_REFUSAL)
            self._refused[_name(call)] = _Refusal(token, wait, now + wait)
            raise errors.PermissionDenied(f"rejected by one session after the other: {error}") from error
        self._refused.pop(_name(call), None)
        return answer

    def sign_in(self) -> Token:
        """Send one sign-in; where this way is closed, the next sign-in takes the next one."""
        way = signin.WAYS[self._way]
        now = self._clock.now().timestamp()
        try:
            if way.form:
                answer, _ = self.exchanged(signin.exchange(self._account, way), signin.web_answer)
                return signin.web_token(answer, self._account, now)
            return signin.token(self.exchange(signin.exchange(self._account, way)), self._account, now)
        except NEXT_WAY as error:
            self._way = (self._way + 1) % len(signin.WAYS)
            if self._way == 0:
                raise errors.ProtocolChanged(f"no classic sign-in works any more ({error})") from error
            log.info("this classic sign-in is closed; the next one is tried later", extra={"path": way.path})
            raise errors.LoginRefused(str(error)) from error
        except (errors.SessionRejected, errors.PermissionDenied, errors.StationUnknown) as error:
            raise errors.LoginRefused(str(error)) from error

    def dressed(self, call: Call, token: Token) -> Exchange:
        """`call` with its token, or wrapped for the proxy of the web page."""
        if token.dialect != signin.WEB_DIALECT:
            headers = {"token": json.dumps(token.identity)}
            return Exchange(call.endpoint, call.method, token.gateway + call.path, headers, call.body)
        wrapped = {"api": call.path.lstrip("/"), "param": call.body or {}}
        url = f"{token.gateway}/GopsApi/Post?s={call.path.lstrip('/')}"
        cookies = "; ".join(f"{name}={value}" for name, value in token.identity.items())
        return Exchange(call.endpoint, "POST", url, {"Cookie": cookies}, form={"str": json.dumps(wrapped)})
