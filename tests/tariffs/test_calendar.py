"""Every instant of a tariff has one price or none, whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.tariffs.calendar import Calendar
from sems_exporter.tariffs.price_list import Price, PriceList
from sems_exporter.tariffs.schedule import Schedule, Zone
from sems_exporter.tariffs.tariff import Direction, Source, Tariff, Validity
from tests.tariffs.examples import AGILE, FIXED, LONDON, calendar, halves, importing, tariff

IMPORT = Direction.IMPORT
ODD = ("Europe/Berlin", "America/Santiago", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu")
"""Zones with days of 23, 23.5, 24.5 and 25 hours, days that begin at one o'clock, and midnights that come twice."""

spans = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1]), min_size=1, max_size=2
)
some_zones = st.lists(
    st.builds(
        Zone,
        price=st.decimals(-1, 1, places=4),
        months=st.frozensets(st.integers(1, 12), min_size=1),
        days=st.frozensets(st.integers(0, 6), min_size=1),
        hours=spans.map(tuple),
        name=st.just("zone"),
    ),
    max_size=4,
).map(tuple)
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
odd_zones = st.sampled_from(ODD).map(ZoneInfo)


def by_zones(zones: tuple[Zone, ...], zone: ZoneInfo) -> Calendar:
    valid = Validity(date(2020, 1, 1), Schedule(Decimal("0.3"), zones), charges=Schedule(Decimal("0.01"), zones[:1]))
    return Calendar(Tariff("t", "EUR", (valid,)), zone, lambda _: PriceList())


@settings(deadline=None)
@given(some_zones, odd_zones, days)
def test_the_slots_of_a_day_follow_one_another_and_add_up_to_its_length(
    zones: tuple[Zone, ...], zone: ZoneInfo, day: date
) -> None:
    slots = by_zones(zones, zone).day(IMPORT, day)

    midnights = [datetime.combine(each, time(0), zone).astimezone(UTC) for each in (day, day + timedelta(days=1))]
    assert [slots[0].start, slots[-1].end] == midnights
    assert all(one.end == other.start and one.start < one.end for one, other in pairwise(slots))
    assert sum((slot.end - slot.start for slot in slots), timedelta()) == midnights[1] - midnights[0]


@settings(deadline=None)
@given(some_zones, odd_zones, days, st.integers(0, 25 * 60))
def test_an_instant_has_the_price_of_what_the_clock_on_the_wall_shows(
    zones: tuple[Zone, ...], zone: ZoneInfo, day: date, minutes: int
) -> None:
    instant = datetime.combine(day, time(0), UTC) + timedelta(minutes=minutes)
    shown = instant.astimezone(zone)
    price, charge = Decimal("0.3"), Decimal("0.01")
    for number, each in enumerate(zones):
        minute = shown.hour * 60 + shown.minute
        if shown.month in each.months and shown.weekday() in each.days and any(a <= minute < b for a, b in each.hours):
            price, charge = each.price, each.price if number == 0 else charge

    slot = by_zones(zones, zone).at(IMPORT, instant)

    assert slot.start <= instant < slot.end
    assert slot.price == price + charge


