"""Whether a single number can be true: no sentinel, and within the range its measure declares.

Checked where a portal number enters, before its sign is split into two directions: half of an impossible number would
be an invented zero.
"""

from sems_exporter.model.diagnostics import DropReason
from sems_exporter.model.schema import PERIODS, Measure, Role


def _scaled(ends: tuple[int, ...], digits: range) -> frozenset[float]:
    """The ends of a register with the decimal point so many digits from the right."""
    return frozenset(end / 10**count for end in ends for count in digits)


_SIGNED_16 = (2**15 - 1, 2**15)
_ENDS_16 = _scaled((2**16 - 1,), range(4))
_ENDS_32 = _scaled((2**32 - 1, 2**31 - 1, 2**31), range(4))
_SIGNED_ENDS = _scaled(_SIGNED_16, range(3))
_SIGNED_POWER_ENDS = _scaled(_SIGNED_16, range(2))
_NEGATIVE_POWER_ENDS = _scaled(_SIGNED_16, range(4))
SENTINELS = _ENDS_16 | _ENDS_32 | _scaled(_SIGNED_16[:1], range(2))
"""Registers of 16 or 32 bits with all bits set or at the end of their sign, at the scales the portal uses: "no such
input", never a reading."""
_LONG = 2**32
_NEARLY_ALL = _LONG - 2**17
_SCALES = (1, 10, 100, 1000)


def flaw(measure: Measure, wire: float, value: float) -> DropReason | None:
    """Say why a number is no reading of `measure`, or None; `wire` as the portal wrote it, `value` in base units."""
    if value in measure.sentinels or _is_register_end(measure, wire):
        return DropReason.SENTINEL
    return None if measure.low <= value <= measure.high else DropReason.OUT_OF_RANGE


def is_unfilled(size: float) -> bool:
    """Tell whether a number is a register that nothing has filled, whatever it may measure."""
    return size in SENTINELS or _is_nearly_full(size)


def _is_nearly_full(size: float) -> bool:
    """Tell whether a number is a register of 32 bits with (nearly) all of its upper half set.

    Seen in captures with a lower half of its own: 4294901.76 and 429483622.5.
    """
    return size >= _NEARLY_ALL / _SCALES[-1] and any(_NEARLY_ALL <= size * scale < _LONG for scale in _SCALES)


def _is_register_end(measure: Measure, wire: float) -> bool:
    """Tell whether `wire` is a register at its end, as far as the quantity does not pass through that number honestly.

    Counters stand at 3276.8 kWh for a night, and a big plant may give 327.67 kW; no battery takes 3276.7 A. Money has
    no registers at all.
    """
    size = abs(wire)
    counts = measure.role in (Role.LIFETIME, *PERIODS)
    if counts and not measure.unit:
        return False
    if size in _ENDS_32 or _is_nearly_full(size):
        return True
    if counts:
        return size in _ENDS_16
    if measure.unit in ("watts", "vars"):
        ends = _NEGATIVE_POWER_ENDS if wire < 0 else _SIGNED_POWER_ENDS
    else:
        ends = _SIGNED_ENDS
    return size in _ENDS_16 or size in ends
