"""Spellings of units, and what they are in base units."""

import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from sems_exporter.protocol.shapes import ProtocolError

MISSING = frozenset({"", "-", "--", "null", "none", "n/a", "nan"})
"""What the portal writes where it says nothing."""
BASES = frozenset(
    {"watts", "joules", "vars", "volts", "amperes", "hertz", "celsius", "ratio", "ohms", "dbm", "seconds"}
)

Units = Mapping[str, Mapping[str, Decimal]]
"""Factors by base unit and spelling."""


@lru_cache(maxsize=1024)
def normalised(unit: str) -> str:
    """A unit in one form of Unicode, without blanks; "" where nothing is meant."""
    plain = unicodedata.normalize("NFKC", unit).replace(" ", "")
    return "" if plain.lower() in MISSING else plain


@lru_cache(maxsize=1024)
def spelt(unit: str) -> str:
    """A unit without what is a matter of taste: dots within, and case except that of milli and mega."""
    plain = re.sub(r"[.·⋅]", "", normalised(unit))
    return plain[:1] + plain[1:].lower() if plain[:1] in ("m", "M") else plain.lower()


def units(written: Mapping[str, Mapping[str, float]]) -> Units:
    """The factors as the files write them; raises ProtocolError."""
    for base, spellings in written.items():
        if base not in BASES:
            raise ProtocolError(f"units.{base}", f"no metric is in {base}; there are {', '.join(sorted(BASES))}")
        for name, factor in spellings.items():
            if not 0 < factor < math.inf:
                raise ProtocolError(f"units.{base}.{name}", "has to be a factor above 0")
    return {
        base: {spelt(name): Decimal(repr(factor)) for name, factor in spellings.items()}
        for base, spellings in written.items()
    }


def base_of(unit: str, known: Units) -> str | None:
    """The base unit that `unit` is a multiple of; "" for none at all, None for one that nobody knows."""
    if not normalised(unit):
        return ""
    return next((base for base, spellings in known.items() if spelt(unit) in spellings), None)
