"""Tariffs to count by, as a configuration file would have them, and sources of prices that tests play."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sems_exporter.config import yaml_file
from sems_exporter.tariffs.calendar import Calendar
from sems_exporter.tariffs.configuration import of_file
from sems_exporter.tariffs.price_list import Price, PriceList
from sems_exporter.tariffs.price_source import Answer
from sems_exporter.tariffs.tariff import Source, Tariff, TariffSettings

BERLIN = ZoneInfo("Europe/Berlin")
LONDON = ZoneInfo("Europe/London")

FIXED = """
tariffs:
  home:
    currency: EUR
    import:
      - {from: 2025-01-01, price: 0.294, standing: {per_year: 131.4}}
      - {from: 2026-07-01, price: 0.262, standing: {per_year: 142.35}}
    export:
      - {from: 2023-04-01, price: 0.082}
station_tariffs: {"*": home}
"""
SEASONS = """
tariffs:
  seasons:
    currency: EUR
    import:
      - from: 2025-01-01
        price: 0.2419
        zones:
          - {name: night, hours: "23:00-05:00", price: 0.1731}
          - {name: winter peak, months: nov-mar, days: mon-fri, hours: "17:00-20:00", price: 0.3811}
          - {name: summer noon, months: apr-sep, hours: "11:00-15:00", price: 0.1544}
        charges: 0.0875
        tax: 0.19
        standing: {per_month: 9.9}
    export:
      - {from: 2025-01-01, price: 0.06}
station_tariffs: {"*": seasons}
"""
AGILE = """
tariffs:
  agile:
    currency: GBP
    import:
      - {from: 2025-01-01, prices: {source: octopus_agile, product: AGILE-24-10-01, region: C},
         standing: {per_day: 0.4785}}
    export:
      - {from: 2025-01-01, prices: {source: octopus_agile, product: AGILE-OUTGOING-19-05-13, region: C}}
station_tariffs: {"*": agile}
"""


def settings(text: str) -> TariffSettings:
    """The tariffs of a configuration file."""
    found = yaml_file.document(text.encode())
    assert isinstance(found, dict)
    return of_file(found)


def tariff(text: str) -> Tariff:
    """The only one of them."""
    [found] = settings(text).tariffs
    return found


def importing(entry: str) -> str:
    """A configuration with one tariff whose import has this entry, in YAML on one line."""
    return f"""
tariffs:
  home: {{currency: EUR, import: [{entry}]}}
station_tariffs: {{"*": home}}
"""


def calendar(text: str, zone: ZoneInfo = BERLIN, prices: Callable[[Source], PriceList] | None = None) -> Calendar:
    """The prices of the only tariff."""
    return Calendar(tariff(text), zone, prices or (lambda _: PriceList()))


def halves(first: date, days: int, value: Callable[[datetime], Decimal]) -> PriceList:
    """A price for each half hour of some days in UTC."""
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    starts = [begin + timedelta(minutes=30) * number for number in range(48 * days)]
    return PriceList(tuple(Price(int(at.timestamp()), int(at.timestamp()) + 1800, value(at)) for at in starts))


class Web:
    """Answers to whoever asks for prices: a function of the address, or a status; keeps what was asked."""

    def __init__(self, answer: Callable[[str], Any]) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def __call__(self, address: str) -> Answer:
        """One question."""
        self.asked.append(address)
        answered = self.answer(address)
        if isinstance(answered, Exception):
            raise answered
        return answered if isinstance(answered, Answer) else Answer(200, answered)
