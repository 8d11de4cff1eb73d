"""An exposition with all that it rests on, and readers for what it says."""

from collections.abc import Callable
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from prometheus_client.registry import Collector

from sems_exporter.exposition import ALL_SERIES, Format, Renderer, SeriesFilter
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.store import StationStore
from tests.clocks import FakeClock
from tests.homes import NOON

LIMITS = Limits(1200.0, 900.0)


class Read(NamedTuple):
    """One sample as a parser understood it."""

    name: str
    labels: dict[str, str]
    value: float


class Bench:
    """An exposition with all that it rests on; `seconds` is what the timer of its own metrics shows."""

    def __init__(
        self,
        *stations: Station,
        registry: Collector | None = None,
        of_account: Callable[[str], Collector | None] = lambda _: None,
    ) -> None:
        self.clock = FakeClock(NOON)
        self.seconds = 1000.0
        self.snapshots = StationStore(self.clock, LIMITS)
        for station in stations:
            self.snapshots.put(station)
        self.exposition = Renderer(
            self.snapshots,
            registry or CollectorRegistry(),
            self.clock,
            lambda: self.seconds,
            of_account=of_account,
        )

    def bytes(
        self, wanted: Format = Format.TEXT, *, compressed: bool = False, part: SeriesFilter = ALL_SERIES
    ) -> bytes:
        ready = self.exposition.ready(wanted, compressed=compressed, part=part)
        body = ready or self.exposition.body(wanted, compressed=compressed, part=part)
        assert body is not None
        return body

    def text(self, wanted: Format, part: SeriesFilter = ALL_SERIES) -> str:
        return self.bytes(wanted, part=part).decode()

    def read(self, wanted: Format) -> list[Read]:
        return read(self.text(wanted), wanted)

    def value(self, name: str, /, **labels: str) -> float | None:
        found = [r.value for r in self.read(Format.TEXT) if r.name == name and labels.items() <= r.labels.items()]
        assert len(found) <= 1
        return found[0] if found else None


def read(text: str, wanted: Format) -> list[Read]:
    """All samples of `text`, by the strictest parser there is for the format."""
    families = list(read_openmetrics(text) if wanted is Format.OPENMETRICS else read_text(text))  # type: ignore[no-untyped-call]
    names = [found.name for found in families]
    assert len(names) == len(set(names))
    return [Read(s.name, dict(s.labels), s.value) for found in families for s in found.samples]
