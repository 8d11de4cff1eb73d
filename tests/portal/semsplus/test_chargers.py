"""A car charger: what its own answers tell, and what is left when they do not come."""

from dataclasses import replace
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.model.diagnostics import Unknown
from sems_exporter.model.plant import KWH, DeviceState, EvCharger
from sems_exporter.simulator import Answer, EvChargerSpec, Plant, demo_plants
from tests.portal.semsplus.conftest import Builder
from tests.portal.semsplus.homes import JUNE_NOON, Home, SharedClock, readings
from tests.portal.semsplus.plants import Account, answers, device

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


ITEMS = {"productModel": "GW7K-HCA-20", "ratedPower": 7.0, "pileGeneration": "2"}
SETTINGS = {"status": "available", "chargePowerSetted": 7.0, "unit": 0, "soc": 0, "scheduleSOC": 99, "chargedNow": 170}
FINISHED = {"currentChargeQuantity": 11.49, "averCharP": 2.6, "maxCharP": 3.5, "unit": "km", "chartUnit": "kWh"}


def charger_account(**told: Any) -> Account:
    """An account with a charger and nothing else."""
    known = {"charger_model": ITEMS, "charger": SETTINGS, "last_charge": {"chargeLog": {**FINISHED, "workStu": 8}}}
    return Account(answers(device(CHARGER, "EV_CHARGER", 8), **{**known, **told}))


def charger(**told: Any) -> EvCharger:
    """The charger of an account where these calls bring something else."""
    (found,) = charger_account(**told).read().ev_chargers
    return found


def session(**log: Any) -> dict[str, Any]:
    """The charging session that is or was last under way."""
    return {"chargeLog": {**FINISHED, **log}, "curveList": []}


@pytest.mark.parametrize("power", [7.6, "7.6", "7600W"])
def test_while_it_charges_its_power_and_the_energy_so_far_are_the_sessions(power: object) -> None:
    found = charger(last_charge=session(workStu=6, pevChar=power, currentChargeQuantity=5.67))

    assert (found.charging_power, found.session_energy) == (7600.0, 5.67 * KWH)


@pytest.mark.parametrize("code", [0, 2, 8, 9, "10", 4294967295, None])
def test_after_a_session_its_energy_stays_and_its_mean_is_no_power(code: object) -> None:
    found = charger(last_charge=session(workStu=code, pevChar=3.3))

    assert (found.charging_power, found.session_energy) == (None, 11.49 * KWH)


def test_a_charging_one_whose_power_is_missing_has_none() -> None:
    assert charger(last_charge=session(workStu=6)).charging_power is None


def test_targets_and_settings_are_no_measurements() -> None:
    assert readings(charger()) == {
        "charging_power_limit": 7000.0,
        "rated_power": 7000.0,
        "session_energy": pytest.approx(11.49 * KWH),
    }


@pytest.mark.parametrize("nothing", [None, {}, [], {"chargeLog": None}])
def test_one_that_never_charged_has_no_session_and_that_is_no_failure(nothing: object) -> None:
    account = charger_account(last_charge=nothing)

    (found,) = account.read().ev_chargers

    assert (found.charging_power, found.session_energy, found.state) == (None, None, DeviceState.AVAILABLE)
    assert not [text for text in account.findings.partial if "last_charge" in text]


def test_it_is_asked_by_serial_number_and_model_and_its_model_is_shown() -> None:
    account = charger_account()

    (found,) = account.read().ev_chargers

    assert found.model == "GW7K-HCA-20"
    (call,) = [each for each in account.client.calls if each.endpoint == "charger"]
    assert call.body == {"sn": CHARGER, "productModel": "GW7K-HCA-20"}


def test_without_the_list_of_settings_its_model_is_that_of_its_information() -> None:
    told = [{"code": "workStu", "data": "6"}, {"code": "modelType", "data": "GW11K-HCA"}]
    account = charger_account(charger_model=errors.RouteUnknown("gone"), information=told)

    (found,) = account.read().ev_chargers

    assert found.model == "GW11K-HCA"
    assert [each.body["productModel"] for each in account.client.calls if each.endpoint == "charger"] == ["GW11K-HCA"]


@pytest.mark.parametrize(
    "failure, energy", [(errors.PermissionDenied("no"), None), (errors.AnswerUnreadable("later"), 11.49 * KWH)]
)
def test_what_it_charged_at_is_not_remembered_when_the_portal_stops_telling(
    failure: errors.PortalError, energy: float | None
) -> None:
    account = charger_account(last_charge=session(workStu=6, pevChar=7.6))
    account.read()
    account.answers["last_charge"] = failure
    account.clock.advance(300)

    (found,) = account.read().ev_chargers

    assert found.charging_power is None
    assert found.session_energy == (energy and pytest.approx(energy))
    assert found.charging_power_limit == 7000.0


@pytest.mark.parametrize(
    "told",
    [
        {"workStu": "6", "pevChar": "7.6"},
        {"workStu": 6, "pevChar": None, "pEvChar": 7.6},
        {"workStu": 6.0, "pevchar": "7600 W"},
        {"workStu": "charging", "pEvChar": 7.6},
    ],
)
def test_the_power_of_a_session_is_known_however_it_is_written(told: dict[str, Any]) -> None:
    session = {"chargeLog": {"currentChargeQuantity": "5.67", **told}}
    account = Account(answers(device(CHARGER, "EV_CHARGER", 6), last_charge=session))

    [charger] = account.read().ev_chargers

    assert (charger.charging_power, charger.session_energy) == (7600.0, 5.67 * KWH)
