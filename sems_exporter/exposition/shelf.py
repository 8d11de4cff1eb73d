"""The text of an account's stations, kept so that one of them can be exchanged.

The formats want the samples of a family together. So the stations, in order of their ids, form blocks of some twenty,
and each family has one text for each block. A station's new lines replace the old ones within the texts of its block,
and only texts that really changed are compressed again.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from sems_exporter.exposition.checksum import NOTHING, Sum, Sums, summed
from sems_exporter.exposition.gzipped import QUICK, deflated
from sems_exporter.exposition.lines import families

MOST = 24
"""Stations in a block. More make smaller bodies (5 % from 16 to 32), fewer make a change cheaper."""


class Row:
    """One family's texts, a text for each block; `settle` brings their deflated form and the sum up to date."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.pieces: list[bytes] = []
        self.length = 0
        self._leaves: list[Sum] = []
        self._sums: Sums | None = None
        self._stale: set[int] = set()

    @property
    def total(self) -> Sum:
        """The sum of all texts as of the last `settle`."""
        return NOTHING if self._sums is None else self._sums.total

    def write(self, block: int, start: int, length: int, lines: bytes) -> None:
        """Put `lines` in place of the `length` bytes at `start`."""
        text = self.texts[block]
        if text[start : start + length] == lines:
            return
        self.texts[block] = b"".join((text[:start], lines, text[start + length :]))
        self.length += len(lines) - length
        self._stale.add(block)

    def insert(self, block: int, cut: int) -> None:
        """Make room for a block after `block - 1`, which gives it what follows after `cut`."""
        rest = b""
        if block:
            before = self.texts[block - 1]
            self.texts[block - 1], rest = before[:cut], before[cut:]
        self.texts.insert(block, rest)
        self.pieces.insert(block, b"")
        self._leaves.insert(block, NOTHING)
        self._stale = {number + (number >= block) for number in self._stale} | {max(0, block - 1), block}
        self._sums = None

    def drop(self, block: int) -> None:
        """Take away a block that has become empty."""
        del self.texts[block], self.pieces[block], self._leaves[block]
        self._stale = {number - (number > block) for number in self._stale if number != block}
        self._sums = None

    def settle(self) -> None:
        """Compress what has changed, and sum it up."""
        for block in self._stale:
            text = self.texts[block]
            self.pieces[block] = deflated(text, QUICK)
            self._leaves[block] = leaf = summed(text)
            if self._sums is not None:
                self._sums.replace(block, leaf)
        self._stale = set()
        if self._sums is None:
            self._sums = Sums(self._leaves)


class _Block:
    """Ids in order, and for each how many bytes its lines take in every family."""

    def __init__(self, ids: list[str], lengths: "list[array[int]]") -> None:
        self.ids = ids
        self.lengths = lengths

    def starts(self, place: int) -> Sequence[int]:
        """Where the lines of the station at `place` begin, in every family."""
        if not place:
            return [0] * len(families())
        return [sum(column) for column in zip(*self.lengths[:place], strict=True)]


class Shelf:
    """The stations of one account. Not for several threads at once."""

    def __init__(self) -> None:
        self.rows = [Row() for _ in families()]
        self._blocks: list[_Block] = []

    def __len__(self) -> int:
        return sum(len(block.ids) for block in self._blocks)

    @property
    def length(self) -> int:
        """Bytes of all lines."""
        return sum(row.length for row in self.rows)

    def put(self, station: str, fragments: Sequence[bytes]) -> None:
        """Let `station` have the lines `fragments`, one entry for each family."""
        number, place, known = self._find(station)
        if not known:
            number, place = self._room(number, place)
            self._blocks[number].ids.insert(place, station)
            self._blocks[number].lengths.insert(place, array("I", bytes(4 * len(fragments))))
        self._write(number, place, fragments)

    def remove(self, station: str) -> None:
        """Forget `station`, if it is here."""
        number, place, known = self._find(station)
        if not known:
            return
        self._write(number, place, [b""] * len(self.rows))
        block = self._blocks[number]
        del block.ids[place], block.lengths[place]
        if not block.ids:
            del self._blocks[number]
            for row in self.rows:
                row.drop(number)

    def fragments(self, station: str) -> list[bytes] | None:
        """The lines of `station`, or None if it is not here."""
        number, place, known = self._find(station)
        if not known:
            return None
        block = self._blocks[number]
        spans = zip(self.rows, block.starts(place), block.lengths[place], strict=True)
        return [row.texts[number][start : start + length] for row, start, length in spans]

    def settle(self) -> None:
        """Compress what has changed."""
        for row in self.rows:
            row.settle()

    def _find(self, station: str) -> tuple[int, int, bool]:
        """The block and the place in it where `station` is or belongs, and whether it is there."""
        number = max(0, bisect_left(self._blocks, station, key=_last_id))
        if number == len(self._blocks):
            number = max(0, number - 1)
        ids = self._blocks[number].ids if self._blocks else []
        place = bisect_left(ids, station)
        return number, place, place < len(ids) and ids[place] == station

    def _room(self, number: int, place: int) -> tuple[int, int]:
        """A place for one more, where it belongs."""
        if not self._blocks:
            self._insert(0, 0)
        elif len(self._blocks[number].ids) >= MOST:
            # At the very end nothing is halved, so that stations that come in order leave full blocks.
            half = place if number == len(self._blocks) - 1 and place == MOST else MOST // 2
            self._insert(number + 1, half)
            if place >= half:
                return number + 1, place - half
        return number, place

    def _insert(self, number: int, half: int) -> None:
        """A new block, which takes over what the one before has from `half` on."""
        starts: Sequence[int] = [0] * len(self.rows)
        block = _Block([], [])
        if number:
            before = self._blocks[number - 1]
            starts = before.starts(half)
            block = _Block(before.ids[half:], before.lengths[half:])
            del before.ids[half:], before.lengths[half:]
        self._blocks.insert(number, block)
        for row, start in zip(self.rows, starts, strict=True):
            row.insert(number, start)

    def _write(self, number: int, place: int, fragments: Sequence[bytes]) -> None:
        block = self._blocks[number]
        spans = zip(self.rows, block.starts(place), block.lengths[place], fragments, strict=True)
        for row, start, length, lines in spans:
            if length or lines:
                row.write(number, start, length, lines)
        block.lengths[place] = array("I", map(len, fragments))


def _last_id(block: _Block) -> str:
    return block.ids[-1]
