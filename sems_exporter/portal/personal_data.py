"""What in a portal's text is its own wording, and what may be somebody's: names, numbers that reach or find people."""

import re

_UNIT = (
    r"(?:[kKMGm]?(?:[Ww]h?|WH|Wp|[Vv]|VA|[Aa]|[Hh][Zz]|[Vv][Aa][Rr]|Ω|[Oo]hm)"
    r"|%|℃|°[CcFf]|C|[Hh]|min|s|d|days?|dBm|km|[Kk]g|t)"
)
# A leading zero is a telephone's or a code's, not a number's.
_QUANTITY = rf"[-+]?(?:0|[1-9]\d{{0,8}})(?:\.\d+)?\s*(?:\(?{_UNIT}\)?)?"
_HARMLESS = re.compile(
    rf"{_QUANTITY}(?:/{_QUANTITY})*|\(?{_UNIT}\)?(?:/{_UNIT})*"
    r"|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T]\d{1,2}:\s?\d{2}(?::\s?\d{2}(?:\.\d+)?)?)?"
    r"|(?:\d+ ?[dhms] ?)+|true|false|null|--|-"
)
UNIT = re.compile(rf"\(?{_UNIT}\)?(?:/{_UNIT})*")
_FINE = re.compile(rf"\d\.\d{{4,}}(?!\d|\s*\(?{_UNIT}\b)")
"""As many decimals as a coordinate has, and no unit after them."""
_LONG = re.compile(r"[-+]?\d{7,}")
"""Digits alone, as many as a telephone number has."""
_QUANTITIES = re.compile(
    r"(?:.*:)?[pPvVfiIeEqs]_?[A-Z][A-Za-z]*\d*"
    r"|(?i:.*(?:power|energy|stats?|rate|income|charp|charge|soc|total|pbat|pac|ppv|pgrid|pload|pmeter)\w*)"
    r"|tree|coal|co2|so2|nox|iday|itotal|capacity"
)
"""Keys and codes of what is measured."""
_TIMES = re.compile(r".*(?:time|date|stamp).*", re.IGNORECASE)
"""Keys of what may be a time in milliseconds."""

IDENTIFIER = re.compile(
    r"(?=(?:\D*\d){5})[A-Z0-9]{9,}|(?=[^\d]*\d)[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}"
)
"""What looks like a serial number, an id or the address of a device, wherever it stands."""

_TELEPHONE = re.compile(r"(?<![\w.:])\+?\(?\d(?:[ ()/-]{0,2}\d){6,}(?![\w:])")
_PRECISE = re.compile(r"(?<![\w.])-?\d{1,3}[.,]\d{4,}(?![\w.])")
_DAY = re.compile(r"\d{4}-\d\d-\d\d.*|\d\d/\d\d/\d{4}.*")
_WORD = re.compile(r"[^\W\d_](?:[\w'./:+-]*\w)?")
_MACHINE = re.compile(
    r"[a-z]+(?:[A-Z][a-z0-9]*)+|(?:[A-Z][a-z]+){3,}|[A-Za-z0-9-]+(?:[_:][A-Za-z0-9-]+)+"
    r"|(?=.*\d)[A-Z0-9][A-Za-z0-9./+-]*"
    r"|[A-Z]{2,5}|[A-Z]+(?:[_-][A-Z0-9]+)+|(?:SN|STATION|text)-\d{4}|[Mdy]{1,4}(?:[-./][Mdy]{1,4}){1,2}"
)
"""Words as programs form them, and stand-ins."""
_ZONE = re.compile(r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific)/[\w/+-]+")
_OWN = frozenset(
    """
    Abnormal Access Account Alarm Arc Auxiliary Available Backup Bad Battery Bus Charging Check Communication Current
    DC Device Discharging Earth Email Error Exception External Fac Failed Failure Fan Fault Forbidden Frequency GoodWe
    Generation Grid Ground High Iac Illegal Income Insulation Internal Invalid Inverter InverterName Isolation
    ISOLimit LeakageCurrent Limit Login Loss Low Meter Missing Mode Monitor NUMERIC Network No Normal Not Off Offline
    On On-Grid Off-Grid Operation Over
    Overload Parameter Parameters Password Permission Phase Plant Please Portal Power Pv Rate Relay Request Residencial
    Residential STRING Server Session Short Signature Station Statistical Storage Success Successful SEMS Sems System
    Temperature The This Timeout To Token Too Under Unknown User Utility Vac Version Voltage Wait Warning Waveform
    Wrong You Your
    成功 操作成功
    """.split()  # noqa: SIM905 - words, not a list
)
"""Words with a capital that the portal is known to say, and its word for success."""


def is_harmless(text: str, key: str, unit: object = None) -> bool:
    """Tell whether a text at `key`, beside this `unit`, is a number, a unit or a time that leads to nobody."""
    if not _HARMLESS.fullmatch(text):
        return False
    if is_quantity(key, unit):
        return True
    return not _FINE.search(text) and not _LONG.fullmatch(text)


def is_quantity(key: str, unit: object = None) -> bool:
    """Tell whether a number at `key`, beside this `unit`, is something measured."""
    return (isinstance(unit, str) and UNIT.fullmatch(unit.strip()) is not None) or bool(_QUANTITIES.fullmatch(key))


def is_fine(number: float) -> bool:
    """Tell whether a number has as many decimals as a coordinate."""
    return len(repr(number).partition(".")[2]) >= 4


def is_long(number: float, key: str, unit: object = None) -> bool:
    """Tell whether a number has as many digits as a telephone or serial number, and is neither a time nor measured."""
    if abs(number) < 10**6 or (abs(number) < 10**9 and (number % 1 or is_quantity(key, unit))):
        return False
    return not (_TIMES.fullmatch(key) and 10**12 <= number < 3 * 10**12)


def is_foreign_key(text: str) -> bool:
    """Tell whether what stands in the place of a field's name is a coordinate or a telephone number."""
    return not re.search(r"[^\W\d]", text) and bool(foreign(text))


def is_stamp(text: str, key: str) -> bool:
    """Tell whether a text is a time in milliseconds."""
    return len(text) == 13 and text[0] in "12" and text.isdecimal() and _TIMES.fullmatch(key) is not None


def is_zone(text: str) -> bool:
    """Tell whether a text names a time zone."""
    return _ZONE.fullmatch(text) is not None or text in ("UTC", "GMT")


def foreign(text: str) -> list[str]:
    """The parts of a text of the portal that are not its own: telephone numbers, coordinates, words with a capital.

    Names in small letters cannot be told from words.
    """
    telephones = [found for found in _TELEPHONE.findall(text) if not _DAY.fullmatch(found)]
    words = [word for word in _WORD.findall(text) if not _is_own(word)]
    return sorted(dict.fromkeys([*telephones, *_PRECISE.findall(text), *words]), key=len, reverse=True)


def _is_own(word: str) -> bool:
    return (word.isascii() and word.islower()) or word in _OWN or _MACHINE.fullmatch(word) is not None
