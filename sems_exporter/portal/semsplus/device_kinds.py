"""Which kind of device a type names. The portal has other names in other regions, and other spellings of the same."""

import re

from sems_exporter import protocol
from sems_exporter.portal.semsplus.factor_reader import factors
from sems_exporter.protocol.semsplus import Kind

SYSTEM, RACK, EV_CHARGER = "BAT_SYS", "BATTERY_RACK", "EV_CHARGER"
"""Types that a device is asked about by, where the list does not tell its own."""


def spelt(device_type: str) -> str:
    """A type without what is a matter of taste: case, and marks between its words."""
    return re.sub(r"[\W_]", "", device_type).upper()


@protocol.cached(1024)
def _known(device_type: str) -> Kind | None:
    name = spelt(device_type)
    return next((kind for known, kind in protocol.semsplus().kinds.items() if spelt(known) == name), None)


def is_known(device_type: str) -> bool:
    """Tell whether somebody has described this type."""
    return _known(device_type) is not None


@protocol.cached(1024)
def kind_of(device_type: str) -> Kind:
    """The kind that a type names, in whatever spelling."""
    name, patterns = spelt(device_type), protocol.semsplus().kind_patterns
    return _known(device_type) or next((kind for kind, like in patterns if like.fullmatch(name)), Kind.UNKNOWN)


def looks_like_inverter(data: object) -> bool:
    """Tell whether telemetry is an inverter's: an AC power, and something of PV. A meter has a total of its phases."""
    codes = [row["code"] for row in factors(data)]
    powers = {code.rpartition(":")[2].lower() for code in codes}
    pv = protocol.semsplus().inverter_codes
    return "pac" in powers and "totalpac" not in powers and any(pv.fullmatch(code) for code in codes)
