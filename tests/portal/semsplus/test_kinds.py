"""Inverters by other names, and the dongle that they reach the portal by."""

import pytest

from sems_exporter import errors
from sems_exporter.model.diagnostics import Unknown
from sems_exporter.model.plant import KWH, DeviceState
from tests.portal.semsplus.plants import DONGLE, Account, answers, device, factors

LIVE = factors(pAc=("0.5", "kW"), pDc=("0.6", "kW"))
COUNTED = factors(proPvStatsTotal=("17777.2", "kWh"))
METERED = factors(totalPac=("-1.1", "kW"), pAc=("-1.1", "kW"))


def said(*rows: tuple[str, str]) -> list[dict[str, str]]:
    """Static information: a flat list."""
    return [{"code": code, "data": data} for code, data in rows]


@pytest.mark.parametrize(
    "kind, known",
    [
        ("INVERTER_GRID", True),
        ("ALL_IN_ONE", True),
        ("ENERGY_STORAGE_INTEGRATED_CABINET", True),
        ("INVERTER_STORAGE_3P", False),
        ("HYBRID_INVERTER", False),
        ("ALL_IN_ONE_PRO", False),
        ("OUTDOOR_CABINET", False),
        ("inverter", True),
        ("All-in-One", True),
        ("ALLINONE", True),
        ("Grid Inverter", False),
    ],
)
def test_an_inverter_by_any_name_is_read(kind: str, known: bool) -> None:
    account = Account(answers(device("X1", kind), **{"telemetry X1": LIVE, "telecounting X1": COUNTED}))

    (inverter,) = account.shown().inverters

    assert (inverter.ac_power, inverter.pv_energy) == (500.0, 17777.2 * KWH)
    assert account.findings.unknown[Unknown.DEVICE_TYPE] == (0 if known else 1)


@pytest.mark.parametrize("kind", ["SWITCH_CABINET", "BATTERY_CABINET", "WEATHER_STATION"])
def test_what_is_no_inverter_by_name_and_not_by_telemetry_is_none(kind: str) -> None:
    account = Account(answers(device("X1", kind), **{"shape X1": METERED}))

    assert account.read().inverters == ()
    assert account.findings.unknown == {Unknown.DEVICE_TYPE: 1}


@pytest.mark.parametrize("kind", ["smart_meter", "SMART-METER", "SMART_METER_3P", "GRID_METER", "METER"])
def test_a_meter_of_the_grid_by_any_name_is_read(kind: str) -> None:
    account = Account(answers(device("INV1", "INVERTER"), device("X1", kind, 1), **{"telemetry X1": METERED}))

    assert [meter.grid_import_power for meter in account.read().meters] == [1100.0]


@pytest.mark.parametrize("kind", ["WATER_METER", "PV_METER", "METER_BOX"])
def test_a_meter_of_something_else_is_none_of_the_grid(kind: str) -> None:
    account = Account(answers(device("INV1", "INVERTER"), device("X1", kind, 1), **{"telemetry X1": METERED}))

    assert account.read().meters == ()


@pytest.mark.parametrize(
    "kind", ["bat_sys", "BATTERY_SYSTEM", "BATTERY", "battery_rack", "BATTERY_RACK_HV", "BAT-RACK"]
)
@pytest.mark.parametrize("behind", [True, False])
def test_a_battery_by_any_name_is_read(kind: str, behind: bool) -> None:
    listed = [{"sn": "X1", "type": kind, "status": 7}] if behind else []
    beside = [] if behind else [device("X1", kind, 7)]
    charged = factors(soc=("52", "%"), pBat=("0.25", "kW"))
    told = {"telemetry X1": charged, "batteries": listed}
    account = Account(answers(device("INV1", "INVERTER", subtype="store"), *beside, **told))

    (battery,) = account.read().batteries

    assert (battery.state_of_charge, battery.discharge_power) == (0.52, 250.0)


@pytest.mark.parametrize("kind", ["ev_charger", "EV-CHARGER", "EVCHARGER", "CHARGING_PILE"])
def test_a_charger_by_any_name_is_read(kind: str) -> None:
    session = {"chargeLog": {"currentChargeQuantity": 5.67, "workStu": 6, "pevChar": 7.6}}
    account = Account(answers(device("INV1", "INVERTER"), device("X1", kind, 6), last_charge=session))

    assert [charger.charging_power for charger in account.read().ev_chargers] == [7600.0]


@pytest.mark.parametrize("flag", [True, 1, "true", "1"])
def test_what_the_list_calls_an_all_in_one_is_an_inverter(flag: object) -> None:
    account = Account(answers(device("X1", "POWER_BOX", isAllInOne=flag), telemetry=LIVE))

    assert [each.ac_power for each in account.read().inverters] == [500.0]


