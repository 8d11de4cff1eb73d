"""What both dialects have in common."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from sems_exporter.simulator.server.answers import Answer
from sems_exporter.simulator.server.wire import Call, Request

Dialect = Literal["semsplus", "classic"]


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and the instant of the last report of the devices, which is earlier only while they are frozen."""

    now: datetime
    reported: datetime


class Recordings(Protocol):
    """Answers that were recorded somewhere and go before those of the plants."""

    @property
    def complete(self) -> bool:
        """Tell whether they are served as they are, without an envelope for bare data."""
        ...

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        ...

    def take(self, call: Call, request: Request) -> Answer | None:
        """The recorded answer to this request, if there is one."""
        ...
