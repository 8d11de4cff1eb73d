"""The racks of a battery system: what only they tell, and that nothing is counted twice for them."""

from dataclasses import replace

from sems_exporter.model.plant import KWH, DeviceState
from tests.portal.semsplus.homes import readings
from tests.portal.semsplus.plants import INVERTER, RACKS, SYSTEM, Account, answers, device, factors, rack, two_racks


def test_a_system_and_its_racks_are_three_batteries_and_the_racks_name_their_system() -> None:
    batteries = two_racks().read().batteries

    assert [(each.id, each.system, each.inverter) for each in batteries] == [
        (SYSTEM, None, INVERTER),
        (RACKS[0], SYSTEM, INVERTER),
        (RACKS[1], SYSTEM, INVERTER),
    ]


def test_a_rack_tells_its_cells_its_health_its_limits_and_its_counters() -> None:
    hot = two_racks().read().batteries[2]

    assert readings(hot) == {
        "state_of_charge": 0.48,
        "state_of_health": 0.7,
        "discharge_power": 250.0,
        "charge_power": 0.0,
        "voltage": 380.0,
        "charge_power_limit": 5000.0,
        "discharge_power_limit": 4000.0,
        "cell_temperature_max": 55.0,
        "cell_temperature_min": -2.0,
        "cell_voltage_max": 3.3,
        "cell_voltage_min": 3.29,
        "charge_energy": 200 * KWH,
        "discharge_energy": 150 * KWH,
    }


def test_what_the_racks_took_and_give_is_in_the_station_once() -> None:
    station = two_racks().shown()

    assert station.battery_discharge_power == 500.0
    assert station.battery_charge_energy == 400 * KWH
    assert station.battery_discharge_energy == 300 * KWH
    assert station.power_residual == 0.0


def test_a_rack_that_is_offline_shows_its_state_alone_and_is_not_asked() -> None:
    account = two_racks()
    account.answers["devices"] = account.answers["devices"] | {
        "deviceDetailList": [
            *account.answers["devices"]["deviceDetailList"][:2],
            {"deviceType": "BATTERY_RACK", "statusDetailList": [{"status": 0, "snList": [RACKS[1]]}]},
        ]
    }

    asleep = account.read().batteries[2]

    assert (asleep.id, asleep.state, asleep.system, readings(asleep)) == (RACKS[1], DeviceState.OFFLINE, SYSTEM, {})
    assert account.client.asked[f"telemetry {RACKS[1]}"] == 0


def test_a_rack_without_values_shows_its_state_alone() -> None:
    empty = two_racks(**{f"telemetry {RACKS[0]}": [], f"telecounting {RACKS[0]}": None}).read().batteries[1]

    assert (empty.id, empty.state, readings(empty)) == (RACKS[0], DeviceState.RUNNING, {})


def test_racks_of_an_offline_inverter_are_offline() -> None:
    account = two_racks()
    account.answers["devices"]["deviceDetailList"][0]["statusDetailList"][0]["detailMap"][INVERTER]["status"] = 0

    assert {each.state for each in account.read().batteries} == {DeviceState.OFFLINE}


def test_without_a_system_the_racks_are_the_batteries() -> None:
    account = two_racks(batteries=[])

    batteries = account.read().batteries

    assert [(each.id, each.system, each.cell_temperature_max) for each in batteries] == [
        (RACKS[0], None, 31.0),
        (RACKS[1], None, 55.0),
    ]


def test_a_rack_that_is_listed_behind_the_inverter_is_no_system_and_there_once() -> None:
    listed = [{"sn": serial, "type": "BATTERY_RACK", "status": 5} for serial in RACKS]

    batteries = two_racks(batteries=listed).read().batteries

    assert [(each.id, each.system, each.inverter) for each in batteries] == [
        (RACKS[0], None, INVERTER),
        (RACKS[1], None, INVERTER),
    ]


def test_of_several_systems_a_rack_belongs_to_that_of_the_inverter_it_hangs_on_and_else_to_an_unknown_one() -> None:
    account = Account(
        answers(
            device("INV1", "INVERTER", subtype="store"),
            device("INV2", "INVERTER", subtype="store"),
            device("RACK1", "BATTERY_RACK", preSn="INV2"),
            device("RACK2", "BATTERY_RACK"),
            **{
                "batteries INV1": [{"sn": "SYS1", "type": "BAT_SYS"}],
                "batteries INV2": [{"sn": "SYS2", "type": "BAT_SYS"}],
                "telemetry": factors(pAc=("1", "kW")),
                "telemetry RACK1": rack("50", "30", "20", "99"),
                "telemetry RACK2": rack("50", "30", "20", "99"),
            },
        )
    )

    systems = {each.id: (each.system, each.inverter) for each in account.read().batteries}

    assert systems["RACK1"] == ("SYS2", "INV2")
    assert systems["RACK2"] == ("unknown", None)


def test_the_bay_of_a_battery_that_is_not_there_shows_no_battery() -> None:
    bay = [{"sn": "BAY1", "type": "BAT_SYS", "status": 0, "soc": 0, "pbat": 0, "isConnected": False}]
    account = two_racks(batteries=bay, flow={"pSystem": 1.0, "pBat": 0, "soc": 0, "pConsum": 1.0, "pGrid": 0.0})
    account.answers |= {
        "devices": answers(device(INVERTER, "INVERTER", subtype="store"))["devices"],
        "info": {"powerStationType": "2", "batteryCapacity": 0, "chartMap": {"energy_flow": "pSystem,pBat,soc"}},
        f"telecounting {INVERTER}": factors(proCharStatsTotal=("0", "kWh"), proDischarStatsTotal=("0", "kWh")),
    }

    station = account.read()

    assert station.has_battery is None
    assert replace(station.batteries[0]).state is DeviceState.OFFLINE
