"""Stations and the exporter's own metrics as bodies that can be sent, plain or compressed.

The lines of a station are written when it changes, in the thread that changed it. A body joins the lines of all
stations, compresses them as one, and is kept for the next scrape as long as it is true. Prometheus comes as regularly
as clockwork, so `maintain`, called every second by a thread of its own, makes the body just before it is asked for.
"""

import math
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from prometheus_client.registry import Collector

from sems_exporter.clock import Clock
from sems_exporter.exposition.expiry_queue import ExpiryQueue
from sems_exporter.exposition.prefetch import ScrapeTimes
from sems_exporter.exposition.self_metrics import ALL, PROCESS, SelfMetricsText
from sems_exporter.exposition.text_format import Format, Lines, head, heads, lines
from sems_exporter.model.schema import Family
from sems_exporter.store import StationStore

MAINTAIN_SECONDS = 1.0
"""Seconds between two calls of `maintain`."""
PREFETCH_SECONDS = 2.0
"""Seconds before the next scrape at which its body is made."""
SLOW_RENDER_SECONDS = 0.02
REUSE_SECONDS = 5.0
"""Seconds for which a body that was slow to make serves although stations have changed; never beyond an expiry."""
SMALL_BODY_STATIONS = 30
"""Stations, or some 500 KB, up to which a body is compressed well; more are compressed quickly, to a third more."""
EARLY_EXPIRY = timedelta(seconds=5)
EARLY_EXPIRY_STATIONS = 50
"""Stations that have to expire within EARLY_EXPIRY for some of them to do so early; so it is at midnight in a fleet."""
GZIP_MEMBER = 16 + zlib.MAX_WBITS
BATCH_STATIONS = 20
"""Stations that are written before other threads get a turn."""


@dataclass(frozen=True, slots=True)
class SeriesFilter:
    """Which series a scrape wants: all of them where nothing is named; at most one thing is named.

    `exporter` stands for the exporter's own metrics and no others, `process` for those of them that concern no account.
    """

    station: str | None = None
    account: str | None = None
    exporter: bool = False
    process: bool = False

    @property
    def self_metrics(self) -> str | None:
        """Whose own metrics belong to it: of an account by its name, PROCESS, ALL, or None where none do."""
        if self.station is not None:
            return None
        if self.process:
            return PROCESS
        return ALL if self.account is None else self.account


ALL_SERIES = SeriesFilter()


class _Request(NamedTuple):
    part: SeriesFilter
    wanted: Format
    compressed: bool


class _Station(NamedTuple):
    account: str
    lines: Lines


class _Body(NamedTuple):
    """A body, and how long it may be handed out: until the instant `expires`, and until `old_at` on the timer."""

    content: bytes
    version: int
    made_at: float
    seconds: float
    expires: datetime
    old_at: float


