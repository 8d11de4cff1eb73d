"""What every answer of SEMS+ has to be, and how it says that it does not know."""

from typing import Any

from sems_exporter import errors
from sems_exporter.portal.decoding.json_shapes import code_of


def document(data: object, what: str) -> dict[str, Any]:
    """`data` as a non-empty object; raises AnswerEmpty or AnswerUnreadable."""
    if data is None or data in ({}, [], ""):
        raise errors.AnswerEmpty(f"{what}: success without data")
    if not isinstance(data, dict):
        raise errors.AnswerUnreadable(f"{what}: not an object")
    return data


def listed(body: dict[str, Any], key: str, what: str) -> list[Any]:
    """The list in `body`; none at all where the total beside it is 0. Raises AnswerUnreadable."""
    rows = body.get(key)
    if isinstance(rows, list):
        return rows
    if code_of(body.get("total")) == "0":
        return []
    raise errors.AnswerUnreadable(f"{what}: no {key}")
