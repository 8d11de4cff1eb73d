"""The last seven days of a station as bars: above zero what came in, below zero where it went, as on the dashboards.

A day that is known in part only is an outline. Presentation attributes only: the policy forbids inline styles.
"""

from collections.abc import Sequence
from datetime import timedelta

from sems_exporter.curves.week import DAYS, DayTotal, Energies
from sems_exporter.model.plant import KWH
from sems_exporter.web.status.figures import NOT_KNOWN, folded_table, words
from sems_exporter.web.status.gauges import chart_scale
from sems_exporter.web.status.language import marked, short, tr
from sems_exporter.web.status.week import WeekDay

_NAMES = {
    "pv": marked("PV"),
    "load": marked("Load"),
    "grid_import": marked("Import"),
    "grid_export": marked("Export"),
    "battery_charge": marked("Charge"),
    "battery_discharge": marked("Discharge"),
}
_LEGEND = {
    "pv": marked("PV"),
    "load": marked("Load"),
    "import": marked("Import"),
    "export": marked("Export"),
    "battery": marked("Battery"),
}
_ABOVE = {"pv": "pv", "battery_discharge": "battery", "grid_import": "import"}
_BELOW = {"load": "load", "battery_charge": "battery", "grid_export": "export"}
"""Energies from zero outwards, with their class in the style."""

_TOP, _HEIGHT, _FOOT = 4, 150, 22
"""Pixels above the bars, for the bars, and for the names of the days."""
_WIDTH = 62
"""Percent of its place that a bar takes."""
_WORTH_NAMING = timedelta(hours=1)
"""What a day of the past has to lack for a line to say so; the table always does."""


def week_chart(anchor: str, week: Sequence[WeekDay], *, brief: bool) -> str:
    """The picture with a text, and unless it is `brief` a table, that say the same; nothing without a day before."""
    if not any(day.total for day in week if not day.is_today):
        return ""
    above, below = (
        max(sum(_stack(day.total, kinds).values()) for day in week if day.total) for kinds in (_ABOVE, _BELOW)
    )
    reaches = [chart_scale(most / KWH * 1000) * KWH / 1000 if most else 0.0 for most in (above, below)]
    scale = _HEIGHT / (sum(reaches) or 1.0)
    zero = _TOP + reaches[0] * scale
    bars = "".join(_bars(place, day, zero, scale) for place, day in enumerate(week))
    ends = [f'<text class="scale" x="100%" y="{_TOP + 8}">{_end(reaches[0])}</text>'] if reaches[0] else []
    if reaches[1]:
        ends.append(f'<text class="scale" x="100%" y="{_TOP + _HEIGHT - 4}">{_end(reaches[1])}</text>')
    return (
        f'<figure class="day week"><h3>{tr("Last seven days")}</h3>{_legend(week)}'
        f'<svg role="img" aria-labelledby="{anchor}-week {anchor}-days" width="100%" height="{_TOP + _HEIGHT + _FOOT}">'
        f'<title id="{anchor}-week">{tr("Energies by day")}</title>'
        f'<desc id="{anchor}-days">{_described(week)}</desc>{bars}'
        f'<line class="zero" x2="100%" y1="{zero:.1f}" y2="{zero:.1f}"/>'
        f"{''.join(ends)}</svg>{_lacking(week)}{'' if brief else _table(anchor, week)}</figure>"
    )


def _stack(total: DayTotal | None, kinds: dict[str, str]) -> dict[str, float]:
    """The energies of one side that are known, by their class; the battery has both."""
    if total is None:
        return {}
    return {kind: value for name, kind in kinds.items() if (value := getattr(total.energies, name))}


def _bars(place: int, day: WeekDay, zero: float, scale: float) -> str:
    whole = 100 / DAYS
    left, middle = (place + 0.5 - _WIDTH / 200) * whole, (place + 0.5) * whole
    name = f'<text x="{middle:.2f}%" y="{_TOP + _HEIGHT + _FOOT - 7}">{_label(day)}</text>'
    if day.total is None:
        return f'{name}<text x="{middle:.2f}%" y="{zero - 6:.1f}">–</text>'
    drawn = []
    for kinds, upwards in ((_ABOVE, True), (_BELOW, False)):
        edge = 0.0
        for kind, energy in _stack(day.total, kinds).items():
            near, edge = edge, edge + energy * scale
            top = zero - edge if upwards else zero + near
            drawn.append(
                f'<rect class="{kind}" x="{left:.2f}%" width="{_WIDTH / DAYS:.2f}%" y="{top:.1f}" '
                f'height="{edge - near:.1f}"/>'
            )
    return f"{name}<g{'' if day.until is None else ' class=part'}>{''.join(drawn)}</g>"


def _label(day: WeekDay) -> str:
    """The name below the bar; a narrow page has no room for the number of the day."""
    word, _, number = day.name.partition(" ")
    return f'{word}<tspan class="spare"> {number}</tspan>' if number else word


def _end(reach: float) -> str:
    return f"{short(reach / KWH)} kWh"


def _legend(week: Sequence[WeekDay]) -> str:
    drawn = {kind for day in week for kinds in (_ABOVE, _BELOW) for kind in _stack(day.total, kinds)}
    named = " ".join(
        f'<span><i class="{kind}"></i>{tr(name)}</span>' for kind, name in _LEGEND.items() if kind in drawn
    )
    return f'<p class="legend">{named}</p>'


def _described(week: Sequence[WeekDay]) -> str:
    """PV day by day; the table has the rest."""
    told = []
    for day in week:
        pv = None if day.total is None else day.total.energies.pv
        told.append(tr("{day} not known", day=day.name) if pv is None else f"{_named(day)} {words(pv, 'joules')}")
    return f"{tr(_NAMES['pv'])}: {', '.join(told)}."


def _named(day: WeekDay) -> str:
    if day.is_today:
        return tr("{day} so far", day=day.name)
    return day.name if day.until is None else tr("{day} until {time}", day=day.name, time=day.until)


def _lacking(week: Sequence[WeekDay]) -> str:
    """A line on the days that are not known, or lack much."""
    said = [
        tr("{day} not known", day=day.name) if day.total is None else _named(day)
        for day in week
        if day.is_today or day.total is None or day.lacks > _WORTH_NAMING
    ]
    return f'<p class="detail">{", ".join(said)}.</p>'


def _table(anchor: str, week: Sequence[WeekDay]) -> str:
    known = [name for name in _NAMES if any(_value(day, name) is not None for day in week)]
    heads = "".join(f'<th scope="col">{tr(_NAMES[name])}</th>' for name in known)
    rows = "".join(_row(day, known) for day in week)
    heads = f'<th scope="col">{tr("Day")}</th>{heads}'
    return folded_table(f"{anchor}-table", tr("Day by day"), tr("Energies"), heads, rows)


def _row(day: WeekDay, names: Sequence[str]) -> str:
    cells = "".join(f"<td>{_cell(_value(day, name))}</td>" for name in names)
    return f'<tr><th scope="row">{_named(day)}</th>{cells}</tr>'


def _value(day: WeekDay, name: str) -> float | None:
    value: float | None = getattr(day.total.energies if day.total else Energies(), name)
    return value


def _cell(value: float | None) -> str:
    return NOT_KNOWN if value is None else words(value, "joules")
