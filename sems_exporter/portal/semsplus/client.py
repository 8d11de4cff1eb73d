"""Signed calls of the SEMS+ gateway: pace, token, at most one new sign-in a call, and a name for every outcome."""

import time
from typing import Any

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.config import Account
from sems_exporter.portal.envelope import Envelope, opened
from sems_exporter.portal.pace import Pace
from sems_exporter.portal.semsplus import signin
from sems_exporter.portal.semsplus.endpoints import Call
from sems_exporter.portal.session import Session
from sems_exporter.portal.state import StateFile, Token
from sems_exporter.portal.transport import Exchange, Transport
from sems_exporter.selfmetrics import SelfMetrics


class Client:
    """Sends calls for one account."""

    def __init__(
        self,
        account: Account,
        transport: Transport,
        file: StateFile,
        pace: Pace,
        *,
        clock: Clock,
        metrics: SelfMetrics,
    ) -> None:
        self._account = account
        self._transport = transport
        self._pace = pace
        self._clock = clock
        self._metrics = metrics
        self.session = Session(self._sign_in, file, clock, metrics)

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
        headers = signin.headers(token.identity, self._clock.now())
        try:
            return self._exchange(
                Exchange(call.endpoint, call.method, token.gateway + call.path, headers, call.body)
            ).data
        except errors.RateLimited as limit:
            self.session.pause(limit)
            raise
        except errors.CredentialsRejected as error:
            # On a data call the password is not even sent.
            raise errors.SessionRejected(str(error)) from error

    def _sign_in(self) -> Token:
        now = self._clock.now()
        try:
            envelope = self._exchange(signin.exchange(self._account, now))
        except errors.PortalError as error:
            raise signin.login_failure(error) from error
        return signin.token(envelope, self._account.allowed_hosts, now)

    def _exchange(self, exchange: Exchange) -> Envelope:
        self._pace.take_turn()
        started, outcome = time.monotonic(), "ok"
        try:
            return opened(self._transport.send(exchange), self._clock.now())
        except errors.PortalError as error:
            outcome = error.reason
            raise
        finally:
            self._metrics.request(exchange.endpoint, outcome, time.monotonic() - started)
