"""What every answer of SEMS+ has to be, and how it says that it does not know."""

from typing import Any

from sems_exporter import errors


def document(data: object, what: str) -> dict[str, Any]:
    """`data` as a non-empty object; raises AnswerEmpty or AnswerUnreadable."""
    if data is None or data in ({}, [], ""):
        raise errors.AnswerEmpty(f"{what}: success without data")
    if not isinstance(data, dict):
        raise errors.AnswerUnreadable(f"{what}: not an object")
    return data
