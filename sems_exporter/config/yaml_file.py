"""Reading YAML in which each key is given once and each number is what it looks like; YAML for Python allows more."""

import math
import re
from collections.abc import Hashable

import yaml

MERGE = "tag:yaml.org,2002:merge"
"""What the key `<<` is, which stands for keys from elsewhere."""
LARGEST = 256 * 1024
"""Bytes of a configuration; the longest that make sense have a tenth."""
MOST_KEYS = 5000
"""Keys of a mapping, with those that are merged in: a few merges of merges can mean millions."""
_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][-+]?\d+)?")
"""A number that everybody reads as the same one."""
_UNFIT = re.compile("[\0\ud800-\udfff]")
"""What YAML can spell, and neither UTF-8 nor the name of a file can hold."""


class KeyTwice(ValueError):
    """A key is given twice in one mapping."""

    def __init__(self, key: object) -> None:
        super().__init__(f"{key} is given twice")
        self.key = str(key)


class NotYaml(ValueError):
    """The content is no YAML, or none that can be a configuration. `where` is ", line 3, column 5" if that is known."""

    def __init__(self, where: str) -> None:
        super().__init__(f"is not valid YAML{where}")
        self.where = where


class _Strict(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, and whose every failure tells the place."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002 - as it is inherited
        """The value of a node; the constructors raise whatever int(), a dict or a match that is None raise."""
        try:
            return super().construct_object(node, deep)
        except (KeyTwice, yaml.YAMLError):
            raise
        except Exception as error:
            raise yaml.constructor.ConstructorError(None, None, "no such value", node.start_mark) from error

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Put the keys of a merge in its place, unless they are too many."""
        super().flatten_mapping(node)
        if len(node.value) > MOST_KEYS:
            raise yaml.constructor.ConstructorError(None, None, "too many keys", node.start_mark)


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict[Hashable, object]:
    seen = set()
    for key_node, _ in node.value:
        if key_node.tag != MERGE:
            key = loader.construct_object(key_node, deep=True)
            try:
                twice = key in seen
            except TypeError as error:  # a list cannot be a key
                raise yaml.constructor.ConstructorError(None, None, "no key", key_node.start_mark) from error
            if twice:
                raise KeyTwice(key)
            seen.add(key)
    return loader.construct_mapping(node, deep=True)


def _number(loader: _Strict, node: yaml.ScalarNode) -> int | float | str:
    """A number; what YAML alone takes for one (1:30 for 90, 010 for 8, .inf) stays the text that it is."""
    text = str(loader.construct_scalar(node))
    if not _NUMBER.fullmatch(text):
        return text
    number = float(text)
    return int(text) if text.lstrip("-+").isdecimal() else number if math.isfinite(number) else text


def _text(loader: _Strict, node: yaml.ScalarNode) -> str:
    text = str(loader.construct_scalar(node))
    if _UNFIT.search(text):
        raise ValueError("unfit")
    return text


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Strict.add_constructor("tag:yaml.org,2002:int", _number)
_Strict.add_constructor("tag:yaml.org,2002:float", _number)
_Strict.add_constructor("tag:yaml.org,2002:str", _text)


def document(content: bytes) -> object:
    """Parse `content`; raises KeyTwice, or NotYaml for whatever cannot be read."""
    try:
        return yaml.load(content, _Strict)  # noqa: S506 - a SafeLoader
    except KeyTwice:
        raise
    except Exception as error:  # noqa: BLE001 - PyYAML raises of all kinds; whatever it is, the file cannot be read
        raise NotYaml(_place(error, content)) from None


def _place(error: Exception, content: bytes) -> str:
    if mark := getattr(error, "problem_mark", None):
        return f", line {mark.line + 1}, column {mark.column + 1}"
    if isinstance(error, yaml.reader.ReaderError):
        # A character that cannot be is counted in characters, a byte that cannot be in bytes.
        whole: str | bytes = content.decode("utf-8", "replace") if error.encoding == "unicode" else content
        return f", line {len(whole[: error.position].splitlines()) or 1}"
    return ""
