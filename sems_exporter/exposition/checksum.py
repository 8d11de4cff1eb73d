"""Checksums of joined texts from the checksums of their parts, so that 17 MB need not be read for a change of 4 KB.

gzip ends with the CRC-32 of its content. That checksum is linear: the one of A and B joined follows from theirs and
the length of B, as zlib's crc32_combine() knows; Python does not offer it.
"""

import zlib
from collections.abc import Sequence
from typing import NamedTuple

_POLYNOMIAL = 0xEDB88320


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
    if not first.length or not second.length:
        return second if second.length else first
    return Sum(_after_zeros(first.crc, second.length) ^ second.crc, first.length + second.length)


def _after_zeros(crc: int, length: int) -> int:
    """What `crc` turns into over `length` zero bytes, leaving out the inversions at both ends."""
    mask = 15
    while length:
        if part := length & mask:
            low, second, third, high = _WAYS[part]
            crc = low[crc & 255] ^ second[crc >> 8 & 255] ^ third[crc >> 16 & 255] ^ high[crc >> 24]
            length ^= part
        mask <<= 4
    return crc


class _Ways(dict[int, "tuple[tuple[int, ...], ...]"]):
    """The ways over as many zero bytes as one hexadecimal digit can say, as a table for each byte of a checksum.

    They are made when they are needed: a single home never needs one, a thousand some seventy (3 MB).
    """

    def __missing__(self, zeros: int) -> "tuple[tuple[int, ...], ...]":
        if zeros == 1:
            self[1] = tuple(tuple(_over_one(value << shift) for value in range(256)) for shift in (0, 8, 16, 24))
            return self[1]
        # In two steps that are known: the lowest bit and the rest, or half of the way twice.
        lowest = zeros & -zeros
        first, second = (zeros // 2, zeros // 2) if lowest == zeros else (zeros - lowest, lowest)
        columns = [_after_zeros(_after_zeros(1 << bit, first), second) for bit in range(32)]
        self[zeros] = tuple(_images(columns[start : start + 8]) for start in (0, 8, 16, 24))
        return self[zeros]


_WAYS = _Ways()


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
            self._nodes[place] = joined(self._nodes[2 * place], self._nodes[2 * place + 1])

    @property
    def total(self) -> Sum:
        """The sum of all."""
        return self._nodes[1]

    def replace(self, place: int, leaf: Sum) -> None:
        """Let the text at `place` have the sum `leaf`."""
        nodes = self._nodes
        place += self._half
        nodes[place] = leaf
        while place := place >> 1:
            nodes[place] = joined(nodes[2 * place], nodes[2 * place + 1])