class Renderer:
    """Bodies for every scrape. Nothing here waits for the portal.

    `of_account` finds what the exporter's own metrics say about an account, and for "" what they say about none.
    """

    def __init__(
        self,
        snapshots: StationStore,
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
        self._stations: dict[str, _Station] = {}
        self._version = 0
        self._expiry = ExpiryQueue()
        self._self_metrics = SelfMetricsText(registry, of_account, timer)
        self._bodies: dict[_Request, _Body] = {}
        self._scrapes = ScrapeTimes[_Request]()
        snapshots.subscribe(self.update)
        self.update(entry.station for entry in snapshots.catalogue())

    def ready(self, wanted: Format, *, compressed: bool, part: SeriesFilter = ALL_SERIES) -> bytes | None:
        """The body that was made before, if it is still true; returns at once."""
        request, moment = _Request(part, wanted, compressed), self._timer()
        body = self._bodies.get(request)
        if body is None or not self._serves(body, self._clock.now(), moment):
            return None
        self._scrapes.note(request, moment)
        return body.content

    def body(self, wanted: Format, *, compressed: bool, part: SeriesFilter = ALL_SERIES) -> bytes | None:
        """The exposition of `part`, as it is true now; None if no such station or account is known.

        Makes it where it is not ready, which takes some 0.1 s for a thousand stations.
        """
        request, moment = _Request(part, wanted, compressed), self._timer()
        body = self._render(request, moment)
        if body is not None:
            self._scrapes.note(request, moment)
        return body

    def update(self, stations: Iterable[str]) -> None:
        """Write anew the lines of `stations`, which have changed."""
        for batch in _batches(list(stations)):
            with self._lock:
                self._write(batch, self._clock.now())

    def maintain(self) -> None:
        """Do beforehand what a scrape would have to do otherwise."""
        now, moment = self._clock.now(), self._timer()
        self._expire_early(now)
        for request in self._scrapes.forget(moment):
            self._bodies.pop(request, None)
        for request in self._scrapes.expected(moment, PREFETCH_SECONDS):
            self._render(request, moment + PREFETCH_SECONDS)

    def maintain_until(self, stop: threading.Event) -> None:
        """Call `maintain` every second until `stop` is set."""
        while not stop.wait(MAINTAIN_SECONDS):
            self.maintain()

    def _serves(self, body: _Body, now: datetime, moment: float) -> bool:
        if now >= body.expires or moment >= body.old_at:
            return False
        slow = body.seconds > SLOW_RENDER_SECONDS
        return body.version == self._version or (slow and moment < body.made_at + REUSE_SECONDS)

    def _write(self, stations: Iterable[str], instant: datetime) -> None:
        """Write the lines of `stations` as they are at `instant`."""
        for station in stations:
            self._version += 1
            shown = self._snapshots.look(station, instant)
            self._expiry.put(station, None if shown is None else shown.until)
            if shown is None:
                self._stations.pop(station, None)
            else:
                self._stations[station] = _Station(shown.account, lines(shown))

    def _expire_early(self, now: datetime) -> None:
        """Expire what is due, and of many stations that expire at the same moment some up to EARLY_EXPIRY too early.

        A thousand stations take a second at midnight, and a scrape that waited would be late. That is no lie as long
        as values only go: absent is always true. Whether a station is up is a claim, and waits for its time.
        """
        with self._lock:
            due, soon = list(self._expiry.due(now)), self._expiry.due(now + EARLY_EXPIRY)
        self.update(due)
        if len(soon) < EARLY_EXPIRY_STATIONS:
            return
        by_instant: dict[datetime, list[str]] = {}
        for station, until in soon.items():
            present, later = self._snapshots.look(station, now), self._snapshots.look(station, until)
            if present is not None and later is not None and present.up == later.up:
                by_instant.setdefault(until, []).append(station)
        for instant, stations in by_instant.items():
            for batch in _batches(stations):
                with self._lock:
                    self._write(batch, instant)

    def _render(self, request: _Request, serves_at: float) -> bytes | None:
        """The body for `request`: the one that is there, if it serves at `serves_at` on the timer, or a new one."""
        with self._lock:
            now, made_at = self._clock.now(), self._timer()
            body = self._bodies.get(request)
            if body is not None and self._serves(body, now, serves_at):
                return body.content
            # Of a large fleet each body is many megabytes, so the old one goes before there is a new one.
            del body
            self._bodies.pop(request, None)
            self._write(list(self._expiry.due(now)), now)
            pieces, old_at = self._pieces(request, serves_at)
            if pieces is None:
                return None
            content = b"".join(_compressed(pieces, len(self._stations)) if request.compressed else pieces)
            seconds = self._timer() - made_at
            self._bodies[request] = _Body(content, self._version, made_at, seconds, self._expiry.next, old_at)
            return content

    def _pieces(self, request: _Request, serves_at: float) -> tuple[Iterable[bytes] | None, float]:
        """The text of a body, and until when its own metrics serve; None if there is nothing of that name."""
        stations = self._chosen(request.part)
        whose = request.part.self_metrics
        own, old_at = (
            self._self_metrics.text(request.wanted, whose, serves_at) if whose is not None else (None, math.inf)
        )
        if stations is None and (own is None or not request.part.account):
            return None, old_at
        if own is None:
            own = b"# EOF\n" if request.wanted is Format.OPENMETRICS else b""
        return chain(_by_family(stations or [], request.wanted), (own,)), old_at

    def _chosen(self, part: SeriesFilter) -> list[Lines] | None:
        """The lines of the stations of `part`, in order of accounts and ids; None where none goes by that name."""
        if part.exporter or part.process:
            return []
        if part.station is not None:
            station = self._stations.get(part.station)
            return None if station is None else [station.lines]
        chosen = sorted(
            (one.account, key) for key, one in self._stations.items() if part.account in (None, one.account)
        )
        return None if part.account is not None and not chosen else [self._stations[key].lines for _, key in chosen]


def _by_family(stations: Sequence[Lines], wanted: Format) -> Iterable[bytes]:
    """The lines of `stations`, family by family, each below its head."""
    for above, below in zip(heads(wanted), zip(*(one.known for one in stations), strict=True), strict=False):
        if any(below):
            yield b"".join((above, *below))
    extra: dict[str, tuple[Family, list[bytes]]] = {}
    for family, own in (pair for one in stations for pair in one.extra):
        extra.setdefault(family.name, (family, []))[1].append(own)
    for family, found in extra.values():
        yield b"".join((head(family, wanted).encode(), *found))


def _compressed(pieces: Iterable[bytes], stations: int) -> Iterable[bytes]:
    """`pieces` as one gzip member."""
    compressor = zlib.compressobj(6 if stations <= SMALL_BODY_STATIONS else 1, wbits=GZIP_MEMBER)
    yield from map(compressor.compress, pieces)
    yield compressor.flush()


def _batches(stations: list[str]) -> Iterable[list[str]]:
    return (stations[first : first + BATCH_STATIONS] for first in range(0, len(stations), BATCH_STATIONS))
