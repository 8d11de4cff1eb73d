"""Questions about days that are over, and what their answers say. The answers are kept as they came and read later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import TimeZone
from sems_exporter.portal.decoding.field_mapping import Values
from sems_exporter.portal.semsplus import past_decoder

MOST_DAYS = 7
"""Days of one curve question, as one client asks them; more was never seen to work."""
SETTLES = timedelta(hours=3)
"""So long after its end a time is not final yet: reports come late."""


@dataclass(frozen=True, slots=True)
class CurveQuestion:
    """The curves of the powers from one local date to another, both included, at most MOST_DAYS."""

    station: str
    first: date
    last: date
    zone: TimeZone


@dataclass(frozen=True, slots=True)
class DaysQuestion:
    """The energies of each local date of the month that begins with `month`."""

    station: str
    month: date


Question: TypeAlias = CurveQuestion | DaysQuestion
Answer: TypeAlias = Any
"""The `data` of an answer, as it came."""
Points: TypeAlias = Sequence[tuple[datetime, float]]
"""Local times without a zone, in the order of the answer, and values in base units."""


def curves(answer: Answer, findings: Diagnostics) -> Mapping[str, Points]:
    """The points of a curve answer by attribute of a station; fillers and what is not known are left out."""
    return past_decoder.curves(answer, findings)


def day_energies(answer: Answer, findings: Diagnostics) -> Mapping[date, Values]:
    """Joules of each local date, by attributes such as `pv_energy_today`; a day without a row is absent."""
    return past_decoder.day_energies(answer, findings)
