"""Powers and charge of the past: means of the curve's minutes, each told at the end of its time."""

from array import array
from collections.abc import Mapping

from sems_exporter.history.days import Day, Means

DIRECTIONS = (
    ("grid_import_power", "grid_export_power"),
    ("battery_charge_power", "battery_discharge_power"),
)
"""Of each pair one is 0, live as in the past: a mean goes into the direction of what is left of both."""


def means(day: Day, minutes: Mapping[str, Mapping[int, float]], step: int) -> dict[str, Means]:
    """The means over every `step` seconds of a day, where the curve has at least one minute of them."""
    found = {name: _means(day, values, step) for name, values in minutes.items()}
    for one, other in DIRECTIONS:
        if one in found and other in found:
            _settle(found[one], found[other])
    return {name: Means(array("q", values), array("d", values.values())) for name, values in found.items() if values}


def _means(day: Day, minutes: Mapping[int, float], step: int) -> dict[int, float]:
    parts: dict[int, list[float]] = {}
    for at, value in sorted(minutes.items()):
        if day.start <= at < day.end:
            parts.setdefault(at - at % step + step, []).append(value)
    # The minutes up to now are not all there yet, and what they say may change.
    return {end: sum(values) / len(values) for end, values in parts.items() if end <= day.end}


def _settle(one: dict[int, float], other: dict[int, float]) -> None:
    for at in one.keys() & other.keys():
        left = one[at] - other[at]
        one[at], other[at] = max(0.0, left), max(0.0, -left)
