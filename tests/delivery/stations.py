"""Stations in a store, and what can be delivered of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sems_exporter.delivery.contents import Contents
from sems_exporter.exposition import Renderer
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.store import StationStore
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.web.status.page import PageStatus, Past
from tests.clocks import FakeClock
from tests.homes import NOON

LIMITS = Limits(1200.0, 900.0)


@dataclass
class Known:
    """What an exporter knows: stations, its clock and its own metrics."""

    clock: FakeClock = field(default_factory=lambda: FakeClock(NOON))
    metrics: SelfMetrics = field(default_factory=SelfMetrics)

    def __post_init__(self) -> None:
        self.snapshots = StationStore(self.clock, LIMITS)
        self.exposition = Renderer(self.snapshots, self.metrics.registry, self.clock, self.clock.monotonic)

    def put(self, *stations: Station) -> None:
        """Read these stations."""
        for station in stations:
            self.snapshots.put(station)

    def contents(self) -> Contents:
        """What can be delivered."""
        return Contents(self.clock, self.exposition, self.snapshots.shown, self._status, Past())

    def value(self, name: str, **labels: str) -> float | None:
        """One of the exporter's own metrics."""
        return self.metrics.registry.get_sample_value(name, labels)

    def _status(self) -> PageStatus:
        now = self.clock.now()
        return PageStatus(
            now=now,
            version="1.2.3",
            up=True,
            last_success=now,
            next_refresh=now + timedelta(seconds=300),
            problem=None,
            simulated=False,
            metrics_path="/metrics",
            snapshot_max_age=LIMITS.snapshot_max_age,
            data_max_age=LIMITS.data_max_age,
        )


def known(*stations: Station, start: Callable[[], FakeClock] = lambda: FakeClock(NOON)) -> Known:
    """An exporter that has read these stations."""
    made = Known(start())
    made.put(*stations)
    return made
