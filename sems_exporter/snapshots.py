"""The latest trusted station of each, the only state that poller and web share."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from cachetools import TTLCache

from sems_exporter.clock import Clock
from sems_exporter.freshness import Faded, Limits, faded
from sems_exporter.model import Station

MOST = 100_000
FORGET_AFTER = 86400.0
"""Seconds after which a station that was not read again is forgotten altogether."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A station that is known, and the account that shows it."""

    station: str
    account: str


class Snapshots:
    """Stations by id. `subscribe` a function to be told, in the writer's thread, when something has changed."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = threading.Lock()
        self._stations: TTLCache[str, Station] = TTLCache(MOST, FORGET_AFTER, lambda: clock.now().timestamp())
        self._accounts: dict[str, str] = {}
        self._listeners: list[Callable[[], None]] = []

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every change."""
        self._listeners.append(listener)

    def put(self, station: Station, account: str = "") -> None:
        """Keep `station` in place of its last snapshot."""
        with self._lock:
            self._accounts[station.id] = account
            self._stations[station.id] = station
        self._tell()

    def keep_only(self, ids: Iterable[str]) -> None:
        """Forget all stations that the account no longer shows."""
        wanted = set(ids)
        with self._lock:
            gone = [key for key in self._stations if key not in wanted]
            for key in gone:
                del self._stations[key]
        if gone:
            self._tell()

    def shown(self, now: datetime) -> list[Faded]:
        """All stations by id, without what is too old at `now`."""
        with self._lock:
            stations = sorted(self._stations.values(), key=lambda station: station.id)
        return [faded(station, now, self._limits) for station in stations]

    def catalogue(self) -> tuple[Entry, ...]:
        """The stations that are known, by id."""
        with self._lock:
            return tuple(Entry(key, self._accounts.get(key, "")) for key in sorted(self._stations))

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
