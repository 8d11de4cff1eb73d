"""Whether a single number can be true: no sentinel, and within the range its measure declares.

Checked where a portal number enters, before its sign is split into two directions: half of an impossible number would
be an invented zero.
"""

from sems_exporter.findings import Dropped
from sems_exporter.measure import Measure

SENTINELS = frozenset(
    {
        65535.0,
        6553.5,
        655.35,
        65.535,
        4294967295.0,
        429496729.5,
        42949672.95,
        4294967.295,
        32767.0,
        3276.7,
    }
)
"""Registers of 16 or 32 bits with all bits set, at the scales the portal uses: "no such input", never a reading."""


def flaw(measure: Measure, wire: float, value: float) -> Dropped | None:
    """Why a number is no reading of `measure`, or None; `wire` as the portal wrote it, `value` in base units."""
    if wire in SENTINELS or value in measure.sentinels:
        return Dropped.SENTINEL
    return None if measure.low <= value <= measure.high else Dropped.OUT_OF_RANGE
