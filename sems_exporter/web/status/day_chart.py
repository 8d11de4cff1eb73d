"""The day of a station as an SVG made here: PV and load, grid, battery and its charge since local midnight.

Lines are stretched to the width of the page, texts are not: the picture has no size of its own, texts stand at shares
of its width, and each panel is a drawing within. Presentation attributes only: the policy forbids inline styles.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from sems_exporter.curves.curve import Powers
from sems_exporter.model.plant import Station
from sems_exporter.web.status.day import Day
from sems_exporter.web.status.day_table import day_table
from sems_exporter.web.status.day_words import described, lacking
from sems_exporter.web.status.gauges import chart_scale, has_battery, scale_text
from sems_exporter.web.status.language import marked, tr

_TICK = 150.0
"""Seconds of a step to the right: half a slot of a home, in whose middle its mean stands."""
_TITLE, _GAP, _FOOT = 22, 14, 20
"""Pixels above each panel for its title, below it, and below all for the hours."""
_FINENESS = 4
"""Steps of a drawing in a pixel of its height."""
_EVERY_HOURS = 3
_ALWAYS = (0, 6, 12, 18)
"""Hours that are named on a narrow page too."""
_LEAST_SHARE = 0.02
"""Of the larger direction; below it the other one needs no half of the panel."""

_Value = Callable[[Powers], float | None]
_Run = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class _Line:
    """One quantity: its word, its class in the style, and whether the space down to zero is filled."""

    word: str
    kind: str
    value: _Value
    filled: bool = True


@dataclass(frozen=True, slots=True)
class _Panel:
    """Quantities on one scale; of a signed one, what is above zero and what is below."""

    title: str
    height: int
    lines: tuple[_Line, ...]
    signed: bool = False
    unit: str = "watts"


def _above(value: _Value) -> _Value:
    return lambda powers: None if (number := value(powers)) is None else max(0.0, number)


def _below(value: _Value) -> _Value:
    return lambda powers: None if (number := value(powers)) is None else min(0.0, number)


_PV_AND_LOAD = _Panel(
    "",
    130,
    (_Line(marked("PV"), "pv", _above(lambda p: p.pv)), _Line(marked("Load"), "load", lambda p: p.load, filled=False)),
)
_GRID = _Panel(
    marked("Grid"),
    90,
    (
        _Line(marked("Import"), "import", _above(lambda p: p.grid)),
        _Line(marked("Export"), "export", _below(lambda p: p.grid)),
    ),
    signed=True,
)
_BATTERY = _Panel(
    marked("Battery"),
    90,
    (
        _Line(marked("Discharge"), "battery", _above(lambda p: p.battery)),
        _Line(marked("Charge"), "battery", _below(lambda p: p.battery)),
    ),
    signed=True,
)
_CHARGE = _Panel(
    marked("State of charge"), 60, (_Line(marked("State of charge"), "battery", lambda p: p.charge),), unit="ratio"
)


@dataclass(slots=True)
class _Drawing:
    """The picture as it grows from top to bottom."""

    day: Day
    parts: list[str] = field(default_factory=list)
    height: int = 0

    def panel(self, panel: _Panel) -> None:
        """Add a panel below the others, unless nothing is known of it."""
        runs = {line: self.day.runs(line.value) for line in panel.lines}
        if not any(runs.values()):
            return
        low, high = _range(panel, (number for own in runs.values() for run in own for _, number in run))
        top, size = self.height + _TITLE, panel.height * _FINENESS
        scale = _Scale(low, high, size)
        drawn = "".join(_drawn(line, own, scale, outlined=not panel.signed) for line, own in runs.items())
        width = f"{self.day.seconds / _TICK:.0f}"
        self.parts.append(
            f'<svg y="{top}" width="100%" height="{panel.height}" viewBox="0 0 {width} {size}" '
            f'preserveAspectRatio="none">{self._ground(scale)}{drawn}'
            f'<path class="zero" d="M0 {scale.y(0.0)}h{width}"/></svg>'
            f'<text class="name" y="{top - 7}">{_legend(panel)}</text>'
        )
        if high:
            self._end_of_scale(top + 13, panel, 0, high)
        if low:
            self._end_of_scale(top + panel.height - 5, panel, -1, -low)
        self.height = top + panel.height + _GAP

    def _end_of_scale(self, y: int, panel: _Panel, side: int, reach: float) -> None:
        text = "100 %" if panel.unit == "ratio" else scale_text(reach)
        line = panel.lines[side]
        kind, word = (f" {line.kind}", f" {tr(line.word.lower())}") if panel.signed else ("", "")
        self.parts.append(f'<text class="scale{kind}" x="100%" y="{y}">{text}{word}</text>')

    def hours(self) -> None:
        """Name the hours below all panels."""
        y = self.height + _FOOT - 8
        for instant in [*self.day.hours(), self.day.end]:
            text = self.day.clock(instant)
            hour = int(text[:2])
            if hour % _EVERY_HOURS or text[3:5] != "00":
                continue
            share = (instant.timestamp() - self.day.begin.timestamp()) / self.day.seconds
            place = "first" if share == 0 else "last" if share == 1 else "hour"
            spare = "" if hour in (*_ALWAYS, 24) else " spare"
            self.parts.append(f'<text class="{place}{spare}" x="{share * 100:.2f}%" y="{y}">{text[:5]}</text>')
        self.height += _FOOT

    def _ground(self, scale: "_Scale") -> str:
        """What lies ahead, and the hours."""
        now = (self.day.now.timestamp() - self.day.begin.timestamp()) / _TICK
        whole = self.day.seconds / _TICK
        hours = "".join(
            f"M{(instant.timestamp() - self.day.begin.timestamp()) / _TICK:.0f} 0v{scale.size}"
            for instant in self.day.hours()
            if int(self.day.clock(instant)[:2]) % _EVERY_HOURS == 0
        )
        return (
            f'<rect class="ahead" x="{now:.0f}" width="{whole - now:.0f}" height="{scale.size}"/>'
            f'<path class="rule" d="{hours}"/>'
        )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where a number lies between the top (0) and the bottom (`size`) of a drawing."""

    low: float
    high: float
    size: int

    def y(self, number: float) -> int:
        """Within the drawing, with room for half a line at both ends."""
        edge = _FINENESS
        share = (self.high - min(max(number, self.low), self.high)) / (self.high - self.low)
        return round(edge + share * (self.size - 2 * edge))


