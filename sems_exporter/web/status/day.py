"""The local day of a station as far as it has come: what is known of it, when, and what is a hole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from sems_exporter.curves.curve import Powers
from sems_exporter.model.plant import Station, TimeZone
from sems_exporter.web.status.moments import clock_text

Known = Sequence[tuple[float, Powers]]
"""Means by the middle of their time, as Unix time."""
Curves = Callable[[Station, datetime, datetime], Known]
"""What is known of a station between two instants."""

MEANS_SECONDS = 300.0
"""The time of most means: nothing is known any sharper."""
_LONGEST_JOIN_SECONDS = 3600.0
"""Beyond which two means are not joined, however long a value is trusted."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day from one local midnight to the next, which are 23 to 25 hours apart.

    Two means that are no more than `patience` seconds apart have no hole in between: a value is trusted for so long.
    """

    begin: datetime
    end: datetime
    now: datetime
    zone: TimeZone | None
    known: Known
    patience: float

    @property
    def seconds(self) -> float:
        """The length of the day."""
        return self.end.timestamp() - self.begin.timestamp()

    def runs(self, value: Callable[[Powers], float | None]) -> list[list[tuple[float, float]]]:
        """A value over the seconds since midnight, in runs without a hole."""
        begin, now = self.begin.timestamp(), self.now.timestamp()
        found: list[list[tuple[float, float]]] = []
        for middle, powers in self.known:
            number = value(powers)
            if number is None:
                continue
            at = min(middle, now) - begin
            if not found or at - found[-1][-1][0] > self.patience:
                found.append([])
            found[-1].append((at, number))
        return found

    def holes(self) -> list[tuple[datetime, datetime]]:
        """From when to when nothing at all is known, since midnight; to five minutes, the time of most means."""
        begin, now = self.begin.timestamp(), self.now.timestamp()
        edges = [begin, *(min(middle, now) for middle, _ in self.known), now]
        found = [(one, other) for one, other in pairwise(edges) if other - one > self.patience]
        return [
            (_at(-(-one // MEANS_SECONDS) * MEANS_SECONDS), _at(other // MEANS_SECONDS * MEANS_SECONDS))
            for one, other in found
        ]

    def clock(self, instant: datetime) -> str:
        """The local time of day; "24:00" for the end."""
        return "24:00" if instant == self.end else clock_text(instant, self.zone, self.now)

    def hours(self) -> list[datetime]:
        """The instants at which a local hour begins, midnight first; an hour that comes twice has two."""
        local = self.zone or UTC
        quarters = range(0, int(self.seconds), 900)
        instants = (self.begin.astimezone(UTC) + timedelta(seconds=each) for each in quarters)
        return [instant for instant in instants if instant.astimezone(local).minute == 0]

    def instant(self, seconds: float) -> datetime:
        """The instant so many seconds after midnight."""
        return _at(self.begin.timestamp() + seconds)

    def is_second(self, instant: datetime) -> bool:
        """Tell whether local clocks have shown this hour before."""
        return bool(instant.astimezone(self.zone or UTC).fold)


def _at(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def day_of(station: Station, now: datetime, patience: float, curves: Curves) -> Day:
    """The day of a station at `now`; in UTC where its zone is not known."""
    zone = station.timezone or UTC
    today = now.astimezone(zone).date()
    begin, end = (datetime.combine(date, time(0), zone) for date in (today, today + timedelta(days=1)))
    return Day(begin, end, now, station.timezone, curves(station, begin, now), min(patience, _LONGEST_JOIN_SECONDS))
