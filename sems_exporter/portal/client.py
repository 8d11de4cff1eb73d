"""What the dialects' clients share: pace, token, at most one new sign-in a call, and a name for every outcome."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sems_exporter import errors, protocol
from sems_exporter.clock import Clock
from sems_exporter.config.settings import Account
from sems_exporter.portal.http.envelope import HttpResponse, parse_envelope, seconds_ahead
from sems_exporter.portal.http.transport import HttpRequest, Transport
from sems_exporter.portal.protocol_signs import ProtocolSigns
from sems_exporter.portal.session.account_state import Token
from sems_exporter.portal.session.rate_limiter import RateLimiter
from sems_exporter.portal.session.session import Session
from sems_exporter.telemetry.metrics import AccountMetrics
from sems_exporter.telemetry.redaction import MASK

MOST_TOKENS = 2
"""Tokens that one call may find rejected: the one in use, and the one of the sign-in that follows."""
MOST_CLOCK_DIFFERENCE = 300.0
"""Seconds. How much the portal bears is not known."""
CLOCK_OFF = "; the clock of this machine is"
SHORTEST_MASKED = 6
"""Characters of a text that may be a secret; masking shorter ones would make words unreadable."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request below the gateway's base address."""

    endpoint: str
    method: str
    path: str
    body: Any = None


class AccountClient(ABC):
    """Sends calls for one account. A dialect says how it signs in and how it dresses a call."""

    def __init__(
        self,
        account: Account,
        transport: Transport,
        pace: RateLimiter,
        *,
        clock: Clock,
        metrics: AccountMetrics,
        session: Session,
        signs: ProtocolSigns | None = None,
    ) -> None:
        self._account = account
        self._transport = transport
        self._pace = pace
        self._clock = clock
        self._metrics = metrics
        self.session = session
        self._clock_hint = ""
        self.signs = signs or ProtocolSigns()

    @property
    @abstractmethod
    def probe(self) -> Call:
        """A call that every session may make, which tells whether one works."""

    @abstractmethod
    def sign_in(self) -> Token:
        """Send one sign-in; the session it gives, or the failure."""

    @abstractmethod
    def build_request(self, call: Call, token: Token) -> HttpRequest:
        """`call` with the address and the headers of `token`."""

    @contextmanager
    def request(self, call: Call) -> Iterator[Any]:
        """The `data` of a successful answer, for the block to decode; raises PortalError.

        What the block raises is the outcome of the request: a success with nothing in it is none. A call is sent again
        only before the block begins: after a new sign-in, or when the connection broke off under it.
        """
        token, tokens_left = self._token(), MOST_TOKENS
        is_repeated = session_works = in_block = False
        while True:
            try:
                with self.exchange(self.build_request(call, token)) as response:
                    data = parse_envelope(response, self._clock.now()).data
                    in_block = True
                    yield data
            except errors.PortalError as error:
                if in_block:
                    raise
                self._pause_if_limited(error)
                if isinstance(error, errors.ConnectionBroken) and not is_repeated:
                    is_repeated = True
                    continue
                # On a data call the password is not even sent.
                if not isinstance(error, errors.SessionRejected | errors.CredentialsRejected):
                    raise
                if session_works:
                    # Stations of some types answer so for ever; a sign-in would only log the owner out.
                    raise errors.PermissionDenied(f"rejected, though the session works: {error}") from error
            else:
                self.session.answered()
                return
            # With a token that works it is asked again, because the rejection may have been a whim of the portal.
            is_repeated, session_works = False, self._is_good_elsewhere(call, token)
            if not session_works:
                token, tokens_left = self._token(token), tokens_left - 1
                if not tokens_left:
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

    def _is_good_elsewhere(self, call: Call, token: Token) -> bool:
        """Tell whether the portal takes the token with another call, so that only what `call` asks for is rejected."""
        if call.endpoint == self.probe.endpoint:
            return False
        try:
            try:
                self._try_probe(token)
            except errors.ConnectionBroken:
                self._try_probe(token)
        except errors.PermissionDenied:
            return True
        except errors.CredentialsRejected:
            return False
        except (*errors.WHOLE_ACCOUNT, *errors.ON_THE_WAY) as error:
            self._pause_if_limited(error)
            raise
        except errors.PortalError:
            return False
        self.session.answered()
        return True

    def _try_probe(self, token: Token) -> None:
        with self.exchange(self.build_request(self.probe, token)) as response:
            parse_envelope(response, self._clock.now())

    def _pause_if_limited(self, error: errors.PortalError) -> None:
        # Said by the portal, not by the pause that is running already.
        if isinstance(error, errors.RateLimited) and error.until is None:
            self.session.pause(error)

    def close(self) -> None:
        """Drop kept connections."""
        self._transport.close()

    @contextmanager
    def exchange(self, request: HttpRequest) -> Iterator[HttpResponse]:
        """One exchange in its turn, counted; the block decides what a success is, and what it raises is the outcome."""
        self._pace.acquire()
        # The account may have been paused while this request waited.
        self.session.raise_if_paused()
        started, outcome = time.monotonic(), "ok"
        try:
            response = self._transport.send(request)
            self._compare_clocks(response)
            yield response
        except errors.PortalError as error:
            outcome = error.reason
            hint = self._clock_hint if isinstance(error, errors.SessionRejected) else ""
            error.args = (f"{self._discreet(str(error), request)}{hint}",)
            self.signs.failed(request.endpoint, error)
            raise
        else:
            self.signs.answered(request.endpoint)
        finally:
            self._metrics.request(request.endpoint, outcome, time.monotonic() - started)

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

    def _discreet(self, text: str, request: HttpRequest) -> str:
        """`text`, which may repeat words of the portal, without anything secret that we have told it."""
        identity = self.session.state.token.identity if self.session.state.token else {}
        sent = request.form or (request.body if request.endpoint == "login" else {}) or {}
        told = (self._account.name, self._account.password.reveal(), *identity.values(), *sent.values())
        secrets = {each for each in told if isinstance(each, str) and len(each) >= SHORTEST_MASKED}
        for secret in sorted(secrets - _harmless(), key=len, reverse=True):
            text = _masked(text, secret)
        return text


def _harmless() -> set[str]:
    """What an identity holds beside secrets."""
    client = protocol.semsplus().written.client
    return {client.name, client.version}


def _masked(text: str, secret: str) -> str:
    text = text.replace(secret, MASK)
    # The words of the portal are cut to a length, perhaps in the middle of a secret.
    starts = (secret[:size] for size in range(len(secret) - 1, SHORTEST_MASKED - 1, -1))
    cut = next((start for start in starts if text.endswith((start, f"{start})"))), None)
    return text.replace(cut, MASK) if cut else text
