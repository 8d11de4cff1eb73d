"""Shapes of JSON that the answers of both dialects share; what has another shape is as good as not there."""

import re
from typing import Any

_NOTHING = ("", "-", "--", "null", "N/A")
_WHOLE = re.compile(r"(-?\d+)\.0+")


def text(raw: object) -> str | None:
    """A text that says something, or None; a whole number is as good as its text."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    return raw.strip() if isinstance(raw, str) and raw.strip() not in _NOTHING else None


def code_of(raw: object) -> str | None:
    """A status code as text, whether it came as 1, 1.0, "1" or "1.0"; None where the portal says nothing."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    said = text(str(raw))
    whole = _WHOLE.fullmatch(said or "")
    return whole[1] if whole else said


def objects(raw: object) -> list[dict[str, Any]]:
    """The objects in a list; nothing for anything that is no list."""
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
