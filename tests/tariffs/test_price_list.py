"""Lists of prices: what a source may tell, and the sentence for what it may not."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.tariffs.adapters import ADAPTERS, document
from sems_exporter.tariffs.price_list import BadList, Price, PriceList, ordered, plain, scaled

HOUR = 3600
BEGIN = 1_790_000_000 - 1_790_000_000 % HOUR


def entry(start: str, end: str, value: object = 0.2) -> dict[str, object]:
    return {"start": start, "end": end, "value": value}


TWO = "2026-10-25T02:00:00+02:00"
AGAIN = "2026-10-25T02:00:00+01:00"
THREE = "2026-10-25T03:00:00+01:00"


def test_the_doubled_hour_has_two_prices() -> None:
    found = ordered(plain([entry(AGAIN, THREE, 0.2), entry(TWO, AGAIN, 0.1)]))

    assert [price.value for price in found] == [Decimal("0.1"), Decimal("0.2")]
    assert found[0].end == found[1].start


def test_a_price_told_twice_is_one() -> None:
    assert len(ordered(plain([entry(TWO, AGAIN), entry(TWO, AGAIN)]))) == 1


WRONG: list[tuple[Any, str]] = [
    ({"data": []}, "is not a list"),
    (["text"], "entry 0 is not a price"),
    ([entry(TWO, AGAIN), {"start": TWO, "end": AGAIN}], "entry 1 has no value"),
    ([entry(TWO, AGAIN, "cheap")], "entry 0: 'cheap' is not a number"),
    ([entry(TWO, AGAIN, "0.2")], "entry 0: '0.2' is not a number"),
    ([entry(TWO, AGAIN, True)], "entry 0: True is not a number"),
    ([entry("2026-10-25T02:00:00", AGAIN)], "entry 0: '2026-10-25T02:00:00' lacks its offset"),
    ([entry("soon", AGAIN)], "entry 0: 'soon' is not a time"),
    ([entry("0001-01-01T00:00:00+00:00", AGAIN)], "entry 0"),
    ([entry(AGAIN, TWO)], "before it began"),
    ([entry(TWO, AGAIN, 0.1), entry(TWO, AGAIN, 0.2)], "two prices hold at 2026-10-25 00:00 UTC"),
    ([entry(TWO, THREE, 0.1), entry(AGAIN, THREE, 0.2)], "two prices hold at 2026-10-25 01:00 UTC"),
]


@pytest.mark.parametrize("told, words", WRONG)
def test_nothing_is_taken_from_a_list_that_is_wrong_somewhere(told: object, words: str) -> None:
    with pytest.raises(BadList, match=words.replace("(", r"\(")):
        ordered(plain(told))


def test_a_page_is_no_list() -> None:
    with pytest.raises(BadList, match="<!doctype html>"):
        document(b"<!doctype html><p>Come back later")


def test_numbers_are_taken_as_they_are_written() -> None:
    told = document(b'[{"start": "2026-10-25T02:00:00+02:00", "end": "2026-10-25T02:00:00+01:00", "value": 0.1}]')

    assert plain(told)[0].value == Decimal("0.1")


def test_prices_for_a_megawatt_hour_are_not_believed_for_a_kilowatt_hour() -> None:
    prices = [Price(BEGIN + n * HOUR, BEGIN + (n + 1) * HOUR, Decimal(80)) for n in range(24)]

    with pytest.raises(BadList, match=r"tariffs.x.scale: 0.01 for cents, 0.001 for megawatt hours") as bad:
        scaled(prices, Decimal(1), Decimal(6), "tariffs.x")

    assert bad.value.reason == "implausible"
    assert scaled(prices, Decimal("0.001"), Decimal(6), "tariffs.x")[0].value == Decimal("0.08")


def test_a_peak_is_believed() -> None:
    prices = [Price(BEGIN + n * HOUR, BEGIN + (n + 1) * HOUR, Decimal(17 if n == 18 else 0)) for n in range(24)]

    assert scaled(prices, Decimal(1), Decimal(6), "")[18].value == 17


hours = st.dictionaries(st.integers(0, 60), st.integers(-5, 5), max_size=40)


@settings(deadline=None)
@given(hours, hours)
def test_newer_prices_take_the_place_of_those_of_their_time_alone(old: dict[int, int], new: dict[int, int]) -> None:
    def of(told: dict[int, int]) -> list[Price]:
        return [Price(BEGIN + n * HOUR, BEGIN + (n + 1) * HOUR, Decimal(told[n])) for n in sorted(told)]

    merged = PriceList(tuple(of(old))).merged(of(new), 0)

    assert merged.prices == tuple(of(old | new))
    for hour in range(61):
        found = merged.at(BEGIN + hour * HOUR + 1800)
        assert (None if found is None else found.value) == (old | new).get(hour)


# --- the public sources ---------------------------------------------------------------------------------------------

ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text("utf-8"))


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
def test_each_source_is_understood(kind: str) -> None:
    """An answer as the source gives it, and the first of its prices for a kilowatt hour."""
    sample = ANSWERS[kind]
    adapter = ADAPTERS[kind]

    prices = scaled(
        ordered(adapter.decode(document(json.dumps(sample["answer"]).encode()))), adapter.scale, Decimal(6), ""
    )

    first = prices[0]
    assert [first.start, first.end, str(first.value), len(prices)] == sample["first"]


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
@pytest.mark.parametrize("told", [None, [], {}, "text", {"data": 1}, {"results": [1]}, {"Prices": [{}]}, {"unit": "x"}])
def test_no_source_is_believed_in_another_shape(kind: str, told: object) -> None:
    with pytest.raises(BadList):
        ADAPTERS[kind].decode(told)


def test_a_missing_quarter_stays_unknown() -> None:
    """Its neighbours do not hold for it."""
    told = ANSWERS["energy_charts"]["answer"]
    prices = list(told["price"])
    prices[2] = None

    found = PriceList(ordered(ADAPTERS["energy_charts"].decode({**told, "price": prices})))

    start = told["unix_seconds"][2]
    assert found.at(start) is None
    assert found.at(start - 1) is not None
    assert found.at(start + 900) is not None


def test_a_unit_that_changed_is_noticed() -> None:
    with pytest.raises(BadList, match="unit"):
        ADAPTERS["energy_charts"].decode({**ANSWERS["energy_charts"]["answer"], "unit": "EUR / kWh"})
