"""How the exporter grows from one station to ten thousand: a table, and docs/pictures/growth.svg; run `make growth`."""

import gzip
import http.client
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.chart import Panel, drawn
from bench.fleet import requests_of_a_home
from bench.machine import described, head, row
from bench.servers import OPENMETRICS, PATIENCE, Server, exporter, of_stations, running

SIZES = (1, 10, 100, 1000, 10_000)
PICTURE = Path(__file__).parents[1] / "docs/pictures/growth.svg"
INTERVAL = 300.0
"""Seconds in which every station is read once."""
WATCHED = 20.0
SCRAPES = 20
BUDGET = 30
"""Requests to the portal in a minute, unless set otherwise."""


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size; `busy` is the share of a core while stations are read and nobody scrapes."""

    stations: int
    series: int
    plain: int
    compressed: int
    memory: float
    busy: float
    scrape: float


def measured(stations: int) -> Size:
    """Look at an exporter of so many stations, with a stand-in for the portal."""
    with running("exporter", exporter(stations, INTERVAL)) as server:
        body = server.scraped()
        text = gzip.decompress(body)
        series = sum(
            not line.startswith(b"#")
            for line in of_stations(gzip.decompress(server.scraped("text/plain"))).splitlines()
        )
        scrape = min(_scraping(server) for _ in range(3))
        busy = _polling(server)
        return Size(stations, series, len(text), len(body), server.memory(), busy, scrape)


def _scraping(server: Server) -> float:
    """Milliseconds of CPU for one scrape over a connection that is kept, as Prometheus does."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.netloc, timeout=PATIENCE)
    begin = server.cpu_of_threads()
    for _ in range(SCRAPES):
        connection.request("GET", place.path, headers={"Accept": OPENMETRICS, "Accept-Encoding": "gzip"})
        connection.getresponse().read()
    connection.close()
    return (server.cpu_of_threads() - begin) / SCRAPES * 1000


def _polling(server: Server) -> float:
    begin, start = server.cpu_of_threads(), time.monotonic()
    time.sleep(WATCHED)
    return (server.cpu_of_threads() - begin) / (time.monotonic() - start)


def main() -> None:
    """Print the table and draw the picture."""
    print(f"{described()}\n")
    requests = requests_of_a_home()
    print(
        head(
            "stations", "series", "plain, MB", "gzip, MB", "memory, MB", "CPU, % of a core", "a scrape, ms of CPU",
            f"a refresh at {BUDGET} requests/min",
        )
    )  # fmt: skip
    sizes = []
    for stations in map(int, sys.argv[1:]) if len(sys.argv) > 1 else SIZES:
        size = measured(stations)
        sizes.append(size)
        plain, compressed = f"{size.plain / 1e6:.3g}", f"{size.compressed / 1e6:.3g}"
        refresh = _duration(stations * requests / BUDGET * 60)
        figures = (f"{size.memory:.0f}", f"{size.busy * 100:.1f}", f"{size.scrape:.2g}", refresh)
        print(row(f"{stations:,}", f"{size.series:,}", plain, compressed, *figures), flush=True)
    PICTURE.write_text(_picture(sizes), "utf-8")


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.0f} s"


def _picture(sizes: list[Size]) -> str:
    names = [f"{size.stations:,}" for size in sizes]
    return drawn(
        f"One process, each station read every {INTERVAL:.0f} s",
        [
            Panel("memory, MB", names, [size.memory for size in sizes]),
            Panel("body with gzip, kB", names, [size.compressed / 1000 for size in sizes]),
            Panel("CPU while polling, % of a core", names, [size.busy * 100 for size in sizes]),
            Panel("a scrape, ms of CPU", names, [size.scrape for size in sizes]),
        ],
    )


if __name__ == "__main__":
    main()
