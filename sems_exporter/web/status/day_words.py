"""The day in words, for those who do not see the picture, and its holes for everybody."""

from collections.abc import Callable

from sems_exporter.curves.curve import Powers
from sems_exporter.web.status.day import MEANS_SECONDS, Day
from sems_exporter.web.status.figures import words
from sems_exporter.web.status.language import marked, tr

MOST_HOLES = 3

_PEAKS: tuple[tuple[str, Callable[[Powers], float | None]], ...] = (
    (marked("PV"), lambda p: p.pv),
    (marked("Load"), lambda p: p.load),
    (marked("Import"), lambda p: p.grid),
    (marked("Export"), lambda p: None if p.grid is None else -p.grid),
    (marked("Battery discharge"), lambda p: p.battery),
    (marked("Battery charge"), lambda p: None if p.battery is None else -p.battery),
)


def described(day: Day) -> str:
    """The highest of each power and when it was, and the range of the charge."""
    told = [tr("From 00:00 to {time}.", time=day.clock(day.now))]
    for word, value in _PEAKS:
        runs = day.runs(value)
        if not runs:
            continue
        at, most = max((point for run in runs for point in run), key=lambda point: point[1])
        if most > 0:
            when = day.clock(day.instant(at - at % MEANS_SECONDS))
            told.append(tr("{word} up to {power} about {time}.", word=tr(word), power=words(most, "watts"), time=when))
        elif word in ("PV", "Load"):
            told.append(tr("{word} nothing.", word=tr(word)))
    levels = [level for run in day.runs(lambda p: p.charge) for _, level in run]
    if levels:
        lowest, highest = (words(level, "ratio") for level in (min(levels), max(levels)))
        told.append(tr("State of charge {lowest} to {highest}.", lowest=lowest, highest=highest))
    return " ".join([*told, *([_holes(day)] if day.holes() else [])])


def lacking(day: Day) -> str:
    """A line on the times of which nothing is known, and on the zone where that is not known."""
    said = [_holes(day)] if day.holes() else []
    if day.zone is None:
        said.append(tr("The station's time zone is not known; hours are those of UTC."))
    return f'<p class="detail">{" ".join(said)}</p>' if said else ""


def _holes(day: Day) -> str:
    holes = day.holes()
    longest = sorted(holes, key=lambda hole: hole[0] - hole[1])[:MOST_HOLES]
    named = ", ".join(f"{day.clock(begin)[:5]}–{day.clock(end)[:5]}" for begin, end in sorted(longest))
    if len(holes) > MOST_HOLES:
        return tr("No data {times} and {number} more times.", times=named, number=len(holes) - MOST_HOLES)
    return tr("No data {times}.", times=named)
