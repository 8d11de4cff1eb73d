"""The lines of an account's stations, whatever the order of changes and of compressing."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.exposition import shelf
from sems_exporter.exposition.checksum import summed
from sems_exporter.exposition.gzipped import END, deflated
from sems_exporter.exposition.lines import families
from sems_exporter.exposition.shelf import Shelf

IDS = st.integers(0, 15).map(lambda number: f"{number:02}")
LINES = st.sampled_from([b"", b"x 1\n", b"x 22\n", b"x 333\nx 4\n"])
CHANGES = st.lists(st.tuples(st.sampled_from(["put", "put", "put", "remove", "settle"]), IDS, LINES), max_size=60)


@given(CHANGES)
@settings(max_examples=100, deadline=None)
def test_pieces_are_what_the_texts_are(changes: list[tuple[str, str, bytes]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shelf, "MOST", 3)
        stations, known = Shelf(), dict[str, bytes]()
        for change, station, lines in changes:
            if change == "put":
                stations.put(station, [lines, *[b""] * (len(families()) - 1)])
                known[station] = lines
            elif change == "remove":
                stations.remove(station)
                known.pop(station, None)
            else:
                stations.settle()

        stations.settle()

    text, row = b"".join(known[station] for station in sorted(known)), stations.rows[0]
    assert b"".join(row.texts) == text
    assert zlib.decompress(b"".join(row.pieces) + END, wbits=-15) == text
    assert row.total == summed(text)
    assert (len(stations), stations.length) == (len(known), len(text))
    assert {station: (stations.fragments(station) or [b"lost"])[0] for station in known} == known


def test_stations_that_come_in_order_fill_their_blocks() -> None:
    """So it is in most accounts, and half-empty blocks would make every body larger."""
    stations = Shelf()
    for number in range(10 * shelf.MOST):
        stations.put(f"{number:04}", [b"x 1\n"] * len(families()))

    assert len(stations.rows[0].texts) == 10


def test_what_stays_the_same_is_not_compressed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    stations = Shelf()
    stations.put("a", [b"x 1\n"] * len(families()))
    stations.settle()
    texts: list[bytes] = []

    def watched(text: bytes, level: int) -> bytes:
        texts.append(text)
        return deflated(text, level)

    monkeypatch.setattr(shelf, "deflated", watched)

    stations.put("a", [b"x 2\n", *[b"x 1\n"] * (len(families()) - 1)])
    stations.settle()

    assert texts == [b"x 2\n"]


def test_a_station_that_is_not_here_has_no_lines() -> None:
    """Before, after and between those that are."""
    stations = Shelf()
    for station in ("b", "d"):
        stations.put(station, [b"x 1\n", *[b""] * (len(families()) - 1)])

    assert [stations.fragments(station) is None for station in "abcde"] == [True, False, True, False, True]
