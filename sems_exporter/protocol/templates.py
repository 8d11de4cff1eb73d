"""Texts with names in braces, which are known only when a request is made."""

import re
from collections.abc import Iterator, Mapping

_PLACE = re.compile(r"\{(\w+)\}")


def filled(template: object, values: Mapping[str, object]) -> object:
    """`template` with its names replaced, down through tables and lists; a text that is one name gives its value."""
    if isinstance(template, str):
        if whole := _PLACE.fullmatch(template):
            return values[whole[1]]
        return _PLACE.sub(lambda place: str(values[place[1]]), template)
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    return template


def text(template: str, values: Mapping[str, object]) -> str:
    """As `filled`, of a text into a text."""
    return str(filled(template, values))


def names(template: object) -> Iterator[str]:
    """The names in `template`."""
    if isinstance(template, str):
        yield from _PLACE.findall(template)
    elif isinstance(template, dict):
        for value in template.values():
            yield from names(value)
    elif isinstance(template, list):
        for value in template:
            yield from names(value)
