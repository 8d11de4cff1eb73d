"""A day of a fleet under its request budget: what the portal sees, and how old what is known of each station gets.

python -m bench.fleet_day [--stations 1000] [--budget 30] [--picture docs/pictures/fleet-day.svg]

The exporter is the real one from the poller to the wire; the portal is one on paper, and the clock moves only while
somebody waits, so that the day takes a minute or two.
"""

import logging
import statistics
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import click

from tests.fleets import MIDNIGHT, Fleet, name

HOURS = 24
WIDTH, HEIGHT = 760, 170
LEFT, TOP = 60, 30
BLUE, RED = "#2a6fb0", "#c05a1d"


@dataclass(slots=True)
class Diary:
    """What was seen of the fleet: seconds of age by hour, of details and of the overview."""

    fleet: Fleet
    details: dict[int, list[float]] = field(default_factory=dict)
    overview: dict[int, list[float]] = field(default_factory=dict)
    down: int = 0

    def note(self, now: datetime) -> None:
        """Look at every station once."""
        hour = int((now - MIDNIGHT).total_seconds() // 3600)
        for shown in self.fleet.parts.snapshots.shown(now):
            station = shown.station
            self.down += not shown.up
            if station.details_timestamp is not None:
                self.details.setdefault(hour, []).append(now.timestamp() - station.details_timestamp)
            if station.data_timestamp is not None:
                self.overview.setdefault(hour, []).append((now - station.data_timestamp).total_seconds())


@click.command(help=__doc__.partition("\n")[0])
@click.option("--stations", type=click.IntRange(1, 10_000), default=1000, show_default=True)
@click.option("--budget", type=click.IntRange(5, 120), default=30, show_default=True, help="Requests a minute.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="SVG file to write.")
def main(stations: int, budget: int, picture: Path | None) -> None:
    """Let the day pass, print what came of it, and perhaps draw it."""
    logging.getLogger("sems_exporter").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as state:
        fleet = Fleet(stations, Path(state), budget)
        fleet.portal.ill = {name(number) for number in range(0, stations, 100)}
        diary = Diary(fleet)
        fleet.run(HOURS, diary.note, every=900.0)
    minutes = per_minute(fleet)
    print_table(fleet, diary, minutes)
    if picture is not None:
        picture.write_text(drawing(fleet, diary, minutes), "utf-8")


def per_minute(fleet: Fleet) -> list[int]:
    """Requests in each minute of the day."""
    counted = Counter(int((at - MIDNIGHT.timestamp()) // 60) for at, _ in fleet.portal.sent)
    return [counted[minute] for minute in range(HOURS * 60)]


def print_table(fleet: Fleet, diary: Diary, minutes: list[int]) -> None:
    """What the portal saw, and the ages by hour."""
    calls = fleet.portal.by_endpoint
    first = [at - MIDNIGHT.timestamp() for at, _ in fleet.portal.sent[:60]]
    print(f"{fleet.stations} stations, at most {fleet.per_minute} requests a minute, {HOURS} hours\n")
    print(f"requests in all          {sum(calls.values())}")
    print(f"most in any 60 s         {fleet.portal.most_in_a_minute}")
    print(f"mean in a minute         {statistics.mean(minutes):.1f}")
    print(f"in the first 10 s        {sum(at < first[0] + 10 for at in first)}")
    print(f"sign-ins                 {calls['login']}")
    print(f"looks at a station down  {diary.down}\n")
    print("| Call | Requests | Share |\n| --- | --- | --- |")
    for endpoint, count in calls.most_common():
        print(f"| `{endpoint}` | {count} | {count / sum(calls.values()):.1%} |")
    print("\n| Hour | Data age, median | 90 % | most | Details age, median | 90 % | most |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for hour in range(HOURS):
        cells = [*_ages(diary.overview.get(hour, [])), *_ages(diary.details.get(hour, []))]
        print(f"| {hour} | {' | '.join(cells)} |")


def _ages(seconds: list[float]) -> list[str]:
    return [f"{_share(seconds, share) / 60:.0f} min" if seconds else "–" for share in (0.5, 0.9, 1.0)]


def _share(values: list[float], share: float) -> float:
    """The value below which this share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def drawing(fleet: Fleet, diary: Diary, minutes: list[int]) -> str:
    """The day as SVG: requests a minute, the ages of the data, the ages of the details."""

    def by_hour(ages: dict[int, list[float]], share: float, unit: float) -> list[float]:
        return [_share(ages.get(hour, [0.0]), share) / unit for hour in range(HOURS)]

    sent = [(list(map(float, minutes)), BLUE)]
    data = [(by_hour(diary.overview, share, 60), colour) for share, colour in ((0.5, BLUE), (1.0, RED))]
    details = [(by_hour(diary.details, share, 3600), colour) for share, colour in ((0.5, BLUE), (1.0, RED))]
    limit = float(fleet.per_minute)
    panels = [
        _panel(0, f"Requests in each minute; the budget is {fleet.per_minute}", limit * 1.2, sent, limit),
        _panel(1, "Age of state and PV power in minutes: median (blue), oldest (orange)", 20, data),
        _panel(2, "Age of the details in hours: median (blue), oldest (orange)", 24, details),
    ]
    height = TOP + len(panels) * (HEIGHT + 50)
    title = f"{fleet.stations} stations over a day"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + LEFT + 20} {height}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>{title}</title><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(panels)}</svg>\n"
    )


def _panel(
    place: int, title: str, top: float, curves: list[tuple[list[float], str]], limit: float | None = None
) -> str:
    base = TOP + place * (HEIGHT + 50) + HEIGHT

    def y(value: float) -> float:
        return round(base - HEIGHT * min(1.0, value / top), 1)

    lines = [f'<text x="{LEFT}" y="{base - HEIGHT - 8}" font-weight="bold">{title}</text>']
    for share in (0, 0.5, 1):
        at = y(top * share)
        lines.append(f'<path d="M{LEFT} {at}h{WIDTH}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{at + 4}" text-anchor="end">{top * share:g}</text>')
    for hour in range(0, HOURS + 1, 6):
        x = LEFT + WIDTH * hour / HOURS
        lines.append(f'<text x="{x:g}" y="{base + 18}" text-anchor="middle">{hour}:00</text>')
    if limit is not None:
        lines.append(f'<path d="M{LEFT} {y(limit)}h{WIDTH}" stroke="{RED}" stroke-dasharray="6 4"/>')
    for values, colour in curves:
        points = " ".join(f"{LEFT + WIDTH * (n + 0.5) / len(values):.1f},{y(value)}" for n, value in enumerate(values))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return "".join(lines)


if __name__ == "__main__":
    main()
