"""Scrapes with gzip in each second, beside other servers of the same families; part of `make bench`.

Server and load generator (wrk) have a core each, rounds are interleaved, and what counts is the median and the ratio.
"""

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.machine import described, head, row
from bench.servers import OPENMETRICS, Server, exporter, peers, running

SIZES = ((1, 8), (100, 8), (1000, 4))
"""Stations, and connections that scrape at the same time."""
ROUNDS = 5
SECONDS = 2
FEW = 4
"""Scrapes, one by one, of a server that takes so long that no more than a few would end within SECONDS."""
REFRESH = 60.0
"""Seconds within which every station is read again, where a refresh runs: five times as fast as usual."""
OWN = "sems-exporter"


@dataclass(slots=True)
class Taken:
    """What the rounds gave: scrapes in a second, and milliseconds of the server's CPU for each."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Load:
    """One run of wrk: requests in a second, and the times of half and of 99 % of them in milliseconds."""

    rate: float
    median: float
    p99: float
    count: int


def main() -> None:
    """Print the tables."""
    if shutil.which("wrk") is None:
        print("wrk is not installed; without it no scrape is measured")
        return
    for stations, connections in SIZES:
        print_compared(stations, connections)
    print("\n" + head("scrapes one by one, gzip", "median, ms", "p99, ms", "p99 / median"))
    for stations, _ in SIZES:
        print_times(f"{stations} stations, idle", stations, 0.0)
        print_times(f"{stations} stations, each read again within {REFRESH:.0f} s", stations, REFRESH)


def print_compared(stations: int, connections: int) -> None:
    """A table of all servers, the fastest first, with how many times faster and cheaper the exporter is."""
    results = compared(stations, connections)
    own = results[OWN] or Taken()
    print(f"\n{described()}\n")
    print(head(f"{stations} stations, {connections} connections", "scrapes/s", "CPU, ms", "by rate", "by CPU"))
    for name, taken in sorted(results.items(), key=lambda item: -statistics.median(item[1].rates if item[1] else [0])):
        if taken is None:
            print(row(name, "not installed", "", "", ""))
            continue
        rate, cost = statistics.median(taken.rates), statistics.median(taken.costs)
        faster, cheaper = statistics.median(own.rates) / max(rate, 0.01), cost / statistics.median(own.costs)
        print(row(name, f"{rate:.4g}", f"{cost:.3g}", f"{faster:.3g} ×", f"{cheaper:.3g} ×"))


def print_times(name: str, stations: int, refresh: float) -> None:
    """A line on how long single scrapes take."""
    with running(name, exporter(stations, refresh)) as server:
        load(server, 1)
        found = [load(server, 1) for _ in range(ROUNDS)]
    median, p99 = statistics.median(one.median for one in found), statistics.median(one.p99 for one in found)
    print(row(name, f"{median:.2f}", f"{p99:.2f}", f"{p99 / median:.1f}"))


def compared(stations: int, connections: int) -> dict[str, Taken | None]:
    """What each server gave; None for one that is not installed."""
    taken: dict[str, Taken | None] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)  # nginx reads it as another user
        own = stack.enter_context(running(OWN, exporter(stations)))
        servers = [own]
        for name, command in peers(own.scraped("text/plain"), own.scraped(), folder):
            taken[name] = None
            if command is not None:
                servers.append(stack.enter_context(running(name, command)))
        slow = {server.name for server in servers if _is_slow(server, connections)}
        for number in range(ROUNDS):
            for server in servers:
                # A slow one has its say once.
                if not number or server.name not in slow:
                    measure = _one_by_one if server.name in slow else load
                    taken[server.name] = _round(server, partial(measure, server, connections), taken.get(server.name))
    return taken


def _round(server: Server, measure: Callable[[], Load], before: Taken | None) -> Taken:
    begin = server.cpu()
    found = measure()
    taken = before or Taken()
    taken.rates.append(found.rate)
    taken.costs.append((server.cpu() - begin) / max(1, found.count) * 1000)
    return taken


def _is_slow(server: Server, connections: int) -> bool:
    """Whether hardly any scrape would end while the load lasts."""
    begin = time.monotonic()
    server.scraped()
    return 3 * connections * (time.monotonic() - begin) > SECONDS


def _one_by_one(server: Server, _connections: int) -> Load:
    begin = time.monotonic()
    for _ in range(FEW):
        server.scraped()
    each = (time.monotonic() - begin) / FEW
    return Load(1 / each, each * 1000, each * 1000, FEW)


def load(server: Server, connections: int) -> Load:
    """Scrape `server` over so many kept connections."""
    pinned = ["taskset", "-c", "1"] if shutil.which("taskset") else []
    options = ["-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "60s", "--latency"]
    headers = ["-H", f"Accept: {OPENMETRICS}", "-H", "Accept-Encoding: gzip"]
    command = [*pinned, "wrk", *options, *headers, server.url]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told:
        raise RuntimeError(f"{server.name} refused: {told}")
    words = told.split()
    count = int(words[words.index("requests") - 1])
    rate = float(words[words.index("Requests/sec:") + 1])
    return Load(rate, _time(words, "50%"), _time(words, "99%"), count)


def _time(words: list[str], name: str) -> float:
    """Milliseconds."""
    text = words[words.index(name) + 1]
    for unit, scale in (("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * scale
    raise ValueError(text)


if __name__ == "__main__":
    main()
