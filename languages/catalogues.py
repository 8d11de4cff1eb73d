"""The catalogues as files: what they say, and how they are brought in line with the English texts."""

import io
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from . import LANGUAGES, PSEUDO
from .pseudo import pseudo

FOLDER = Path(__file__).parent

Message = tuple[str, str | None]
"""An English text, with a context where one word stands for two things."""

_CHANGING = re.compile(r'^"(?!Language:|Plural-Forms:|MIME|Content)[\w-]+: .*\n', re.MULTILINE)
"""Fields of the header that tell when and by which program the file was written."""


def catalogue(language: str) -> Catalog:
    """The catalogue of a language."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=LANGUAGES[language])


def translator(language: str) -> Callable[[str, str | None], str]:
    """What translates a text; one that has no translation stays English."""
    if language == PSEUDO:
        return pseudo
    known = catalogue(language)
    return lambda text, context: _translation(known, (text, context)) or text


def missing(language: str, messages: Iterable[Message]) -> list[str]:
    """The texts that have no translation."""
    known = catalogue(language)
    return [message[0] for message in messages if not _translation(known, message)]


def text_of(language: str, messages: Mapping[Message, list[str]]) -> str:
    """A catalogue in line with `messages` and the places they are from: complete, and without what is in use no more.

    What has no translation yet has an empty one.
    """
    known = catalogue(language)
    made = Catalog(locale=LANGUAGES[language], fuzzy=False, header_comment="# `make languages` keeps this in line.")
    for (text, context), places in messages.items():
        made.add(text, _translation(known, (text, context)), context=context, locations=[(one, 0) for one in places])
    file = io.BytesIO()
    write_po(file, made, width=120, include_lineno=False)
    header, entries = file.getvalue().decode().rstrip("\n").split("\n\n", 1)
    return f"{_CHANGING.sub('', header + chr(10))}\n{entries}\n"


def _translation(known: Catalog, message: Message) -> str:
    found = known.get(*message)
    return str(found.string) if found is not None else ""
