"""Numbers that cannot be readings."""

import pytest

from sems_exporter.model.diagnostics import DETAIL_LENGTH, Diagnostics, DropReason, Unknown
from sems_exporter.model.plant import Battery, Inverter, Meter, Station
from sems_exporter.model.schema import measures
from sems_exporter.portal.decoding.plausibility import flaw

TEMPERATURE = measures(Inverter)["temperature"]
CHARGE = measures(Battery)["state_of_charge"]
HEALTH = measures(Battery)["state_of_health"]
FACTOR = measures(Meter)["power_factor"]


@pytest.mark.parametrize("wire", [65535, 6553.5, 655.35, 4294967.295, 4294967295.0, 3276.7])
def test_registers_full_of_ones_are_no_readings(wire: float) -> None:
    """They mean "no such input", whatever they would amount to in base units."""
    assert flaw(measures(Station)["pv_power"], wire, wire) is DropReason.SENTINEL
    assert flaw(TEMPERATURE, wire, 25.0) is DropReason.SENTINEL


CURRENT = measures(Battery)["current"]
AC_POWER = measures(Inverter)["ac_power"]


@pytest.mark.parametrize("wire", [32767, 3276.7, 327.67, 32768, 3276.8, 327.68, -32768, -3276.8, -327.68, -327.67])
def test_the_ends_of_a_signed_register_are_no_current(wire: float) -> None:
    assert flaw(CURRENT, wire, abs(wire)) is DropReason.SENTINEL


@pytest.mark.parametrize("wire", [-32768, -3276.8, -327.68, -32.768, -32.767])
def test_the_lowest_a_register_can_hold_is_no_power(wire: float) -> None:
    assert flaw(AC_POWER, wire, wire * 1000) is DropReason.SENTINEL


@pytest.mark.parametrize("wire", [2147483647, 2147483.647, -2147483.648, -214748364.8, 21474836.48])
@pytest.mark.parametrize("name", ["pv_energy", "ac_power", "operating_time"])
def test_the_ends_of_a_long_signed_register_are_nothing(name: str, wire: float) -> None:
    assert flaw(measures(Inverter)[name], wire, 1.0) is DropReason.SENTINEL


@pytest.mark.parametrize("wire, power", [(32.767, 32_767.0), (327.67, 327_670.0), (327.68, 327_680.0)])
def test_a_big_plant_may_give_what_a_register_could_not_hold(wire: float, power: float) -> None:
    assert flaw(AC_POWER, wire, power) is None


@pytest.mark.parametrize("wire", [3276.7, 3276.8, 32767, 327.67])
@pytest.mark.parametrize("name", ["pv_energy", "pv_energy_today", "operating_time"])
def test_a_counter_passes_the_ends_of_a_signed_register(name: str, wire: float) -> None:
    assert flaw(measures(Inverter)[name], wire, wire * 3600) is None


@pytest.mark.parametrize("wire", [4294901.76, 429483622.5, 4294836.5])
@pytest.mark.parametrize("name", ["pv_energy", "grid_import_energy_year", "operating_time", "insulation_resistance"])
def test_a_long_register_whose_upper_half_is_full_is_nothing(name: str, wire: float) -> None:
    assert flaw(measures(Inverter)[name], wire, 1.0) is DropReason.SENTINEL


@pytest.mark.parametrize("wire", [655.35, 4294967.295, 4294901.76])
@pytest.mark.parametrize("name", ["income", "income_today"])
def test_money_has_no_registers(name: str, wire: float) -> None:
    assert flaw(measures(Station)[name], wire, wire) is None


@pytest.mark.parametrize("measure", [HEALTH, FACTOR])
def test_minus_a_thousandth_means_not_available(measure: object) -> None:
    assert measure in (HEALTH, FACTOR)
    assert flaw(HEALTH if measure is HEALTH else FACTOR, -0.1, -0.001) is DropReason.SENTINEL


@pytest.mark.parametrize(
    "value, expected", [(0.0, None), (1.0, None), (1.0001, DropReason.OUT_OF_RANGE), (-0.01, DropReason.OUT_OF_RANGE)]
)
def test_the_ends_of_a_range_belong_to_it(value: float, expected: DropReason | None) -> None:
    assert flaw(CHARGE, value * 100, value) is expected


def test_a_charge_of_400_percent_is_impossible() -> None:
    assert flaw(CHARGE, 400.0, 4.0) is DropReason.OUT_OF_RANGE


def test_milliamperes_without_their_unit_are_no_residual_current() -> None:
    """An inverter stops at 0.3 A, the largest of the maker at 3.5 A."""
    leakage = measures(Inverter)["leakage_current"]

    assert flaw(leakage, 20, 20.0) is DropReason.OUT_OF_RANGE
    assert flaw(leakage, 0.3, 0.3) is None


def test_what_is_not_a_number_is_in_no_range() -> None:
    assert flaw(TEMPERATURE, float("nan"), float("nan")) is DropReason.OUT_OF_RANGE
    assert flaw(TEMPERATURE, float("inf"), float("inf")) is DropReason.OUT_OF_RANGE


def test_findings_add_up_by_metric_and_reason() -> None:
    findings = Diagnostics()

    findings.drop("sems_x_watts", DropReason.FELL)
    findings.drop("sems_x_watts", DropReason.FELL)
    findings.drop("sems_x_watts", DropReason.REPLAY)

    assert findings.dropped == {("sems_x_watts", DropReason.FELL): 2, ("sems_x_watts", DropReason.REPLAY): 1}


def test_new_vocabulary_is_kept_short_and_printable() -> None:
    """It ends up in a log line, and whoever answers for the portal chooses it."""
    findings = Diagnostics()

    findings.meet(Unknown.FACTOR, "evil\n\x1b[31m" + "x" * 500)
    findings.meet(Unknown.FACTOR, 77)

    [(_, text), (_, number)] = findings.details
    assert len(text) <= DETAIL_LENGTH
    assert text.isprintable()
    assert number == "77"
    assert findings.unknown[Unknown.FACTOR] == 2
