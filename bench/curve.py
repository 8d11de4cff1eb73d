"""The curve of a soak as SVG: memory, blocks, threads, file descriptors and sign-ins over the hours."""

from collections.abc import Sequence
from typing import Protocol

WIDTH, PANEL, LEFT, GAP = 960, 130, 70, 34


class Measured(Protocol):
    """What is drawn of an hour."""

    @property
    def resident_mib(self) -> float:
        """MiB in memory."""

    @property
    def blocks(self) -> int:
        """Allocated by Python."""

    @property
    def threads(self) -> int:
        """Running."""

    @property
    def descriptors(self) -> int:
        """Open."""

    @property
    def sign_ins(self) -> int:
        """So far."""


def curve(hours: Sequence[Measured]) -> str:
    """One panel for each of the five."""
    panels = (
        ("resident memory, MiB", [hour.resident_mib for hour in hours]),
        ("blocks that Python has allocated, thousands", [hour.blocks / 1000 for hour in hours]),
        ("threads", [float(hour.threads) for hour in hours]),
        ("file descriptors", [float(hour.descriptors) for hour in hours]),
        ("sign-ins so far", [float(hour.sign_ins) for hour in hours]),
    )
    height = len(panels) * (PANEL + GAP) + 30
    drawn = "".join(_panel(title, values, top * (PANEL + GAP) + GAP) for top, (title, values) in enumerate(panels))
    days = "".join(
        f'<text x="{_across(hour, len(hours)):.0f}" y="{height - 10}" text-anchor="middle">{hour // 24}</text>'
        for hour in range(0, len(hours), 24 * max(1, len(hours) // 240))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif" '
        f'font-size="13" fill="#333"><rect width="100%" height="100%" fill="#fff"/>{drawn}{days}'
        f'<text x="8" y="{height - 10}">day</text></svg>\n'
    )


def _panel(title: str, values: list[float], top: int) -> str:
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
