"""Stations into bytes, in both formats, rendered once per change.

The families and their order follow from `model`. The exporter's own metrics are appended; they change with every
request to the portal and are rendered anew when they are older than a few seconds.
"""

import gzip
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest as text_of
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_of

from sems_exporter.clock import Clock
from sems_exporter.families import all_families
from sems_exporter.freshness import Faded
from sems_exporter.measure import Family, Kind
from sems_exporter.samples import Sample, collect
from sems_exporter.snapshots import Snapshots

OWN_METRICS_AGE = 5.0
COMPRESSION = 6


class Format(StrEnum):
    """The exposition formats that are served, by content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Part:
    """Which series a scrape wants; all of them where nothing is named."""

    station: str | None = None
    account: str | None = None
    exporter: bool = False


WHOLE = Part()


def rendered(stations: Iterable[Faded], wanted: Format) -> str:
    """The exposition of `stations`, without the closing line of OpenMetrics."""
    samples = collect(stations)
    return "".join(
        line for found in all_families() if found.name in samples for line in _lines(found, samples[found.name], wanted)
    )


def _lines(found: Family, samples: list[Sample], wanted: Format) -> Iterator[str]:
    openmetrics = wanted is Format.OPENMETRICS
    # Text 0.0.4 knows no info type and names counters by their samples.
    name = found.name if openmetrics else found.sample_name
    kind = Kind.GAUGE if found.kind is Kind.INFO and not openmetrics else found.kind
    yield f"# HELP {name} {found.help}\n"
    yield f"# TYPE {name} {kind}\n"
    if openmetrics and found.unit:
        yield f"# UNIT {name} {found.unit}\n"
    for sample in samples:
        yield f"{found.sample_name}{{{sample.labels}}} {sample.value!r}\n"


@dataclass(frozen=True, slots=True)
class _Page:
    """The data part in both formats; `until` is the instant at which values in it become too old."""

    texts: dict[Format, bytes]
    until: datetime | None


class Exposition:
    """Ready bytes for every scrape. `body` never waits for the portal."""

    def __init__(
        self,
        snapshots: Snapshots,
        registry: CollectorRegistry,
        clock: Clock,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._snapshots = snapshots
        self._registry = registry
        self._clock = clock
        self._timer = timer
        self._lock = threading.Lock()
        self._page = self._rendered_page()
        self._own: dict[Format, bytes] = {}
        self._own_until = 0.0
        self._bodies: dict[tuple[Format, bool], bytes] = {}
        snapshots.subscribe(self.publish)

    def publish(self) -> None:
        """Render the stations anew."""
        with self._lock:
            self._page = self._rendered_page()
            self._bodies = {}

    def body(self, wanted: Format, *, compressed: bool, part: Part = WHOLE) -> bytes | None:
        """The exposition, or the part of it that is wanted, as it is true now; None for a name nobody knows."""
        if part != WHOLE:
            return self._part(wanted, part, compressed=compressed)
        with self._lock:
            self._renew()
            key = (wanted, compressed)
            if key not in self._bodies:
                plain = self._page.texts[wanted] + self._own[wanted]
                self._bodies[key] = gzip.compress(plain, COMPRESSION, mtime=0) if compressed else plain
            return self._bodies[key]

    def _part(self, wanted: Format, part: Part, *, compressed: bool) -> bytes | None:
        chosen = {
            entry.station
            for entry in self._snapshots.catalogue()
            if not part.exporter and (entry.station == part.station or entry.account == part.account)
        }
        if not chosen and not part.exporter:
            return None
        shown = [found for found in self._snapshots.shown(self._clock.now()) if found.station.id in chosen]
        end = b"# EOF\n" if wanted is Format.OPENMETRICS else b""
        with self._lock:
            self._renew()
            own = self._own[wanted] if part.exporter else end
        plain = rendered(shown, wanted).encode("utf-8", "replace") + own
        return gzip.compress(plain, COMPRESSION, mtime=0) if compressed else plain

    def _renew(self) -> None:
        if self._page.until is not None and self._clock.now() >= self._page.until:
            self._page = self._rendered_page()
            self._bodies = {}
        if self._timer() >= self._own_until:
            self._own = {
                Format.TEXT: text_of(self._registry),
                Format.OPENMETRICS: openmetrics_of(self._registry),  # type: ignore[no-untyped-call]
            }
            self._own_until = self._timer() + OWN_METRICS_AGE
            self._bodies = {}

    def _rendered_page(self) -> _Page:
        stations = self._snapshots.shown(self._clock.now())
        until = min((shown.until for shown in stations if shown.until is not None), default=None)
        return _Page({wanted: rendered(stations, wanted).encode("utf-8", "replace") for wanted in Format}, until)
