"""Reading YAML in which each key is given once, where YAML for Python lets the last one win."""

from collections.abc import Hashable

import yaml

MERGE = "tag:yaml.org,2002:merge"
"""What the key `<<` is, which stands for keys from elsewhere."""


class KeyTwice(ValueError):
    """A key is given twice in one mapping."""

    def __init__(self, key: object) -> None:
        super().__init__(f"{key} is given twice")
        self.key = str(key)


class _Strict(yaml.SafeLoader):
    """A safe loader that refuses a key given twice."""


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict[Hashable, object]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value if key.tag != MERGE]
    twice = next((key for number, key in enumerate(keys) if key in keys[:number]), None)
    if twice is not None:
        raise KeyTwice(twice)
    return loader.construct_mapping(node, deep=True)


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def document(content: bytes) -> object:
    """What `content` says; raises KeyTwice, and YAMLError, ValueError or RecursionError for what is no YAML."""
    return yaml.load(content, _Strict)  # noqa: S506 - a SafeLoader
