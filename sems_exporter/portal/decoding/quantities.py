"""Numbers and units as the portal writes them, turned into base units.

Numbers come as JSON numbers, as strings ("1.064"), with a unit in the same string ("2337(W)", "45%") or with one
beside them; missing ones as null, "", "--" or no key at all. The unit that the payload carries decides the scale,
never the name of the field. Separators of thousands and decimal commas are read where they can mean one thing only.
"""

import math
import re
from decimal import Decimal
from typing import NamedTuple

from sems_exporter import protocol
from sems_exporter.protocol.units import MISSING, normalised, spelt

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*\(?\s*([^\d()]*?)\s*\)?\s*")
_MARKED = re.compile(r"\s*([+\-\u2212]?)\s*(\d[\d.,'\u2019\s]*\d|\d)(.*)")
_MARK = re.compile(r"[.,'\u2019\s]")
_GROUPS = re.compile(r"[1-9]\d{0,2}(?: \d{3})+")
_EITHER = re.compile(r"[1-9]\d{0,2},\d{3}")
"""1,234 is a thousand and more in English, and one and a bit in German."""
LONGEST = 64


class NotANumber(ValueError):
    """A text stands where a number should."""


class NotAUnit(ValueError):
    """The unit is new to us, or measures something else than the attribute does."""


class Quantity(NamedTuple):
    """A number as the portal sent it and the unit it stands in ("" where the payload gives none)."""

    number: float
    unit: str


_FAHRENHEIT = ("°f", "of", "f")
"""The middle one is what the ordinal sign becomes that some write for a degree."""


def quantity(raw: object, unit: object = None) -> Quantity | None:
    """The number in `raw` with its unit, or None where the portal says nothing.

    A unit within the text wins over the `unit` beside it. Raises NotANumber for anything that is neither a number
    nor one of the portal's ways to say "missing".
    """
    beside = unit[:LONGEST] if isinstance(unit, str) else ""
    if raw is None:
        return None
    if isinstance(raw, str):
        if raw.strip().lower() in MISSING:
            return None
        number, within = _read(raw)
        return Quantity(number, normalised(within or beside))
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return Quantity(_finite(raw), normalised(beside))
    raise NotANumber(type(raw).__name__)


def _read(text: str) -> tuple[float, str]:
    if len(text) <= LONGEST:
        match = _NUMBER.fullmatch(text) or _NUMBER.fullmatch(_plain(text))
        if match is not None:
            return _finite(match[1]), match[2]
    raise NotANumber(text[:LONGEST])


def _plain(text: str) -> str:
    """`text` without thousands separators, its decimal mark a point; as it is where the marks may mean either."""
    match = _MARKED.fullmatch(text)
    if match is None:
        return text
    sign, digits, rest = match[1].replace("\u2212", "-"), match[2], match[3]
    marks = [character for character in digits if not character.isdigit()]
    decimal = marks[-1] if marks and marks[-1] in ".," and marks.count(marks[-1]) == 1 else ""
    if marks == [","] and _EITHER.fullmatch(digits):
        return text
    whole, _, fraction = digits.rpartition(decimal) if decimal else (digits, "", "0")
    groups = _MARK.split(whole)
    grouped = len(set(_MARK.findall(whole))) == 1 and _GROUPS.fullmatch(" ".join(groups))
    return f"{sign}{''.join(groups)}.{fraction}{rest}" if grouped or len(groups) == 1 else text


def _finite(raw: float | str) -> float:
    try:
        number = float(raw)
    except OverflowError as error:
        raise NotANumber("too large") from error
    if not math.isfinite(number):
        raise NotANumber(str(raw)[:LONGEST])
    # "-0" is nothing, and has no direction.
    return number + 0.0


def to_base(value: Quantity, target: str, assumed: str = "") -> float:
    """`value` in the base unit `target`; `assumed` is used only where the payload carries no unit at all.

    Raises NotAUnit where the unit is unknown or measures something else.
    """
    unit = value.unit or normalised(assumed)
    if target == "celsius" and spelt(unit) in _FAHRENHEIT:
        return (value.number - 32) / 1.8
    if (target == "ratio" and not unit) or not target:
        # A power factor, a raw code, an amount of money: numbers without a unit.
        return value.number
    factor = protocol.current().units[target].get(spelt(unit))
    if factor is None:
        raise NotAUnit(unit or "none")
    # Decimal keeps "0.84117 kW" at 841.17 W and "42 %" at 0.42, where a product of floats would not.
    return float(Decimal(repr(value.number)) * factor) + 0.0
