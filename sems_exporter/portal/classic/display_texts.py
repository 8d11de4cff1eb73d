"""Shapes of JSON that are the classic dialect's own: objects, numbers, yes and no; another is as good as nothing."""

from typing import Any

from sems_exporter.portal.decoding.plausibility import SENTINELS
from sems_exporter.portal.decoding.quantities import NotANumber, quantity

Document = dict[str, Any]
NEARLY_ALL = 2**32 - 2**17
SCALES = (1, 10, 100, 1000)


def document(raw: object) -> Document:
    """`raw` if it is an object, else an empty one."""
    return raw if isinstance(raw, dict) else {}


def number(raw: object) -> float | None:
    """The number in `raw` as the portal wrote it, its unit aside; None for a register that nothing has filled."""
    try:
        found = quantity(raw)
    except NotANumber:
        return None
    return None if found is None or _unfilled(abs(found.number)) else found.number


def _unfilled(size: float) -> bool:
    """Tell whether a number is a register with all bits set, or one of 32 bits with (nearly) all of its upper half set.

    Seen in captures: 4294967.295, and with a lower half of its own 4294901.76 and 429483622.5.
    """
    return size in SENTINELS or any(NEARLY_ALL <= size * scale < 2**32 for scale in SCALES)


def some(raw: object) -> bool:
    """Tell whether `raw` is a number other than 0."""
    return bool(number(raw))


def flag(raw: object) -> bool:
    """Tell whether `raw` says yes."""
    return raw is True or raw in (1, "1", "true", "True")
