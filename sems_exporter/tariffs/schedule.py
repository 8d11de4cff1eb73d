"""Prices by month, weekday and hour of a station's own time, and its days cut where they change.

A price holds from its instant up to, and not including, the next one's. Days have 23, 24 or 25 hours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal

DAY_MINUTES = 24 * 60
WEEKDAYS = range(7)
MONTHS = range(1, 13)
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Zone:
    """A price for some months (1 to 12), weekdays (Monday is 0) and hours, which are minutes from and up to.

    `name` is for people.
    """

    price: Decimal
    months: frozenset[int]
    days: frozenset[int]
    hours: tuple[tuple[int, int], ...]
    name: str

    def holds(self, month: int, weekday: int, minute: int) -> bool:
        """Tell whether it is this zone's time."""
        return month in self.months and weekday in self.days and any(start <= minute < end for start, end in self.hours)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A price for all time, or none, and zones in which another holds: of several the last."""

    base: Decimal | None
    zones: tuple[Zone, ...] = ()

    @property
    def boundaries(self) -> frozenset[int]:
        """Minutes of a day at which a price may change."""
        edges = {edge for zone in self.zones for span in zone.hours for edge in span}
        return frozenset(edges & set(range(1, DAY_MINUTES)))

    def at(self, month: int, weekday: int, minute: int) -> tuple[Decimal | None, str]:
        """The price, and the name of its zone, "" for the base price."""
        for zone in reversed(self.zones):
            if zone.holds(month, weekday, minute):
                return zone.price, zone.name
        return self.base, ""

    def gap(self) -> tuple[int, int, int] | None:
        """Month, weekday and minute of the first time without a price; None where there is none."""
        return next((cell for cell in self._cells() if self.at(*cell)[0] is None), None)

    def idle(self) -> list[int]:
        """The places of zones that never hold, because later ones do whenever they would."""
        seen = set()
        for cell in self._cells():
            holding = [place for place, zone in enumerate(self.zones) if zone.holds(*cell)]
            seen.update(holding[-1:])
        return [place for place in range(len(self.zones)) if place not in seen]

    def overlaps(self) -> list[tuple[int, int, tuple[int, int, int]]]:
        """The places of two zones that both hold, and month, weekday and minute of the first such time."""
        found: dict[tuple[int, int], tuple[int, int, int]] = {}
        for cell in self._cells():
            holding = [place for place, zone in enumerate(self.zones) if zone.holds(*cell)]
            if len(holding) > 1:
                found.setdefault((holding[-2], holding[-1]), cell)
        return [(one, other, cell) for (one, other), cell in sorted(found.items())]

    def _cells(self) -> Iterable[tuple[int, int, int]]:
        minutes = sorted({0, *self.boundaries})
        return ((month, day, minute) for month in MONTHS for day in WEEKDAYS for minute in minutes)


def midnight(day: date, zone: tzinfo) -> datetime:
    """The instant at which a day begins, in UTC; where its midnight is skipped, the one at which clocks were set."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def cut(day: date, zone: tzinfo, minutes: Iterable[int]) -> list[datetime]:
    """The instants, in UTC, at which a local day begins, shows one of these minutes, sets its clocks, and ends.

    A minute that is shown twice is in it twice, one that is skipped not at all: between two neighbours the clock runs
    on without showing any of them.
    """
    begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    found = {begin, end}
    if change := clock_change(day, zone):
        found.add(change)
    for minute in minutes:
        shown = datetime.combine(day, time(minute // 60, minute % 60), zone)
        for fold in (0, 1):
            instant = shown.replace(fold=fold).astimezone(UTC)
            if begin < instant < end and instant.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
                found.add(instant)
    return sorted(found)


def clock_change(day: date, zone: tzinfo) -> datetime | None:
    """The instant of a local day, in UTC and to the minute, at which the clocks are set; None where they are not."""
    begin, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)

    def offset(instant: datetime) -> timedelta | None:
        return instant.astimezone(zone).utcoffset()

    before = offset(begin)
    if before == offset(end - timedelta(minutes=1)):
        return None
    while end - begin > timedelta(minutes=1):
        middle = begin + timedelta(minutes=(end - begin) // timedelta(minutes=2))
        begin, end = (middle, end) if offset(middle) == before else (begin, middle)
    return end
