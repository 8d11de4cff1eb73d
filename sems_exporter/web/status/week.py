"""The last seven local days of a station: what is known of each, and how they are called."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sems_exporter.curves.week import DAYS, DayTotal
from sems_exporter.model.plant import Station, TimeZone
from sems_exporter.web.status.language import tr, weekday
from sems_exporter.web.status.moments import clock_text

Days = Callable[[Station, date], DayTotal | None]
"""What is known of a day of a station."""


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A day; `total` is None where nothing is known of it."""

    date: date
    is_today: bool
    total: DayTotal | None
    zone: TimeZone

    @property
    def name(self) -> str:
        """The day in a word: "Mon 15", "Today"."""
        return tr("Today") if self.is_today else f"{weekday(self.date)} {self.date.day}"

    @property
    def until(self) -> str | None:
        """The local time until which it is known; None where it is known as a whole, or not at all."""
        if self.total is None or self.total.until is None:
            return None
        midnight = datetime.combine(self.date, time(0), self.zone)
        return clock_text(datetime.fromtimestamp(max(self.total.until, midnight.timestamp()), UTC), self.zone, midnight)

    @property
    def lacks(self) -> timedelta:
        """The time from then to the end of the day; nothing where it is known as a whole."""
        if self.total is None or self.total.until is None:
            return timedelta(0)
        end = datetime.combine(self.date + timedelta(days=1), time(0), self.zone)
        return end - datetime.fromtimestamp(self.total.until, UTC)


def week_of(station: Station, now: datetime, days: Days) -> list[WeekDay]:
    """Today and the six days before, the earliest first; none where the station's zone is not known."""
    zone = station.timezone
    if zone is None:
        return []
    today = now.astimezone(zone).date()
    dates = (today - timedelta(days=ago) for ago in range(DAYS - 1, -1, -1))
    return [WeekDay(each, each == today, days(station, each), zone) for each in dates]
