"""The last seven days of an account's stations, from what is shown as trusted of each day while it lasts."""

import threading
from collections.abc import Mapping
from datetime import date, datetime

from sems_exporter.curves.week import DAYS, MEASURED, NOTHING, DayTotal, Energies, Week
from sems_exporter.model.limits import STATIONS_PER_ACCOUNT
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import measured_at


class WeekMemory:
    """Weeks by station; used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._weeks: dict[str, Week] = {}
        self.changes = 0

    def note(self, station: Station) -> None:
        """Note the energies of today of a station as they are shown now."""
        energies = Energies(*(getattr(station, name) for name in MEASURED))
        at = measured_at(station)
        if energies == NOTHING or at is None or station.timezone is None:
            return
        day = station.fetched_at.astimezone(station.timezone).date()
        with self._lock:
            week = self._weeks.setdefault(station.id, Week())
            self.changes += week.read(day, energies, at.timestamp())

    def tell(self, station: str, days: Mapping[date, Energies]) -> None:
        """Note what the portal says of days that are over."""
        with self._lock:
            if week := self._weeks.get(station):
                for day, energies in days.items():
                    week.tell(day, energies)
                self.changes += 1

    def at(self, station: str, day: date) -> DayTotal | None:
        """A day of a station as far as it is known."""
        with self._lock:
            week = self._weeks.get(station)
            return None if week is None else week.at(day)

    def stations(self) -> list[str]:
        """The stations of which there is a week."""
        with self._lock:
            return sorted(self._weeks)

    def forget(self, station: str) -> None:
        """Drop a station that is no longer shown."""
        with self._lock:
            self._weeks.pop(station, None)

    def kept(self, now: datetime) -> dict[str, tuple[int, list[int]]]:
        """All weeks as they can be written; those that ended too long ago are forgotten."""
        with self._lock:
            self._weeks = {key: week for key, week in self._weeks.items() if _lasts(week.newest, now)}
            written = {key: week.encoded() for key, week in self._weeks.items()}
        return {key: week for key, week in written.items() if week is not None}

    def restore(self, kept: object, now: datetime) -> None:
        """Take over what `kept` has given in an earlier run; raises ValueError or TypeError for anything else."""
        if not isinstance(kept, dict) or len(kept) > STATIONS_PER_ACCOUNT:
            raise ValueError("not a map of stations")
        weeks = {key: Week.decoded(newest, values) for key, (newest, values) in kept.items() if _lasts(newest, now)}
        with self._lock:
            self._weeks = weeks | self._weeks


def _lasts(newest: object, now: datetime) -> bool:
    """Tell whether a week that ends with this day has days of the one that ends now, in whatever zone."""
    today = now.date().toordinal()
    return isinstance(newest, int) and today - DAYS <= newest <= today + 1
