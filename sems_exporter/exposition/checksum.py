"""Checksums of joined texts from the checksums of their parts, so that 17 MB need not be read for a change of 4 KB.

gzip ends with the CRC-32 of its content. That checksum is linear: the one of A and B joined follows from theirs and
the length of B, as zlib's crc32_combine() knows; Python does not offer it.
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from sems_exporter.measure import once

_POLYNOMIAL = 0xEDB88320

Tables = tuple[tuple[int, ...], ...]


class Sum(NamedTuple):
    """CRC-32 and length of some bytes."""

    crc: int
    length: int


NOTHING = Sum(0, 0)


def summed(text: bytes) -> Sum:
    """The sum of `text`."""
    return Sum(zlib.crc32(text), len(text))


def joined(first: Sum, second: Sum) -> Sum:
    """The sum of two texts, one after the other."""
    if not first.length:
        return second
    return Sum(_after_zeros(first.crc, second.length) ^ second.crc, first.length + second.length)


def _after_zeros(crc: int, length: int) -> int:
    """What `crc` turns into over `length` zero bytes, leaving out the inversions at both ends."""
    place = 0
    while length:
        if digit := length & 15:
            low, second, third, high = _way(place, digit)
            crc = low[crc & 255] ^ second[crc >> 8 & 255] ^ third[crc >> 16 & 255] ^ high[crc >> 24]
        length >>= 4
        place += 1
    return crc


@once
def _way(place: int, digit: int) -> Tables:
    """The way over `digit` times 16**place zero bytes, as one table for each byte of a checksum."""
    if place == 0 and digit == 1:
        return tuple(tuple(_over_one(value << shift) for value in range(256)) for shift in (0, 8, 16, 24))
    # In two steps that are known: one digit less and one more, or half of the next lower place twice.
    size = 16**place
    first, second = (size * (digit - 1), size) if digit > 1 else (size // 2, size // 2)
    columns = [_after_zeros(_after_zeros(1 << bit, first), second) for bit in range(32)]
    return tuple(_images(columns[start : start + 8]) for start in (0, 8, 16, 24))


def _over_one(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc


def _images(columns: Sequence[int]) -> tuple[int, ...]:
    """What becomes of each byte, from what becomes of its bits."""
    images = [0]
    for column in columns:
        images += [image ^ column for image in images]
    return tuple(images)


class Sums:
    """The sum of many texts in a row; when one of them changes, only the way up to the top is taken again."""

    def __init__(self, leaves: Sequence[Sum]) -> None:
        self._half = 1 << max(0, len(leaves) - 1).bit_length()
        self._nodes = [NOTHING] * self._half + list(leaves) + [NOTHING] * (self._half - len(leaves))
        for place in range(self._half - 1, 0, -1):
            self._join(place)

    @property
    def total(self) -> Sum:
        """The sum of all."""
        return self._nodes[1]

    def replace(self, place: int, leaf: Sum) -> None:
        """Let the text at `place` have the sum `leaf`."""
        place += self._half
        self._nodes[place] = leaf
        while place := place >> 1:
            self._join(place)

    def _join(self, place: int) -> None:
        self._nodes[place] = joined(self._nodes[2 * place], self._nodes[2 * place + 1])
