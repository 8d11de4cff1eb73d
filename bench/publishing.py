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
from sems_exporter.derive import derived
from sems_exporter.exposition import Exposition, Format
from sems_exporter.findings import Findings
from sems_exporter.freshness import Limits
from sems_exporter.quality import Quality
from sems_exporter.selfmetrics import SelfMetrics
from sems_exporter.snapshots import Snapshots

SIZES = (1, 100, 1000)
CHANGES = 60
LIMITS = Limits(86400.0, 86400.0)
SCRAPED = (Format.OPENMETRICS, True)
EVERY = tuple((wanted, True) for wanted in Format)
PLAIN = (*EVERY, (Format.OPENMETRICS, False))


class Site:
    """An exposition of so many stations, all read once, and what is needed to read one of them again."""

    def __init__(self, stations: int) -> None:
        self.clock = SystemClock()
        self.fleet = Fleet(decoded_home(), stations)
        self.quality = Quality()
        self.snapshots = Snapshots(self.clock, LIMITS)
        self.exposition = Exposition(self.snapshots, SelfMetrics().registry, self.clock)
        for number in range(stations):
            self.poll(number)()

    def poll(self, number: int) -> Callable[[], None]:
        """What has to be done with the next answer on station `number`, which is decoded already."""
        station = self.fleet.poll(number, self.clock.now())

        def take() -> None:
            now = self.clock.now()
            self.snapshots.put(derived(self.quality.check(station, now, Findings()), now))

        return take

    def size(self, wanted: Format = Format.OPENMETRICS, *, compressed: bool = True) -> int:
        """Bytes of a body, which is in demand from then on."""
        return len(self.exposition.body(wanted, compressed=compressed) or b"")


def changes(site: Site, forms: tuple[tuple[Format, bool], ...]) -> float:
    """Milliseconds of CPU from a decoded answer to bodies in these forms, for a change of one station."""
    for wanted, compressed in forms:
        site.size(wanted, compressed=compressed)
    chosen = random.Random(1).choices(range(len(site.fleet)), k=CHANGES)
    return median_cpu([partial(_change, site.poll(number), site, forms) for number in chosen])


def _change(take: Callable[[], None], site: Site, forms: tuple[tuple[Format, bool], ...]) -> None:
    take()
    for wanted, compressed in forms:
        site.size(wanted, compressed=compressed)


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
    print("Milliseconds of CPU from a decoded answer, of one station, to bodies that can be handed out\n")
    print(head("stations", "gzip, one format", "gzip, both formats", "and one plain body", "whole program, MB"))
    for stations in SIZES:
        site = Site(stations)
        one, both, plain = (changes(site, forms) for forms in ((SCRAPED,), EVERY, PLAIN))
        with running("exporter", exporter(stations, 60.0)) as server:
            for _ in range(20):
                server.scraped()
            print(row(stations, f"{one:.2f}", f"{both:.2f}", f"{plain:.2f}", f"{server.memory():.0f}"))
    seconds, megabytes = started()
    print(f"\nFrom the start to the first answer: {seconds:.2f} s of CPU, {megabytes:.0f} MB")


if __name__ == "__main__":
    main()
