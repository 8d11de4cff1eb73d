"""Choosing between the dialects: SEMS+ first, the other one when the portal says that the protocol has changed.

Both share one session and one brake, so they never fight over the account; wrong credentials never lead to a change to
the other one, and they end one: accounts of SEMS+ need not exist there, and it would lock them out of both.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from sems_exporter import errors, protocol
from sems_exporter.clock import Clock
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.portal.client import AccountClient, Call
from sems_exporter.portal.decoding import truncation
from sems_exporter.portal.dialect import DialectSpec
from sems_exporter.portal.interface import Source, StationRef
from sems_exporter.portal.past import Answer, Question
from sems_exporter.portal.protocol_signs import ProtocolSigns
from sems_exporter.portal.read_calls import ReadCall
from sems_exporter.portal.session.account_state import AccountState, Token
from sems_exporter.portal.session.session import Session

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
TRY_OTHER_EVERY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Dialect:
    """A dialect as one account speaks it."""

    spec: DialectSpec
    client: AccountClient
    portal: Source


class Switch:
    """Signs in with the dialect in use; `announce` is told the endpoints of each dialect that comes into use.

    Made before the dialects, because they share the session it serves.
    """

    def __init__(self, announce: Callable[[tuple[str, ...]], None]) -> None:
        self._announce = announce
        self._dialects: tuple[Dialect, ...] = ()
        self._number = 0

    def offer(self, dialects: tuple[Dialect, ...], start: str | None) -> None:
        """The dialects to choose from, the preferred first; `start` is the one that the last run used."""
        self._dialects = dialects
        self._number = next((number for number, dialect in enumerate(dialects) if dialect.spec.name == start), 0)
        self._announce(self.dialect.spec.endpoints)

    @property
    def dialect(self) -> Dialect:
        """The dialect in use."""
        return self._dialects[self._number]

    @property
    def has_other(self) -> bool:
        """Tell whether there is anything to change to."""
        return len(self._dialects) > 1

    @property
    def is_switched(self) -> bool:
        """Tell whether another dialect than the preferred one is in use."""
        return self._number != 0

    def sign_in(self) -> Token:
        """Sign in with the dialect in use."""
        return self.dialect.client.sign_in()

    def use_first(self) -> None:
        """Use the preferred dialect."""
        self._number = 0
        self._announce(self.dialect.spec.endpoints)

    def use_next(self) -> None:
        """Use the next dialect."""
        self._number = (self._number + 1) % len(self._dialects)
        self._announce(self.dialect.spec.endpoints)


class AutoPortal:
    """A Portal that speaks whichever dialect the portal understands."""

    def __init__(self, switch: Switch, session: Session, clock: Clock, signs: ProtocolSigns) -> None:
        self._signs = signs
        self._protocol = protocol.current()
        self._switch = switch
        self._session = session
        self._clock = clock
        self._switched_at: float | None = None
        self._unknown_there = False

    def stations(self, findings: Diagnostics) -> tuple[StationRef, ...]:
        """The stations of the account."""
        return truncation.refs(self._ask(lambda portal: portal.stations, findings), findings)

    def overview(self, findings: Diagnostics, *, anew: bool) -> tuple[StationRef, ...]:
        """The stations with what the account's list says of them."""
        return truncation.refs(self._ask(lambda portal: portal.overview, findings, anew=anew), findings)

    def read(self, ref: StationRef, findings: Diagnostics) -> Station:
        """Everything the portal says now of one station."""
        return truncation.station(self._ask(lambda portal: portal.read, ref, findings), findings)

    def past(self, question: Question) -> Answer:
        """The portal's answer to a question about days that are over.

        From the dialect in use: a call that polling can do without never says that the portal has left it.
        """
        return self._switch.dialect.portal.past(question)

    def known_calls(self) -> tuple[ReadCall, ...]:
        """The calls that a person may make by name in the dialect in use."""
        return self._switch.dialect.spec.calls

    def call(self, call: Call) -> Any:
        """The data of one call in the dialect in use, which is never changed for it."""
        with self._switch.dialect.client.request(call) as data:
            return data

    def protocol_signs(self) -> tuple[str, ...]:
        """What shows that the portal speaks another protocol than ours, a sentence each."""
        return self._signs.told()

    def account_state(self) -> AccountState:
        """The session and the brake of the account."""
        return self._session.state

    def release_brake(self) -> None:
        """Allow a sign-in again after rejected credentials."""
        self._session.release()

    def close(self) -> None:
        """Drop kept connections, and let another process have the account."""
        self._switch.dialect.portal.close()
        self._session.close()

    def _ask(self, method: Callable[[Source], Callable[P, T]], *args: P.args, **options: P.kwargs) -> T:
        """Ask the dialect in use, and then the other one where the failure says that the portal has left it."""
        has_switched = False
        self._follow_protocol()
        while True:
            dialect = self._switch.dialect
            try:
                return method(dialect.portal)(*args, **options)
            except errors.CredentialsRejected as error:
                if self._switch.is_switched:
                    self._unknown_there = True
                    self._change(dialect, error, "this dialect does not know the account; going back to the other one")
                raise
            except dialect.spec.outdated as error:
                if has_switched or not self._may_switch():
                    raise
                self._change(dialect, error, "the portal has changed its protocol; trying the other dialect")
                has_switched = True

    def _follow_protocol(self) -> None:
        """Try the preferred dialect anew, and a sign-in sooner, once a file says how the portal wants it now."""
        if self._protocol is protocol.current():
            return
        self._protocol = protocol.current()
        self._switched_at, self._unknown_there = None, False
        if self._switch.is_switched:
            self._switch.use_first()
            self._session.forget()
        self._session.correct()

    def _may_switch(self) -> bool:
        if not self._switch.has_other or self._unknown_there:
            return False
        now = self._clock.now().timestamp()
        return self._switched_at is None or not 0 <= now - self._switched_at < TRY_OTHER_EVERY_SECONDS

    def _change(self, dialect: Dialect, error: errors.PortalError, said: str) -> None:
        self._switched_at = self._clock.now().timestamp()
        self._switch.use_next()
        self._session.forget()
        log.error(said, extra={"left": dialect.spec.name, "tried": self._switch.dialect.spec.name, "error": str(error)})
