"""Whole bodies, ready to be handed over.

Whoever changes a station makes the bodies that are in demand, in its own thread, and puts them in place of the old
ones. A scrape takes what is there. It has to wait only where age changes a station at that very moment, where the own
metrics have become too old, or where nobody has asked for this body lately; `tend`, called every second by a thread of
its own, sees to it that this is rare.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import product
from typing import NamedTuple

from sems_exporter.clock import Clock
from sems_exporter.exposition.checksum import joined
from sems_exporter.exposition.demand import Demand
from sems_exporter.exposition.front import EMPTY, Front
from sems_exporter.exposition.gzipped import HEADER, trailer
from sems_exporter.exposition.lines import Format
from sems_exporter.exposition.own import ENDS, Collector, OwnMetrics, Tail
from sems_exporter.exposition.stock import WHOLE, Part, Stock
from sems_exporter.snapshots import Snapshots

TICK = 1.0
"""Seconds between two calls of `tend`."""
SLOW = 0.02
"""Seconds that the bodies may take after each change; if they take longer, `tend` makes them, once for all changes."""
AHEAD = timedelta(seconds=5)
MANY = 50
"""Stations that have to change within AHEAD for some of them to do so early; so it is at midnight in a fleet."""
AT_ONCE = 20
"""Stations that are written before others get a turn."""


class _Key(NamedTuple):
    part: Part
    wanted: Format
    compressed: bool


def _keys(parts: Iterable[Part]) -> list[_Key]:
    """Each of `parts` in every form."""
    return [_Key(*key) for key in product(parts, Format, (False, True))]


def _has_own(key: _Key) -> bool:
    """Whether the exporter's own metrics are in it."""
    return key.part.station is None


