"""What a single answer may say: sizes, money, other makers' power, numbers that contradict each other."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import KWH, AlarmLevel, DeviceState
from sems_exporter.pipeline.counter_guard import CounterGuard, without_phantom_battery
from sems_exporter.pipeline.process import process
from sems_exporter.portal.semsplus import alarms, device_lists, station_decoder
from tests.portal.semsplus.homes import readings
from tests.portal.semsplus.plants import Account, answers, device, energies, factors, repeated


def listed(**row: Any) -> dict[str, Any]:
    """The list of stations with one row."""
    return {"dataList": [{"id": "s-1", "timeZone": "Europe/Berlin", **row}], "total": 1}


@pytest.mark.parametrize(
    "info, row, watts",
    [
        ({"installedPower": 5.0, "pvCapacity": 6.0}, {"installedPower": 5.0, "pvInstallP": 6.1}, 6000.0),
        ({"installedPower": 5.0}, {"installedPower": 5.0, "pvInstallP": 6.1}, 6100.0),
        ({"installedPower": 5.0}, {"installedPower": 4.9}, 4900.0),
        ({"installedPower": 5.0, "pvCapacity": None}, {}, 5000.0),
        ({"pvCapacity": 0, "installedPower": 5.0}, {"pvInstallP": 0, "installedPower": 5.0}, 5000.0),
        ({"pvCapacity": "6000W"}, {"installedPower": 5.0}, 6000.0),
        ({"pvCapacity": "6 parsec"}, {}, None),
    ],
)
def test_installed_power_is_that_of_the_modules_before_that_of_the_inverters(
    info: dict[str, Any], row: dict[str, Any], watts: float | None
) -> None:
    account = Account(answers(info={"stationId": "s-1", **info}, stations=listed(**row)))

    assert account.read().installed_power == watts


@pytest.mark.parametrize(
    "profit, priced, income", [(0, False, None), (0, True, 0.0), ("0", None, None), (3.2, False, 3.2), (3.2, True, 3.2)]
)
def test_an_income_of_nothing_is_one_where_a_price_is_known(
    profit: object, priced: bool | None, income: float | None
) -> None:
    account = Account(
        answers(
            statistics={**energies("2026-06-10", proSystemTotalStats=20.8), "hasProfit": priced},
            production={"proSystemTotalStats": 20.8, "profitProStats": profit, "currency": "USD"},
        )
    )

    station = account.read()

    assert (station.income_today, station.currency) == (income, "USD")


def test_the_power_of_other_makers_is_in_the_balance() -> None:
    powers = {"pSystem": 1.0, "pThird": 2.0, "pConsum": 2.5, "pGrid": 0.5}

    station = Account(answers(flow=powers)).shown()

    assert (station.third_party_power, station.power_residual) == (2000.0, 0.0)


def test_the_power_of_other_makers_helps_to_tell_a_direction() -> None:
    """An arrow says import, the sign export: with what others make it adds up as export."""
    powers = {"pSystem": 1.0, "pThird": 2.0, "pConsum": 2.5, "pGrid": 0.5, "flows": {"pGrid": ["pConsum"]}}

    assert Account(answers(flow=powers)).read().grid_export_power == 500.0


@pytest.mark.parametrize("raw", [-0.0, "-0", "-0.0", "-0kW", "-0.0000"])
def test_nothing_has_no_sign(raw: object) -> None:
    account = Account(
        answers(device("INV1", "INVERTER"), flow={"pSystem": raw, "pGrid": raw}, telemetry=factors(pAc=(raw, "kW")))
    )

    station = account.shown()

    powers = [station.pv_power, station.grid_import_power, station.grid_export_power, station.inverters[0].ac_power]
    assert [str(power) for power in powers] == ["0.0"] * 4


def inverter(name: str, *rows: tuple[str, Any, str]) -> Account:
    """An account whose inverter tells these factors as `name`."""
    return Account(answers(device("INV1", "INVERTER"), **{f"{name} INV1": repeated(*rows)}))


@pytest.mark.parametrize("data", [("15250", "0"), ("0", "15250"), ("15250", None), ("15250", "15250")])
def test_a_lifetime_of_nothing_never_beats_a_real_one(data: tuple[str, str | None]) -> None:
    account = inverter("telecounting", *(("proPvStatsTotal", each, "kWh") for each in data))

    assert account.read().inverters[0].pv_energy == 15250 * KWH
    assert account.findings.dropped == {}


@pytest.mark.parametrize("data", [("15250", "14000"), ("14000", "15250"), ("14000", "15250", "14000")])
def test_counters_that_contradict_each_other_are_absent_and_counted(data: tuple[str, ...]) -> None:
    account = inverter("telecounting", *(("proPvStatsTotal", each, "kWh") for each in data))

    assert account.read().inverters[0].pv_energy is None
    assert account.findings.dropped == {("sems_inverter_pv_energy_joules_total", DropReason.CONTRADICTED): 1}


def test_powers_that_contradict_each_other_are_absent_and_the_same_in_another_unit_is_no_contradiction() -> None:
    account = inverter("telemetry", ("pAc", "0.5", "kW"), ("pAc", "500", "W"), ("pDc", "0.5", "kW"), ("pDc", "0", "kW"))

    (found,) = account.read().inverters

    assert (found.ac_power, found.pv_power) == (500.0, None)


@pytest.mark.parametrize("order", [1, -1])
def test_a_phase_by_its_name_wins_over_one_without(order: int) -> None:
    rows = [("Vac", "400.1", "V"), ("PHASE-A:Vac", "231", "V"), ("PHASE-B:Vac", "232", "V"), ("Iac", "4.5", "A")]

    (found,) = inverter("telemetry", *rows[::order]).read().inverters

    assert [(phase.name, phase.voltage, phase.current) for phase in found.phases] == [
        ("L1", 231.0, 4.5),
        ("L2", 232.0, None),
    ]


@pytest.mark.parametrize("code", ["PROPVSTATSTOTAL", "propvstatstotal"])
@pytest.mark.parametrize(
    "data, shown", [(("0", "15250"), 15250.0), (("15250", "0"), 15250.0), (("15250", "14000"), None)]
)
def test_a_code_in_another_case_contradicts_itself_as_well(
    code: str, data: tuple[str, str], shown: float | None
) -> None:
    account = inverter("telecounting", *((code, each, "kWh") for each in data))

    assert account.read().inverters[0].pv_energy == (None if shown is None else shown * KWH)


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.capitalize])
def test_keys_of_a_flow_and_of_a_list_are_known_in_any_case(spell: Callable[[str], str]) -> None:
    flow = {spell(key): value for key, value in {"pSystem": 4.25, "pGrid": -2.5, "pBat": 1.0, "soc": 40}.items()}
    told = {spell(key): value for key, value in {"soc": 40, "pbat": 1.0}.items()}
    batteries = [{"sn": "BAT1", "type": "BAT_SYS", "status": 7, **told}]
    account = Account(answers(device("INV1", "INVERTER", subtype="store"), flow=flow, batteries=batteries))

    station = account.read()

    assert (station.pv_power, station.grid_import_power, station.battery_discharge_power) == (4250.0, 2500.0, 1000.0)
    assert (station.batteries[0].state_of_charge, station.batteries[0].discharge_power) == (0.4, 1000.0)
    assert account.findings.unknown == {}


@pytest.mark.parametrize("month", ["2026-06", "2026/06", "2026-6", "202606", "06/2026"])
def test_a_month_is_known_however_it_is_written(month: str) -> None:
    account = Account(answers(device("INV1", "INVERTER"), statistics_month=energies(month, proConsumStats=55.0)))

    assert account.read().load_energy_month == 55.0 * KWH


@pytest.mark.parametrize("month", ["2026-06-01", "2026-05", "2025-06", "06", "2026", "June 2026"])
def test_energies_of_another_span_are_none_of_the_month(month: str) -> None:
    account = Account(answers(device("INV1", "INVERTER"), statistics_month=energies(month, proConsumStats=55.0)))

    assert account.read().load_energy_month is None


@pytest.mark.parametrize("period", ["LastMonth", "LastYear", "Yesterday", "Week"])
def test_counters_of_a_period_that_is_over_are_known_and_not_read(period: str) -> None:
    account = inverter("telecounting", ("proPvStatsTotal", "100", "kWh"), (f"proPvStats{period}", "7", "kWh"))

    assert account.read().inverters[0].pv_energy == 100 * KWH
    assert account.findings.unknown == {}


def test_the_frequency_of_a_device_is_that_of_its_first_phase() -> None:
    account = inverter("telemetry", ("PHASE-A:Fac", "49.98", "Hz"), ("PHASE-B:Fac", "49.99", "Hz"), ("pAc", "1", "kW"))

    assert account.read().inverters[0].grid_frequency == 49.98
    assert account.findings.dropped == {}


def test_energies_of_a_day_that_contradict_each_other_are_absent() -> None:
    twice = energies("2026-06-10", proConsumStats=3.0)
    twice["dataList"] += energies("2026-06-10", proConsumStats=4.0)["dataList"]

    assert Account(answers(statistics=twice)).read().load_energy_today is None


def alarm(**fields: Any) -> dict[str, Any]:
    """A row of the list of alarms."""
    return {"devicesn": "INV1", "warning_code": "E-1", "alarmLevel": "Total_FaultLevel_alarm", "status": 0, **fields}


def test_an_alarm_that_is_listed_twice_is_one_that_began_with_the_first() -> None:
    rows = [alarm(happentime="1781000000000"), alarm(happentime="1780990000000"), alarm(warning_code="E-2")]

    alarms = Account(answers(alarms={"dataList": rows, "total": 3})).read().alarms

    assert alarms is not None
    assert [(each.code, each.started_at and each.started_at.timestamp()) for each in alarms] == [
        ("E-1", 1780990000.0),
        ("E-2", None),
    ]


def test_a_row_without_a_level_is_the_alarm_that_another_row_grades() -> None:
    rows = [alarm(alarmLevel=None, happentime="1780990000000"), alarm(happentime="1781000000000")]

    [only] = Account(answers(alarms={"dataList": rows, "total": 2})).read().alarms or ()

    assert (only.level, only.started_at and only.started_at.timestamp()) == (AlarmLevel.ALARM, 1780990000.0)


def test_an_alarm_cannot_have_begun_tomorrow() -> None:
    tomorrow = str(int(datetime(2026, 6, 11, 10, 30, tzinfo=UTC).timestamp() * 1000))
    account = Account(answers(alarms={"dataList": [alarm(happentime=tomorrow)], "total": 1}))

    alarms = account.read().alarms

    assert alarms is not None
    assert [each.started_at for each in alarms] == [None]
    assert account.findings.dropped == {("sems_alarm_start_timestamp_seconds", DropReason.BAD_TIME): 1}


def test_a_hybrid_inverter_without_a_battery_shows_none() -> None:
    account = Account(
        answers(
            device("INV1", "INVERTER", subtype="store"),
            flow={"pSystem": 4.25, "pBat": 0, "soc": 0, "pGrid": 2.5, "pConsum": 1.75},
            info={"stationId": "s-1", "zoneId": "Europe/Berlin", "powerStationType": "2", "batteryCapacity": 0},
            batteries=[],
            **{"telecounting INV1": factors(proCharStatsTotal=("0", "kWh"), proDischarStatsTotal=("0", "kWh"))},
        )
    )

    station = account.shown()

    assert (station.has_battery, station.power_residual) == (None, 0.0)


def test_noughts_of_devices_are_no_battery_either() -> None:
    account = Account(
        answers(
            device("INV1", "INVERTER", subtype="store"),
            flow={"pSystem": 4.25, "pBat": 0, "soc": 0, "pGrid": 2.5, "pConsum": 1.75},
            batteries=[{"sn": "BAY1", "type": "BAT_SYS", "soc": 0, "pbat": 0}],
            **{"telecounting INV1": factors(proCharStatsTotal=("0", "kWh"), proPvStatsTotal=("100", "kWh"))},
        )
    )

    station = without_phantom_battery(account.read(), Diagnostics())

    assert (station.inverters[0].battery_charge_energy, station.inverters[0].pv_energy) == (None, 100 * KWH)
    assert readings(station.batteries[0]) == {}


@pytest.mark.parametrize("sign", ["charge", "discharge", "capacity"])
def test_an_empty_battery_is_one_if_anything_tells_of_it(sign: str) -> None:
    counted = {"charge": "proCharStatsTotal", "discharge": "proDischarStatsTotal"}.get(sign, "proPvStatsTotal")
    account = Account(
        answers(
            device("INV1", "INVERTER", subtype="store"),
            flow={"pSystem": 4.25, "pBat": 0, "soc": 0},
            info={"zoneId": "Europe/Berlin", "batteryCapacity": 9.6 if sign == "capacity" else 0},
            batteries=[],
            **{"telecounting INV1": factors(**{counted: ("12", "kWh")})},
        )
    )

    assert account.read().has_battery is True


@pytest.mark.parametrize("listed", [{"isConnected": False, "status": 5}, {"status": 0}, {"status": 5}])
def test_an_empty_bay_beside_a_battery_has_no_values(listed: dict[str, Any]) -> None:
    """Noughts in it are no empty, cold battery."""
    noughts = factors(soc=("0", "%"), pBat=("0", "kW"), voltage=("0", "V"), a=("0", "A"), batSysTemp=("0", "℃"))
    account = Account(
        answers(
            device("INV1", "INVERTER", subtype="store"),
            flow={"pSystem": 4.25, "pBat": -1.0, "soc": 50},
            batteries=[{"sn": "BAT1", "type": "BAT_SYS"}, {"sn": "BAY2", "type": "BAT_SYS", "soc": 0, **listed}],
            **{
                "telemetry BAT1": factors(soc=("50", "%"), pBat=("-1", "kW"), voltage=("0", "V")),
                "telemetry BAY2": noughts,
            },
        )
    )

    battery, bay = process(account.read(), CounterGuard(), account.clock.now(), Diagnostics()).batteries

    assert readings(battery) == {
        "state_of_charge": 0.5,
        "charge_power": 1000.0,
        "discharge_power": 0.0,
        "voltage": 0.0,
    }
    assert bay.state is DeviceState.OFFLINE or readings(bay) == {}
    assert bay.state is not DeviceState.WAITING


def test_a_flat_battery_has_a_voltage() -> None:
    account = Account(
        answers(
            device("INV1", "INVERTER", subtype="store"),
            flow={"pSystem": 4.25, "pBat": 0, "soc": 0},
            batteries=[{"sn": "BAT1", "type": "BAT_SYS", "isConnected": False}],
            **{"telemetry BAT1": factors(soc=("0", "%"), pBat=("0", "kW"), voltage=("300", "V"))},
        )
    )

    [battery] = process(account.read(), CounterGuard(), account.clock.now(), Diagnostics()).batteries

    assert (battery.state, battery.state_of_charge, battery.voltage) == (DeviceState.WAITING, 0.0, 300.0)


@pytest.mark.parametrize("nothing", [None, "", []])
def test_a_list_of_nothing_is_one_where_the_total_says_so(nothing: object) -> None:
    findings = Diagnostics()

    assert alarms.page({"dataList": nothing, "total": "0"}, findings) == alarms.Active(())
    assert station_decoder.page({"dataList": nothing, "total": 0}, findings).stations == ()
    assert device_lists.listed({"deviceDetailList": nothing, "total": 0}, findings) == ()


@pytest.mark.parametrize("total", [None, 3])
def test_without_a_list_and_such_a_total_nobody_knows(total: object) -> None:
    for decoded, key in (
        (alarms.page, "dataList"),
        (station_decoder.page, "dataList"),
        (device_lists.listed, "deviceDetailList"),
    ):
        with pytest.raises(errors.AnswerUnreadable):
            decoded({key: None, "total": total, "size": 20}, Diagnostics())