@settings(deadline=None)
@given(st.data())
def test_prices_of_a_source_hold_in_their_interval_and_nowhere_else(data: st.DataObject) -> None:
    begin = int(datetime(2026, 10, 24, tzinfo=UTC).timestamp())
    quarters = data.draw(st.sets(st.integers(0, 250), max_size=60))
    told = PriceList(tuple(Price(begin + q * 900, begin + (q + 1) * 900, Decimal(q)) for q in sorted(quarters)))
    prices = calendar(importing("{from: 2026-01-01, prices: {source: energy_charts}}"), prices=lambda _: told)

    slots = prices.day(IMPORT, date(2026, 10, 25))

    assert sum((slot.end - slot.start for slot in slots), timedelta()) == timedelta(hours=25)
    for slot in slots:
        first, after = ((int(edge.timestamp()) - begin) // 900 for edge in (slot.start, slot.end))
        expected = {Decimal(q) if q in quarters else None for q in range(first, after)}
        assert expected == {slot.price}


@pytest.mark.parametrize("day, count", [(date(2026, 3, 29), 92), (date(2026, 6, 1), 96), (date(2026, 10, 25), 100)])
def test_a_day_of_quarter_hours_has_as_many_as_it_is_long(day: date, count: int) -> None:
    begin = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    told = PriceList(tuple(Price(begin + n * 900, begin + n * 900 + 900, Decimal(n)) for n in range(96 * 365)))
    prices = calendar(importing("{from: 2026-01-01, prices: {source: energy_charts}}"), prices=lambda _: told)

    assert len(prices.day(IMPORT, day)) == count


def test_a_new_price_holds_from_the_local_midnight_of_its_day() -> None:
    prices = calendar(FIXED)
    change = datetime(2026, 6, 30, 22, tzinfo=UTC)

    before, after = prices.at(IMPORT, change - timedelta(seconds=1)), prices.at(IMPORT, change)

    assert (before.price, after.price) == (Decimal("0.294"), Decimal("0.262"))


def test_before_the_first_date_no_price_is_known() -> None:
    assert calendar(FIXED).at(IMPORT, datetime(2024, 12, 31, 22, 59, tzinfo=UTC)).price is None


def test_charges_and_tax_come_on_top_and_tax_last() -> None:
    text = importing("{from: 2026-01-01, price: 0.1, factor: 2, charges: 0.05, tax: 0.2}")

    assert calendar(text).at(IMPORT, datetime(2026, 5, 1, tzinfo=UTC)).price == Decimal("0.3")


def test_a_floor_bounds_what_a_kilowatt_hour_brings() -> None:
    text = importing("{from: 2026-01-01, price: -0.1, floor: 0}")

    assert calendar(text).at(IMPORT, datetime(2026, 5, 1, tzinfo=UTC)).price == 0


def test_public_holidays_count_as_sundays() -> None:
    """Thursday, 1 May, is one in all of Germany; 15 August in Augsburg and not in Berlin."""
    zones = "zones: [{days: sun, price: 0.1}]"
    text = importing(f"{{from: 2024-01-01, price: 0.3, {zones}}}").replace("EUR,", "EUR, holidays: DE-BE,")

    assert calendar(text).day(IMPORT, date(2025, 5, 1))[0].price == Decimal("0.1")
    assert calendar(text).day(IMPORT, date(2025, 8, 15))[0].price == Decimal("0.3")


def test_the_end_of_known_prices_is_that_of_the_last_without_a_gap() -> None:
    """On a Saturday noon in London, with prices until Sunday 23:00 but for an hour on Sunday."""
    told = halves(date(2026, 6, 6), 2, lambda _: Decimal("0.2"))
    gap = int(datetime(2026, 6, 7, 5, tzinfo=UTC).timestamp())
    told = PriceList(tuple(price for price in told.prices if not gap <= price.start < gap + 3600))
    prices = calendar(AGILE, LONDON, lambda _: told)

    assert prices.known_until(IMPORT, datetime(2026, 6, 6, 11, tzinfo=UTC)) == datetime(2026, 6, 7, 5, tzinfo=UTC)
    assert prices.known_until(IMPORT, datetime(2026, 6, 7, 5, 10, tzinfo=UTC)) == datetime(2026, 6, 7, 5, tzinfo=UTC)


def test_fixed_prices_have_no_end_in_sight() -> None:
    assert calendar(FIXED).known_until(IMPORT, datetime(2026, 6, 6, 11, tzinfo=UTC)) is None


def test_a_source_is_asked_for_what_it_told_of_itself_alone() -> None:
    """Import and export of one tariff have prices of their own."""
    seen: list[Source] = []
    known = halves(date(2026, 6, 6), 1, lambda _: Decimal("0.2"))

    def prices(source: Source) -> PriceList:
        seen.append(source)
        return known if "OUTGOING" in source.option("product") else PriceList()

    both = Calendar(tariff(AGILE), LONDON, prices)
    noon = datetime(2026, 6, 6, 11, tzinfo=UTC)

    assert (both.at(IMPORT, noon).price, both.at(Direction.EXPORT, noon).price) == (None, Decimal("0.2"))
