"""Money of the past: the same as if it had been counted as it went by."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sems_exporter.model.plant import KWH
from sems_exporter.tariffs.past import past_money
from sems_exporter.tariffs.price_list import PriceList
from tests.homes import AMSTERDAM, home
from tests.tariffs.examples import FIXED, tariff
from tests.tariffs.test_accountant import House

BEGIN = datetime(2026, 6, 30, 20, tzinfo=UTC)
"""Two hours before another price holds."""


def test_the_past_comes_to_what_was_counted_live(tmp_path: Path) -> None:
    house = House(tmp_path, FIXED, BEGIN)
    samples = []
    for number in range(60):
        instant = BEGIN + timedelta(minutes=5 * number)
        bought, sold = 100 + 0.1 * number, 50 + 0.03 * number * number
        samples.append((instant, {"grid_import_energy": bought * KWH, "grid_export_energy": sold * KWH}))
        house.read(**{"import": bought, "export": sold})
        house.clock.advance(300)

    *_, (last, money) = past_money(home(), samples, tariff(FIXED), AMSTERDAM, lambda _: PriceList())

    live = house.money()
    assert last == BEGIN + timedelta(minutes=295)
    assert (money.import_cost, money.export_revenue) == (live.import_cost, live.export_revenue)
    assert money.standing_charge == live.standing_charge
    assert money.import_cost is not None
    assert money.import_cost > 0


def test_what_was_not_known_then_is_absent() -> None:
    [(_, money)] = past_money(
        home(), [(BEGIN, {"grid_import_energy": 5.0})], tariff(FIXED), AMSTERDAM, lambda _: PriceList()
    )

    assert (money.import_cost, money.export_revenue, money.savings) == (0.0, None, None)
