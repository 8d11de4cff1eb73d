"""Tariffs in the configuration file: what they mean, and a sentence with the place for what is wrong."""

from datetime import date
from decimal import Decimal

import pytest

from sems_exporter.errors import SettingError
from sems_exporter.tariffs.configuration import of_file
from sems_exporter.tariffs.tariff import Direction, Tariff
from tests.tariffs.examples import AGILE, FIXED, SEASONS, importing, settings, tariff

PRICE = "tariffs.home.import[0]"


def with_tariff(text: str) -> str:
    """A configuration whose only tariff is this mapping."""
    return f"tariffs: {{home: {{{text}}}}}\nstation_tariffs: {{'*': home}}"


def test_a_configuration_without_tariffs_has_none() -> None:
    assert of_file({}).tariffs == ()


@pytest.mark.parametrize("text", [FIXED, SEASONS, AGILE])
def test_the_examples_are_taken_without_a_doubt(text: str) -> None:
    found = settings(text)

    assert (len(found.tariffs), found.remarks) == (1, ())


def test_prices_hold_from_their_dates() -> None:
    found = tariff(FIXED)

    dates = [valid.start for valid in found.of(Direction.IMPORT)]
    assert dates == [date(2025, 1, 1), date(2026, 7, 1)]
    assert found.valid(Direction.IMPORT, date(2026, 6, 30)) == found.imported[0]
    assert found.valid(Direction.IMPORT, date(2024, 12, 31)) is None


def test_months_days_and_hours_wrap_around() -> None:
    entry = "{from: 2026-01-01, price: 0.3, zones: [{months: nov-feb, days: 'sat-mon', hours: '22-6', price: 0.1}]}"
    [zone] = tariff(importing(entry)).imported[0].schedule.zones  # type: ignore[union-attr]

    assert (zone.months, zone.days) == ({11, 12, 1, 2}, {5, 6, 0})
    assert zone.hours == ((1320, 1440), (0, 360))


@pytest.mark.parametrize(
    "said, days",
    [("mon", {0}), ("Monday, wed", {0, 2}), ("[sat, sun]", {5, 6}), ("mon-fri", {0, 1, 2, 3, 4})],
)
def test_days_are_names_lists_and_spans(said: str, days: set[int]) -> None:
    said = said if said.startswith("[") else f"'{said}'"
    found: Tariff = tariff(importing(f"{{from: 2026-01-01, price: 0.3, zones: [{{days: {said}, price: 0.1}}]}}"))

    assert found.imported[0].schedule.zones[0].days == days  # type: ignore[union-attr]


WRONG = [
    ("currency: EURO, import: [{from: 2026-01-01, price: 0.3}]", "tariffs.home.currency", "ISO 4217"),
    ("import: [{from: 2026-01-01, price: 0.3}]", "tariffs.home.currency", "ISO 4217"),
    ("currency: EUR", "tariffs.home", "neither import nor export"),
    ("currency: EUR, imports: []", "tariffs.home.imports", "no such key"),
    ("currency: EUR, timezone: Berlin, import: [{from: 2026-01-01, price: 0.3}]", "tariffs.home.timezone", "Berlin"),
    ("currency: EUR, holidays: XX, import: [{from: 2026-01-01, price: 0.3}]", "tariffs.home.holidays", "XX"),
    ("currency: EUR, holidays: NO, import: [{from: 2026-01-01, price: 0.3}]", "tariffs.home.holidays", "quotes"),
    ("currency: EUR, import: {price: 0.3}", "tariffs.home.import", "list"),
    ("currency: EUR, import: [{price: 0.3}]", f"{PRICE}.from", "missing"),
    ("currency: EUR, import: [{from: '2026-13-01', price: 0.3}]", f"{PRICE}.from", "2026-13-01"),
    ("currency: EUR, import: [{from: 2026-01-01T10:00:00, price: 0.3}]", f"{PRICE}.from", "midnight"),
    ("currency: EUR, import: [{from: 2026-01-01}]", PRICE, "no price"),
    ("currency: EUR, import: [{from: 2026-01-01, price: '0,3'}]", f"{PRICE}.price", "point"),
    ("currency: EUR, import: [{from: 2026-01-01, price: 0.3 EUR}]", f"{PRICE}.price", "number"),
    ("currency: EUR, import: [{from: 2026-01-01, price: true}]", f"{PRICE}.price", "number"),
    ("currency: EUR, import: [{from: 2026-01-01, price: 0.3, tax: 19}]", f"{PRICE}.tax", "within 0 and 2"),
    ("currency: EUR, import: [{from: 2026-01-01, price: 0.3, standing: 4}]", f"{PRICE}.standing", "mapping"),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 0.3, standing: {per_week: 1}}]",
        f"{PRICE}.standing.per_week",
        "",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 0.3}, {from: 2025-01-01, price: 0.3}]",
        "tariffs.home.import[1].from",
        "does not come after",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, zones: [{days: mon-fri, price: 0.3}]}]",
        f"{PRICE}.zones",
        "no price holds on sat in jan at 00:00",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, zones: [{price: 1, hours: 0-12}, {hours: '12:30-24', price: 1}]}]",
        f"{PRICE}.zones",
        "no price holds on mon in jan at 12:00",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 1, zones: [{days: sat, price: 0.3}, {price: 0.2}]}]",
        f"{PRICE}.zones[0]",
        "never holds",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 1, zones: [{hours: '17-25', price: 1}]}]",
        f"{PRICE}.zones[0].hours",
        "",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 1, zones: [{hours: 17, price: 1}]}]",
        f"{PRICE}.zones[0].hours",
        "",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 1, zones: [{days: mo-fr, price: 1}]}]",
        f"{PRICE}.zones[0].days",
        "mon",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 1, zones: [{months: 0-3, price: 1}]}]",
        f"{PRICE}.zones[0].months",
        "",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 1, zones: [{days: sun}]}]",
        f"{PRICE}.zones[0].price",
        "missing",
    ),
    ("currency: EUR, import: [{from: 2026-01-01, prices: {source: tibber}}]", f"{PRICE}.prices.source", "one of"),
    ("currency: EUR, import: [{from: 2026-01-01, prices: {source: url}}]", f"{PRICE}.prices.url", "missing"),
    (
        "currency: EUR, import: [{from: 2026-01-01, prices: {source: url, url: 'http://a.b/c'}}]",
        f"{PRICE}.prices.url",
        "https",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, prices: {source: url, url: 'https://u:p@a.b'}}]",
        f"{PRICE}.prices.url",
        "user",
    ),
    (
        "currency: EUR, import: [{from: 2026-01-01, price: 1, prices: {source: energyzero}}]",
        f"{PRICE}.prices",
        "either",
    ),
    ("currency: GBP, import: [{from: 2026-01-01, prices: {source: energyzero}}]", f"{PRICE}.prices.source", "EUR"),
    (
        "currency: GBP, import: [{from: 2026-01-01, prices: {source: octopus_agile, product: AGILE, region: X}}]",
        f"{PRICE}.prices.region",
        "'X'",
    ),
]


