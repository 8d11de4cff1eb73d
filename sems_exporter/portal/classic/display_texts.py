"""Shapes of JSON that are the classic dialect's own: objects, numbers, yes and no; another is as good as nothing."""

from typing import Any

from sems_exporter.portal.decoding.plausibility import is_unfilled
from sems_exporter.portal.decoding.quantities import NotANumber, quantity

Document = dict[str, Any]


def document(raw: object) -> Document:
    """`raw` if it is an object, else an empty one."""
    return raw if isinstance(raw, dict) else {}


def number(raw: object) -> float | None:
    """The number in `raw` as the portal wrote it, its unit aside; None for a register that nothing has filled."""
    try:
        found = quantity(raw)
    except NotANumber:
        return None
    return None if found is None or is_unfilled(abs(found.number)) else found.number


def some(raw: object) -> bool:
    """Tell whether `raw` is a number other than 0."""
    return bool(number(raw))


def flag(raw: object) -> bool:
    """Tell whether `raw` says yes."""
    return raw is True or raw in (1, "1", "true", "True")
