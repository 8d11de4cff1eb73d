"""The calls of one station in one refresh, each failing alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.portal.client import Call
from sems_exporter.portal.semsplus.answer_cache import AnswerCache, CachedAnswer
from sems_exporter.portal.semsplus.client import Client

MOST_ON_THE_WAY = 2
"""Failures on the way to the portal after which the rest of a refresh is not tried."""


@dataclass(slots=True)
class StationQueries:
    """The calls of one station in one refresh. Each fails alone; a fault of the account or the way ends them all.

    `answered_now` are the endpoints that gave a good answer in this refresh, not in an earlier one. `ended` is the
    failure after which nothing more was sent; what was answered before it is good.
    """

    client: Client
    memory: AnswerCache
    station: str
    findings: Diagnostics
    failures: list[errors.PortalError] = field(default_factory=list)
    answered_now: set[str] = field(default_factory=set)
    ended: errors.PortalError | None = None

    def ask(self, call: Call, key: tuple[str, ...], decoded: Callable[[Any], Any]) -> CachedAnswer | None:
        """The decoded answer, the last good one where the call fails in passing or is not sent any more, or None."""
        full = (call.endpoint, self.station, *key)
        try:
            if (kept := self.memory.get(full)) is not None:
                return kept
            if self.ended is not None:
                return self.memory.last(full)
            with self.memory.keeping_refusal(full), self.client.request(call) as data:
                if self.findings.traces:
                    self.findings.asked(call.endpoint, call.path)
                try:
                    value = decoded(data)
                except RecursionError:
                    # So deep that it could be parsed and yet not be looked at.
                    raise errors.AnswerUnreadable("nested too deeply") from None
            self.answered_now.add(call.endpoint)
            return self.memory.put(full, value)
        except errors.PortalError as error:
            self._note(call, error)
            return None if isinstance(error, errors.PermissionDenied) else self.memory.last(full)

    def remembered(self, call: Call, key: tuple[str, ...]) -> CachedAnswer | None:
        """The last good answer to a call that said something, without asking."""
        return self.memory.last((call.endpoint, self.station, *key))

    def _note(self, call: Call, error: errors.PortalError) -> None:
        # With its way here it would hold a whole answer until the station is read: 4 MiB each, if the portal wants.
        bare = error.bare()
        self.failures.append(bare)
        if isinstance(error, errors.UnknownCode):
            self.findings.meet(Unknown.RESULT_CODE, f"{call.endpoint} {error}")
        self.findings.miss(self.station, call.endpoint, f"{error.reason}: {error}")
        in_vain = sum(isinstance(failure, errors.ON_THE_WAY) for failure in self.failures)
        # Without a session the sign-in failed, so nothing else can be asked either.
        if isinstance(error, errors.WHOLE_ACCOUNT) or not self.client.session.is_open or in_vain >= MOST_ON_THE_WAY:
            self.ended = bare

    @property
    def failure(self) -> errors.PortalError | None:
        """The failure that tells most: the one that ended all, else the first."""
        return self.ended or next(iter(self.failures), None)

    def ask_again(self, call: Call, key: tuple[str, ...]) -> None:
        """Do not keep the answer to this call for its usual time."""
        self.memory.forget((call.endpoint, self.station, *key))
