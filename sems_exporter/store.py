"""The latest trusted station of each, the only state that poller and web share."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sems_exporter.clock import Clock
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import Limits, Snapshot, StationView, view

FORGET_AFTER = timedelta(days=1)
"""After so long a station that was not read again is forgotten altogether."""

Listener = Callable[[frozenset[str]], None]


class Money(Protocol):
    """What stations with a tariff get beside their readings."""

    def counted(self, station: Station) -> Station:
        """`station` with its money, when it was read."""

    def priced(self, shown: StationView, now: datetime) -> StationView:
        """`shown` with the prices of this moment, until they change."""


@dataclass(frozen=True, slots=True)
class Entry:
    """That a station is known, and whose it is: the account that put it first and still shows it."""

    station: str
    account: str


@dataclass(slots=True)
class _Kept:
    """A snapshot as it was put; `look` holds an instant and how the station looks from then until it changes by age."""

    snapshot: Snapshot
    forgotten_at: datetime
    look: tuple[datetime, StationView] | None = None

    @property
    def account(self) -> str:
        """The account that reads the station; "" where accounts have no names."""
        return self.snapshot.details.account or ""


class StationStore:
    """Stations by id. `subscribe` a function to be told, in the writer's thread, which stations have changed.

    An account has a name, or "" where there is only the one of the plain settings. `limits` say what is too old.
    `money`, where there are tariffs, adds what they make of it.
    """

    def __init__(self, clock: Clock, limits: Limits, money: Money | None = None) -> None:
        self._clock = clock
        self._money = money
        self.limits = limits
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with the ids of the stations that changed, after every change."""
        self._listeners.append(listener)

    def put(self, details: Station, overview: Station | None = None) -> None:
        """Keep these in place of a station's last snapshot, unless another account than its own shows it already."""
        if not self._is_own(details, self._clock.now()):
            return
        if self._money is not None:
            details = self._money.counted(details)
        self.show(Snapshot(details, overview), self._clock.now())

    def show(self, snapshot: Snapshot, put_at: datetime) -> None:
        """Keep a snapshot as it is, with its money, as one that was put at this instant; likewise."""
        new = _Kept(snapshot, put_at + FORGET_AFTER)
        with self._lock:
            if not self._is_own(snapshot.details, self._clock.now()):
                return
            self._kept[snapshot.details.id] = new
        self._tell(frozenset((snapshot.details.id,)))

    def snapshots(self, account: str) -> list[Snapshot]:
        """The snapshots of an account as they were put."""
        with self._lock:
            return [kept.snapshot for kept in self._kept.values() if kept.account == account]

    def look_again(self) -> None:
        """Have all stations looked at anew, because prices have changed."""
        with self._lock:
            ids = frozenset(self._kept)
            for kept in self._kept.values():
                kept.look = None
        if ids:
            self._tell(ids)

    def keep_only(self, ids: Iterable[str], account: str = "") -> None:
        """Forget all stations of `account` that it no longer shows."""
        wanted = set(ids)
        with self._lock:
            gone = [key for key, kept in self._kept.items() if kept.account == account and key not in wanted]
            for key in gone:
                del self._kept[key]
        if gone:
            self._tell(frozenset(gone))

    def look(self, station: str, now: datetime) -> StationView | None:
        """One station without what is too old at `now`; None where it is not known, or not any more."""
        kept = self._kept.get(station)
        if kept is None or now >= kept.forgotten_at:
            return None
        if kept.look is not None:
            since, shown = kept.look
            if since <= now and (shown.until is None or now < shown.until):
                return shown
        # Two threads may both come here, and both will find the same.
        shown = self._faded(kept, now)
        kept.look = (now, shown)
        return shown

    def shown(self, now: datetime) -> list[StationView]:
        """All stations by id, without what is too old at `now`."""
        return [shown for key in self._ids() if (shown := self.look(key, now)) is not None]

    def catalogue(self) -> tuple[Entry, ...]:
        """All stations that are known now, by id."""
        now = self._clock.now()
        with self._lock:
            return tuple(
                Entry(key, kept.account) for key, kept in sorted(self._kept.items()) if now < kept.forgotten_at
            )

    def _faded(self, kept: _Kept, now: datetime) -> StationView:
        shown = view(kept.snapshot, now, self.limits)
        if self._money is not None:
            shown = self._money.priced(shown, now)
        until = kept.forgotten_at if shown.until is None else min(shown.until, kept.forgotten_at)
        return replace(shown, until=until)

    def _is_own(self, details: Station, now: datetime) -> bool:
        """Tell whether no other account shows the station."""
        known = self._kept.get(details.id)
        return known is None or known.account == (details.account or "") or now >= known.forgotten_at

    def _ids(self) -> list[str]:
        with self._lock:
            return sorted(self._kept)

    def _tell(self, ids: frozenset[str]) -> None:
        for listener in self._listeners:
            listener(ids)
