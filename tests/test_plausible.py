"""Numbers that cannot be readings."""

import pytest

from sems_exporter.findings import DETAIL_LENGTH, Dropped, Findings, Unknown
from sems_exporter.measure import measures
from sems_exporter.model import Battery, Inverter, Meter, Station
from sems_exporter.plausible import flaw

TEMPERATURE = measures(Inverter)["temperature"]
CHARGE = measures(Battery)["state_of_charge"]
HEALTH = measures(Battery)["state_of_health"]
FACTOR = measures(Meter)["power_factor"]


@pytest.mark.parametrize("wire", [65535, 6553.5, 655.35, 4294967.295, 4294967295.0, 3276.7])
def test_registers_full_of_ones_are_no_readings(wire: float) -> None:
    """They mean "no such input", whatever they would amount to in base units."""
    assert flaw(measures(Station)["pv_power"], wire, wire) is Dropped.SENTINEL
    assert flaw(TEMPERATURE, wire, 25.0) is Dropped.SENTINEL


@pytest.mark.parametrize("measure", [HEALTH, FACTOR])
def test_minus_a_thousandth_means_not_available(measure: object) -> None:
    assert measure in (HEALTH, FACTOR)
    assert flaw(HEALTH if measure is HEALTH else FACTOR, -0.1, -0.001) is Dropped.SENTINEL


@pytest.mark.parametrize(
    "value, expected", [(0.0, None), (1.0, None), (1.0001, Dropped.OUT_OF_RANGE), (-0.01, Dropped.OUT_OF_RANGE)]
)
def test_the_ends_of_a_range_belong_to_it(value: float, expected: Dropped | None) -> None:
    assert flaw(CHARGE, value * 100, value) is expected


def test_a_charge_of_400_percent_is_impossible() -> None:
    assert flaw(CHARGE, 400.0, 4.0) is Dropped.OUT_OF_RANGE


def test_what_is_not_a_number_is_in_no_range() -> None:
    assert flaw(TEMPERATURE, float("nan"), float("nan")) is Dropped.OUT_OF_RANGE
    assert flaw(TEMPERATURE, float("inf"), float("inf")) is Dropped.OUT_OF_RANGE


def test_findings_add_up_by_metric_and_reason() -> None:
    findings = Findings()

    findings.drop("sems_x_watts", Dropped.FELL)
    findings.drop("sems_x_watts", Dropped.FELL)
    findings.drop("sems_x_watts", Dropped.REPLAY)

    assert findings.dropped == {("sems_x_watts", Dropped.FELL): 2, ("sems_x_watts", Dropped.REPLAY): 1}


def test_new_vocabulary_is_kept_short_and_printable() -> None:
    """It ends up in a log line, and whoever answers for the portal chooses it."""
    findings = Findings()

    findings.meet(Unknown.FACTOR, "evil\n\x1b[31m" + "x" * 500)
    findings.meet(Unknown.FACTOR, 77)

    [(_, text), (_, number)] = findings.details
    assert len(text) <= DETAIL_LENGTH
    assert text.isprintable()
    assert number == "77"
    assert findings.unknown[Unknown.FACTOR] == 2
