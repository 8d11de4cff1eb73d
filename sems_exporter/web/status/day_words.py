"""The day in words, for those who do not see the picture, and its holes for everybody."""

from collections.abc import Callable

from sems_exporter.curves.curve import Powers
from sems_exporter.web.status.day import Day
from sems_exporter.web.status.figures import words

MOST_HOLES = 3
_ABOUT = 300.0
"""Seconds; means have no sharper time."""

_PEAKS: tuple[tuple[str, Callable[[Powers], float | None]], ...] = (
    ("PV", lambda p: p.pv),
    ("Load", lambda p: p.load),
    ("Import", lambda p: p.grid),
    ("Export", lambda p: None if p.grid is None else -p.grid),
    ("Battery discharge", lambda p: p.battery),
    ("Battery charge", lambda p: None if p.battery is None else -p.battery),
)


def described(day: Day) -> str:
    """The highest of each power and when it was, and the range of the charge."""
    told = [f"From 00:00 to {day.clock(day.now)}."]
    for word, value in _PEAKS:
        runs = day.runs(value)
        if not runs:
            continue
        at, most = max((point for run in runs for point in run), key=lambda point: point[1])
        if most > 0:
            told.append(f"{word} up to {words(most, 'watts')} about {day.clock(day.instant(at - at % _ABOUT))}.")
        elif word in ("PV", "Load"):
            told.append(f"{word} nothing.")
    levels = [level for run in day.runs(lambda p: p.charge) for _, level in run]
    if levels:
        lowest, highest = (words(level, "ratio") for level in (min(levels), max(levels)))
        told.append(f"State of charge {lowest} to {highest}.")
    return " ".join([*told, *([_holes(day)] if day.holes() else [])])


def lacking(day: Day) -> str:
    """A line on the times of which nothing is known, and on the zone where that is not known."""
    said = [_holes(day)] if day.holes() else []
    if day.zone is None:
        said.append("The station's time zone is not known; hours are those of UTC.")
    return f'<p class="detail">{" ".join(said)}</p>' if said else ""


def _holes(day: Day) -> str:
    holes = day.holes()
    longest = sorted(holes, key=lambda hole: hole[0] - hole[1])[:MOST_HOLES]
    named = ", ".join(f"{day.clock(begin)[:5]}–{day.clock(end)[:5]}" for begin, end in sorted(longest))
    more = f" and {len(holes) - MOST_HOLES} shorter times" if len(holes) > MOST_HOLES else ""
    return f"No data {named}{more}."
