"""The powers of one station over the last 48 hours, as means of slots of some minutes; what is not known is a hole."""

import sys
import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self

from sems_exporter.model.plant import POWER

KEPT_SECONDS = 48 * 3600
_ABSENT = -(2**31)
_CHARGES = 1000
"""Steps of a state of charge."""
_LITTLE_ENDIAN = sys.byteorder == "little"


class Powers(NamedTuple):
    """Watts, and the state of charge from 0 to 1. `grid` is + import, `battery` + discharge; None is not known."""

    pv: float | None = None
    load: float | None = None
    grid: float | None = None
    battery: float | None = None
    charge: float | None = None


NOTHING = Powers()
MEASURED = (
    "pv_power",
    "load_power",
    "grid_import_power",
    "grid_export_power",
    "battery_discharge_power",
    "battery_charge_power",
    "battery_state_of_charge",
)
"""The attributes of a station that powers are made of."""
_WIDTH = len(Powers._fields)
_CHARGE = Powers._fields.index("charge")
_EMPTY = array("i", [_ABSENT] * _WIDTH)


class Curve:
    """Slots of `step` seconds, which begin at multiples of it since the epoch. Takes 4 bytes a value and slot."""

    __slots__ = ("_counts", "_last", "_values", "newest", "step")

    def __init__(self, step: int) -> None:
        self.step = step
        self.newest: int | None = None
        self._values = _EMPTY * (KEPT_SECONDS // step)
        self._counts = [0] * _WIDTH
        self._last = 0.0

    @property
    def slots(self) -> int:
        """How many slots there are."""
        return len(self._values) // _WIDTH

    def add(self, instant: float, measured: Powers, now: float) -> None:
        """Count what was measured at `instant` (Unix time) into the mean of its slot, once."""
        if self.newest is not None and self.newest > now // self.step:
            self._set_back(self.newest, int(now // self.step))
        instant = min(instant, now)
        slot = int(instant // self.step)
        if instant <= self._last or (self.newest is not None and slot <= self.newest - self.slots):
            return
        self._last = instant
        if slot != self.newest:
            self._counts = [0] * _WIDTH
        self._advance(slot)
        start = self._place(slot)
        for offset, value in enumerate(measured):
            if value is None:
                continue
            scaled, counted = value * _scale(offset), self._counts[offset]
            before = self._values[start + offset]
            if counted and before != _ABSENT:
                scaled = (before * counted + scaled) / (counted + 1)
            self._values[start + offset] = round(scaled)
            self._counts[offset] = counted + 1

    def fill(self, found: Mapping[int, Powers]) -> None:
        """Put means of slots, by their number, where nothing is known; what was measured here stays."""
        for slot, means in sorted(found.items()):
            self._advance(slot)
            if self.newest is not None and slot > self.newest - self.slots and self.at(slot) == NOTHING:
                self._put(slot, means)

    def at(self, slot: int) -> Powers:
        """The means of a slot."""
        if self.newest is None or not self.newest - self.slots < slot <= self.newest:
            return NOTHING
        start = self._place(slot)
        raw = self._values[start : start + _WIDTH]
        return NOTHING if raw == _EMPTY else Powers(*map(_unscaled, range(_WIDTH), raw))

    def known(self, first: int, end: int) -> Iterator[tuple[int, Powers]]:
        """The slots from `first` up to and without `end` of which anything is known."""
        if self.newest is None:
            return
        for slot in range(max(first, self.newest - self.slots + 1), min(end, self.newest + 1)):
            if (means := self.at(slot)) != NOTHING:
                yield slot, means

    def rebinned(self, step: int) -> "Curve":
        """The same in slots of another length, one of which is a multiple of the other."""
        other = Curve(step)
        if self.newest is None:
            return other
        every = dict(self.known(self.newest - self.slots + 1, self.newest + 1))
        if step <= self.step:
            times = self.step // step
            other.fill({slot * times + part: means for slot, means in every.items() for part in range(times)})
            return other
        grouped: dict[int, list[Powers]] = {}
        for slot, means in every.items():
            grouped.setdefault(slot * self.step // step, []).append(means)
        other.fill({slot: mean(parts) for slot, parts in grouped.items()})
        return other

    def encoded(self) -> tuple[int, str] | None:
        """The newest slot and all values as text, compressed; None where there are none."""
        if self.newest is None:
            return None
        return self.newest, b64encode(zlib.compress(_little_endian(self._values).tobytes())).decode()

    @classmethod
    def decoded(cls, step: int, newest: int, text: str) -> Self:
        """What `encoded` gave; ValueError for anything else."""
        curve = cls(step)
        size = len(curve._values) * curve._values.itemsize
        try:
            raw = zlib.decompressobj().decompress(b64decode(text, validate=True), size + 1)
        except zlib.error as error:
            raise ValueError("not compressed") from error
        if len(raw) != size:
            raise ValueError("another number of slots")
        values = array("i")
        values.frombytes(raw)
        curve._values = values = _little_endian(values)
        if not all(_possible(offset, set(values[offset::_WIDTH]) - {_ABSENT}) for offset in range(_WIDTH)):
            raise ValueError("an impossible value")
        curve.newest = newest
        return curve

    def _put(self, slot: int, means: Powers) -> None:
        start = self._place(slot)
        for offset, value in enumerate(means):
            self._values[start + offset] = _ABSENT if value is None else round(value * _scale(offset))

    def _place(self, slot: int) -> int:
        return slot % self.slots * _WIDTH

    def _advance(self, slot: int) -> None:
        """Make room for `slot`, if it is newer than all others."""
        if self.newest is None or slot - self.newest >= self.slots:
            self._values = _EMPTY * self.slots
            self.newest = slot
        while self.newest < slot:
            self.newest += 1
            start = self._place(self.newest)
            self._values[start : start + _WIDTH] = _EMPTY

    def _set_back(self, newest: int, slot: int) -> None:
        """Forget what is from after `slot`: the clock was set back, and nobody knows when that was."""
        for later in range(max(slot + 1, newest - self.slots + 1), newest + 1):
            start = self._place(later)
            self._values[start : start + _WIDTH] = _EMPTY
        self.newest, self._last, self._counts = slot, 0.0, [0] * _WIDTH


def powers(measured: Mapping[str, float | None]) -> Powers:
    """The powers of `MEASURED` attributes. A direction alone is none: that the other one is 0 has to be known."""
    pv, load, bought, sold, discharge, charge, level = map(measured.get, MEASURED)
    return Powers(pv, load, _difference(bought, sold), _difference(discharge, charge), level)


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def mean(parts: list[Powers]) -> Powers:
    """Of each power the mean of where it is known."""
    columns = ([value for value in column if value is not None] for column in zip(*parts, strict=True))
    return Powers(*(sum(column) / len(column) if column else None for column in columns))


def _scale(offset: int) -> int:
    return _CHARGES if offset == _CHARGE else 1


def _unscaled(offset: int, raw: int) -> float | None:
    return None if raw == _ABSENT else raw / _scale(offset)


def _possible(offset: int, raw: set[int]) -> bool:
    low, high = (0, _CHARGES) if offset == _CHARGE else (-POWER, POWER)
    return low <= min(raw, default=0) and max(raw, default=0) <= high


def _little_endian(values: "array[int]") -> "array[int]":
    if _LITTLE_ENDIAN:
        return values
    turned = values[:]
    turned.byteswap()
    return turned