class Exposition:
    """Ready bytes for every scrape. `body` never waits for the portal.

    `of_account` finds what the exporter's own metrics say about an account, and for "" what they say about none.
    """

    def __init__(
        self,
        snapshots: Snapshots,
        registry: Collector,
        clock: Clock,
        timer: Callable[[], float] = time.monotonic,
        *,
        of_account: Callable[[str], Collector | None] = lambda _: None,
    ) -> None:
        self._snapshots = snapshots
        self._clock = clock
        self._timer = timer
        self._lock = threading.Lock()
        self._stock = Stock(snapshots)
        self._own = OwnMetrics(registry, of_account, timer)
        self._fronts: dict[_Key, Front] = {}
        self._bodies: dict[_Key, bytes] = {}
        self._demand = Demand[_Key]()
        self._late: set[_Key] = set()
        self._slow = False
        self._tended = -math.inf
        # Until when the bodies are true: moved on when newer ones are in place, and not before.
        self._due = self._stock.due
        self._own_due = self._own.until
        snapshots.subscribe(self.publish)
        self.publish(entry.station for entry in snapshots.catalogue())

    def body(self, wanted: Format, *, compressed: bool, part: Part = WHOLE) -> bytes | None:
        """The exposition of `part`, as it is true now; None if no such station or account is known."""
        key, moment = _Key(part, wanted, compressed), self._timer()
        ready = None
        if self._clock.now() < self._due and moment < self._own_due:
            # Looked up after the comparison: what comes in between is newer than what was compared.
            ready = self._bodies.get(key)
        if ready is None:
            ready = self._made(key)
        if ready is not None:
            self._demand.note(key, moment)
        return ready

    def publish(self, stations: Iterable[str]) -> None:
        """Take over what has become of `stations`."""
        with self._lock:
            self._write(stations, self._clock.now())

    def tend(self) -> None:
        """Do beforehand what a scrape would have to do otherwise.

        Of many stations that change at the same moment, some change up to AHEAD too early. That is no lie as long as
        values only go: absent is always true. Whether a station is up is a claim, and waits for its time.
        """
        now, moment = self._clock.now(), self._timer()
        self._tended = moment
        with self._lock:
            due, soon = list(self._stock.due_by(now)), self._stock.due_by(now + AHEAD)
        for first in range(0, len(due), AT_ONCE):
            self.publish(due[first : first + AT_ONCE])
        if len(soon) >= MANY:
            self._age(soon, now)
        with self._lock:
            self._renew(self._late)
            self._late, self._due = set(), self._stock.due
            if moment >= self._own_due - 2 * TICK and self._demand.expects(_has_own, moment, 2 * TICK):
                self._own.renew()
                self._renew(self._demand.keys(_has_own))
                self._own_due = self._own.until

    def tend_until(self, stop: threading.Event) -> None:
        """Call `tend` every second until `stop` is set."""
        while not stop.wait(TICK):
            self.tend()

    def _age(self, soon: dict[str, datetime], now: datetime) -> None:
        by_instant: dict[datetime, list[str]] = {}
        for station, until in soon.items():
            present, later = self._snapshots.look(station, now), self._snapshots.look(station, until)
            if present is not None and later is not None and present.up == later.up:
                by_instant.setdefault(until, []).append(station)
        for instant, stations in by_instant.items():
            for first in range(0, len(stations), AT_ONCE):
                with self._lock:
                    self._write(stations[first : first + AT_ONCE], instant)

    def _write(self, stations: Iterable[str], instant: datetime) -> None:
        keys = _keys(self._stock.take(stations, instant))
        for key in keys:
            self._fronts.pop(key, None)
        if self._slow and self._timer() - self._tended < 5 * TICK:
            self._late.update(keys)
            # What is late may hold what was to go at the old instant.
            self._due = min(self._due, self._stock.due)
            return
        begun = self._timer()
        self._renew(keys)
        self._slow = self._timer() - begun > SLOW
        self._due = min(self._due, self._stock.due) if self._late else self._stock.due

    def _renew(self, keys: Iterable[_Key]) -> None:
        """Make the bodies that are in demand, and let go of the others.

        Plain ones are not made beforehand: joining them is mere copying, and hardly anybody wants them.
        """
        moment = self._timer()
        for key in keys:
            wanted = self._demand.wants(key, moment)
            body = self._composed(key) if wanted and key.compressed else None
            if body is not None:
                self._bodies[key] = body
                continue
            self._bodies.pop(key, None)
            if key.compressed or not wanted:
                self._demand.drop(key)
                self._fronts.pop(key, None)

    def _made(self, wanted: _Key) -> bytes | None:
        """The body that `wanted` asks for, made now and in the thread that asks."""
        with self._lock:
            now = self._clock.now()
            if now >= self._due:
                for key in (*self._late, *_keys(self._stock.take(self._stock.due_by(now), now))):
                    self._fronts.pop(key, None)
                    self._bodies.pop(key, None)
                self._late, self._due = set(), self._stock.due
            if self._timer() >= self._own_due:
                self._own.renew()
                self._bodies = {key: body for key, body in self._bodies.items() if not _has_own(key)}
                self._own_due = self._own.until
            body = self._bodies.get(wanted) or self._composed(wanted)
            if body is not None:
                self._bodies[wanted] = body
            return body

    def _composed(self, key: _Key) -> bytes | None:
        front, tail = self._front(key), self._tail(key)
        if front is None and (tail is None or not key.part.account):
            return None
        front, tail = front or EMPTY, tail or ENDS[key.wanted]
        if not key.compressed:
            return b"".join([*front.pieces, tail.text])
        return b"".join([HEADER, *front.pieces, tail.deflated, trailer(joined(front.sum, tail.sum))])

    def _front(self, key: _Key) -> Front | None:
        if key not in self._fronts:
            made = self._stock.front(key.part, key.wanted, compressed=key.compressed)
            if made is None:
                return None
            self._fronts[key] = made
        return self._fronts[key]

    def _tail(self, key: _Key) -> Tail | None:
        return self._own.tail(key.wanted, key.part.whose) if _has_own(key) else ENDS[key.wanted]
