"""After a start: the day so far as the portal knows it, for the slots in which nobody here was looking."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.curves.curve import Powers, powers
from sems_exporter.curves.memory import CurveMemory
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station, TimeZone
from sems_exporter.portal import Portal, past
from sems_exporter.store import StationStore

log = logging.getLogger(__name__)

WORTH_ASKING = timedelta(minutes=20)
"""So long has something to be missing; a value is trusted for as long."""


class DaySoFar:
    """Asks the portal once for each station's curve of today, if a part of it is missing."""

    def __init__(self, portal: Portal, memory: CurveMemory, store: StationStore, clock: Clock) -> None:
        self._portal = portal
        self._memory = memory
        self._store = store
        self._clock = clock
        self._looked_at: set[str] = set()

    def fill_one(self) -> bool:
        """Fill the day of one station that has not had its turn, if there is one; one request, and no second try.

        Raises Stopping. Whatever else fails costs a line in the log: the next refresh meets it too, if it is not about
        this call alone.
        """
        now = self._clock.now()
        for key in self._memory.stations():
            if key in self._looked_at:
                continue
            shown = self._store.look(key, now)
            if shown is None or not shown.up:
                continue
            self._looked_at.add(key)
            if shown.station.timezone is not None and self._missing(shown.station, now) > WORTH_ASKING:
                self._fill(key, shown.station.timezone, now)
                return True
        return False

    def _missing(self, station: Station, now: datetime) -> timedelta:
        begin = datetime.combine(now.astimezone(station.timezone).date(), time(0), station.timezone)
        known = len(self._memory.known(station.id, begin, now)) * timedelta(seconds=self._memory.step)
        return now - begin - known

    def _fill(self, station: str, zone: TimeZone, now: datetime) -> None:
        today = now.astimezone(zone).date()
        try:
            answer = self._portal.past(past.CurveQuestion(station, today, today, zone))
            curves = past.curves(answer, Diagnostics())
        except errors.Stopping:
            raise
        except errors.SemsError as error:
            log.debug("the day so far is not known", extra={"station": station, "reason": error.reason})
            return
        self._memory.fill(station, _means(curves, zone, now, self._memory.step))


def _means(curves: Mapping[str, past.Points], zone: TimeZone, now: datetime, step: int) -> dict[int, Powers]:
    """The means of the slots that are over or under way."""
    sums: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, points in curves.items():
        for instant, value in instants(points, zone, now):
            sums[int(instant.timestamp()) // step][name].append(value)
    return {
        slot: powers({name: sum(values) / len(values) for name, values in found.items()})
        for slot, found in sums.items()
    }


def instants(points: past.Points, zone: TimeZone, now: datetime) -> Iterator[tuple[datetime, float]]:
    """The UTC instants of local times without a zone, as far as they have come.

    Of an hour that comes twice, a time that is told once belongs to the first run while the second has not come, and
    after that to nobody knows which.
    """
    times = Counter(at for at, _ in points)
    heard: set[datetime] = set()
    for at, value in points:
        first, second = _readings(at, zone)
        if first != second and second <= now:
            if times[at] == 1:
                continue
            first = second if at in heard else first
        heard.add(at)
        if first <= now and first.astimezone(zone).replace(tzinfo=None, fold=0) == at:
            yield first, value


def _readings(at: datetime, zone: TimeZone) -> tuple[datetime, datetime]:
    return at.replace(tzinfo=zone, fold=0).astimezone(UTC), at.replace(tzinfo=zone, fold=1).astimezone(UTC)
