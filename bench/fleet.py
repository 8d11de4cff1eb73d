"""Stations for the benchmarks: the simulated home, decoded once, and as many like it as wanted."""

import random
import tempfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sems_exporter.clock import SystemClock
from sems_exporter.config import Account, Secret, Settings
from sems_exporter.derive import derived, totals
from sems_exporter.findings import Findings
from sems_exporter.measure import Scope, filled, measures
from sems_exporter.model import Device, Station, mapped
from sems_exporter.model import Path as Place
from sems_exporter.portal import connect
from sems_exporter.portal.base import Portal
from sems_exporter.portal.transport import Transport
from sems_exporter.quality import Quality
from sems_exporter.selfmetrics import SelfMetrics
from sems_exporter.simulator import SimulatedClock, SimulatedPortal, demo_plants

NOON = datetime.fromisoformat("2026-06-10T10:00:00+00:00")


class HastyClock(SystemClock):
    """A clock on which every wait is over at once."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present instant and all the time that was not waited for."""
        return super().now() + self._ahead

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Jump ahead by `seconds`."""
        self._ahead += timedelta(seconds=seconds)
        return stop.is_set()


def client(settings: Settings, transport: Transport | None = None) -> Portal:
    """The client side, which never waits."""
    return connect(settings, HastyClock(), SelfMetrics(), threading.Event(), transport or Transport())


def decoded_home() -> Station:
    """The simulated home at noon, as the exporter sees it: one hybrid inverter, a battery and a meter."""
    clock = SimulatedClock(NOON, speed=0)
    with (
        tempfile.TemporaryDirectory() as state,
        SimulatedPortal(demo_plants(1, clock=clock), clock=clock, signature_tolerance=None) as simulated,
    ):
        account = Account("demo@example.com", Secret("demo"), simulated.login_url, ("127.0.0.1",))
        portal = client(Settings(account=account, portal="semsplus", state_dir=Path(state), requests_per_minute=120))
        station = totals(portal.read(portal.stations(Findings())[0], Findings()))
        portal.close()
        return derived(Quality().check(station, NOON, Findings()), NOON)


class Fleet:
    """`count` stations like `home`, by themselves and at any instant anew, as polls would bring them."""

    def __init__(self, home: Station, count: int) -> None:
        self._home = home
        self._chance = random.Random(count)
        self._ids = [str(uuid.UUID(int=self._chance.getrandbits(128), version=4)) for _ in range(count)]

    def __len__(self) -> int:
        return len(self._ids)

    def poll(self, number: int, now: datetime) -> Station:
        """What a poll of station `number` brings at `now`: every value moved, every report a little old."""
        share, reported = self._chance.uniform(0.9, 1.1), now - timedelta(seconds=60)

        def moved(scope: Scope, _: Place) -> Scope:
            values = {name: getattr(scope, name) for name in measures(type(scope))}
            scope = filled(scope, {name: _moved(value, share) for name, value in values.items()})
            if isinstance(scope, Device):
                return replace(scope, id=f"{scope.id}{number:05d}", data_timestamp=reported, fetched_at=now)
            return scope

        station = mapped(self._home, moved)
        key, name = self._ids[number], f"Home {number}"
        return replace(station, id=key, name=name, data_timestamp=reported, fetched_at=now)

    def polls(self, now: datetime) -> Iterator[Station]:
        """Every station once."""
        return (self.poll(number, now) for number in range(len(self)))


def _moved(value: float | None, share: float) -> float | None:
    return value if value is None or value in (0.0, 1.0) else round(value * share, 3)
