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
from sems_exporter.freshness import Faded
from sems_exporter.measure import PREFIX, Family, Kind, Scope, family, info_labels, measures
from sems_exporter.model import PARTS, Device, DeviceState, Station, StationState, identity
from sems_exporter.snapshots import Snapshots

OWN_METRICS_AGE = 5.0
COMPRESSION = 6


class Format(StrEnum):
    """The exposition formats that are served, by content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


STATES: dict[type[Scope], type[StrEnum]] = {Station: StationState}
EXTRA_HELP = {
    "up": "1 if the station was read recently enough; 0 when its latest snapshot has become too old.",
    "data_timestamp": "Instant the {noun}'s data are from, as the portal reports it or as old as its answer.",
    "state": "1 for the state that the portal reports of the {noun}, 0 for all others.",
    "info": "Texts that describe the {noun}; always 1.",
}


def families_of(scope: type[Scope]) -> list[Family]:
    """All families of `scope` in the order they are exposed."""
    own = [family(scope, attribute) for attribute in measures(scope)]
    if not issubclass(scope, Device | Station):
        return own
    extras = {name: text.format(noun=scope.noun) for name, text in EXTRA_HELP.items()}
    base = f"{PREFIX}_{scope.scope}"
    special = [
        Family(base, Kind.INFO, "", extras["info"], "info", scope),
        Family(f"{base}_state", Kind.GAUGE, "", extras["state"], "state", scope),
        Family(
            f"{base}_data_timestamp_seconds", Kind.GAUGE, "seconds", extras["data_timestamp"], "data_timestamp", scope
        ),
    ]
    if scope is Station:
        special.insert(0, Family(f"{base}_up", Kind.GAUGE, "", extras["up"], "up", scope))
    return special + own


def all_families() -> list[Family]:
    """Every family of the model."""
    return [found for scope in PARTS for found in families_of(scope)]


@dataclass(frozen=True, slots=True)
class Sample:
    """One line to be: its labels, ready rendered, and its value."""

    labels: str
    value: float


Samples = dict[str, list[Sample]]


def collect(stations: Iterable[Faded]) -> Samples:
    """The samples of all stations by family name."""
    samples: Samples = {}
    for shown in stations:
        station = shown.station
        labels = _label("station", station.id)
        samples.setdefault(f"{PREFIX}_station_up", []).append(Sample(labels, float(shown.up)))
        _collect_scope(station, labels, samples)
    return samples


def _collect_scope(scope: Scope, labels: str, samples: Samples) -> None:
    kind = type(scope)
    for name in measures(kind):
        if (value := getattr(scope, name)) is not None:
            samples.setdefault(family(kind, name).name, []).append(Sample(labels, value))
    if isinstance(scope, Device | Station):
        _collect_special(scope, labels, samples)
    for attribute, part_kind in PARTS[kind]:
        for part in getattr(scope, attribute):
            _collect_scope(part, f"{labels},{_label(part_kind.label, identity(part))}", samples)


def _collect_special(scope: Device | Station, labels: str, samples: Samples) -> None:
    base = f"{PREFIX}_{type(scope).scope}"
    texts = [_label(name, text) for name in info_labels(type(scope)) if (text := getattr(scope, name)) is not None]
    samples.setdefault(base, []).append(Sample(",".join([labels, *texts]), 1.0))
    if scope.state is not None:
        states = STATES.get(type(scope), DeviceState)
        samples.setdefault(f"{base}_state", []).extend(
            Sample(f"{labels},{_label('state', state)}", float(state is scope.state)) for state in states
        )
    if scope.data_timestamp is not None:
        stamp = scope.data_timestamp.timestamp()
        samples.setdefault(f"{base}_data_timestamp_seconds", []).append(Sample(labels, stamp))


def _label(name: str, value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f'{name.removesuffix("_name") if name == "timezone_name" else name}="{escaped}"'


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

    def body(self, wanted: Format, *, compressed: bool) -> bytes:
        """The whole exposition, as it is true now."""
        with self._lock:
            self._renew()
            key = (wanted, compressed)
            if key not in self._bodies:
                plain = self._page.texts[wanted] + self._own[wanted]
                self._bodies[key] = gzip.compress(plain, COMPRESSION, mtime=0) if compressed else plain
            return self._bodies[key]

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
