"""The energies of the days before, as the portal tells them once they are over."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.curves.week import DAYS, MEASURED, Energies
from sems_exporter.curves.week_memory import WeekMemory
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import TimeZone
from sems_exporter.portal import Portal, past
from sems_exporter.store import StationStore

log = logging.getLogger(__name__)


class PastDays:
    """Asks the portal for the days of each station that nobody has seen whole: a request a month, and once a day."""

    def __init__(self, portal: Portal, memory: WeekMemory, store: StationStore, clock: Clock) -> None:
        self._portal = portal
        self._memory = memory
        self._store = store
        self._clock = clock
        self._asked: dict[str, dict[date, date]] = {}

    def fill_one(self) -> bool:
        """Ask for a month of one station, if days of it are missing; one request, and no second try for these days.

        Raises Stopping. Whatever else fails costs a line in the log: the next refresh meets it too, if it is not about
        this call alone.
        """
        now = self._clock.now()
        stations = self._memory.stations()
        self._asked = {key: self._asked.get(key, {}) for key in stations}
        for key in stations:
            shown = self._store.look(key, now)
            if shown is None or not shown.up or shown.station.timezone is None:
                continue
            missing = self._missing(key, shown.station.timezone, now)
            for latest in {day.replace(day=1): day for day in missing}.values():
                month = latest.replace(day=1)
                if self._asked[key].get(month) != latest:
                    self._asked[key][month] = latest
                    self._fill(key, month, missing)
                    return True
        return False

    def _missing(self, station: str, zone: TimeZone, now: datetime) -> list[date]:
        """The days that are over and not known as a whole, in order."""
        today = now.astimezone(zone).date()
        settled = now - datetime.combine(today, time(0), zone) >= past.SETTLES
        days = (today - timedelta(days=ago) for ago in range(DAYS - 1, 0 if settled else 1, -1))
        known = ((day, self._memory.at(station, day)) for day in days)
        return [day for day, total in known if total is None or total.until is not None]

    def _fill(self, station: str, month: date, wanted: Sequence[date]) -> None:
        try:
            answer = self._portal.past(past.DaysQuestion(station, month))
            told = past.day_energies(answer, Diagnostics())
        except errors.Stopping:
            raise
        except errors.SemsError as error:
            log.debug("the days before are not known", extra={"station": station, "reason": error.reason})
            return
        self._memory.tell(station, {day: Energies(*map(told[day].get, MEASURED)) for day in wanted if day in told})