@pytest.mark.parametrize("text, place, words", WRONG)
def test_what_is_wrong_is_refused_with_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(SettingError) as refused:
        settings(with_tariff(text))

    assert refused.value.key == place
    assert words in str(refused.value)


def test_an_address_with_a_password_is_not_repeated() -> None:
    with pytest.raises(SettingError) as refused:
        settings(
            with_tariff("currency: EUR, import: [{from: 2026-01-01, prices: {source: url, url: 'https://u:p4ss@a.b'}}]")
        )

    assert "p4ss" not in str(refused.value)


@pytest.mark.parametrize(
    "text, place",
    [
        ("tariffs: {home: {currency: EUR, import: [{from: 2026-01-01, price: 0.3}]}}", "station_tariffs"),
        ("station_tariffs: {'*': home}", "tariffs"),
        (importing("{from: 2026-01-01, price: 0.3}").replace('"*": home', '"*": house'), "station_tariffs.*"),
        (importing("{from: 2026-01-01, price: 0.3}").replace('"*": home', '"*": [home]'), "station_tariffs.*"),
        (importing("{from: 2026-01-01, price: 0.3}").replace("EUR", "[EUR]"), "tariffs.home.currency"),
    ],
)
def test_stations_and_tariffs_have_to_fit(text: str, place: str) -> None:
    with pytest.raises(SettingError) as refused:
        settings(text)

    assert refused.value.key == place


@pytest.mark.parametrize("currency, price", [("EUR", "29.4"), ("EUR", "294"), ("JPY", "3100"), ("SEK", "150")])
def test_a_price_in_cents_or_for_a_megawatt_hour_is_doubted(currency: str, price: str) -> None:
    text = importing(f"{{from: 2026-01-01, price: {price}}}").replace("EUR", currency)

    [remark] = settings(text).remarks

    assert remark.startswith(f"{PRICE}.price: {price} {currency}")


@pytest.mark.parametrize("currency, price", [("EUR", "0.294"), ("EUR", "4"), ("JPY", "31"), ("HUF", "70")])
def test_a_usual_price_is_not(currency: str, price: str) -> None:
    text = importing(f"{{from: 2026-01-01, price: {price}}}").replace("EUR", currency)

    assert settings(text).remarks == ()


def test_zones_that_overlap_are_told_and_the_last_wins() -> None:
    zones = "[{hours: '22-6', price: 0.2}, {days: sat-sun, price: 0.1}]"
    found = settings(importing(f"{{from: 2026-01-01, price: 0.3, zones: {zones}}}"))

    assert found.notes == (f"{PRICE}.zones[1] overlaps [0], as on sat in jan at 00:00; the last wins",)
    assert found.tariffs[0].imported[0].schedule.at(1, 5, 0)[0] == Decimal("0.1")  # type: ignore[union-attr]
