"""Checksums of joined texts, without reading them again."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.exposition.checksum import NOTHING, Sum, Sums, joined, summed

TEXTS = st.lists(st.binary(max_size=300), max_size=20)


def over_all(texts: list[bytes]) -> Sum:
    text = b"".join(texts)
    return Sum(zlib.crc32(text), len(text))


@given(st.binary(max_size=5000), st.binary(max_size=5000))
def test_two_texts_have_the_sum_of_both_in_a_row(first: bytes, second: bytes) -> None:
    assert joined(summed(first), summed(second)) == over_all([first, second])


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 255, 4096, 65_535, 65_536, 1_048_577, 20_000_000])
def test_the_second_text_may_be_of_any_length(length: int) -> None:
    first, second = b"sun", b"\xa5" * length

    assert joined(summed(first), summed(second)) == over_all([first, second])


@given(TEXTS)
def test_any_number_of_texts_has_one_sum(texts: list[bytes]) -> None:
    assert Sums([summed(text) for text in texts]).total == over_all(texts)


@given(TEXTS.filter(bool), st.lists(st.tuples(st.integers(0, 19), st.binary(max_size=300)), max_size=20))
def test_texts_can_be_replaced_one_by_one(texts: list[bytes], changes: list[tuple[int, bytes]]) -> None:
    sums = Sums([summed(text) for text in texts])

    for place, text in changes:
        texts[place % len(texts)] = text
        sums.replace(place % len(texts), summed(text))

    assert sums.total == over_all(texts)


def test_no_texts_at_all_have_the_sum_of_nothing() -> None:
    assert Sums([]).total == NOTHING == summed(b"")
