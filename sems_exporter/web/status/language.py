"""The language of the page: its words, numbers and dates, and which one a visitor wants.

English stands in the code. The tables beside this module have the words of other languages, and how numbers and dates
are written there; `make languages` makes them from the catalogues and from the Unicode CLDR.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files

from sems_exporter.web.http.negotiation import language_for

_TABLES = files("sems_exporter.web.status").joinpath("languages")
OFFERED = ("en", *sorted(path.name.removesuffix(".json") for path in _TABLES.iterdir() if path.name.endswith(".json")))
"""What a visitor may have."""
MOST_REMEMBERED = 64
"""Different headers whose meaning is remembered; few browsers visit one exporter."""


@dataclass(frozen=True, slots=True)
class Language:
    """Words by the English ones, and how numbers and dates are written; `day` is a date with its parts in braces."""

    tag: str = "en"
    decimal: str = "."
    group: str = ","
    day: str = "{year}-{month:02}-{day:02}"
    weekdays: tuple[str, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    texts: Mapping[str, str] = field(default_factory=dict)


ENGLISH = Language()
_current = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Have all that is rendered within in this language."""
    before = _current.set(language)
    try:
        yield
    finally:
        _current.reset(before)


@lru_cache(MOST_REMEMBERED)
def wanted(accept_language: bytes) -> Language:
    """The language that a header prefers, or English."""
    return _loaded(language_for(accept_language.decode("latin-1"), OFFERED) or "en")


@cache
def _loaded(name: str) -> Language:
    if name == "en":
        return ENGLISH
    table = json.loads(_TABLES.joinpath(f"{name}.json").read_text("utf-8"))
    return Language(**table | {"weekdays": tuple(table["weekdays"])})


def tr(text: str, **values: object) -> str:
    """The text in the language of the page, with `values` in its `{placeholders}`."""
    said = _current.get().texts.get(text, text)
    return said.format(**values) if values else said


def marked(text: str) -> str:
    """The text as it is: one of a table, for `tr` to say later."""
    return text


def tag() -> str:
    """The tag of the language, as HTML names it."""
    return _current.get().tag


def number(value: float, decimals: int) -> str:
    """A number with so many decimals and a true minus sign; never "−0"."""
    language = _current.get()
    digits = f"{value:,.{decimals}f}"
    if not digits.strip("-0."):
        digits = digits.lstrip("-")
    return digits.translate({ord(","): language.group, ord("."): language.decimal, ord("-"): "−"})


def short(value: float) -> str:
    """A number without zeros at its end."""
    text = f"{value:g}"
    return number(value, len(text.partition(".")[2]))


def date_text(day: date) -> str:
    """A date in figures."""
    return _current.get().day.format(year=day.year, month=day.month, day=day.day)


def weekday(day: date) -> str:
    """The short name of the day of the week."""
    return _current.get().weekdays[day.weekday()]
