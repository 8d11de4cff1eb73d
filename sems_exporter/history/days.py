"""The days of a station: between which instants they lie, and the minutes of the curve at their instants.

Instants are Unix seconds. A day is that of the station's own calendar, of 23, 24 or 25 hours.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sems_exporter.model.plant import TimeZone
from sems_exporter.portal.past import Points

MINUTE = 60
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the portal's times carry no zone


@dataclass(frozen=True, slots=True)
class Day:
    """One local date. `end` is the next midnight, or of a day that is not over the instant until which it is known.

    `energies` are what the portal counts for the day, in joules, by the attribute of the lifetime counter. `powers` are
    means of the curve, by attribute of the station.
    """

    date: date
    start: int
    end: int
    is_over: bool = True
    energies: Mapping[str, int] = field(default_factory=dict)
    powers: Mapping[str, "Means"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Means:
    """Means of a power or of a charge, each over the time that ends with its instant."""

    instants: Sequence[int]
    values: Sequence[float]


def midnight(day: date, zone: TimeZone) -> int:
    """The instant at which a local date begins."""
    return int(datetime.combine(day, time(0), zone).timestamp())


def local_date(instant: float, zone: TimeZone) -> date:
    """The local date of an instant."""
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).date()


def dates(first: date, last: date) -> Iterable[date]:
    """All dates from `first` to `last`, both included."""
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def placed(points: Points, zone: TimeZone) -> dict[int, float]:
    """The values by instant.

    An hour that occurs twice at the end of summer time is told apart where the answer has it twice. Where it has it
    once, nobody knows which of the two it is, so it is left out, as is a time that does not exist.
    """
    found: dict[int, float] = {}
    twice: dict[datetime, list[float]] = {}
    offsets: dict[date, int | None] = {}
    for at, value in points:
        day = at.date()
        if day not in offsets:
            offsets[day] = _only_offset(day, zone)
        offset = offsets[day]
        if offset is not None:
            found[_seconds(at) - offset] = value
            continue
        instants = _instants(at, zone)
        if len(instants) == 1:
            found[instants[0]] = value
        elif instants:
            twice.setdefault(at, []).append(value)
    for at, values in twice.items():
        instants = _instants(at, zone)
        if len(values) == len(instants):
            found.update(zip(instants, values, strict=True))
    return found


def _only_offset(day: date, zone: TimeZone) -> int | None:
    """Seconds that local time is ahead of UTC during the whole day; None where that changes."""
    first = datetime.combine(day, time(0), zone).utcoffset()
    last = datetime.combine(day + timedelta(days=1), time(0), zone).utcoffset()
    return int(first.total_seconds()) if first is not None and first == last else None


def _instants(at: datetime, zone: TimeZone) -> list[int]:
    """The instants at which clocks show `at`, in order."""
    readings = {at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return sorted(int(r.timestamp()) for r in readings if r.astimezone(zone).replace(tzinfo=None, fold=0) == at)


def _seconds(at: datetime) -> int:
    return int((at - _EPOCH).total_seconds())
