"""What the dialects' clients share: pace, token, at most one new sign-in a call, and a name for every outcome."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.config.settings import Account
from sems_exporter.portal.http.envelope import Envelope, HttpResponse, parse_envelope, seconds_ahead
from sems_exporter.portal.http.transport import HttpRequest, Transport
from sems_exporter.portal.session.rate_limiter import RateLimiter
from sems_exporter.portal.session.session import Session
from sems_exporter.portal.session.state_file import Token
from sems_exporter.telemetry.metrics import AccountMetrics

T = TypeVar("T")
MOST_TOKENS = 2
"""Tokens that one call may find rejected: the one in use, and the one of the sign-in that follows."""
MOST_CLOCK_DIFFERENCE = 300.0
"""Seconds. How much the portal bears is not known."""
CLOCK_OFF = "; the clock of this machine is"
MASK = "<secret>"
SHORTEST_MASKED = 6
"""Characters of a text that may be a secret; masking shorter ones would make words unreadable."""
HARMLESS = frozenset({"semsPlusWeb"})
"""What an identity holds beside secrets."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request below the gateway's base address."""

    endpoint: str
    method: str
    path: str
    body: Any = None


class AccountClient(ABC):
    """Sends calls for one account. A dialect says how it signs in and how it dresses a call.

    `probe` is a call that every session may make, which tells whether one works.
    """

    probe: ClassVar[Call]

    def __init__(
        self,
        account: Account,
        transport: Transport,
        pace: RateLimiter,
        *,
        clock: Clock,
        metrics: AccountMetrics,
        session: Session,
    ) -> None:
        self._account = account
        self._transport = transport
        self._pace = pace
        self._clock = clock
        self._metrics = metrics
        self.session = session
        self._clock_hint = ""

    @abstractmethod
    def sign_in(self) -> Token:
        """Send one sign-in; the session it gives, or the failure."""

    @abstractmethod
    def build_request(self, call: Call, token: Token) -> HttpRequest:
        """`call` with the address and the headers of `token`."""

    def call(self, call: Call, decoded: Callable[[Any], T]) -> T:
        """The `data` of a successful answer, `decoded`; raises PortalError, as `decoded` may.

        What the decoder raises is the outcome of the request: a success with nothing in it is none. A call is sent
        again only after a new sign-in, or when the connection broke off under it.
        """
        token = self._token()
        for _ in range(MOST_TOKENS):
            try:
                return self._answer(call, token, decoded)
            except errors.SessionRejected:
                if self._is_good_elsewhere(call, token):
                    return self._despite(call, token, decoded)
                token = self._token(token)
        raise errors.PermissionDenied("rejected with every session that there was")

    def _token(self, rejected: Token | None = None) -> Token:
        """A session, and another one than `rejected`; where none may be had yet, the failure tells of a wrong clock."""
        try:
            return self.session.renew(rejected) if rejected else self.session.token()
        except errors.LoginWithheld as error:
            # What the portal said to a sign-in is repeated here, perhaps with the hint.
            if CLOCK_OFF not in str(error):
                error.args = (f"{error}{self._clock_hint}",)
            raise

    def _despite(self, call: Call, token: Token, decoded: Callable[[Any], T]) -> T:
        """Ask again with a token that works, because the rejection may have been a whim of the portal."""
        try:
            return self._answer(call, token, decoded)
        except errors.SessionRejected as error:
            # Stations of some types answer so for ever; a sign-in would only log the owner out.
            raise errors.PermissionDenied(f"rejected, though the session works: {error}") from error

    def _is_good_elsewhere(self, call: Call, token: Token) -> bool:
        """Whether the portal takes the token with another call, so that a rejection is about what `call` asks for."""
        if call.endpoint == self.probe.endpoint:
            return False
        try:
            self._answer(self.probe, token, lambda _: None)
        except errors.PermissionDenied:
            return True
        except (*errors.WHOLE_ACCOUNT, *errors.ON_THE_WAY):
            raise
        except errors.PortalError:
            return False
        return True

    def close(self) -> None:
        """Drop kept connections."""
        self._transport.close()

    def _answer(self, call: Call, token: Token, decoded: Callable[[Any], T]) -> T:
        try:
            answer = self._once(call, token, decoded)
        except errors.ConnectionBroken:
            answer = self._once(call, token, decoded)
        self.session.answered()
        return answer

    def _once(self, call: Call, token: Token, decoded: Callable[[Any], T]) -> T:
        try:
            return self.exchanged(
                self.build_request(call, token), lambda answer, now: decoded(parse_envelope(answer, now).data)
            )[1]
        except errors.RateLimited as limit:
            if limit.until is None:
                # Said by the portal, not by the pause that is running already.
                self.session.pause(limit)
            raise
        except errors.CredentialsRejected as error:
            # On a data call the password is not even sent.
            raise errors.SessionRejected(str(error)) from error

    def exchange(self, exchange: HttpRequest) -> Envelope:
        """One exchange in its turn, counted; the envelope of its successful answer."""
        return self.exchanged(exchange, parse_envelope)[1]

    def exchanged(self, exchange: HttpRequest, reader: Callable[[HttpResponse, datetime], T]) -> tuple[HttpResponse, T]:
        """The same with the answer itself; `reader` decides what a success is, and what it brings."""
        self._pace.acquire()
        # The account may have been paused while this request waited.
        self.session.raise_if_paused()
        started, outcome = time.monotonic(), "ok"
        try:
            answer = self._transport.send(exchange)
            self._compare_clocks(answer)
            return answer, reader(answer, self._clock.now())
        except errors.PortalError as error:
            outcome = error.reason
            hint = self._clock_hint if isinstance(error, errors.SessionRejected) else ""
            error.args = (f"{self._discreet(str(error), exchange)}{hint}",)
            raise
        finally:
            self._metrics.request(exchange.endpoint, outcome, time.monotonic() - started)

    def _compare_clocks(self, answer: HttpResponse) -> None:
        ahead = seconds_ahead(answer.date, self._clock.now())
        if ahead is None:
            return
        self._metrics.clock_difference(ahead)
        way = "behind" if ahead > 0 else "ahead of"
        self._clock_hint = (
            f"{CLOCK_OFF} {abs(ahead):.0f} s {way} the portal's, which may be the reason: set it"
            if abs(ahead) > MOST_CLOCK_DIFFERENCE
            else ""
        )

    def _discreet(self, text: str, exchange: HttpRequest) -> str:
        """`text`, which may repeat words of the portal, without anything secret that we have told it."""
        identity = self.session.state.token.identity if self.session.state.token else {}
        sent = exchange.form or (exchange.body if exchange.endpoint == "login" else {}) or {}
        told = (self._account.name, self._account.password.reveal(), *identity.values(), *sent.values())
        secrets = {each for each in told if isinstance(each, str) and len(each) >= SHORTEST_MASKED}
        for secret in sorted(secrets - HARMLESS, key=len, reverse=True):
            text = _masked(text, secret)
        return text


def _masked(text: str, secret: str) -> str:
    text = text.replace(secret, MASK)
    # The words of the portal are cut to a length, perhaps in the middle of a secret.
    starts = (secret[:size] for size in range(len(secret) - 1, SHORTEST_MASKED - 1, -1))
    cut = next((start for start in starts if text.endswith((start, f"{start})"))), None)
    return text.replace(cut, MASK) if cut else text
