"""Money on the status page: the prices of this moment, and what today cost and brought."""

from html import escape

from sems_exporter.exposition.families import PRICES
from sems_exporter.model.money import Money
from sems_exporter.model.plant import KWH
from sems_exporter.web.status.language import marked, number, tr

_PRICES = ((marked("Price from the grid"), "import_price"), (marked("Price to the grid"), "export_price"))
_TODAY = (
    (marked("Paid today"), ("import_cost", "export_charge", "standing_charge")),
    (marked("Earned today"), ("export_revenue", "import_credit")),
    (marked("Saved today"), ("savings",)),
)


def money_tiles(money: Money | None) -> str:
    """The section about money; nothing for a station without a tariff."""
    if money is None:
        return ""
    tiles = [_tile(label, _price(money, name)) for label, name in _PRICES if getattr(money, name) is not None]
    for label, names in _TODAY:
        if known := [money.today[name] for name in names if name in money.today]:
            tiles.append(_tile(label, _amount(money, sum(known))))
    return f'<h3>{tr("Money")}</h3><dl class="tiles">{"".join(tiles)}</dl>' if tiles else ""


def _tile(label: str, shown: str) -> str:
    return f"<div><dt>{tr(label)}</dt><dd>{shown}</dd></div>"


def _price(money: Money, name: str) -> str:
    price: float = getattr(money, name)
    mark = f'data-metric="{PRICES[name].sample_name}" data-value="{price / KWH!r}"'
    return f"<span {mark}>{number(price, 4)} <small>{escape(money.currency)}/kWh</small></span>"


def _amount(money: Money, amount: float) -> str:
    return f"{number(amount, 2)} <small>{escape(money.currency)}</small>"
