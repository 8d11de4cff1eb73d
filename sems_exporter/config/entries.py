"""Reading mappings that stand in lists of the configuration file; what is wrong is told with its place."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import click

from sems_exporter.config.passwords import from_file
from sems_exporter.config.types import Duration, FilePath
from sems_exporter.errors import SettingError
from sems_exporter.telemetry.redaction import Secret

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
"""What an account or a target can be called: its name becomes a label."""


def listed(place: str, told: object, allowed: Collection[str], hints: Mapping[str, str] | None = None) -> list["Entry"]:
    """The entries of a list; raises SettingError where it is none, or empty."""
    if not isinstance(told, list) or not told:
        raise SettingError(place, "has to be a list with an entry for each target")
    return [Entry(f"{place}[{number}]", entry, allowed, hints) for number, entry in enumerate(told)]


class Entry:
    """One mapping, whose keys have to be among `allowed`; `hints` say what to do about certain others."""

    def __init__(
        self, place: str, told: object, allowed: Collection[str], hints: Mapping[str, str] | None = None
    ) -> None:
        if not isinstance(told, dict):
            raise SettingError(place, f"has to be a mapping; it may hold {', '.join(allowed)}")
        for key in told:
            if key not in allowed:
                hint = (hints or {}).get(str(key), f"no such key; there are {', '.join(allowed)}")
                raise SettingError(f"{place}.{key}", hint)
        self.place = place
        self._told: dict[str, object] = told

    def __contains__(self, key: str) -> bool:
        """Tell whether the key is there."""
        return key in self._told

    def at(self, key: str) -> str:
        """The place of a key, for messages."""
        return f"{self.place}.{key}"

    def wrong(self, key: str, text: str) -> SettingError:
        """What to raise where the value of a key is wrong."""
        return SettingError(self.at(key), text)

    def text(self, key: str, default: str = "") -> str:
        """A text in one line that is not empty, or `default` where the key is not there."""
        if key not in self._told:
            return default
        found = self._told[key]
        if not isinstance(found, str) or not found.strip() or not found.isprintable():
            raise self.wrong(key, "has to be a text in one line; write it in quotes if it looks like something else")
        return found.strip()

    def texts(self, key: str) -> dict[str, str]:
        """A mapping of names to texts, empty where the key is not there."""
        told = self._told.get(key, {})
        if not isinstance(told, dict):
            raise self.wrong(key, "has to be a mapping of names to texts")
        within = Entry(self.at(key), told, told.keys())
        return {str(name): within.text(name) for name in told}

    def flag(self, key: str) -> bool:
        """True or false; false where the key is not there."""
        found = self._told.get(key, False)
        if not isinstance(found, bool):
            raise self.wrong(key, "has to be true or false")
        return found

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number within these limits."""
        found = self._told.get(key, default)
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            raise self.wrong(key, f"has to be a whole number from {low} to {high}")
        return found

    def seconds(self, key: str, default: float, low: float, high: float) -> float:
        """A duration within these limits."""
        try:
            return Duration(low, high).convert(self._told.get(key, default), None, None)
        except click.BadParameter as error:
            raise self.wrong(key, error.message) from None

    def one_of(self, key: str, words: Collection[str]) -> str:
        """One of these words; the key has to be there."""
        found = self._told.get(key)
        if found not in words:
            raise self.wrong(key, f"has to be one of {', '.join(words)}")
        return str(found)

    def within(self, key: str, allowed: Collection[str], hints: Mapping[str, str] | None = None) -> "Entry | None":
        """The mapping below a key, None where the key is not there."""
        return Entry(self.at(key), self._told[key], allowed, hints) if key in self._told else None

    def file(self, key: str) -> Path | None:
        """The path of a file, None where the key is not there."""
        text = self.text(key)
        return Path(FilePath().convert(text, None, None)) if text else None

    def secret(self, key: str) -> Secret | None:
        """The secret that the file has which the key names; None where the key is not there."""
        path = self.file(key)
        return None if path is None else from_file(self.at(key), path)

    def name(self, default: str, taken: Collection[str]) -> str:
        """The value of `name`, a label of metrics that is none of those `taken`."""
        found = self.text("name", default)
        if not NAME.fullmatch(found):
            raise self.wrong("name", "needs letters, digits and . _ -; it becomes the label `target`")
        if found in taken:
            raise self.wrong("name", f"{found} is the name of another target; give each its own")
        return found
