"""What stands before the exporter's own metrics in a body: the stations of some shelves, plain or compressed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sems_exporter.exposition.checksum import NOTHING, Sum, joined, summed
from sems_exporter.exposition.gzipped import BEST, QUICK, deflated
from sems_exporter.exposition.lines import Format, heads
from sems_exporter.exposition.shelf import Row, Shelf
from sems_exporter.measure import once

SMALL = 512 * 1024
"""Bytes of lines up to which all are compressed as one: half the size, and quick enough for some 30 stations."""


class Front(NamedTuple):
    """Bytes in pieces; `sum` is that of the plain text, and of interest only where the pieces are compressed."""

    pieces: list[bytes]
    sum: Sum


EMPTY = Front([], NOTHING)


def of_station(fragments: Sequence[bytes], wanted: Format, *, compressed: bool) -> Front:
    """One station's lines."""
    lines = list(_plain([[fragment] for fragment in fragments], wanted))
    return _as_one(lines) if compressed else Front(lines, NOTHING)


def of_shelves(shelves: Sequence[Shelf], wanted: Format, *, compressed: bool) -> Front:
    """The lines of all stations on `shelves`."""
    if compressed and sum(shelf.length for shelf in shelves) > SMALL:
        return _of_pieces(shelves, wanted)
    lines = list(_plain(([text for row in rows for text in row.texts] for rows in _by_family(shelves)), wanted))
    return _as_one(lines) if compressed else Front(lines, NOTHING)


def _by_family(shelves: Sequence[Shelf]) -> Iterator[tuple[Row, ...]]:
    if shelves:
        yield from zip(*(shelf.rows for shelf in shelves), strict=True)


def _plain(texts_by_family: Iterable[list[bytes]], wanted: Format) -> Iterator[bytes]:
    for head, texts in zip(heads(wanted), texts_by_family, strict=False):
        if any(texts):
            yield head
            yield from texts


def _as_one(lines: list[bytes]) -> Front:
    text = b"".join(lines)
    return Front([deflated(text, BEST)], summed(text))


def _of_pieces(shelves: Sequence[Shelf], wanted: Format) -> Front:
    for shelf in shelves:
        shelf.settle()
    pieces, total = list[bytes](), NOTHING
    for (head, head_sum), rows in zip(_head_pieces(wanted), _by_family(shelves), strict=True):
        if any(row.length for row in rows):
            pieces.append(head)
            total = joined(total, head_sum)
            for row in rows:
                pieces += row.pieces
                total = joined(total, row.total)
    return Front(pieces, total)


@once
def _head_pieces(wanted: Format) -> tuple[tuple[bytes, Sum], ...]:
    return tuple((deflated(head, QUICK), summed(head)) for head in heads(wanted))
