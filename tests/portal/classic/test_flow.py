"""Magnitudes into directions by the balance of a plant."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.portal.classic.power_flow import NOTHING, PowerFlow, directed, power_flow

watts = st.integers(0, 50_000).map(float)


def flow(pv: float, load: float, grid: float | None, battery: float | None, *, closed: bool = True) -> PowerFlow:
    return PowerFlow({"pv_power": pv, "load_power": load}, grid, battery, closed)


@pytest.mark.parametrize("text, expected", [("2337(W)", 2337.0), ("2337", 2337.0), (" 2.5 (kW)", 2500.0), (-90, 90.0)])
def test_powers_are_magnitudes_in_the_unit_they_name(text: object, expected: float) -> None:
    found = power_flow({"hasPowerflow": True, "powerflow": {"grid": text, "load": text}}, Diagnostics())

    assert found.grid == found.values["load_power"] == expected


def test_empty_texts_say_nothing() -> None:
    findings = Diagnostics()

    found = power_flow({"hasPowerflow": True, "powerflow": {"pv": "", "load": None, "grid": "", "soc": 0}}, findings)

    assert not found.known
    assert findings == Diagnostics()


@pytest.mark.parametrize("data", [None, [], "", {}, {"powerflow": None}, {"powerflow": []}, {"powerflow": "1(W)"}])
def test_no_flow(data: object) -> None:
    assert power_flow(data, Diagnostics()) is NOTHING


def test_a_flow_the_plant_does_not_have() -> None:
    for no in (False, 0, "false"):
        assert power_flow({"hasPowerflow": no, "powerflow": {"pv": "1(W)"}}, Diagnostics()) is NOTHING


def test_nonsense_is_counted() -> None:
    findings = Diagnostics()

    power_flow({"powerflow": {"pv": "much", "grid": "1e30", "bettery": "5(A)"}}, findings)

    assert findings.dropped == {
        ("sems_station_pv_power_watts", DropReason.UNREADABLE): 1,
        ("sems_station_grid_import_power_watts", DropReason.OUT_OF_RANGE): 1,
        ("sems_station_battery_charge_power_watts", DropReason.UNIT): 1,
    }


@given(watts, st.integers(-20_000, 20_000).map(float), st.integers(-20_000, 20_000).map(float))
def test_the_balance_never_tells_a_wrong_direction(pv: float, grid: float, battery: float) -> None:
    """`grid` to the grid and `battery` out of it; what is told at all is told rightly."""
    load = pv + battery - grid
    assume(load >= 0)
    found = flow(pv, load, abs(grid), abs(battery))

    assert directed(found, grid, battery) == (grid, battery)
    for to_grid, from_battery in (
        directed(found, None, None),
        directed(found, grid, None),
        directed(found, None, battery),
    ):
        # Two ways may fit within the rounding, and then none is told.
        assert to_grid is None or abs(to_grid - grid) <= 2000
        assert from_battery is None or abs(from_battery - battery) <= 2000


def test_four_directions() -> None:
    assert directed(flow(3000, 1500, 500, 1000), None, None) == (500, -1000)
    assert directed(flow(0, 2337, 2337, 0), None, 0.0) == (-2337, 0)
    assert directed(flow(1000, 3000, 500, 1500), None, None) == (-500, 1500)
    assert directed(flow(0, 500, 1500, 2000), None, None) == (1500, 2000)


def test_two_ways_that_fit_equally_are_none() -> None:
    """1000 W out of the battery into the grid, or the other way round."""
    assert directed(flow(2000, 2000, 1000, 1000), None, None) == (None, None)


def test_powers_that_do_not_balance_tell_nothing() -> None:
    assert directed(flow(3000, 100, 500, 1000), None, None) == (None, None)
    assert directed(flow(3000, 100, 500, 1000), 500.0, None) == (500.0, None)


def test_with_a_generator_nothing_follows() -> None:
    assert directed(flow(3000, 1500, 500, 1000, closed=False), None, None) == (None, None)


def test_without_load_or_grid_nothing_follows() -> None:
    assert directed(PowerFlow({"pv_power": 3000.0}, 500.0, 1000.0), None, None) == (None, None)
    assert directed(flow(3000, 1500, None, 1000), None, None) == (None, None)


def test_a_power_of_zero_needs_no_direction() -> None:
    assert directed(PowerFlow({}, 0.0, 0.0), None, None) == (0.0, 0.0)
