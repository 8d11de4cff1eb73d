"""A car charger of a simulated plant: what its own answers tell, and what is left when they do not come."""

from dataclasses import replace
from typing import Any

import pytest

from sems_exporter.findings import Unknown
from sems_exporter.model import DeviceState
from sems_exporter.simulator import Answer, EvChargerSpec, Plant, demo_plants
from tests.portal.semsplus.conftest import Builder
from tests.portal.semsplus.homes import JUNE_NOON, Home, SharedClock

CHARGER = "SIMEV0001"


def plant(**changes: Any) -> Plant:
    spec = demo_plants(1, clock=SharedClock())[0].spec
    return Plant(replace(spec, **changes), JUNE_NOON)


@pytest.fixture
def home(build: Builder) -> Home:
    """The demo's home with a charger, where no car stands at noon."""
    return build(plants=[plant(ev_charger=EvChargerSpec(CHARGER))])


def unlisted(envelope: dict[str, Any], _: Any) -> None:
    """The list of all devices, without chargers."""
    groups = envelope["data"]["deviceDetailList"]
    envelope["data"]["deviceDetailList"] = [group for group in groups if group["deviceType"] != "EV_CHARGER"]


def test_state_and_limit_are_its_own_and_its_power_is_the_stations(home: Home) -> None:
    station = home.read()

    [charger] = station.ev_chargers
    assert (charger.id, charger.name, charger.state) == (CHARGER, "SIM7K-HCA", DeviceState.AVAILABLE)
    assert charger.charging_power_limit == 7400.0
    assert (charger.charging_power, station.ev_charger_power) == (None, 0.0)


def test_one_that_is_missing_in_the_list_of_devices_is_found_in_its_own(home: Home) -> None:
    home.portal.mutate("devices", unlisted)

    [charger] = home.read().ev_chargers

    assert (charger.id, charger.charging_power_limit) == (CHARGER, 7400.0)
    assert home.asked("devices_by_type") == 1


def test_without_either_list_there_is_none(home: Home) -> None:
    home.portal.mutate("devices", unlisted)
    home.portal.script_always("devices_by_type", Answer(body={"code": "100025"}))

    assert home.read().ev_chargers == ()


def test_what_the_list_says_remains_where_the_charger_does_not_answer(home: Home) -> None:
    home.portal.script_always("ev_charger", Answer(body={"code": "100025"}))

    [charger] = home.read().ev_chargers

    assert (charger.id, charger.name, charger.state) == (CHARGER, "SIM7K-HCA", DeviceState.AVAILABLE)
    assert charger.charging_power_limit is None


@pytest.mark.parametrize("unit, limit", [(0, 7400.0), ("0", 7400.0), (None, 7400.0), ("W", 7.4), (1, None)])
def test_a_limit_in_an_unknown_unit_is_left_out(home: Home, unit: object, limit: float | None) -> None:
    home.portal.mutate("ev_charger", lambda envelope, _: envelope["data"].update(chargePowerSetted=7.4, unit=unit))

    [charger] = home.read().ev_chargers

    assert charger.charging_power_limit == limit


def test_a_state_that_nobody_knows_is_unknown_and_counted(home: Home) -> None:
    home.portal.mutate("ev_charger", lambda envelope, _: envelope["data"].update(status="dancing"))

    [charger] = home.read().ev_chargers

    assert charger.state is DeviceState.UNKNOWN
    assert home.findings.unknown == {Unknown.STATUS: 1}


@pytest.mark.parametrize("status, state", [(6, DeviceState.CHARGING), ("10", DeviceState.AVAILABLE)])
def test_a_state_may_come_as_a_number(home: Home, status: object, state: DeviceState) -> None:
    home.portal.mutate("ev_charger", lambda envelope, _: envelope["data"].update(status=status))

    [charger] = home.read().ev_chargers

    assert charger.state is state
    assert home.findings.unknown == {}


def test_a_plant_without_a_charger_is_not_asked_for_one(build: Builder) -> None:
    home = build()

    assert home.read().ev_chargers == ()
    assert home.asked("devices_by_type") == 0


def test_a_plant_without_a_meter_tells_its_sun_and_leaves_out_grid_and_house(build: Builder) -> None:
    home = build(plants=[plant(meter_serial=None)])

    station = home.read()

    assert station.pv_power
    assert station.meters == ()
    assert (station.grid_import_power, station.grid_export_power, station.load_power) == (None, None, None)
