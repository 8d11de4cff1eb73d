"""Signed calls of the SEMS+ gateway."""

from sems_exporter import errors
from sems_exporter.portal.client import AccountClient, Call
from sems_exporter.portal.http.envelope import parse_envelope
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.portal.semsplus import endpoints, signin
from sems_exporter.portal.session.account_state import Token


class Client(AccountClient):
    """Sends signed calls for one account."""

    @property
    def probe(self) -> Call:
        """The first page of the list of stations."""
        return endpoints.stations(1)

    def sign_in(self) -> Token:
        """Send one sign-in of the web page."""
        now = self._clock.now()
        try:
            with self.exchange(signin.exchange(self._account, now)) as response:
                envelope = parse_envelope(response, self._clock.now())
        except errors.PortalError as error:
            raise signin.login_failure(error) from error
        return signin.token(envelope, self._account.allowed_hosts, now)

    def build_request(self, call: Call, token: Token) -> HttpRequest:
        """`call` with the whole identity and a new signature."""
        now = self._clock.now()
        headers = signin.headers(signin.own_identity(token.identity, now), now)
        return HttpRequest(call.endpoint, call.method, token.gateway + call.path, headers, call.body)
