"""How numbers read on the status page: three significant digits or so, in the unit a householder knows.

Every element that shows a value also carries the metric's name and the exact value in base units, so that a script
(or a test) can compare the page with the metrics.
"""

from html import escape

from sems_exporter.model.plant import KWH
from sems_exporter.model.schema import Entity, Family, family
from sems_exporter.web.status.language import number as written
from sems_exporter.web.status.language import tr

LONGEST_NAME = 80
NOT_KNOWN = '<span class="unknown">–</span>'
"""Stands in the cell of a table for what is not known."""


def unknown() -> str:
    """What stands where a value is not known; never a zero."""
    return f'<span class="unknown">– <small>{tr("unknown")}</small></span>'


def reading(value: float, unit: str) -> tuple[str, str]:
    """Number and unit as a person reads them: (1351, "watts") -> ("1.35", "kW")."""
    match unit:
        case "watts":
            return _scaled(value, (("W", 1.0, 0), ("kW", 1e3, 2), ("MW", 1e6, 2)))
        case "joules":
            return _scaled(value, (("kWh", KWH, 2), ("MWh", 1e3 * KWH, 2)))
        case "ratio":
            return written(value * 100, 0), "%"
        case "celsius":
            return written(value, 1), "°C"
    raise ValueError(f"no wording for the unit {unit}")


def folded_table(key: str, summary: str, title: str, heads: str, rows: str) -> str:
    """A wide table that is folded away, called `key` in the document; `heads` and `rows` are its cells as HTML."""
    return (
        f'<details class="figures" id="{key}"><summary>{summary}</summary>'
        f'<div class="wide" tabindex="0" role="group" aria-label="{title}">'
        f"<table><caption>{title}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"
    )


def words(value: float, unit: str) -> str:
    """The same as plain text: "1.35 kW"."""
    return " ".join(reading(value, unit))


def figure(scope: Entity, attribute: str) -> str:
    """The element that shows one measured attribute, or that it is unknown."""
    value = getattr(scope, attribute)
    if value is None:
        return unknown()
    number, unit = reading(value, _family(scope, attribute).unit)
    return f'<span class="figure" {marks(scope, attribute)}>{number}<small> {unit}</small></span>'


def marks(scope: Entity, attribute: str) -> str:
    """The attributes that name the metric and its exact value; the labels are marked on enclosing elements."""
    value = float(getattr(scope, attribute))
    return f'data-metric="{_family(scope, attribute).sample_name}" data-value="{value!r}"'


def identity(scope: Entity) -> str:
    """The attribute that says which station, device or input an element and all in it belong to."""
    return f'data-{scope.label.replace("_", "-")}="{escape(getattr(scope, scope.key))}"'


def name(text: str) -> str:
    """A name from the portal, made harmless: escaped, of bearable length, its writing direction kept to itself."""
    short = text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
    return f"<bdi>{escape(short)}</bdi>"


def _family(scope: Entity, attribute: str) -> Family:
    return family(type(scope), attribute)


def _scaled(value: float, steps: tuple[tuple[str, float, int], ...]) -> tuple[str, str]:
    """The largest of `steps` (unit, size, decimals) that leaves at least 1, after rounding."""
    for unit, size, decimals in reversed(steps[1:]):
        # 999.6 W would read "1000 W": what rounds up to the next unit belongs to it.
        if abs(value) >= size * 0.9995:
            return written(value / size, _decimals(value / size, decimals)), unit
    unit, size, decimals = steps[0]
    return written(value / size, _decimals(value / size, decimals)), unit


def _decimals(number: float, most: int) -> int:
    if abs(number) >= 99.95:
        return 0
    return min(most, 1) if abs(number) >= 9.995 else most
