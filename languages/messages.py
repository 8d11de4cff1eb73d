"""All English texts that are translated: those of the dashboards, found by making them, and those of the page."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

from grafana.build import dashboards
from grafana.build.texts import texts

from .catalogues import Message

PAGE = Path(__file__).parents[1] / "sems_exporter" / "web" / "status"
KEYWORDS = {"tr": None, "marked": None}
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
    for _, _, text, _, _ in extract_from_dir(PAGE, [("**.py", "python")], keywords=KEYWORDS):
        yield "page", (str(text), None)
