"""Reading a YAML document that somebody relies on: every key known, given once, and of the right kind."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from sems_exporter.config import yaml_file
from sems_exporter.config.yaml_file import KeyTwice, NotYaml
from sems_exporter.errors import SettingError
from sems_exporter.files import read_bounded

SETTING = "web_config_file"
T = TypeVar("T")


class Wrong(SettingError):
    """A key of the file is wrong. The message names the key, and never the value of a secret."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{SETTING}: {key}", message)


class Section:
    """A mapping within the document, read key by key. `path` is where it stands, for messages."""

    def __init__(self, values: object, path: str, *allowed: str) -> None:
        if values is None:
            values = {}
        if not isinstance(values, Mapping):
            raise Wrong(path, "has to be a mapping of keys to values")
        self._prefix = f"{path}." if path else ""
        for key in values:
            if key not in allowed:
                raise Wrong(f"{self._prefix}{key}", f"no such key; there are {', '.join(allowed)}")
        self._values = {key: value for key, value in values.items() if value is not None}

    def __bool__(self) -> bool:
        return bool(self._values)

    def wrong(self, key: str, message: str) -> Wrong:
        """Make the error for a `key` that cannot be as it is."""
        return Wrong(self._prefix + key, message)

    def raw(self, key: str) -> object:
        """The value as it stands, None where it is not given."""
        return self._values.get(key)

    def text(self, key: str) -> str:
        """A text; empty where it is not given."""
        return self._value(key, str, "", "has to be a text; write it in quotes")

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        return self._value(key, bool, default, "has to be true or false")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        found = self._value(key, list, [], "has to be a list")
        if not all(isinstance(item, str) for item in found):
            raise self.wrong(key, "has to be a list of texts")
        return tuple(found)

    def choice(self, key: str, default: T, allowed: Mapping[str, T]) -> T:
        """One of the allowed words, as what it stands for."""
        text = self.text(key)
        if not text:
            return default
        if text not in allowed:
            raise self.wrong(key, f"{text!r} is none of {', '.join(allowed)}")
        return allowed[text]

    def _value(self, key: str, kind: type[T], default: T, message: str) -> T:
        value = self._values.get(key, default)
        if not isinstance(value, kind):
            raise self.wrong(key, message)
        return value


def document(path: Path, *allowed: str) -> Section:
    """The top of the document in the file at `path`; raises Wrong."""
    try:
        values = yaml_file.document(read_bounded(path, yaml_file.LARGEST))
    except OSError as error:
        raise Wrong(str(path), f"cannot be read: {error.strerror}") from None
    except KeyTwice as error:
        raise Wrong(error.key, "is given twice") from None
    except NotYaml as error:
        raise Wrong(str(path), str(error)) from None
    if values is not None and not isinstance(values, Mapping):
        raise Wrong(str(path), "has to be a mapping of keys to values")
    return Section(values, "", *allowed)
