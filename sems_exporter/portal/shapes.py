"""Shapes of JSON that the answers of both dialects share; what has another shape is as good as not there."""

from typing import Any


def text(raw: object) -> str | None:
    """A text that says something, or None."""
    return raw.strip() if isinstance(raw, str) and raw.strip() not in ("", "--", "null") else None


def code_of(raw: object) -> str | None:
    """A status code as text, whether it came as 1, 1.0 or "1"."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    return str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw).strip() or None


def objects(raw: object) -> list[dict[str, Any]]:
    """The objects in a list; nothing for anything that is no list."""
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
