"""Where prices by the hour come from: the addresses of public sources without a key, and how each tells its prices.

As described by the sources themselves: developer.octopus.energy, awattar.de/services/api, api.energy-charts.info (its
prices are of the exchanges, CC BY 4.0 of Bundesnetzagentur | SMARD.de for Germany) and api.energyzero.nl.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlencode

from sems_exporter.tariffs.price_list import MOST_PRICES, BadList, Price, number, of_unix, second
from sems_exporter.tariffs.tariff import Source

HOUR_SECONDS = 3600
DAY_SECONDS = 86_400
QUARTER_SECONDS = 900
OPEN_ENDED_SECONDS = 2 * HOUR_SECONDS
"""Seconds that a price without an end is believed: it may be replaced at any time."""
OF_MEGAWATT_HOUR = Decimal("0.001")
OF_CENTS = Decimal("0.01")
PRODUCT_PATTERN = r"[A-Z0-9][A-Z0-9-]{1,60}"
REGION_PATTERN = r"[A-P]"
ZONE_PATTERN = r"[A-Z]{2}[A-Za-z0-9-]{0,28}"


@dataclass(frozen=True, slots=True)
class Adapter:
    """One kind of source. `host` alone is asked; `options` are what the settings have to say, as patterns.

    `url` makes the address for a span of time, and `decode` the prices of an answer, which `scale` makes money for a
    kilowatt hour; `currency` is what they are in.
    """

    host: str
    url: Callable[[Source, datetime, datetime], str]
    decode: Callable[[Any], list[Price]]
    scale: Decimal
    currency: str
    options: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


def document(body: bytes) -> object:
    """What an answer or file says; raises BadList where it is no JSON, as a page that says something else."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise BadList(f"is no JSON; it begins with {body[:40].decode(errors='replace')!r}") from None


def _octopus_url(source: Source, start: datetime, end: datetime) -> str:
    product = quote(source.option("product"), safe="")
    tariff = f"E-1R-{product}-{quote(source.option('region'), safe='')}"
    span = urlencode({"period_from": _utc(start), "period_to": _utc(end), "page_size": "1500"})
    return f"https://api.octopus.energy/v1/products/{product}/electricity-tariffs/{tariff}/standard-unit-rates/?{span}"


def _octopus(told: Any) -> list[Price]:
    found = []
    for place, entry in enumerate(_entries(told, "results")):
        with_place = f"results[{place}]"
        # A price may be told for each way of paying; half-hourly ones have none.
        if entry.get("payment_method") not in (None, "DIRECT_DEBIT"):
            continue
        start = _of(second, entry, "valid_from", with_place)
        end = (
            start + OPEN_ENDED_SECONDS if entry.get("valid_to") is None else _of(second, entry, "valid_to", with_place)
        )
        found.append(Price(start, end, _of(number, entry, "value_inc_vat", with_place)))
    return found


def _awattar_url(host: str) -> Callable[[Source, datetime, datetime], str]:
    def url(_: Source, start: datetime, end: datetime) -> str:
        span = urlencode({"start": int(start.timestamp()) * 1000, "end": int(end.timestamp()) * 1000})
        return f"https://{host}/v1/marketdata?{span}"

    return url


def _awattar(told: Any) -> list[Price]:
    found = []
    for place, entry in enumerate(_entries(told, "data")):
        with_place = f"data[{place}]"
        if str(entry.get("unit", "")).casefold() != "eur/mwh":
            raise BadList(f"{with_place}: the unit is {str(entry.get('unit'))[:20]!r}, not Eur/MWh")
        start, end = (_of(_milliseconds, entry, f"{name}_timestamp", with_place) for name in ("start", "end"))
        found.append(Price(start, end, _of(number, entry, "marketprice", with_place)))
    return found


def _charts_url(source: Source, start: datetime, end: datetime) -> str:
    days = (instant.astimezone(UTC).date().isoformat() for instant in (start, end))
    span = dict(zip(("bzn", "start", "end"), (source.option("zone"), *days), strict=True))
    return f"https://api.energy-charts.info/price?{urlencode(span)}"


