"""What decoding and checking found odd: values dropped and things nobody has described yet.

Decoding has no business with metrics or logs, so it writes its findings here and the poller reports them.
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from sems_exporter.errors import PortalError
from sems_exporter.model.limits import DETAILS_PER_REFRESH
from sems_exporter.model.schema import Family

DETAIL_LENGTH = 60


class DropReason(StrEnum):
    """Why a value that the portal sent is not published."""

    SENTINEL = "sentinel"
    OUT_OF_RANGE = "out_of_range"
    UNREADABLE = "unreadable"
    UNIT = "unit"
    FELL = "fell"
    ROSE = "rose"
    CONTRADICTED = "contradicted"
    UNPROVEN = "unproven"
    REPLAY = "replay"
    NO_BATTERY = "no_battery"
    BAD_TIME = "bad_time"
    DIRECTION = "direction"


class Unknown(StrEnum):
    """Kinds of portal vocabulary that can be new to us."""

    DEVICE_TYPE = "device_type"
    FACTOR = "factor"
    FIELD = "field"
    STATUS = "status"
    RESULT_CODE = "result_code"
    UNIT = "unit"


class Limited(StrEnum):
    """What the portal sends more of than is kept (`limits`)."""

    TEXT = "text"
    STATIONS = "stations"
    DEVICES = "devices"
    BATTERIES = "batteries"
    PARTS = "parts"
    ALARMS = "alarms"


@dataclass(slots=True)
class Diagnostics:
    """Counts of one refresh, the distinct details for the log, and what parts of stations are missing.

    `cut_short` is the failure after which nothing more can be asked, although what came before it is good.
    """

    dropped: Counter[tuple[str, DropReason]] = field(default_factory=Counter)
    unknown: Counter[Unknown] = field(default_factory=Counter)
    details: dict[tuple[Unknown, str], None] = field(default_factory=dict)
    limited: Counter[Limited] = field(default_factory=Counter)
    partial: list[str] = field(default_factory=list)
    cut_short: PortalError | None = None
    code: str = ""
    """The code that is being read, for who traces."""
    traces: ClassVar[bool] = False
    """Tell whether anybody wants to know of each value; those who do override `asked` and `read`."""

    def asked(self, endpoint: str, about: str) -> None:
        """An answer of this endpoint, or a part of it, is about to be read; told only to who traces."""

    def read(self, family: Family, code: str, raw: object, unit: object, became: object) -> None:
        """`raw` became a value, or was refused for a reason; told only to who traces."""

    def drop(self, metric: str, reason: DropReason) -> None:
        """Count one value of the metric family `metric` that is not published."""
        self.dropped[metric, reason] += 1

    def miss(self, station: str, part: str, reason: str) -> None:
        """Note that `part` of a station could not be read, for a person to see."""
        if len(self.partial) < DETAILS_PER_REFRESH:
            self.partial.append(f"station {station}: {part} could not be read ({reason})")

    def limit(self, kind: Limited, number: int = 1) -> None:
        """Count what is left out because there is more of `kind` than is kept."""
        if number > 0:
            self.limited[kind] += number

    def meet(self, kind: Unknown, detail: object) -> None:
        """Count something new of `kind`; `detail` names it, shortened and printable."""
        text = "".join(c for c in str(detail)[:DETAIL_LENGTH] if c.isprintable())
        self.unknown[kind] += 1
        if len(self.details) < DETAILS_PER_REFRESH:
            self.details[kind, text] = None
