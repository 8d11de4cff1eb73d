"""The day hour by hour, for those who do not see the picture or want its numbers."""

from datetime import datetime

from sems_exporter.curves.curve import Powers, mean
from sems_exporter.web.status.day import Day
from sems_exporter.web.status.figures import NOT_KNOWN, folded_table, words
from sems_exporter.web.status.language import marked, tr

_HEADS = (marked("Hour"), "PV", "Load", "Grid", "Battery", "State of charge")


def day_table(anchor: str, day: Day) -> str:
    """Means of the hours so far, folded away."""
    heads = "".join(f'<th scope="col">{tr(head)}</th>' for head in _HEADS)
    hours = [instant for instant in day.hours() if instant <= day.now]
    ends = [*hours[1:], day.now]
    rows = "".join(_row(day, begin, end) for begin, end in zip(hours, ends, strict=True))
    return folded_table(f"{anchor}-hours", tr("Hour by hour"), tr("Means"), heads, rows)


def _row(day: Day, begin: datetime, end: datetime) -> str:
    first, last = begin.timestamp(), end.timestamp()
    within = [powers for middle, powers in day.known if first <= middle < last]
    known = mean(within) if within else Powers()
    cells = (
        _plain(known.pv, "watts"),
        _plain(known.load, "watts"),
        _both(known.grid, tr("import"), tr("export")),
        _both(known.battery, tr("discharge"), tr("charge")),
        _plain(known.charge, "ratio"),
    )
    again = f" {tr('again')}" if day.is_second(begin) else ""
    columns = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{day.clock(begin)}{again}</th>{columns}</tr>'


def _plain(value: float | None, unit: str) -> str:
    return NOT_KNOWN if value is None else words(value, unit)


def _both(value: float | None, above: str, below: str) -> str:
    if value is None:
        return NOT_KNOWN
    size = words(abs(value), "watts")
    return size if not round(value) else f"{size} {above if value > 0 else below}"
