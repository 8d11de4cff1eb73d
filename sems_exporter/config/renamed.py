"""Settings that have another name since the last version: the old one works for one version more, and that is said."""

from collections.abc import Collection, Mapping
from typing import TypeVar

from sems_exporter.errors import SettingError

Value = TypeVar("Value")
RENAMED: Mapping[str, str] = {}
"""The present key by the one of the last version; an entry goes with the next version."""


def former(key: str) -> list[str]:
    """The keys by which the setting `key` went before."""
    return [old for old, new in RENAMED.items() if new == key]


def current(document: Mapping[str, Value]) -> dict[str, Value]:
    """`document` with present keys in place of former ones; raises SettingError where both are there."""
    for old, new in RENAMED.items():
        if old in document and new in document:
            raise SettingError(old, f"is now called {new}, which is given as well; remove {old}")
    return {RENAMED.get(key, key): value for key, value in document.items()}


def notices(used: Collection[object]) -> list[str]:
    """A sentence about each former name among the keys, flags and variables that were used."""
    spelt = {old: {old, f"--{old.replace('_', '-')}", f"SEMS_{old.upper()}"} for old in RENAMED}
    return [
        f"{old}: is now called {RENAMED[old]}; the old name works in this version for the last time"
        for old, names in spelt.items()
        if not names.isdisjoint(used)
    ]
