"""What the dialects' clients share: pace, token, at most one new sign-in a call, and a name for every outcome."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.config import Account
from sems_exporter.portal.envelope import Answer, Envelope, opened
from sems_exporter.portal.pace import Pace
from sems_exporter.portal.session import Session
from sems_exporter.portal.state import Token
from sems_exporter.portal.transport import Exchange, Transport
from sems_exporter.selfmetrics import AccountMetrics


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
        pace: Pace,
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

    @abstractmethod
    def sign_in(self) -> Token:
        """Send one sign-in; the session it gives, or the failure."""

    @abstractmethod
    def dressed(self, call: Call, token: Token) -> Exchange:
        """`call` with the address and the headers of `token`."""

    def call(self, call: Call) -> Any:
        """The `data` of a successful answer; raises PortalError.

        A call is sent again only after a new sign-in, or when the connection broke off under it.
        """
        token = self.session.token()
        try:
            return self._answer(call, token)
        except errors.SessionRejected:
            token = self.session.renew(token)
        try:
            return self._answer(call, token)
        except errors.SessionRejected as error:
            # Stations of some types answer so for ever; another sign-in would only log the owner out again.
            raise errors.PermissionDenied(f"rejected right after a sign-in: {error}") from error

    def close(self) -> None:
        """Drop kept connections."""
        self._transport.close()

    def _answer(self, call: Call, token: Token) -> Any:
        try:
            data = self._once(call, token)
        except errors.ConnectionBroken:
            data = self._once(call, token)
        self.session.answered()
        return data

    def _once(self, call: Call, token: Token) -> Any:
        try:
            return self.exchange(self.dressed(call, token)).data
        except errors.RateLimited as limit:
            self.session.pause(limit)
            raise
        except errors.CredentialsRejected as error:
            # On a data call the password is not even sent.
            raise errors.SessionRejected(str(error)) from error

    def exchange(self, exchange: Exchange) -> Envelope:
        """One exchange in its turn, counted; the envelope of its successful answer."""
        return self.exchange_raw(exchange)[1]

    def exchange_raw(
        self, exchange: Exchange, reader: Callable[[Answer, datetime], Envelope] = opened
    ) -> tuple[Answer, Envelope]:
        """The same with the answer itself; `reader` decides what a success is."""
        self._pace.take_turn()
        started, outcome = time.monotonic(), "ok"
        try:
            answer = self._transport.send(exchange)
            return answer, reader(answer, self._clock.now())
        except errors.PortalError as error:
            outcome = error.reason
            raise
        finally:
            self._metrics.request(exchange.endpoint, outcome, time.monotonic() - started)
