"""Curves over the hours of a long run, one below the other, as SVG."""

from collections.abc import Mapping, Sequence

WIDTH, PANEL, LEFT, GAP = 960, 130, 70, 34


def curves(panels: Mapping[str, Sequence[float]]) -> str:
    """A panel for each title, with a value an hour and the days below."""
    hours = max(len(values) for values in panels.values())
    height = len(panels) * (PANEL + GAP) + 30
    tops = range(GAP, height, PANEL + GAP)
    drawn = "".join(_panel(title, values, top) for (title, values), top in zip(panels.items(), tops, strict=False))
    days = "".join(
        f'<text x="{_across(hour, hours):.0f}" y="{height - 10}" text-anchor="middle">{hour // 24}</text>'
        for hour in range(0, hours, 24 * max(1, hours // 240))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
        f'font-size="13" fill="#333"><rect width="100%" height="100%" fill="#fff"/>{drawn}{days}'
        f'<text x="8" y="{height - 10}">day</text></svg>\n'
    )


def _panel(title: str, values: Sequence[float], top: int) -> str:
    highest = max(values) * 1.15 or 1.0
    points = " ".join(
        f"{_across(hour, len(values)):.1f},{top + PANEL * (1 - value / highest):.1f}"
        for hour, value in enumerate(values)
    )
    return (
        f'<text x="{LEFT}" y="{top - 8}" font-weight="bold">{title}</text>'
        f'<text x="{LEFT - 8}" y="{top + 12}" text-anchor="end">{highest:.0f}</text>'
        f'<text x="{LEFT - 8}" y="{top + PANEL}" text-anchor="end">0</text>'
        f'<path d="M{LEFT} {top}V{top + PANEL}H{WIDTH - 20}" fill="none" stroke="#bbb"/>'
        f'<polyline points="{points}" fill="none" stroke="#0a6ebd" stroke-width="1.5"/>'
    )


def _across(hour: int, hours: int) -> float:
    return LEFT + (WIDTH - 20 - LEFT) * hour / max(1, hours - 1)
