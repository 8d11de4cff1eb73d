"""What the status page says of money: prices now and amounts of today, in the tariff's currency."""

from dataclasses import replace

from sems_exporter.model.money import Money
from tests.web.status.page_reader import HOME, page, shown

MONEY = Money(
    tariff="home",
    currency="EUR",
    import_price=0.294,
    export_price=-0.0012,
    import_cost=812.5,
    import_credit=0.0,
    savings=1500.0,
    standing_charge=131.4,
    today={"import_cost": 1.2, "savings": 0.004, "standing_charge": 0.36},
)


def texts(money: Money | None) -> dict[str, str]:
    """The tiles by their label."""
    reader = page(replace(HOME, money=money))
    names, values = reader.all("dt"), reader.all("dd")
    return {name.text: value.text for name, value in zip(names, values, strict=True)}


def test_prices_and_amounts_of_today_are_in_the_currency_of_the_tariff() -> None:
    found = texts(MONEY)

    assert found["Price from the grid"] == "0.2940 EUR/kWh"
    assert found["Price to the grid"] == "−0.0012 EUR/kWh"
    assert found["Paid today"] == "1.56 EUR"
    assert found["Saved today"] == "0.00 EUR"


def test_the_price_is_marked_as_its_metric() -> None:
    marked = {name: value for name, value, _ in shown(page(replace(HOME, money=MONEY)))}

    assert marked["sems_station_grid_import_price_per_joule"] == 0.294 / 3.6e6


def test_a_price_that_is_not_known_is_left_out() -> None:
    assert "Price from the grid" not in texts(replace(MONEY, import_price=None))


def test_a_station_without_a_tariff_has_no_money() -> None:
    assert not {label for label in texts(None) if "today" in label or "Price" in label}
    assert "Money" not in [heading.text for heading in page(HOME).all("h3")]
