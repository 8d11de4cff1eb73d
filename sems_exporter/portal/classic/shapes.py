"""JSON of any shape, asked for what it should be: an answer that is none is as good as no answer."""

from typing import Any

from sems_exporter.plausible import SENTINELS
from sems_exporter.portal.values import NotANumber, quantity

Document = dict[str, Any]


def document(raw: object) -> Document:
    """`raw` if it is an object, else an empty one."""
    return raw if isinstance(raw, dict) else {}


def documents(raw: object) -> list[Document]:
    """The objects in the list `raw`."""
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def text(raw: object) -> str | None:
    """A text that says something, or None."""
    return raw.strip() if isinstance(raw, str) and raw.strip() not in ("", "--", "null") else None


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


def code(raw: object) -> str | None:
    """A status code as text, whether it came as 1, 1.0, "1" or "1.0"; None where the portal says nothing."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    found = number(raw)
    if found is not None and found.is_integer():
        return str(int(found))
    return text(str(raw))


def flag(raw: object) -> bool:
    """Whether `raw` says yes."""
    return raw is True or raw in (1, "1", "true", "True")
