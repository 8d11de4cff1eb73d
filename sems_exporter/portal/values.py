"""Numbers and units as the portal writes them, turned into base units.

Numbers come as JSON numbers, as strings ("1.064"), with a unit in the same string ("2337(W)", "45%") or with one
beside them; missing ones as null, "", "--" or no key at all. The unit that the payload carries decides the scale,
never the name of the field.
"""

import math
import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

MISSING = frozenset({"", "-", "--", "null", "none", "n/a", "nan"})
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*\(?\s*([^\d()]*?)\s*\)?\s*")
LONGEST = 64


class NotANumber(ValueError):
    """A text stands where a number should."""


class NotAUnit(ValueError):
    """The unit is new to us, or measures something else than the attribute does."""


class Quantity(NamedTuple):
    """A number as the portal sent it and the unit it stands in ("" where the payload gives none)."""

    number: float
    unit: str


_SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "watts": ((1.0, "W w"), (1e3, "kW KW kw Kw"), (1e6, "MW"), (1e9, "GW")),
    "joules": (
        (3600.0, "Wh wh WH W·h"),
        (3.6e6, "kWh KWh kwh KWH Kwh kW·h 度"),
        (3.6e9, "MWh MWH"),
        (3.6e12, "GWh GWH"),
        (1.0, "J"),
        (1e6, "MJ"),
    ),
    "vars": ((1.0, "var Var VAr VAR"), (1e3, "kvar kVar kVAr kVAR KVar KVAR Kvar"), (1e6, "Mvar MVar MVAr MVAR")),
    "volts": ((1.0, "V v"), (1e-3, "mV mv"), (1e3, "kV KV")),
    "amperes": ((1.0, "A a"), (1e-3, "mA ma"), (1e3, "kA KA")),
    "hertz": ((1.0, "Hz HZ hz"), (1e3, "kHz")),
    "celsius": ((1.0, "°C ℃ C °c"),),
    "ratio": ((1e-2, "%"), (1.0, "ratio")),
    "ohms": ((1.0, "Ω Ohm ohm OHM"), (1e3, "kΩ KΩ kOhm kohm KOhm Kohm KOHM"), (1e6, "MΩ MOhm Mohm MOHM")),
    "dbm": ((1.0, "dBm dbm DBM"),),
    "seconds": ((3600.0, "h H hour hours"), (60.0, "min"), (1.0, "s"), (86400.0, "d day days")),
}


@lru_cache(maxsize=1024)
def _normalised(unit: str) -> str:
    return unicodedata.normalize("NFKC", unit).replace(" ", "")


_FACTORS = {
    target: {_normalised(name): Decimal(repr(factor)) for factor, names in scales for name in names.split()}
    for target, scales in _SCALES.items()
}
_FAHRENHEIT = frozenset({"°F", "°f"})


def quantity(raw: object, unit: object = None) -> Quantity | None:
    """The number in `raw` with its unit, or None where the portal says nothing.

    A unit within the text wins over the `unit` beside it. Raises NotANumber for anything that is neither a number
    nor one of the portal's ways to say "missing".
    """
    beside = unit if isinstance(unit, str) else ""
    if raw is None:
        return None
    if isinstance(raw, str):
        if raw.strip().lower() in MISSING:
            return None
        number, within = _read(raw)
        return Quantity(number, _normalised(within or beside))
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        return Quantity(_finite(raw), _normalised(beside))
    raise NotANumber(type(raw).__name__)


def _read(text: str) -> tuple[float, str]:
    match = _NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise NotANumber(text[:LONGEST])
    return _finite(match[1]), match[2]


def _finite(raw: float | str) -> float:
    try:
        number = float(raw)
    except OverflowError as error:
        raise NotANumber("too large") from error
    if not math.isfinite(number):
        raise NotANumber(str(raw)[:LONGEST])
    return number


def to_base(value: Quantity, target: str, assumed: str = "") -> float:
    """`value` in the base unit `target`; `assumed` is used only where the payload carries no unit at all.

    Raises NotAUnit where the unit is unknown or measures something else.
    """
    unit = value.unit or _normalised(assumed)
    if target == "celsius" and unit in _FAHRENHEIT:
        return (value.number - 32) / 1.8
    if (target == "ratio" and not unit) or not target:
        # A power factor, a raw code, an amount of money: numbers without a unit.
        return value.number
    factor = _FACTORS[target].get(unit)
    if factor is None:
        raise NotAUnit(unit or "none")
    # Decimal keeps "0.84117 kW" at 841.17 W and "42 %" at 0.42, where a product of floats would not.
    return float(Decimal(repr(value.number)) * factor)