def _charts(told: Any) -> list[Price]:
    if not isinstance(told, dict) or not all(isinstance(told.get(key), list) for key in ("unix_seconds", "price")):
        raise BadList("has no lists unix_seconds and price")
    if "".join(str(told.get("unit", "")).split()).casefold() != "eur/mwh":
        raise BadList(f"the unit is {str(told.get('unit'))[:20]!r}, not EUR / MWh")
    starts, prices = told["unix_seconds"], told["price"]
    if len(starts) != len(prices) or len(starts) > MOST_PRICES:
        raise BadList(f"has {len(starts)} times and {len(prices)} prices")
    begun = [of_unix(start) for start in starts]
    return _until_next(
        [(start, number(price)) for start, price in zip(begun, prices, strict=True) if price is not None]
    )


def _zero_url(_: Source, start: datetime, end: datetime) -> str:
    span = {"fromDate": _utc(start), "tillDate": _utc(end), "interval": "4", "usageType": "1", "inclBtw": "false"}
    return f"https://api.energyzero.nl/v1/energyprices?{urlencode(span)}"


def _zero(told: Any) -> list[Price]:
    entries = _entries(told, "Prices")
    starts = [_of(second, entry, "readingDate", f"Prices[{place}]") for place, entry in enumerate(entries)]
    values = [_of(number, entry, "price", f"Prices[{place}]") for place, entry in enumerate(entries)]
    return [Price(start, start + HOUR_SECONDS, value) for start, value in zip(starts, values, strict=True)]


def _until_next(told: list[tuple[int, Decimal]]) -> list[Price]:
    """Prices that are told by their beginnings: each holds as long as the shortest of its day, up to the next one.

    Where a price is missing it stays unknown: the one before does not hold for it. Exchanges turned from hours to
    quarters of an hour at midnight.
    """
    starts = sorted({start for start, _ in told})
    gaps = dict(pairwise(starts))
    if not gaps:
        raise BadList("has too few prices to tell how long one holds", "empty")
    lengths: dict[int, int] = {}
    for start, after in gaps.items():
        lengths[start // DAY_SECONDS] = min(lengths.get(start // DAY_SECONDS, HOUR_SECONDS), after - start)
    usual = min(lengths.values())
    if not all(length in (QUARTER_SECONDS, 2 * QUARTER_SECONDS, HOUR_SECONDS) for length in lengths.values()):
        raise BadList(f"its prices are {usual} s apart, neither a quarter of an hour nor an hour")
    return [
        Price(start, start + min(lengths.get(start // DAY_SECONDS, usual), gaps.get(start, DAY_SECONDS)), value)
        for start, value in told
    ]


def _entries(told: Any, key: str) -> list[dict[str, Any]]:
    entries = told.get(key) if isinstance(told, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadList(f"has no list {key}")
    if len(entries) > MOST_PRICES:
        raise BadList(f"has more than {MOST_PRICES} prices", "too_large")
    return entries


def _of(read: Callable[[object], Any], entry: dict[str, Any], key: str, place: str) -> Any:
    try:
        return read(entry.get(key))
    except BadList as error:
        raise BadList(f"{place}.{key}: {error}", error.reason) from None


def _milliseconds(told: object) -> int:
    return of_unix(told, 1000)


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _awattar_of(country: str) -> Adapter:
    host = f"api.awattar.{country}"
    return Adapter(host, _awattar_url(host), _awattar, OF_MEGAWATT_HOUR, "EUR")


ADAPTERS: dict[str, Adapter] = {
    "octopus_agile": Adapter(
        "api.octopus.energy",
        _octopus_url,
        _octopus,
        OF_CENTS,
        "GBP",
        {"product": PRODUCT_PATTERN, "region": REGION_PATTERN},
    ),
    "awattar_de": _awattar_of("de"),
    "awattar_at": _awattar_of("at"),
    "energy_charts": Adapter(
        "api.energy-charts.info",
        _charts_url,
        _charts,
        OF_MEGAWATT_HOUR,
        "EUR",
        {"zone": ZONE_PATTERN},
        {"zone": "DE-LU"},
    ),
    "energyzero": Adapter("api.energyzero.nl", _zero_url, _zero, Decimal(1), "EUR"),
}
"""Sources by the name that settings give them."""
LISTS = ("file", "url")
"""Sources of the documented plain list, at a path and at an address of the user's own."""
