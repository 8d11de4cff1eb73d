"""Stations for the benchmarks: the simulated home, decoded once, and as many like it as wanted."""

import random
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Device, Station, transform
from sems_exporter.model.plant import Path as Place
from sems_exporter.model.schema import Entity, measures, with_values
from sems_exporter.pipeline.counter_guard import CounterGuard, counters
from sems_exporter.pipeline.process import process
from sems_exporter.portal import StationRef, connect
from sems_exporter.portal.dump_file import Recorder
from sems_exporter.portal.http.transport import Transport
from sems_exporter.portal.interface import Portal
from sems_exporter.portal.session.file_stores import file_stores
from sems_exporter.simulator import SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import Secret

NOON = datetime.fromisoformat("2026-06-10T10:00:00+00:00")


class HastyClock(SystemClock):
    """A clock on which every wait is over at once."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The present instant and all the time that was not waited for."""
        return super().now() + self._ahead

    def monotonic(self) -> float:
        """Seconds of that time."""
        return super().monotonic() + self._ahead.total_seconds()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Jump ahead by `seconds`."""
        self._ahead += timedelta(seconds=seconds)
        return stop.is_set()


def client(settings: AccountSettings, transport: Transport | None = None) -> Portal:
    """The client side, which never waits."""
    clock = HastyClock()
    stores = file_stores(settings, clock)
    return connect(settings, stores, clock, SelfMetrics(), threading.Event(), transport=transport or Transport())


@contextmanager
def simulated_home(transport: Transport | None = None) -> Iterator[tuple[Portal, StationRef]]:
    """A client of the simulated home at noon: one hybrid inverter, a battery and a meter."""
    clock = SimulatedClock(NOON, speed=0)
    with (
        tempfile.TemporaryDirectory() as state,
        SimulatedPortal(demo_plants(1, clock=clock), clock=clock, signature_tolerance=None) as simulated,
    ):
        account = Account("demo@example.com", Secret("demo"), simulated.login_url, ("127.0.0.1",))
        settings = AccountSettings(account=account, portal="semsplus", state_dir=Path(state), requests_per_minute=120)
        portal = client(settings, transport)
        yield portal, portal.stations(Diagnostics())[0]
        portal.close()


def decoded_home() -> Station:
    """The simulated home as the exporter sees it."""
    with simulated_home() as (portal, ref):
        return process(portal.read(ref, Diagnostics()), CounterGuard(), NOON, Diagnostics())


def requests_of_a_home() -> int:
    """How often the portal is asked for one refresh of the simulated home, once it is known."""
    recorder = Recorder()
    with simulated_home(recorder) as (portal, ref):
        portal.read(ref, Diagnostics())
        before = len(recorder.exchanges)
        portal.read(ref, Diagnostics())
        return len(recorder.exchanges) - before


class Fleet:
    """`count` stations like `home`, by themselves and at any instant anew, as polls would bring them."""

    def __init__(self, home: Station, count: int) -> None:
        self._home = home
        self._polls = 0
        self._chance = random.Random(count)
        self._ids = [str(uuid.UUID(int=self._chance.getrandbits(128), version=4)) for _ in range(count)]

    def __len__(self) -> int:
        return len(self._ids)

    def poll(self, number: int, now: datetime) -> Station:
        """What a poll of station `number` brings at `now`: powers go up and down, energies grow."""
        share, reported = self._chance.uniform(0.9, 1.1), now - timedelta(seconds=60)
        self._polls += 1
        growth = 1 + self._polls * 1e-7

        def moved(scope: Entity, _: Place) -> Entity:
            known = {name: getattr(scope, name) for name in measures(type(scope))}
            sums = counters(type(scope))
            scope = with_values(
                scope, {name: _times(value, growth if name in sums else share) for name, value in known.items()}
            )
            if isinstance(scope, Device):
                return replace(scope, id=f"{scope.id}{number:05d}", data_timestamp=reported, fetched_at=now)
            return scope

        station = transform(self._home, moved)
        key, name = self._ids[number], f"Home {number}"
        return replace(station, id=key, name=name, data_timestamp=reported, fetched_at=now)


def _times(value: float | None, share: float) -> float | None:
    return value if value is None or value in (0.0, 1.0) else round(value * share, 3)