@pytest.mark.parametrize("flag", [False, 0, "false", "0"])
def test_a_battery_that_is_not_connected_is_offline(flag: object) -> None:
    listed = [{"sn": "B1", "type": "BAT_SYS", "status": 6, "soc": 40, "isConnected": flag}]
    account = Account(answers(device("INV1", "INVERTER", subtype="store"), batteries=listed))

    assert [battery.state for battery in account.read().batteries] == [DeviceState.OFFLINE]


def test_a_type_without_an_inverters_name_is_one_by_its_telemetry_or_by_what_the_list_says() -> None:
    account = Account(
        answers(
            device("X1", "POWER_HUB"),
            device("X2", "POWER_BOX", isAllInOne=True),
            **{"shape X1": LIVE, "telemetry": LIVE},
        )
    )

    assert [(each.id, each.ac_power) for each in account.read().inverters] == [("X1", 500.0), ("X2", 500.0)]
    assert account.findings.unknown == {Unknown.DEVICE_TYPE: 2}
    assert account.client.asked["shape X1"] == 1


def test_a_type_that_nobody_knows_is_asked_once_a_day_what_it_is() -> None:
    account = Account(answers(device("X1", "POWER_HUB"), **{"shape X1": None}))

    for _ in range(12):
        account.read()
        account.clock.advance(300)

    assert account.client.asked["shape X1"] == 1


RADIO = said(("wirelessSignalStrength", "-58"), ("communicationMode", "WIFI"), ("commModuleVer", "2.1.0"))
OWN = said(("modelType", "GW5K"), ("wirelessSignalStrength", "-80"), ("communicationMode", "LAN"))


def connected(*devices: dict[str, object], **told: object) -> dict[str, tuple[object, ...]]:
    """Signal, way and firmware of the connection, by inverter."""
    inverters = Account(answers(*devices, **{"telemetry": LIVE, **told})).read().inverters
    return {each.id: (each.signal_strength, each.communication_mode, each.communication_firmware) for each in inverters}


def test_the_radio_signal_of_the_only_inverter_is_its_dongles() -> None:
    found = connected(
        device("INV1", "INVERTER"), device(DONGLE, "DONGLE", 1), **{f"dongle {DONGLE}": RADIO, "information INV1": OWN}
    )

    assert found == {"INV1": (-58.0, "WIFI", "2.1.0")}


def test_what_the_dongle_does_not_tell_the_inverter_does() -> None:
    bare = said(("communicationMode", "WIFI"))

    found = connected(
        device("INV1", "INVERTER"), device(DONGLE, "DONGLE", 1), **{f"dongle {DONGLE}": bare, "information INV1": OWN}
    )

    assert found == {"INV1": (-80.0, "WIFI", None)}


@pytest.mark.parametrize("dongle", [errors.PermissionDenied("no"), said(("deviceName", "Dongle 1"))])
def test_without_a_word_of_the_dongle_the_inverters_own_stands(dongle: object) -> None:
    found = connected(
        device("INV1", "INVERTER"), device(DONGLE, "DONGLE", 1), **{f"dongle {DONGLE}": dongle, "information INV1": OWN}
    )

    assert found == {"INV1": (-80.0, "LAN", None)}


@pytest.mark.parametrize("strength", ["0", 0])
def test_a_cable_has_no_strength(strength: str) -> None:
    wired = said(("wirelessSignalStrength", strength), ("communicationMode", "LAN"))

    found = connected(device("INV1", "INVERTER"), device(DONGLE, "DONGLE", 1), **{f"dongle {DONGLE}": wired})

    assert found == {"INV1": (None, "LAN", None)}


def test_of_several_inverters_the_portal_tells_whose_dongle_it_is() -> None:
    found = connected(
        device("INV1", "INVERTER", preSn="D1"),
        device("INV2", "INVERTER"),
        device("INV3", "INVERTER"),
        device("INV4", "INVERTER"),
        device("D1", "DONGLE", 1),
        device("D2", "DONGLE", 1, preSn="INV2"),
        device("D3", "DONGLE", 1),
        **{
            "dongle D1": said(("wirelessSignalStrength", "-51")),
            "dongle D2": said(("wirelessSignalStrength", "-52")),
            "dongle D3": said(("wirelessSignalStrength", "-53")),
            "related D3": [{"sn": "INV3", "type": "INVERTER"}],
        },
    )

    assert [found[f"INV{number}"][0] for number in (1, 2, 3, 4)] == [-51.0, -52.0, -53.0, None]
