"""Shapes of JSON that every answer shares: texts, objects, lists of objects, codes."""

from typing import Any

from sems_exporter import errors

OTHER = "4294967295"
"""Written where the portal itself knows no status."""


def text(raw: object) -> str | None:
    """A text that says something, or None; a whole number is as good as its text."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    return raw.strip() if isinstance(raw, str) and raw.strip() not in ("", "-", "--", "null", "N/A") else None


def document(data: object, what: str) -> dict[str, Any]:
    """`data` as a non-empty object; raises AnswerEmpty or AnswerUnreadable."""
    if data is None or data in ({}, [], ""):
        raise errors.AnswerEmpty(f"{what}: success without data")
    if not isinstance(data, dict):
        raise errors.AnswerUnreadable(f"{what}: not an object")
    return data


def code_of(raw: object) -> str | None:
    """A status code as text, whether it came as a number or as a text."""
    return text(int(raw) if isinstance(raw, float) and raw.is_integer() else raw)


def objects(raw: object) -> list[dict[str, Any]]:
    """The objects in a list; nothing for anything that is no list."""
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
