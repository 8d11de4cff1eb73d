"""What energy over a time comes to: however the time is split, the parts add up to the whole."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.tariffs.accounting import KWH, Amount, amount
from sems_exporter.tariffs.calendar import Slot
from sems_exporter.tariffs.price_list import Price, PriceList
from sems_exporter.tariffs.tariff import Direction
from tests.tariffs.examples import calendar, importing

IMPORT = Direction.IMPORT
BEGIN = datetime(2026, 10, 24, 12, tzinfo=UTC)
"""Half a day before the clocks go back."""
HOUR = timedelta(hours=1)

minutes = st.integers(1, 2880)


def slot(hours: int, price: str | None) -> Slot:
    start = BEGIN + hours * HOUR
    return Slot(start, start + HOUR, None if price is None else Decimal(price), "")


@settings(deadline=None)
@given(
    st.lists(st.decimals(-1, 1, places=4) | st.none(), min_size=1, max_size=200),
    st.integers(0, 10**9),
    st.tuples(minutes, minutes, minutes),
)
def test_splitting_a_time_never_changes_what_it_comes_to(
    prices: list[Decimal | None], joules: int, lengths: tuple[int, int, int]
) -> None:
    first = int(BEGIN.timestamp()) - 6 * 3600
    told = [Price(first + n * 900, first + (n + 1) * 900, p) for n, p in enumerate(prices) if p is not None]
    known = calendar(
        importing("{from: 2026-01-01, prices: {source: energy_charts}}"), prices=lambda _: PriceList(tuple(told))
    )
    edges = [BEGIN + timedelta(minutes=sum(lengths[:n])) for n in range(4)]
    whole = amount(Fraction(joules), known.between(IMPORT, edges[0], edges[-1]))

    parts = [
        amount(Fraction(joules * length, sum(lengths)), known.between(IMPORT, start, end))
        for length, start, end in zip(lengths, edges, edges[1:], strict=False)
    ]

    assert sum(part.paid for part in parts) == whole.paid
    assert sum(part.received for part in parts) == whole.received
    assert sum(part.unpriced for part in parts) == whole.unpriced


def test_energy_over_a_change_of_price_is_split_by_time() -> None:
    assert amount(Fraction(2 * KWH), [slot(0, "0.3"), slot(1, "0.1")]).paid == Fraction("0.4")


def test_more_than_an_hour_with_one_price_is_no_estimate() -> None:
    assert amount(Fraction(KWH), [slot(0, "0.3"), slot(1, "0.3")]) == Amount(paid=Fraction("0.3"))


def test_more_than_an_hour_with_two_prices_is_an_estimate() -> None:
    assert amount(Fraction(KWH), [slot(0, "0.3"), slot(1, "0.1")]).estimated == KWH


def test_an_hour_with_two_prices_is_none() -> None:
    half = timedelta(minutes=30)
    halves = [Slot(BEGIN, BEGIN + half, Decimal("0.3"), ""), Slot(BEGIN + half, BEGIN + HOUR, Decimal("0.1"), "")]

    assert amount(Fraction(KWH), halves) == Amount(paid=Fraction("0.2"))


def test_money_at_negative_prices_is_received() -> None:
    found = amount(Fraction(2 * KWH), [slot(0, "-0.05"), slot(1, "0.1")])

    assert (found.paid, found.received) == (Fraction("0.1"), Fraction("0.05"))


def test_an_unknown_price_leaves_energy_without_one() -> None:
    found = amount(Fraction(2 * KWH), [slot(0, None), slot(1, "0.1")])

    assert (found.paid, found.unpriced) == (Fraction("0.1"), Fraction(KWH))
