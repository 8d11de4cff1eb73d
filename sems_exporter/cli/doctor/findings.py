"""What the doctor finds: a sentence, how grave it is, and what to do about it."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

WIDTH = 110
"""Columns of a line, as in the report of `check`."""
MOST_NAMES = 5


class Verdict(StrEnum):
    """How grave a finding is; the word is what a person reads."""

    GOOD = "ok"
    NOTE = "note"
    PROBLEM = "PROBLEM"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence; `remedy` says what to do about it, "" where nothing has to be done."""

    verdict: Verdict
    text: str
    remedy: str = ""

    @property
    def lines(self) -> list[str]:
        """The finding as a person reads it."""
        said = textwrap.wrap(self.text, WIDTH, initial_indent=f"{self.verdict:<8}", subsequent_indent=" " * 8)
        if not self.remedy:
            return said
        return [*said, *textwrap.wrap(self.remedy, WIDTH, initial_indent=" " * 8 + "-> ", subsequent_indent=" " * 11)]


def good(text: str) -> Finding:
    """All is well with something."""
    return Finding(Verdict.GOOD, text)


def note(text: str, remedy: str = "") -> Finding:
    """Something that a person may want otherwise."""
    return Finding(Verdict.NOTE, text, remedy)


def problem(text: str, remedy: str) -> Finding:
    """Something does not work, or will not when it is needed."""
    return Finding(Verdict.PROBLEM, text, remedy)


def few(names: Iterable[str]) -> str:
    """The first of these names, and how many more there are."""
    found: Sequence[str] = sorted(set(names))
    more = len(found) - MOST_NAMES
    return ", ".join(found[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
