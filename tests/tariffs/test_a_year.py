"""A year under each example tariff, against a bill that is worked out apart, like a spreadsheet would.

The bill knows nothing of the exporter's prices and sums: it goes through the year by half hours, looks at the clock on
the wall, and multiplies.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from sems_exporter.tariffs.calendar import Calendar
from sems_exporter.tariffs.ledger import EXPORT, IMPORT, PARTS, SELF, Ledger, Reading, Total, advanced
from sems_exporter.tariffs.price_list import PriceList
from sems_exporter.tariffs.tariff import Source
from tests.tariffs.examples import AGILE, BERLIN, FIXED, LONDON, SEASONS, halves, tariff

KWH = 3.6e6
HALF = timedelta(minutes=30)


@dataclass(frozen=True)
class Row:
    """Lifetime energies in joules at an instant."""

    at: datetime
    bought: float
    sold: float
    used: float


@pytest.fixture(scope="module")
def year() -> list[Row]:
    """A home with modules and a battery through 2026, a row each half hour; in some, its meter counts both ways."""
    at = datetime(2025, 12, 31, 23, tzinfo=UTC)
    rows, stored = [Row(at, 0.0, 0.0, 0.0)], 0.0
    while at < datetime(2026, 12, 31, 23, tzinfo=UTC):
        season = 1 - math.cos(math.tau * (at.timetuple().tm_yday + 10) / 365)
        pv = max(0.0, math.sin(math.tau * (at.hour + at.minute / 60 - 6) / 24)) * (0.3 + season) * (1 + at.day % 4) / 4
        load = 0.15 + 0.1 * (at.hour % 5) + (0.6 if at.hour >= 17 else 0.0)
        both = 0.05 if pv else 0.0  # of a half hour that begins in the sun and ends in the shade
        charge = min(max(0.0, pv - load), 6.0 - stored)
        discharge = min(max(0.0, load - pv), stored)
        stored += charge - discharge
        sold = max(0.0, pv - load - charge) + both
        bought = max(0.0, load - pv - discharge) + both
        used, at = pv - sold + discharge - charge + both, at + HALF
        last = rows[-1]
        rows.append(Row(at, last.bought + bought * KWH, last.sold + sold * KWH, last.used + used * KWH))
    return rows


def counted(rows: list[Row], prices: Calendar, every: int = 1) -> dict[str, float]:
    """What the exporter counts, in cents; where it reads less often, `every` so many rows."""
    ledger = Ledger("")
    for row in rows[::every]:
        totals = {IMPORT: Total(row.bought), EXPORT: Total(row.sold), SELF: Total(row.used)}
        ledger = advanced(ledger, Reading(row.at, totals), prices)
    assert ledger.energy["unpriced/import"] == 0
    return {name: amount / PARTS * 100 for name, amount in ledger.money.items()}


Price = Callable[[datetime, datetime], float]
"""What a kilowatt hour costs, by the local time and the instant at which a half hour begins."""


def bill(rows: list[Row], zone: ZoneInfo, imported: Price, exported: Price) -> dict[str, float]:
    """The same by multiplication, in cents."""
    found = dict.fromkeys(("import_cost", "import_credit", "export_revenue", "export_charge", "used"), 0.0)
    for before, after in pairwise(rows):
        local = before.at.astimezone(zone)
        price, reward = imported(local, before.at), exported(local, before.at)
        bought, sold, used = (
            (getattr(after, name) - getattr(before, name)) / KWH for name in ("bought", "sold", "used")
        )
        found["import_cost" if price >= 0 else "import_credit"] += 100 * bought * abs(price)
        found["export_revenue" if reward >= 0 else "export_charge"] += 100 * sold * abs(reward)
        found["used"] += 100 * used * price
    return found


def no_prices(_: Source) -> PriceList:
    return PriceList()


def compare(found: dict[str, float], expected: dict[str, float]) -> None:
    """Every amount of a year is right to a hundredth of a cent."""
    names = ("import_cost", "import_credit", "export_revenue", "export_charge")
    differences = {name: found[name] - expected[name] for name in names}
    assert all(abs(difference) < 0.01 for difference in differences.values()), differences
    # Less what stands open for energy that is stored at the end.
    assert found["savings"] == pytest.approx(expected["used"], abs=100)
    assert sum(expected[name] for name in names) > 10_000


def test_fixed_prices_that_change_in_summer(year: list[Row]) -> None:
    found = counted(year, Calendar(tariff(FIXED), BERLIN, no_prices))

    expected = bill(year, BERLIN, lambda local, _: 0.294 if local.month < 7 else 0.262, lambda *_: 0.082)
    compare(found, expected)
    # The last reading is of the next year's first moment, whose day is charged already.
    days = {day: 100 * amount / 365 for day, amount in (("old", 131.4), ("new", 142.35))}
    assert found["standing_charge"] == pytest.approx(181 * days["old"] + 185 * days["new"], abs=0.01)


def test_zones_of_two_seasons(year: list[Row]) -> None:
    def price(local: datetime, _: datetime) -> float:
        net = 0.2419
        if local.hour >= 23 or local.hour < 5:
            net = 0.1731
        if local.month in (11, 12, 1, 2, 3) and local.weekday() < 5 and 17 <= local.hour < 20:
            net = 0.3811
        if 4 <= local.month <= 9 and 11 <= local.hour < 15:
            net = 0.1544
        return (net + 0.0875) * 1.19

    found = counted(year, Calendar(tariff(SEASONS), BERLIN, no_prices))

    compare(found, bill(year, BERLIN, price, lambda *_: 0.06))
    january_again = 9.9 / 31
    assert found["standing_charge"] == pytest.approx(100 * 1.19 * (12 * 9.9 + january_again), abs=0.01)


def agile(at: datetime) -> Decimal:
    """Pence of a half hour: cheap at night, dear in the evening, below nothing on some days."""
    pence = 14 + 9 * ((at.hour * 2 + at.minute // 30) % 17) / 10 + (18 if at.hour in (16, 17, 18) else 0)
    return Decimal(str(round((pence - (35 if at.day % 6 == 0 and at.hour in (2, 3, 12) else 0)) / 100, 4)))


def outgoing(at: datetime) -> Decimal:
    """Likewise for what is fed in."""
    return Decimal(str(round(float(agile(at)) * 0.6 - 0.02, 4)))


def test_half_hourly_prices_of_both_directions(year: list[Row]) -> None:
    lists = {"AGILE-24-10-01": agile, "AGILE-OUTGOING-19-05-13": outgoing}
    known = {product: halves(date(2025, 12, 31), 367, price) for product, price in lists.items()}

    found = counted(year, Calendar(tariff(AGILE), LONDON, lambda source: known[source.option("product")]))

    expected = bill(year, LONDON, lambda _, at: float(agile(at)), lambda _, at: float(outgoing(at)))
    compare(found, expected)
    assert expected["import_credit"] > 0
    assert expected["export_charge"] > 0


def test_hours_between_readings_cost_little_exactness(year: list[Row]) -> None:
    """Read every six hours, the year under zones is right to a tenth, and known to be an estimate."""
    prices = Calendar(tariff(SEASONS), BERLIN, no_prices)
    often, seldom = counted(year, prices), counted(year, prices, every=12)

    assert seldom["import_cost"] == pytest.approx(often["import_cost"], rel=0.1)
