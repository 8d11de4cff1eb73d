"""What every dialect offers to the packages above."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Alarm, Station, StationState, TimeZone
from sems_exporter.portal.client import Call
from sems_exporter.portal.past import Answer, Question
from sems_exporter.portal.read_calls import ReadCall
from sems_exporter.portal.session.account_state import AccountState


@dataclass(frozen=True, slots=True)
class StationRef:
    """A station as the account's list shows it, at the instant `seen_at`. Powers in watts, energies in joules.

    `alarms` are active ones that are known without asking the station, None where nothing is known of any.
    """

    id: str
    name: str | None = None
    timezone: TimeZone | None = None
    timezone_name: str | None = None
    state: StationState | None = None
    installed_power: float | None = None
    seen_at: datetime | None = None
    pv_power: float | None = None
    pv_energy_today: float | None = None
    alarms: tuple[Alarm, ...] | None = None


class Source(Protocol):
    """One account, read through one dialect. Methods raise PortalError and block while they ask."""

    def stations(self, findings: Diagnostics) -> tuple[StationRef, ...]:
        """The stations of the account; the list may be an hour old."""

    def overview(self, findings: Diagnostics, *, anew: bool) -> tuple[StationRef, ...]:
        """The stations with what the account's list says of them now, or, unless `anew`, said when last asked."""

    def read(self, ref: StationRef, findings: Diagnostics) -> Station:
        """Everything the portal says now of one station, decoded but not yet judged."""

    def past(self, question: Question) -> Answer:
        """The portal's answer to a question about days that are over, as it came; `past` reads it."""

    def close(self) -> None:
        """Drop kept connections."""


class Portal(Source, Protocol):
    """One account, read through whichever dialect is understood, with its session and its brake."""

    def account_state(self) -> AccountState:
        """The session and the brake of the account."""

    def release_brake(self) -> None:
        """Allow a sign-in again after rejected credentials, on behalf of a person."""


class AskablePortal(Portal, Protocol):
    """A portal that answers what a person asks as well."""

    def protocol_signs(self) -> tuple[str, ...]:
        """What shows that the portal speaks another protocol than ours, a sentence each."""

    def known_calls(self) -> tuple[ReadCall, ...]:
        """The calls that a person may make by name in the dialect in use."""

    def call(self, call: Call) -> Any:
        """The `data` that the portal answers to one call that only reads; raises PortalError."""
