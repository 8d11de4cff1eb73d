"""All English texts that are translated: those of the dashboards, found by making them, and those of the page."""

import ast
from collections.abc import Iterator
from pathlib import Path

from grafana.build import dashboards
from grafana.build.texts import texts

from .catalogues import Message

PAGE = Path(__file__).parents[1] / "sems_exporter" / "web" / "status"
KEYWORDS = {"tr", "marked"}
"""The functions that the page marks its texts with."""


def messages() -> dict[Message, list[str]]:
    """Each text and the places it is in."""
    found: dict[Message, list[str]] = {}
    for place, message in (*_of_page(), *_of_dashboards()):
        places = found.setdefault(message, [])
        if place not in places:
            places.append(place)
    return found


def page_messages() -> set[str]:
    """The texts of the page alone."""
    return {text for _, (text, _) in _of_page()}


def _of_dashboards() -> Iterator[tuple[str, Message]]:
    for name, dashboard in dashboards().items():
        for text in texts(dashboard):
            if text.message:
                yield name, (text.message, text.context)


def _of_page() -> Iterator[tuple[str, Message]]:
    # Babel's own extraction finds nothing within f-strings before Python 3.12.
    for path in sorted(PAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(text)), *_]) if name in KEYWORDS:
                    yield "page", (text, None)
