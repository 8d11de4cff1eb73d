"""Directions of powers: signs as captured, and arrows where signs are wanting."""

from typing import Any

import pytest

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.portal.decoding.field_mapping import Values
from sems_exporter.portal.semsplus import station_decoder

TIME = {"refreshTime": "2026-09-24T18:02:00"}
FLOWS = {
    "import": ({"pConsum": 1.35, "pGrid": -1.35}, {"pGrid": ["pConsum"]}),
    "export": ({"pSystem": 3.0, "pConsum": 1.0, "pGrid": 2.0}, {"pSystem": ["pConsum", "pGrid"]}),
    "charge": ({"pSystem": 3.0, "pConsum": 1.0, "pBat": -2.0}, {"pSystem": ["pConsum", "pBat"]}),
    "discharge": ({"pConsum": 1.0, "pBat": 1.0}, {"pBat": ["pConsum"]}),
    "charge from the grid": ({"pConsum": 1.0, "pBat": -2.0, "pGrid": -3.0}, {"pGrid": ["pConsum", "pBat"]}),
}


def read(powers: dict[str, float], arrows: Any, findings: Diagnostics | None = None) -> Values:
    return station_decoder.flow({**TIME, **powers, "flows": arrows}, findings or Diagnostics()).values


@pytest.mark.parametrize("name", FLOWS)
def test_powers_without_signs_flow_along_the_arrows(name: str) -> None:
    powers, arrows = FLOWS[name]
    signed = read(powers, arrows)

    unsigned = read({key: abs(value) for key, value in powers.items()}, arrows)

    assert unsigned == signed


@pytest.mark.parametrize("name", FLOWS)
@pytest.mark.parametrize("arrows", [None, {}, [], "pGrid", {"pGrid": 7}, {"pGrid": ["pBat"], "pBat": ["pGrid"]}])
def test_without_arrows_the_sign_is_the_direction(name: str, arrows: object) -> None:
    powers, good = FLOWS[name]

    assert read(powers, arrows) == read(powers, good)


def test_a_sign_that_adds_up_holds_against_an_arrow_of_a_moment_ago() -> None:
    powers, _ = FLOWS["export"]

    found = read(powers, {"pSystem": ["pConsum"], "pGrid": ["pConsum"]})

    assert (found["grid_export_power"], found["grid_import_power"]) == (2000.0, 0.0)


@pytest.mark.parametrize("others", [{}, {"pConsum": 0.2}])
def test_a_direction_that_nothing_proves_is_absent_and_counted(others: dict[str, float]) -> None:
    findings = Diagnostics()

    found = read({**others, "pGrid": 1.35}, {"pGrid": ["pConsum"]}, findings)

    assert not {"grid_import_power", "grid_export_power"} & found.keys()
    assert findings.dropped == {("sems_station_grid_export_power_watts", DropReason.DIRECTION): 1}
