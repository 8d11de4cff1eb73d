"""The calls of one station in one refresh, each failing alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sems_exporter import errors
from sems_exporter.findings import Findings, Unknown
from sems_exporter.portal.client import Call
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.memory import Kept, Memory

MOST_ON_THE_WAY = 2
"""Failures on the way to the portal after which the rest of a refresh is not tried."""


@dataclass(slots=True)
class Questions:
    """The calls of one station in one refresh. Each fails alone, unless the account or the way is at fault.

    `heard` are the endpoints that gave a good answer in this refresh, not in an earlier one.
    """

    client: Client
    memory: Memory
    station: str
    findings: Findings
    failures: list[errors.PortalError] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)

    def ask(self, call: Call, key: tuple[str, ...], decoded: Callable[[Any], Any]) -> Kept | None:
        """The decoded answer, the last good one where the call fails in passing, or None."""
        full = (call.endpoint, self.station, *key)
        try:
            return self.memory.get(full, lambda: self._answer(call, decoded))
        except errors.WHOLE_ACCOUNT:
            raise
        except errors.PortalError as error:
            if not self.client.session.is_open:
                # The sign-in failed, so nothing else can be asked either.
                raise
            self._note(call, error)
            return None if isinstance(error, errors.PermissionDenied) else self.memory.last(full)

    def _answer(self, call: Call, decoded: Callable[[Any], Any]) -> Any:
        answer = self.client.call(call, decoded)
        self.heard.add(call.endpoint)
        return answer

    def _note(self, call: Call, error: errors.PortalError) -> None:
        # With its way here it would hold a whole answer until the station is read: 4 MiB each, if the portal wants.
        self.failures.append(error.bare())
        if isinstance(error, errors.UnknownCode):
            self.findings.meet(Unknown.RESULT_CODE, f"{call.endpoint} {error}")
        self.findings.miss(self.station, call.endpoint, f"{error.reason}: {error}")
        if sum(isinstance(failure, errors.ON_THE_WAY) for failure in self.failures) >= MOST_ON_THE_WAY:
            raise error

    def ask_again(self, call: Call, key: tuple[str, ...]) -> None:
        """Do not keep the answer to this call for its usual time."""
        self.memory.forget((call.endpoint, self.station, *key))
