"""The texts of the dashboards: made in English, and said in another language once a dashboard is whole.

Whatever makes a part of a dashboard marks by `read` what people read. A marked text stays a string, so that other parts
of the dashboard may refer to it by name: they are translated alike.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from math import ceil
from typing import Any, Self, cast

from .widths import width

Translate = Callable[[str, str | None], str]
"""The translation of a text, given with its context where one English word stands for two things."""
TAG = "sems"

_SIGN = r"[^\w\s{$(`]"
_PARTS = re.compile(rf"((?:{_SIGN} )*)(.*?)((?: {_SIGN})*)", re.DOTALL)
"""A text, and the signs before and after it, which are the same in all languages."""
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{\w+\}|\$\w+")
_WORD = re.compile(r"[^\W\d_]{2}")
_ADDRESS = re.compile(r"/d/sems-[\w-]+")
_BESIDE_A_HEADING = 18
"""Pixels to both sides of the heading of a column, together."""


class Text(str):
    """A text that people read, in English: a template and what stands in its `{placeholders}`.

    `context` tells apart what one English word stands for.
    """

    __slots__ = ("context", "template", "values")

    template: str
    context: str | None
    values: Mapping[str, str]

    def __new__(cls, template: str, context: str | None = None, **values: str) -> Self:
        """Make the English text."""
        made = super().__new__(cls, template.format(**values) if values else template)
        made.template, made.context, made.values = template, context, values
        return made

    @property
    def message(self) -> str:
        """What there is to translate: the template without signs; nothing where it has no word."""
        words = self._parts()[1]
        return words if _WORD.search(_PLACEHOLDER.sub("", words)) else ""

    def told(self, translate: Translate) -> str:
        """The text in another language."""
        if not self.message:
            return str(self)
        before, words, after = self._parts()
        said = translate(words, self.context)
        return before + (said.format(**self.values) if self.values else said) + after

    def _parts(self) -> tuple[str, str, str]:
        before, words, after = cast("re.Match[str]", _PARTS.fullmatch(self.template)).groups()
        return before, words, after


def read(text: str) -> Text:
    """Mark a text that people read, or a reference to one."""
    return text if isinstance(text, Text) else Text(text)


def texts(node: object) -> Iterator[Text]:
    """All marked texts of a dashboard or a part of it."""
    if isinstance(node, Text):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from texts(value)


def translated(dashboard: dict[str, object], language: str, translate: Translate) -> dict[str, object]:
    """The dashboard in another language; its address, tag and links have a suffix, so that both may stand in a Grafana.

    Dashboards of one language lead to each other.
    """

    def said(node: object) -> object:
        if isinstance(node, Text):
            return node.told(translate)
        if isinstance(node, dict):
            return {said(key): said(value) for key, value in node.items()}
        if isinstance(node, list | tuple):
            return [said(value) for value in node]
        if node == TAG:
            return f"{TAG}-{language}"
        return _ADDRESS.sub(rf"\g<0>-{language}", node) if isinstance(node, str) and "/d/" in node else node

    made: Any = said(dashboard)
    for panel in made["panels"]:
        for inner in (panel, *panel.get("panels", ())):
            for override in inner.get("fieldConfig", {}).get("overrides", ()):
                _widen(override)
    return cast("dict[str, object]", made | {"uid": f"{dashboard['uid']}-{language}"})


def _widen(override: Any) -> None:
    """Give a column of fixed or least width the room that its heading needs."""
    for one in override["properties"]:
        if one["id"] in ("custom.width", "custom.minWidth"):
            one["value"] = max(one["value"], ceil(width(override["matcher"]["options"])) + _BESIDE_A_HEADING)
