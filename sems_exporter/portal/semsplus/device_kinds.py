"""Which kind of device a type names. The portal has other names in other regions, and other spellings of the same."""

import re
from enum import Enum
from functools import lru_cache

from sems_exporter.portal.semsplus.factor_reader import factors


class Kind(Enum):
    """What is read of a device; nothing of OTHER, and of UNKNOWN what its telemetry shows it to be."""

    INVERTER = "inverter"
    METER = "meter"
    SYSTEM = "battery system"
    RACK = "battery rack"
    EV_CHARGER = "EV charger"
    DONGLE = "dongle"
    OTHER = "other"
    UNKNOWN = "unknown"


INVERTER_TYPES = (
    "INVERTER",
    "INVERTER_GRID",
    "ALL_IN_ONE",
    "ENERGY_STORAGE_INTEGRATED_CABINET",
    "MICRO_INVERTER",
    "PCS",
)
METER_TYPES = ("SMART_METER",)
SYSTEM, RACK, EV_CHARGER = "BAT_SYS", "BATTERY_RACK", "EV_CHARGER"
BATTERY_TYPES = (SYSTEM, RACK)
_OTHER_TYPES = ("DATA_LOGGER", "SWITCH_CAB", "BAT_BUSBAR", "DIESEL_GEN")
KNOWN_TYPES = {
    **dict.fromkeys(INVERTER_TYPES, Kind.INVERTER),
    **dict.fromkeys(METER_TYPES, Kind.METER),
    SYSTEM: Kind.SYSTEM,
    RACK: Kind.RACK,
    EV_CHARGER: Kind.EV_CHARGER,
    "DONGLE": Kind.DONGLE,
    **dict.fromkeys(_OTHER_TYPES, Kind.OTHER),
}
_NAMES = (
    (Kind.INVERTER, r".*INVERTER.*|ALLINONE.*|(?!SWITCH|BAT).*CABINET.*"),
    # Any other meter may count something else than the grid.
    (Kind.METER, r"(SMART|GRID)METER.*|METER"),
    (Kind.RACK, r"BAT(TERY)?(RACK|PACK).*"),
    (Kind.SYSTEM, r"BAT(TERY)?(SYS(TEM)?)?"),
    (Kind.EV_CHARGER, r"(EV)?CHARGER.*|EVCHARGING.*|CHARG(E|ING)PILE.*"),
    (Kind.DONGLE, r".*DONGLE"),
)
_PATTERNS = [(kind, re.compile(pattern)) for kind, pattern in _NAMES]
_PV_CODES = re.compile(r"MPPT\W?\d+:\w+|pDc|ISOLimit|proPvStats\w+|(grid|storage)PF", re.IGNORECASE)


def spelt(device_type: str) -> str:
    """A type without what is a matter of taste: case, and marks between its words."""
    return re.sub(r"[\W_]", "", device_type).upper()


_KNOWN = {spelt(name): kind for name, kind in KNOWN_TYPES.items()}


def is_known(device_type: str) -> bool:
    """Tell whether somebody has described this type."""
    return spelt(device_type) in _KNOWN


@lru_cache(maxsize=1024)
def kind_of(device_type: str) -> Kind:
    """The kind that a type names, in whatever spelling."""
    name = spelt(device_type)
    return _KNOWN.get(name) or next((kind for kind, like in _PATTERNS if like.fullmatch(name)), Kind.UNKNOWN)


def looks_like_inverter(data: object) -> bool:
    """Tell whether telemetry is an inverter's: an AC power, and something of PV. A meter has a total of its phases."""
    codes = [row["code"] for row in factors(data)]
    powers = {code.rpartition(":")[2].lower() for code in codes}
    return "pac" in powers and "totalpac" not in powers and any(_PV_CODES.fullmatch(code) for code in codes)
