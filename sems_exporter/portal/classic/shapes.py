"""Shapes of JSON that are the classic dialect's own: objects, numbers, yes and no; another is as good as nothing."""

from typing import Any

from sems_exporter.plausible import SENTINELS
from sems_exporter.portal.values import NotANumber, quantity

Document = dict[str, Any]


def document(raw: object) -> Document:
    """`raw` if it is an object, else an empty one."""
    return raw if isinstance(raw, dict) else {}


def number(raw: object) -> float | None:
    """The number in `raw` as the portal wrote it, its unit aside; None for a register with all bits set."""
    try:
        found = quantity(raw)
    except NotANumber:
        return None
    return None if found is None or abs(found.number) in SENTINELS else found.number


def some(raw: object) -> bool:
    """Whether `raw` is a number other than 0."""
    return bool(number(raw))


def flag(raw: object) -> bool:
    """Whether `raw` says yes."""
    return raw is True or raw in (1, "1", "true", "True")