def day_chart(station: Station, anchor: str, day: Day, *, brief: bool) -> str:
    """The picture with a text and a table that say the same; nothing where nothing is known of the day.

    A `brief` one has PV, load and the state of charge, and no table.
    """
    if not day.known:
        return ""
    drawing = _Drawing(day)
    charge = (_CHARGE,) if has_battery(station) else ()
    panels = (_PV_AND_LOAD, *charge) if brief else (_PV_AND_LOAD, _GRID, *(charge and (_BATTERY, *charge)))
    for panel in panels:
        drawing.panel(panel)
    drawing.hours()
    return (
        f'<figure class="day"><h3>{tr("Power of the day")}</h3>'
        f'<svg role="img" aria-labelledby="{anchor}-day {anchor}-told" width="100%" height="{drawing.height}">'
        f'<title id="{anchor}-day">{tr("Power since midnight")}</title><desc id="{anchor}-told">{described(day)}</desc>'
        f"{''.join(drawing.parts)}</svg>{lacking(day)}{'' if brief else day_table(anchor, day)}</figure>"
    )


def _range(panel: _Panel, numbers: Iterable[float]) -> tuple[float, float]:
    """The lowest and the highest number of a scale that does not move with every cloud."""
    if panel.unit == "ratio":
        return 0.0, 1.0
    every = list(numbers)
    most, least = max(every), min(every)
    reach = chart_scale(max(most, -least))
    if not panel.signed:
        return 0.0, reach
    low, high = (reach if -least > _LEAST_SHARE * reach else 0.0), (reach if most > _LEAST_SHARE * reach else 0.0)
    return (-low, high) if low or high else (0.0, reach)


def _drawn(line: _Line, runs: list[_Run], scale: _Scale, *, outlined: bool) -> str:
    """The paths of one quantity: each run for itself, so that holes stay open."""
    points = [[(round(at / _TICK), scale.y(number)) for at, number in run] for run in runs]
    zero = scale.y(0.0)
    area = "".join(f"M{run[0][0]} {zero}V{run[0][1]}{_steps(run)}V{zero}z" for run in points) if line.filled else ""
    outlines = points if outlined else [run for run in points if len(run) == 1 and run[0][1] != zero]
    # A run of one has no width: it is a dot, since the line's cap is round.
    outline = "".join(f"M{run[0][0]} {run[0][1]}{_steps(run) or 'h0'}" for run in outlines)
    kinds = (("area" if outlined else "whole area", area), ("line", outline))
    return "".join(f'<path class="{kind} {line.kind}" d="{path}"/>' for kind, path in kinds if path)


def _steps(run: list[tuple[int, int]]) -> str:
    steps = [f"{x - from_x} {y - from_y}" for (from_x, from_y), (x, y) in pairwise(run)]
    return f"l{' '.join(steps)}" if steps else ""


def _legend(panel: _Panel) -> str:
    if panel.title:
        return tr(panel.title)
    return " ".join(f'<tspan class="{line.kind}">■</tspan> {tr(line.word)} ' for line in panel.lines)
