"""Documents checked against named tuples: every key known, every value of its type, every complaint with its key."""

import types
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar, cast, get_args, get_origin, get_type_hints

from sems_exporter.model.schema import once

T = TypeVar("T")
Document = dict[str, object]


class ProtocolError(ValueError):
    """What stands at `key` of a protocol file cannot be used."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key


def build(kind: type[T], path: str, document: object) -> T:
    """An object of the named tuple `kind` from `document`, which stands at `path`; raises ProtocolError."""
    found, hints = table(path, document), _hints(kind)
    for key in found:
        if key not in hints:
            raise ProtocolError(below(path, key), unknown(key, hints))
    values: dict[str, object] = {}
    for name, hint in hints.items():
        if name in found:
            values[name] = _value(hint, below(path, name), found[name])
        elif name not in getattr(kind, "_field_defaults", {}):
            raise ProtocolError(below(path, name), "is missing")
    return kind(**values)


def below(path: str, key: str) -> str:
    """The dotted name of `key` in the table at `path`, which is "" for the whole file."""
    return f"{path}.{key}" if path else key


def table(path: str, document: object) -> Document:
    """`document` if it is a table of keys."""
    if not isinstance(document, dict):
        raise ProtocolError(path, "has to be a table of keys, such as { key = … }")
    return document


def unknown(key: str, known: Mapping[str, object]) -> str:
    """The sentence about a key that is not among those that are known."""
    near = get_close_matches(key, known, n=1)
    return f"no such key; {f'is {near[0]} meant?' if near else 'there are ' + ', '.join(known)}"


@once
def _hints(kind: type[object]) -> dict[str, object]:
    return dict(get_type_hints(kind))


def _value(hint: object, path: str, raw: object) -> object:
    origin, inner = get_origin(hint), get_args(hint)
    if hint is object:
        return raw
    if isinstance(hint, types.UnionType):
        return _value(inner[0], path, raw)
    if origin is tuple:
        if not isinstance(raw, list):
            raise ProtocolError(path, "has to be a list, such as [ … ]")
        return tuple(_value(inner[0], f"{path}[{place}]", item) for place, item in enumerate(raw))
    if origin is dict:
        return {key: _value(inner[1], f"{path}.{key}", item) for key, item in table(path, raw).items()}
    if hasattr(hint, "_fields"):
        return build(cast("type[object]", hint), path, raw)
    return _plain(cast("type[object]", hint), path, raw)


def _plain(hint: type[object], path: str, raw: object) -> object:
    if hint is float and isinstance(raw, int | float) and not isinstance(raw, bool):
        return float(raw)
    if not isinstance(raw, hint) or (hint is not bool and isinstance(raw, bool)):
        words = {str: 'a text in quotes, such as "…"', bool: "true or false", float: "a number", int: "a whole number"}
        raise ProtocolError(path, f"has to be {words[hint]}")
    return raw
