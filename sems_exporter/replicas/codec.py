"""Snapshots as texts, for the store: what the declarations of the model say, so that a new number needs no line here.

Replicas of two versions may share a store for a while. What a version does not know is left out.
"""

import json
import types
import typing
import zlib
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sems_exporter.model.plant import TimeZone
from sems_exporter.pipeline.staleness import Snapshot

COMPRESSION = 1
"""Level of zlib: the fastest."""
T = TypeVar("T")


def packed(document: object) -> bytes:
    """A document, compressed."""
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode(), COMPRESSION)


def unpacked(raw: bytes) -> Any:
    """The document; raises ValueError where it is none."""
    try:
        return json.loads(zlib.decompress(raw))
    except zlib.error as error:
        raise ValueError("not compressed") from error


def encoded(snapshot: Snapshot, put_at: datetime) -> bytes:
    """A snapshot and the instant at which it was put."""
    return packed({"at": put_at.timestamp(), "snapshot": _plain(snapshot)})


def decoded(raw: bytes) -> tuple[Snapshot, datetime]:
    """What `encoded` was given; raises one of `files.UNREADABLE` where it is none."""
    document = unpacked(raw)
    return _made(Snapshot, document["snapshot"]), datetime.fromtimestamp(document["at"], UTC)


def _plain(value: Any) -> Any:
    """`value` for JSON; of data classes only what differs from the default."""
    if is_dataclass(value):
        told = ((one.name, getattr(value, one.name)) for one in fields(value) if not _is_default(value, one))
        return {name: _plain(part) for name, part in told}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, ZoneInfo):
        return value.key
    if isinstance(value, timezone):
        return value.utcoffset(None).total_seconds()
    return value


def _is_default(value: Any, field: Field[Any]) -> bool:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    own = getattr(value, field.name)
    return own is default or (own == default and type(own) is type(default))


def _made(kind: type[T], document: dict[str, Any]) -> T:
    readers: dict[str, Callable[[Any], Any]] = _readers(kind)  # type: ignore[arg-type]
    return kind(**{name: readers[name](value) for name, value in document.items() if name in readers})


@cache
def _readers(kind: type) -> dict[str, Callable[[Any], Any]]:
    return {name: _reader(hint) for name, hint in typing.get_type_hints(kind).items()}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """What makes of JSON a value of this type."""
    if hint == TimeZone:
        return _zone
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        some = [one for one in typing.get_args(hint) if one is not types.NoneType]
        read = _zone if set(some) == set(typing.get_args(TimeZone)) else _reader(some[0])
        return lambda value: None if value is None else read(value)
    if typing.get_origin(hint) is tuple:
        part = _reader(typing.get_args(hint)[0])
        return lambda value: tuple(map(part, value))
    if hint is datetime:
        return lambda value: datetime.fromtimestamp(value, UTC)
    return _reader_of_class(hint) if isinstance(hint, type) else _as_it_is


def _reader_of_class(kind: type) -> Callable[[Any], Any]:
    if is_dataclass(kind):
        return lambda value: _made(kind, value)
    if issubclass(kind, StrEnum):
        return lambda value: _word(kind, value)
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _word(words: type[StrEnum], value: str) -> StrEnum:
    """The word; one of a later version is not known here."""
    return words(value) if value in list(words) else words("unknown")


def _zone(value: str | float) -> TimeZone:
    return ZoneInfo(value) if isinstance(value, str) else timezone(timedelta(seconds=value))
