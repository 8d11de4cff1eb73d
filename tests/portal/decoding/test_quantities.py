"""Numbers and units of the portal into base units."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.portal.decoding.quantities import NotANumber, NotAUnit, Quantity, quantity, to_base

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
NUMBER_LIKE = st.from_regex(
    r"[ +-]?[0-9.]{0,8}([eE][+-]?[0-9]{1,4})?[ (]{0,2}(W|kW|%|MWh|\)|x)?[ )]{0,2}", fullmatch=True
)
TARGETS = ("watts", "joules", "vars", "volts", "amperes", "hertz", "celsius", "ratio", "ohms", "seconds")


def base(raw: object, target: str, unit: object = None, assumed: str = "") -> float | None:
    found = quantity(raw, unit)
    return None if found is None else to_base(found, target, assumed)


@pytest.mark.parametrize(
    "raw, unit, target, expected",
    [
        ("589", "W", "watts", 589.0),
        ("0.84117", "kW", "watts", 841.17),
        ("1.5", "KW", "watts", 1500.0),
        (0.0123, "MW", "watts", 12300.0),
        ("12.34", "kWh", "joules", 44_424_000.0),
        ("850", "Wh", "joules", 3_060_000.0),
        ("21.852", "MWh", "joules", 78_667_200_000.0),
        ("0.001", "GWh", "joules", 3_600_000_000.0),
        ("1.163", "kVar", "vars", 1163.0),
        ("3312", "mV", "volts", 3.312),
        ("233.3", "V", "volts", 233.3),
        ("250", "mA", "amperes", 0.25),
        ("6", "A", "amperes", 6.0),
        ("99", "%", "ratio", 0.99),
        ("42", "%", "ratio", 0.42),
        ("1200", "kΩ", "ohms", 1_200_000.0),
        ("1200", "k\u2126", "ohms", 1_200_000.0),
        ("1200", "kOhm", "ohms", 1_200_000.0),
        ("2", "MΩ", "ohms", 2_000_000.0),
        ("53.7", "℃", "celsius", 53.7),
        ("53.7", "°C", "celsius", 53.7),
        ("212", "°F", "celsius", 100.0),
        ("212", "℉", "celsius", 100.0),
        ("212", "ºF", "celsius", 100.0),
        ("212", "F", "celsius", 100.0),
        ("6759", "H", "seconds", 24_332_400.0),
        ("2", "h", "seconds", 7200.0),
        ("6759", "hrs", "seconds", 24_332_400.0),
        ("53.7", "ºC", "celsius", 53.7),
        ("12.3", "KWH", "joules", 44_280_000.0),
        ("12.3", "kW·h", "joules", 44_280_000.0),
        ("12.3", "kW.h", "joules", 44_280_000.0),
        ("0.0123", "Mwh", "joules", 44_280_000.0),
        ("7.5", "kWp", "watts", 7500.0),
        ("49.95", "Hz", "hertz", 49.95),
        ("50.01", "HZ", "hertz", 50.01),
        ("0.97", "", "ratio", 0.97),
    ],
)
def test_the_unit_beside_a_number_decides_its_scale(raw: object, unit: str, target: str, expected: float) -> None:
    assert base(raw, target, unit) == expected


@pytest.mark.parametrize(
    "raw, target, expected",
    [
        ("1.2kW", "watts", 1200.0),
        ("1.2 kW", "watts", 1200.0),
        ("2337(W)", "watts", 2337.0),
        ("2337 (W)", "watts", 2337.0),
        (" 45% ", "ratio", 0.45),
        ("-0.5kW", "watts", -500.0),
        ("+3.5 A", "amperes", 3.5),
        (".5kWh", "joules", 1_800_000.0),
        ("5.kWh", "joules", 18_000_000.0),
        ("16851.1kWh", "joules", 60_663_960_000.0),
        ("1e3 W", "watts", 1000.0),
    ],
)
def test_a_unit_in_the_same_text_is_read(raw: str, target: str, expected: float) -> None:
    assert base(raw, target) == expected


def test_a_unit_within_the_text_wins_over_the_one_beside_it_and_both_over_the_assumed_one() -> None:
    assert base("589W", "watts", "kW", "MW") == 589.0
    assert base("589", "watts", "W", "kW") == 589.0
    assert base("0.589", "watts", None, "kW") == 589.0


@pytest.mark.parametrize(
    "raw, expected",
    [
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("12,345.67 kWh", 12345.67),
        ("1,234,567", 1234567.0),
        ("1.234.567", 1234567.0),
        ("1 234.5", 1234.5),
        ("1\u202f234,5", 1234.5),
        ("1'234", 1234.0),
        ("1,5", 1.5),
        ("0,841 kW", 0.841),
        ("1234,567", 1234.567),
        ("\u22120.5", -0.5),
        ("-1,234.5(W)", -1234.5),
    ],
)
def test_separators_of_thousands_and_decimal_commas_are_read_where_they_mean_one_thing(
    raw: str, expected: float
) -> None:
    found = quantity(raw)

    assert found is not None
    assert found.number == expected


@pytest.mark.parametrize("raw", [None, "", "  ", "-", "--", " -- ", "null", "NULL", "None", "N/A", "n/a", "NaN", "nan"])
def test_what_the_portal_leaves_out_is_absent_and_not_zero(raw: object) -> None:
    assert quantity(raw, "kW") is None


@pytest.mark.parametrize("raw", [0, 0.0, "0", "0.0", "-0", "0kW"])
def test_a_zero_that_the_portal_wrote_stays_a_zero(raw: object) -> None:
    assert base(raw, "watts", "kW") == 0.0


@pytest.mark.parametrize(
    "raw",
    [
        True,
        False,
        math.nan,
        math.inf,
        -math.inf,
        10**400,
        "1e999",
        "Infinity",
        "1,234",
        "12,345 kWh",
        "1,23,4",
        "1.2.3",
        "1,234.567.8",
        "0,123,456",
        "1,2345.6",
        "1 234,567 890",
        "kW",
        "12 34",
        "0x10",
        "7" * 65,
        [],
        [1.2],
        {},
        {"data": 1},
    ],
)
def test_what_is_no_number_is_refused_and_never_guessed(raw: object) -> None:
    with pytest.raises(NotANumber):
        quantity(raw, "kW")


@pytest.mark.parametrize("unit, target", [("V", "watts"), ("kWh", "watts"), ("kW", "joules"), ("furlong", "volts")])
def test_a_unit_of_another_thing_is_refused_and_named(unit: str, target: str) -> None:
    with pytest.raises(NotAUnit, match=unit):
        base("5", target, unit)


def test_a_number_without_any_unit_is_refused_where_one_is_needed() -> None:
    with pytest.raises(NotAUnit, match="none"):
        base("5", "watts")


@pytest.mark.parametrize("unit, target", [("mW", "watts"), ("MV", "volts"), ("mwh", "joules"), ("MA", "amperes")])
def test_milli_and_mega_are_told_apart(unit: str, target: str) -> None:
    with pytest.raises(NotAUnit, match=unit):
        base("5", target, unit)


@pytest.mark.parametrize("unit", [7, True, ["kW"], {}, "", "-", "--", "null", "N/A"])
def test_a_unit_that_says_nothing_counts_as_none(unit: object) -> None:
    assert base("0.5", "watts", unit, "kW") == 500.0


@given(JSON | NUMBER_LIKE, JSON)
def test_any_json_value_is_a_finite_number_or_absent_or_refused(raw: Any, unit: Any) -> None:
    try:
        found = quantity(raw, unit)
    except NotANumber:
        return

    assert found is None or math.isfinite(found.number)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "W", "kWh", "%", "℃", "H"]))
def test_any_number_converts_to_the_base_unit_or_is_refused_by_its_unit(number: float, unit: str) -> None:
    for target in TARGETS:
        try:
            converted = to_base(Quantity(number, unit), target)
        except NotAUnit:
            continue

        assert not math.isnan(converted)
        assert converted == 0 or math.copysign(1, converted) == math.copysign(1, number)


@given(st.decimals(min_value=-100_000, max_value=100_000, places=5))
def test_kilowatts_become_exactly_the_watts_that_a_person_would_write(kilowatts: Any) -> None:
    assert base(f"{kilowatts}", "watts", "kW") == float(kilowatts * 1000)
