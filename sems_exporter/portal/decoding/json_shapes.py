"""Shapes of JSON that the answers of both dialects share; what has another shape is as good as not there."""

import re
from typing import Any

from sems_exporter.model.limits import TEXT_LENGTH

_NOTHING = ("", "-", "--", "null", "N/A")
_WHOLE = re.compile(r"(-?\d+)\.0+")
_COUNT = re.compile(r"[0-9]{1,15}")
_HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which JSON can spell, and neither an address nor a file can hold."""
_LONGEST = TEXT_LENGTH + 1
"""One more than is kept, so that a text that was too long can be told by its length."""


def text(raw: object) -> str | None:
    """A text that says something, cut where it is too long, or None; a whole number is as good as its text."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)[:_LONGEST]
    said = raw.strip() if isinstance(raw, str) else ""
    return _HALF.sub("\ufffd", said[:_LONGEST]) if said not in _NOTHING else None


def code_of(raw: object) -> str | None:
    """A status code as text, whether it came as 1, 1.0, "1" or "1.0"; None where the portal says nothing."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    said = text(raw) if isinstance(raw, int | str) else text(str(raw))
    whole = _WHOLE.fullmatch(said or "")
    return whole[1] if whole else said


def count(raw: object) -> int | None:
    """A number of things, in any form that a code may have; None for anything else, and for more than anybody has."""
    said = code_of(raw)
    return int(said) if said and _COUNT.fullmatch(said) else None


def is_yes(raw: object) -> bool:
    """Tell whether `raw` says yes, as a truth value, a number or a text."""
    return raw is True or (code_of(raw) or "").lower() in ("1", "true", "yes")


def is_no(raw: object) -> bool:
    """Tell whether `raw` says no; what is missing says nothing."""
    return raw is False or (code_of(raw) or "").lower() in ("0", "false", "no")


def objects(raw: object) -> list[dict[str, Any]]:
    """The objects in a list; nothing for anything that is no list."""
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
