"""What a change of one station costs until it can be handed out, and what the program takes; part of `make bench`."""

import os
import random
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.fleet import Fleet, decoded_home
from bench.machine import head, median_cpu, row
from bench.servers import exporter, running
from sems_exporter.clock import SystemClock
from sems_exporter.exposition import Format, Renderer
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.process import process
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.store import StationStore
from sems_exporter.telemetry.metrics import SelfMetrics

SIZES = (1, 100, 1000)
CHANGES = 60
BODIES = 15
LIMITS = Limits(86400.0, 86400.0)
CHANGES_A_MINUTE = 0.2
"""Of each station, which is read every five minutes."""


class Site:
    """An exposition of so many stations, all read once, and what is needed to read one of them again."""

    def __init__(self, stations: int) -> None:
        self.clock = SystemClock()
        self.fleet = Fleet(decoded_home(), stations)
        self.quality = CounterGuard()
        self.snapshots = StationStore(self.clock, LIMITS)
        self.seconds = 0.0
        self.exposition = Renderer(self.snapshots, SelfMetrics().registry, self.clock, lambda: self.seconds)
        for number in range(stations):
            self.poll(number)()

    def poll(self, number: int) -> Callable[[], None]:
        """What has to be done with the next answer on station `number`, which is decoded already."""
        station = self.fleet.poll(number, self.clock.now())

        def take() -> None:
            now = self.clock.now()
            self.snapshots.put(process(station, self.quality, now, Diagnostics()))

        return take

    def scrape(self, wanted: Format = Format.OPENMETRICS, *, compressed: bool = True) -> int:
        """Bytes of a body that is made for a scrape, a minute after the one before."""
        self.seconds += 60
        return len(self.exposition.body(wanted, compressed=compressed) or b"")


def changes(site: Site) -> float:
    """Milliseconds of CPU from a decoded answer to lines that are ready, for a change of one station."""
    chosen = random.Random(1).choices(range(len(site.fleet)), k=CHANGES)
    return median_cpu([site.poll(number) for number in chosen])


def bodies(site: Site, *, compressed: bool) -> float:
    """Milliseconds of CPU to make one body."""
    return median_cpu([partial(site.scrape, compressed=compressed)] * BODIES)


def started() -> tuple[float, float]:
    """Seconds of CPU from the start of the program to its first answer, and megabytes that it has then."""
    with tempfile.TemporaryDirectory() as state:
        own = {"SEMS_ACCOUNT": "demo@example.com", "SEMS_PASSWORD": "demo", "SEMS_LOGIN_URL": "http://127.0.0.1:1"}
        os.environ.update(own, SEMS_STATE_DIR=state)
        program = str(Path(sys.executable).with_name("sems-exporter"))
        try:
            with running("start", lambda port: [program, "--web.listen-address", f"127.0.0.1:{port}"]) as server:
                return server.cpu(), server.memory()
        finally:
            for name in (*own, "SEMS_STATE_DIR"):
                del os.environ[name]


def main() -> None:
    """Print the tables."""
    print("Milliseconds of CPU; a minute has one scrape, and every station is read each five minutes\n")
    print(head("stations", "a change", "a body, gzip", "a body, plain", "a minute", "whole program, MB"))
    for stations in SIZES:
        site = Site(stations)
        change, packed, plain = changes(site), bodies(site, compressed=True), bodies(site, compressed=False)
        minute = stations * CHANGES_A_MINUTE * change + packed
        with running("exporter", exporter(stations, 60.0)) as server:
            for _ in range(20):
                server.scraped()
            memory = server.memory()
        print(row(stations, f"{change:.2f}", f"{packed:.1f}", f"{plain:.1f}", f"{minute:.0f}", f"{memory:.0f}"))
    seconds, megabytes = started()
    print(f"\nFrom the start to the first answer: {seconds:.2f} s of CPU, {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
