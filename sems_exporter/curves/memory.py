"""The curves of an account's stations, from what the store shows as trusted whenever it changes."""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime

from sems_exporter.clock import Clock
from sems_exporter.curves.curve import MEASURED, NOTHING, Curve, Powers, powers
from sems_exporter.curves.week_memory import WeekMemory
from sems_exporter.model.limits import STATIONS_PER_ACCOUNT
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import measured_at
from sems_exporter.store import StationStore

STEPS = ((200, 300), (1_000, 900), (STATIONS_PER_ACCOUNT, 1_800))
"""Up to so many stations, slots of so many seconds: 2 to 4 MB, and 19 MB for ten thousand."""


def step_for(stations: int) -> int:
    """Seconds of a slot where there are so many stations."""
    return next((step for most, step in STEPS if stations <= most), STEPS[-1][1])


class CurveMemory:
    """Takes part in every change of the stations of `account`; read from other threads. `weeks` are noted as well."""

    def __init__(self, store: StationStore, clock: Clock, account: str = "") -> None:
        self._store = store
        self._clock = clock
        self._account = account
        self._lock = threading.Lock()
        self._curves: dict[str, Curve] = {}
        self.step = step_for(0)
        self.changes = 0
        self.weeks = WeekMemory()
        store.subscribe(self._changed)

    def stations(self) -> list[str]:
        """The stations of which there is a curve."""
        with self._lock:
            return sorted(self._curves)

    def known(self, station: str, begin: datetime, end: datetime) -> list[tuple[float, Powers]]:
        """What is known of a station between two instants, by the middle of each slot as Unix time."""
        with self._lock:
            curve = self._curves.get(station)
            if curve is None:
                return []
            first, last = (-(-int(instant.timestamp()) // curve.step) for instant in (begin, end))
            return [((slot + 0.5) * curve.step, means) for slot, means in curve.known(first, last)]

    def fill(self, station: str, found: Mapping[int, Powers]) -> None:
        """Put means of slots, by their number, where nothing is known of a station."""
        with self._lock:
            if station in self._curves:
                self._curves[station].fill(found)
                self.changes += 1

    def restore(self, curves: Mapping[str, Curve]) -> None:
        """Take over the curves of an earlier run, in whatever step it had them; what was measured since goes on."""
        with self._lock:
            known = dict(list(curves.items())[:STATIONS_PER_ACCOUNT])
            self._rebin(step_for(len(known | self._curves)))
            for station, curve in known.items():
                old = curve if curve.step == self.step else curve.rebinned(self.step)
                if station in self._curves:
                    self._curves[station].fill(dict(old.known(0, (old.newest or 0) + 1)))
                else:
                    self._curves[station] = old

    def kept(self) -> dict[str, tuple[int, str]]:
        """All curves as texts with the number of their newest slot; those of stations long unheard are forgotten."""
        oldest = int(self._clock.now().timestamp() // self.step) - Curve(self.step).slots
        with self._lock:
            self._curves = {key: each for key, each in self._curves.items() if (each.newest or 0) > oldest}
            texts = {station: curve.encoded() for station, curve in self._curves.items()}
        return {station: text for station, text in texts.items() if text is not None}

    def _changed(self, ids: Iterable[str]) -> None:
        now = self._clock.now()
        for key in ids:
            shown = self._store.look(key, now)
            if shown is None:
                with self._lock:
                    self._curves.pop(key, None)
                self.weeks.forget(key)
            elif shown.account == self._account:
                self._note(shown.station, now)
                self.weeks.note(shown.station)

    def _note(self, station: Station, now: datetime) -> None:
        measured, at = powers({name: getattr(station, name) for name in MEASURED}), measured_at(station)
        if measured == NOTHING or at is None:
            return
        with self._lock:
            if station.id not in self._curves:
                self._rebin(step_for(len(self._curves) + 1))
                self._curves[station.id] = Curve(self.step)
            self._curves[station.id].add(at.timestamp(), measured, now.timestamp())
            self.changes += 1

    def _rebin(self, step: int) -> None:
        """Use longer slots from now on, if there are more stations than ever."""
        if step > self.step:
            self._curves = {key: curve.rebinned(step) for key, curve in self._curves.items()}
            self.step = step
