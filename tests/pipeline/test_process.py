"""The way that a station of any source goes before it is shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.process import process
from tests.homes import NOON, home


def test_counters_are_guarded_sums_made_and_the_rest_derived() -> None:
    guard, later = CounterGuard(), NOON + timedelta(minutes=5)
    process(home(), guard, NOON, Diagnostics())

    fallen = replace(home(later), pv_energy=0.0, pv_energy_today=0.0)
    shown = process(fallen, guard, later, Diagnostics())

    assert shown.pv_energy == home().pv_energy
    assert home().grid_import_energy is None
    assert shown.grid_import_energy == sum(meter.grid_import_energy or 0.0 for meter in home().meters)
    assert home().power_residual is None
    assert shown.power_residual == 0.0


@pytest.mark.parametrize("account, shown", [("north", "north"), ("", None)])
def test_a_station_carries_the_name_of_its_account_if_that_has_one(account: str, shown: str | None) -> None:
    assert process(home(), CounterGuard(), NOON, Diagnostics(), account).account == shown
