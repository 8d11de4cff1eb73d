"""Small charts with a logarithmic height, as SVG that reads well on light and dark pages."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, GAP = 330, 220, 20
LEFT, TOP, BOTTOM = 46, 40, 34
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #555 } .title { font-size: 14px; font-weight: 600 }
  .grid { stroke: #8885; stroke-width: 1 } .bar { fill: #e8890c }
  .name { text-anchor: end } .below { text-anchor: middle }
  @media (prefers-color-scheme: dark) { text { fill: #bbb } }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: a bar for each name."""

    title: str
    names: list[str]
    values: list[float]


def drawn(title: str, panels: list[Panel]) -> str:
    """All panels, two in a row."""
    rows = math.ceil(len(panels) / 2)
    width, height = 2 * WIDTH + GAP, rows * (HEIGHT + GAP) + TOP
    parts = [f'<text class="title" x="4" y="20">{escape(title)}</text>']
    for number, panel in enumerate(panels):
        across, down = number % 2 * (WIDTH + GAP), number // 2 * (HEIGHT + GAP) + TOP
        parts.append(f'<g transform="translate({across},{down})">{"".join(_panel(panel))}</g>')
    inside = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}">\n<style>{STYLE}</style>\n{inside}\n</svg>\n'
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _panel(panel: Panel) -> Iterator[str]:
    low = math.floor(math.log10(min(panel.values)))
    high = max(low + 1, math.ceil(math.log10(max(panel.values))))
    floor, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP

    def at(value: float) -> float:
        return floor - room * (math.log10(value) - low) / (high - low)

    yield f'<text class="title" x="4" y="18">{escape(panel.title)}</text>'
    for power in range(low, high + 1):
        line = at(10.0**power)
        yield f'<path class="grid" d="M{LEFT} {line:.1f}H{WIDTH}"/>'
        yield f'<text class="name" x="{LEFT - 6}" y="{line + 4:.1f}">{10.0**power:,.10g}</text>'
    step = (WIDTH - LEFT) / len(panel.values)
    for place, (name, value) in enumerate(zip(panel.names, panel.values, strict=True)):
        left, top = LEFT + step * (place + 0.2), at(value)
        yield f'<rect class="bar" x="{left:.1f}" y="{top:.1f}" width="{step * 0.6:.1f}" height="{floor - top:.1f}"/>'
        middle = left + step * 0.3
        yield f'<text class="below" x="{middle:.1f}" y="{top - 5:.1f}">{_figure(value)}</text>'
        yield f'<text class="below" x="{middle:.1f}" y="{floor + 16}">{escape(name)}</text>'
    yield f'<text class="below" x="{(LEFT + WIDTH) / 2:.0f}" y="{floor + 31}">stations</text>'
