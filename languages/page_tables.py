"""What the status page needs of a language at run time, where Babel is not: its words, and how it writes numbers."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from babel import Locale

from . import LANGUAGES
from .catalogues import translator

FOLDER = Path(__file__).parents[1] / "sems_exporter" / "web" / "status" / "languages"
_LONGEST_WEEKDAY = 6
_FIELDS = {"y": "{year}", "M": "{month}", "MM": "{month:02}", "d": "{day}", "dd": "{day:02}"}
"""Fields of a pattern of the CLDR that dates in figures have."""


def text_of(language: str, messages: Iterable[str]) -> str:
    """The file of a language, in which every text of the page has its translation."""
    locale = Locale.parse(LANGUAGES[language])
    symbols = locale.number_symbols["latn"]
    translate = translator(language)
    table = {
        "tag": str(locale).replace("_", "-"),
        "decimal": symbols["decimal"],
        "group": symbols["group"],
        "day": re.sub(r"[A-Za-z]+", lambda field: _FIELDS[field[0]], locale.datetime_skeletons["yMd"].pattern),
        "weekdays": [_weekday(locale, day) for day in range(7)],
        "texts": {text: translate(text, None) for text in sorted(messages)},
    }
    return json.dumps(table, ensure_ascii=False, indent=1) + "\n"


def _weekday(locale: Locale, day: int) -> str:
    """The usual short form of a day, Monday being 0; in Portuguese that is a whole word, and a shorter one is taken."""
    forms = locale.days["stand-alone"]
    usual = [str(forms["abbreviated"][each]) for each in range(7)]
    return str(forms["abbreviated" if max(map(len, usual)) <= _LONGEST_WEEKDAY else "short"][day])
