"""How a ledger goes on: what energies came to, whatever counters, clocks and prices do."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.tariffs.accounting import KWH
from sems_exporter.tariffs.calendar import Calendar
from sems_exporter.tariffs.ledger import EXPORT, IMPORT, PARTS, SELF, Ledger, Reading, Total, advanced
from tests.tariffs.examples import BERLIN, FIXED, SEASONS, calendar, importing

START = datetime(2026, 6, 10, 10, tzinfo=UTC)
RATE = 100e3
ONE_PRICE = calendar(importing("{from: 2025-01-01, price: 0.3}"))


def reading(minutes: float, kwh: Mapping[str, float], start: datetime = START) -> Reading:
    """Lifetime energies in kWh, so many minutes after the start."""
    totals = {use: Total(energy * KWH, rate=RATE) for use, energy in kwh.items()}
    return Reading(start + timedelta(minutes=minutes), totals)


def counted(prices: Calendar, *readings: Reading, ledger: Ledger | None = None) -> Ledger:
    """A ledger over these readings, one after the other."""
    ledger = ledger or Ledger("EUR")
    for one in readings:
        ledger = advanced(ledger, one, prices)
    return ledger


def money(ledger: Ledger, name: str) -> float:
    """An amount, to the millionth."""
    return round(ledger.money[name] / PARTS, 6)


def joules(ledger: Ledger, key: str) -> int:
    """Whole joules."""
    return round(ledger.energy[key] / 10**6)


def test_the_first_reading_costs_nothing() -> None:
    """What was used before nobody saw."""
    ledger = counted(ONE_PRICE, reading(0, {IMPORT: 5000}))

    assert money(ledger, "import_cost") == 0


def test_a_difference_costs_its_price() -> None:
    assert money(counted(ONE_PRICE, reading(0, {IMPORT: 5000}), reading(5, {IMPORT: 5001.5})), "import_cost") == 0.45


def test_the_same_reading_again_changes_nothing() -> None:
    one = reading(5, {IMPORT: 5001.5})
    ledger = counted(ONE_PRICE, reading(0, {IMPORT: 5000}), one)

    assert counted(ONE_PRICE, one, one, ledger=ledger) == ledger


def test_import_and_export_are_never_netted() -> None:
    prices = calendar(FIXED)
    ledger = counted(prices, reading(0, {IMPORT: 10, EXPORT: 20}), reading(5, {IMPORT: 11, EXPORT: 23}))

    assert (money(ledger, "import_cost"), money(ledger, "export_revenue")) == (0.294, 0.246)


def test_a_change_of_price_between_two_readings_splits_their_difference() -> None:
    """Five minutes around the midnight at which a new price begins, two of them before it."""
    before = datetime(2026, 6, 30, 21, 58, tzinfo=UTC)
    ledger = counted(calendar(FIXED), reading(0, {IMPORT: 10}, before), reading(5, {IMPORT: 11}, before))

    assert money(ledger, "import_cost") == round(0.4 * 0.294 + 0.6 * 0.262, 6)
    assert joules(ledger, f"estimated/{IMPORT}") == 0


def test_hours_without_a_reading_are_estimated_where_the_price_changed() -> None:
    """From 16:00 to 22:00 in summer, of which the peak of the winter is no part, and the noon not either."""
    begin = datetime(2026, 6, 10, 20, tzinfo=UTC)
    ledger = counted(calendar(SEASONS), reading(0, {IMPORT: 10}, begin), reading(120, {IMPORT: 14}, begin))

    day, night = ((price + 0.0875) * 1.19 for price in (0.2419, 0.1731))
    assert money(ledger, "import_cost") == round(2 * day + 2 * night, 6)
    assert joules(ledger, f"estimated/{IMPORT}") == 4 * KWH


def test_of_the_doubled_hour_both_halves_are_counted() -> None:
    """Between 02:00 and 03:00, which comes twice, power costs 0.5 and else nothing."""
    prices = calendar(importing("{from: 2026-01-01, price: 0, zones: [{hours: '02:00-03:00', price: 0.5}]}"))
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    steps = [reading(30 * n, {IMPORT: n}, midnight) for n in range(51)]

    assert money(counted(prices, *steps), "import_cost") == 4 * 0.5


def test_the_hour_that_is_left_out_costs_nothing() -> None:
    prices = calendar(importing("{from: 2026-01-01, price: 0, zones: [{hours: '02:00-03:00', price: 0.5}]}"))
    midnight = datetime(2026, 3, 28, 23, tzinfo=UTC)
    steps = [reading(30 * n, {IMPORT: n}, midnight) for n in range(47)]

    assert money(counted(prices, *steps), "import_cost") == 0


def test_a_counter_that_began_anew_is_followed_from_there() -> None:
    ledger = counted(ONE_PRICE, reading(0, {IMPORT: 5000}), reading(5, {IMPORT: 3}), reading(10, {IMPORT: 4}))

    assert money(ledger, "import_cost") == 0.3


def test_energy_is_not_counted_again_after_a_correction() -> None:
    """The counter falls by 10 kWh, and comes back to where it had been counted to."""
    ledger = counted(
        ONE_PRICE,
        reading(0, {IMPORT: 5000}),
        reading(60, {IMPORT: 5010}),
        reading(65, {IMPORT: 5000}),
        reading(125, {IMPORT: 5010}),
        reading(185, {IMPORT: 5012}),
    )

    assert money(ledger, "import_cost") == 3.6


def test_a_leap_that_no_energy_can_make_is_another_counter() -> None:
    """As of a device that replaced another; 5000 kWh within five minutes would be 60 megawatts."""
    ledger = counted(ONE_PRICE, reading(0, {IMPORT: 10}), reading(5, {IMPORT: 5010}), reading(10, {IMPORT: 5011}))

    assert money(ledger, "import_cost") == 0.3


def test_what_came_together_while_a_counter_stood_still_is_counted() -> None:
    """A meter that the portal had lost for two days, while it repeated the last reading."""
    still = [reading(5 * n, {IMPORT: 10}) for n in range(576)]
    ledger = counted(ONE_PRICE, *still, reading(2880, {IMPORT: 70}))

    assert money(ledger, "import_cost") == 18


def test_an_energy_that_is_absent_for_a_while_is_counted_afterwards() -> None:
    ledger = counted(ONE_PRICE, reading(0, {IMPORT: 10}), reading(5, {}), reading(10, {IMPORT: 12}))

    assert money(ledger, "import_cost") == 0.6


def test_a_reading_from_the_past_takes_no_time_back() -> None:
    ledger = counted(ONE_PRICE, reading(10, {IMPORT: 10}), reading(5, {IMPORT: 11}), reading(15, {IMPORT: 12}))

    assert money(ledger, "import_cost") == 0.6


def test_negative_prices_are_a_counter_of_their_own() -> None:
    prices = calendar(importing("{from: 2026-01-01, price: -0.05}"))
    ledger = counted(prices, reading(0, {IMPORT: 10}), reading(5, {IMPORT: 12}))

    assert (money(ledger, "import_cost"), money(ledger, "import_credit")) == (0, 0.1)


def test_without_a_price_energy_is_counted_as_such() -> None:
    prices = calendar(importing("{from: 2027-01-01, price: 0.3}"))
    ledger = counted(prices, reading(0, {IMPORT: 10}), reading(5, {IMPORT: 12}))

    assert money(ledger, "import_cost") == 0
    assert joules(ledger, f"unpriced/{IMPORT}") == 2 * KWH


def test_what_a_battery_took_from_the_grid_is_not_saved_until_it_paid_for_itself() -> None:
    """4 kWh at night for 0.1 each, which the evening gives back in place of 4 kWh at 0.3."""
    prices = calendar(importing("{from: 2026-01-01, price: 0.3, zones: [{hours: '00:00-06:00', price: 0.1}]}"))
    midnight = datetime(2026, 6, 9, 22, tzinfo=UTC)
    night = [reading(30 * n, {SELF: 100 - n}, midnight) for n in range(5)]
    evening = [reading(1140 + 30 * n, {SELF: 96 + n}, midnight) for n in range(5)]

    assert money(counted(prices, *night), "savings") == 0
    assert money(counted(prices, *night, *evening), "savings") == pytest.approx(4 * 0.3 - 4 * 0.1)


def test_standing_charges_step_at_the_midnight_of_the_station() -> None:
    prices = calendar(importing("{from: 2025-01-01, price: 0.3, standing: {per_day: 0.36}}"))
    evening = datetime(2026, 6, 10, 21, 50, tzinfo=UTC)
    ledger = counted(prices, reading(0, {IMPORT: 10}, evening))

    assert money(ledger, "standing_charge") == 0.36
    assert money(counted(prices, reading(9, {IMPORT: 10}, evening), ledger=ledger), "standing_charge") == 0.36
    assert money(counted(prices, reading(10, {IMPORT: 10}, evening), ledger=ledger), "standing_charge") == 0.72


def test_a_year_of_standing_charges_is_the_charge_of_a_year() -> None:
    prices = calendar(importing("{from: 2023-01-01, price: 0.3, tax: 0.5, standing: {per_year: 100}}"))
    days = [reading(1440 * n, {IMPORT: 10}, datetime(2024, 1, 1, 11, tzinfo=UTC)) for n in range(366)]

    assert money(counted(prices, *days), "standing_charge") == 150


def test_standing_charges_of_days_without_a_reading_follow() -> None:
    prices = calendar(importing("{from: 2025-01-01, price: 0.3, standing: {per_day: 1}}"))
    ledger = counted(prices, reading(0, {IMPORT: 10}), reading(5 * 1440, {IMPORT: 10}))

    assert money(ledger, "standing_charge") == 6


def test_what_came_today_ends_at_midnight() -> None:
    """Ten minutes around midnight, four of them after it."""
    evening = datetime(2026, 6, 10, 21, 54, tzinfo=UTC)
    ledger = counted(ONE_PRICE, reading(0, {IMPORT: 10}, evening), reading(10, {IMPORT: 11}, evening))

    assert ledger.day == "2026-06-11"
    assert round(ledger.today["import_cost"] / PARTS, 6) == 0.12


steps = st.lists(
    st.tuples(
        st.integers(1, 400),
        st.floats(0, 6),
        st.floats(0, 6),
        st.floats(-3, 6),
    ),
    min_size=1,
    max_size=40,
)


@settings(deadline=None)
@given(steps, st.sampled_from((FIXED, SEASONS)), st.sampled_from(("2026-03-28", "2026-06-30", "2026-10-24")))
def test_counters_never_fall_and_every_joule_is_somewhere(
    steps: list[tuple[int, float, float, float]], text: str, day: str
) -> None:
    prices = calendar(text, BERLIN)
    at, energies = datetime.fromisoformat(f"{day}T09:00:00+00:00"), [1000.0, 1000.0, 1000.0]
    ledger = advanced(Ledger("EUR"), _all(at, energies), prices)
    for minutes, *grown in steps:
        at += timedelta(minutes=minutes)
        energies = [energy + more for energy, more in zip(energies, grown, strict=True)]
        after = advanced(ledger, _all(at, energies), prices)
        for kind in ("money", "energy"):
            before = getattr(ledger, kind)
            assert all(amount >= before.get(name, 0) for name, amount in getattr(after, kind).items())
        ledger = after

    assert joules(ledger, f"unpriced/{IMPORT}") == 0


def _all(at: datetime, energies: list[float]) -> Reading:
    uses = (IMPORT, EXPORT, SELF)
    return Reading(at, {use: Total(kwh * KWH) for use, kwh in zip(uses, energies, strict=True)})


def test_zones_are_those_of_the_tariff_where_it_names_one() -> None:
    text = importing("{from: 2026-06-11, price: 0.3}").replace("EUR,", "EUR, timezone: Asia/Tokyo,")

    assert calendar(text, BERLIN).zone == ZoneInfo("Asia/Tokyo")
