"""What a classic monitor detail may hold, case by case, with an invented house."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics, DropReason, Unknown
from sems_exporter.model.plant import KWH, AlarmLevel, DeviceState, Station, StationState
from sems_exporter.portal.classic import time_formats
from sems_exporter.portal.classic.station_decoder import monitor, station_ids, station_list
from sems_exporter.portal.interface import StationRef
from tests.portal.classic.plants import (
    HOUSE,
    NOW,
    REGISTERS,
    REPORTED,
    YESTERDAY,
    decoded,
    house,
    inverter,
    milliseconds,
)

UNMETERED: dict[str, Any] = {
    "hasmeter": None,
    "pmeter": 0.0,
    "seller": 0.0,
    "buy": 0.0,
    "total_sell": 0.0,
    "total_buy": 0.0,
}


def test_a_house_with_everything() -> None:
    findings = Diagnostics()

    station = decoded(house(), findings)

    [unit], [battery], [meter] = station.inverters, station.batteries, station.meters
    assert (station.id, station.name, station.currency) == ("plant-1", "Sunny Home", "EUR")
    assert (station.pv_power, station.load_power) == (3000.0, 1500.0)
    assert (station.grid_export_power, station.grid_import_power) == (500.0, 0.0)
    assert (station.battery_charge_power, station.battery_discharge_power) == (1000.0, 0.0)
    assert (station.latitude, station.longitude) == (52.1, 4.9)
    assert station.battery_capacity == 10 * KWH
    assert unit.pv_energy_month == 112.5 * KWH
    assert (battery.id, battery.inverter, battery.state) == ("BAT1", "INV1", DeviceState.CHARGING)
    assert (battery.charge_power, battery.discharge_power) == (1000.0, 0.0)
    assert (battery.current, battery.state_of_charge, battery.alarm_bits) == (20.0, 0.6, 4)
    assert (meter.grid_export_energy, meter.grid_import_energy) == (4000 * KWH, 2000 * KWH)
    assert {where for where, _ in findings.dropped} == {
        "sems_inverter_input_voltage_volts",
        "sems_inverter_input_current_amperes",
    }


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        [],
        "",
        {"info": {}},
        {"info": None, "inverter": None, "kpi": {}},
        {"info": {"powerstation_id": None, "stationname": "", "status": 0, "capacity": 0.0}, "inverter": [{}]},
    ],
)
def test_a_success_without_a_plant_is_empty(data: object) -> None:
    """Also where its blocks are there with nothing in them: a status of 0 would be a plant that waits."""
    with pytest.raises(errors.AnswerEmpty):
        decoded(data)


@pytest.mark.parametrize("data", ["no", 1, 0, True, [1], [{}], {"info": {"stationname": "Sunny Home"}}])
def test_another_shape_is_unreadable(data: object) -> None:
    with pytest.raises(errors.AnswerUnreadable):
        decoded(data)


def test_the_station_that_was_asked_for_needs_no_id_in_the_answer() -> None:
    assert monitor({"info": {"stationname": "Mine"}}, NOW, Diagnostics(), station_id="mine").id == "mine"


def test_without_info_the_inverter_names_its_plant() -> None:
    assert decoded(house({"powerstation_id": "plant-7"}, info=None)).id == "plant-7"


def test_a_plant_without_inverters_is_still_a_plant() -> None:
    """Some have a HomeKit meter alone; in September 2025 the list was missing for hours."""
    for data in (house(inverter=[]), house(inverter=None)):
        station = decoded(data)

        assert (station.inverters, station.load_power) == ((), 1500.0)
        assert (station.income, station.load_energy_today) == (None, None)


@pytest.mark.parametrize(
    "code, of_device, of_station",
    [
        (-1, DeviceState.OFFLINE, StationState.OFFLINE),
        (0, DeviceState.WAITING, StationState.WAITING),
        (1.0, DeviceState.RUNNING, StationState.RUNNING),
        ("2", DeviceState.FAULT, StationState.FAULT),
        ("-1.0", DeviceState.OFFLINE, StationState.OFFLINE),
        ("--", None, None),
        (7, DeviceState.UNKNOWN, StationState.UNKNOWN),
        (None, None, None),
        ([], None, None),
    ],
)
def test_states(code: object, of_device: DeviceState | None, of_station: StationState | None) -> None:
    findings = Diagnostics()
    data = house({"status": code}, info={"status": code})

    station = decoded(data, findings)

    assert (station.inverters[0].state, station.state) == (of_device, of_station)
    assert findings.unknown[Unknown.STATUS] == (2 if code == 7 else 0)


def test_a_state_that_the_registers_lack_stands_beside_them() -> None:
    """Otherwise the zeros of a sleeping inverter would pass for readings."""
    data = house({"status": ""})
    data["inverter"][0]["status"] = -1

    assert decoded(data).inverters[0].state is DeviceState.OFFLINE


@pytest.mark.parametrize(
    "time_span, name",
    [(-10.0, "UTC+10:00"), (3.5, "UTC-03:30"), (-5.75, "UTC+05:45"), (0.0, "UTC"), ("-2", "UTC+02:00")],
)
def test_the_zone_has_its_sign_turned_round(time_span: object, name: str) -> None:
    assert decoded(house(info={"time_span": time_span})).timezone_name == name


@pytest.mark.parametrize("time_span", [None, "", "west", 15.0, -99, 1.1, True, 1e300])
def test_a_zone_that_cannot_be_is_none(time_span: object) -> None:
    assert decoded(house(info={"time_span": time_span})).timezone is None


@pytest.mark.parametrize(
    "text, expected",
    [
        ("06/10/2026 12:00:00", datetime(2026, 6, 10, 10, 0, tzinfo=UTC)),
        ("06/10/2026 11: 59: 07", datetime(2026, 6, 10, 9, 59, 7, tzinfo=UTC)),
        ("6/9/2026 1:02:03", datetime(2026, 6, 8, 23, 2, 3, tzinfo=UTC)),
        ("13/06/2026 12:00:00", None),
        ("06/11/2026 12:00:00", None),
        ("06/10/2026 12:00", datetime(2026, 6, 10, 10, 0, tzinfo=UTC)),
        ("6/10/2026 11:59:07 AM", datetime(2026, 6, 10, 9, 59, 7, tzinfo=UTC)),
        ("6/9/2026 12:59:07 a.m.", datetime(2026, 6, 8, 22, 59, 7, tzinfo=UTC)),
        ("6/9/2026 1:02:03 pm", datetime(2026, 6, 9, 11, 2, 3, tzinfo=UTC)),
        ("10.06.2026 11:58:00", datetime(2026, 6, 10, 9, 58, tzinfo=UTC)),
        ("06.10.2026 11: 58: 00", datetime(2026, 6, 10, 9, 58, tzinfo=UTC)),
        ("02.06.2026 11:58:00", datetime(2026, 6, 2, 9, 58, tzinfo=UTC)),
        ("10-06-2026 11:58:00", datetime(2026, 6, 10, 9, 58, tzinfo=UTC)),
        ("2026-06-10 12:00:00", datetime(2026, 6, 10, 10, 0, tzinfo=UTC)),
        ("10.06-2026 11:58:00", None),
        ("31.31.2026 11:58:00", None),
        ("06/10/2026 61:00:00", None),
        ("06/10/2026", None),
        ("", None),
        (20260610, None),
    ],
)
def test_local_times(text: object, expected: datetime | None) -> None:
    """Month before day where there are slashes; a time ahead of us is not believed."""
    assert time_formats.local(text, timezone(timedelta(hours=2)), NOW) == expected


def test_the_newest_report_is_that_of_the_station() -> None:
    later = REPORTED + timedelta(minutes=1)
    data = house(inverter=[*HOUSE["inverter"], inverter("INV2", last_time=milliseconds(later))])

    station = decoded(data)

    assert [unit.data_timestamp for unit in station.inverters] == [REPORTED, later]
    assert station.data_timestamp == later


@pytest.mark.parametrize(
    "last_time, counted", [(None, 0), (0, 0), (5, 1), (milliseconds(NOW + timedelta(hours=1)), 1), ("soon", 1)]
)
def test_a_report_time_that_cannot_be_is_not_taken(last_time: object, counted: int) -> None:
    findings = Diagnostics()

    station = decoded(house({"last_time": last_time}), findings)

    assert station.inverters[0].data_timestamp is None
    assert station.data_timestamp is None
    assert findings.dropped["sems_inverter_data_timestamp_seconds", DropReason.BAD_TIME] == counted


def test_the_local_report_time_stands_in_for_the_other() -> None:
    data = house({"last_time": None})
    data["inverter"][0]["last_refresh_time"] = "06/10/2026 11:58:00"

    assert decoded(data).inverters[0].data_timestamp == REPORTED


class TestBattery:
    """A battery counts where something says that there is one, and where it can be felt."""

    def without(self, **registers: Any) -> dict[str, Any]:
        """A house that claims no battery, with registers of one all the same."""
        plain = {"isbuettey": False, "battery1sn": None, **registers}
        data = house(plain, info={"is_stored": False, "battery_capacity": 0.0}, powerflow={"bettery": "0(W)"})
        data["inverter"][0]["is_stored"] = False
        return data

    @pytest.mark.parametrize("soc", [45.0, 400.0, 536.0])
    def test_a_charge_without_a_battery_is_counted_and_gone(self, soc: float) -> None:
        findings = Diagnostics()

        station = decoded(self.without(soc=soc), findings)

        assert (station.has_battery, station.batteries, station.battery_state_of_charge) == (False, (), None)
        assert station.inverters[0].battery_charge_energy is None
        assert findings.dropped["sems_battery_state_of_charge_ratio", DropReason.NO_BATTERY] == 1

    @pytest.mark.parametrize(
        "registers", [{"isbuetteybps": True}, {"isbuetteybpu": True}, {"battery_count": 1}, {"battery1sn": "B"}]
    )
    def test_one_sign_of_it_is_enough(self, registers: dict[str, Any]) -> None:
        assert decoded(self.without(**registers)).has_battery is True

    def test_an_empty_bay_is_no_battery(self) -> None:
        """A hybrid without battery says battery_count 1 and lists a battery of zeros."""
        zeros = {"vbattery": 0.0, "ibattery": 0.0, "pbattery": 0.0, "soc": 0.0, "soh": 0.0}
        data = house(
            {"vbattery1": 0.0, "ibattery1": 0.0, "soc": 0.0, "soh": 0.0, "battery_count": 1, "more_batterys": [zeros]},
            powerflow={"bettery": "0(W)", "soc": 0},
        )

        station = decoded(data)

        assert (station.has_battery, station.batteries) == (None, ())
        assert (station.battery_state_of_charge, station.battery_charge_power) == (None, None)

    def test_an_empty_battery_is_one(self) -> None:
        station = decoded(house({"soc": 0.0, "ibattery1": 0.0}))

        assert station.batteries[0].state_of_charge == 0.0

    @pytest.mark.parametrize(
        "mode, current, charge, discharge",
        [
            (3, -20.0, 1000.0, 0.0),
            (2, 20.0, 0.0, 1000.0),
            (3, None, 1000.0, 0.0),
            (1, 20.0, 0.0, 1000.0),
            (None, -20.0, 1000.0, 0.0),
        ],
    )
    def test_its_direction(self, mode: int | None, current: float | None, charge: float, discharge: float) -> None:
        unbalanced = house({"battary_work_mode": mode, "ibattery1": current}, powerflow={"load": None})

        station = decoded(unbalanced)

        assert (station.battery_charge_power, station.battery_discharge_power) == (charge, discharge)
        assert (station.batteries[0].charge_power, station.batteries[0].discharge_power) == (charge, discharge)

    def test_contradicting_directions_are_settled_by_the_balance(self) -> None:
        station = decoded(house({"battary_work_mode": 2, "ibattery1": -20.0}))

        assert (station.battery_charge_power, station.battery_discharge_power) == (1000.0, 0.0)
        assert station.batteries[0].state is DeviceState.CHARGING

    @pytest.mark.parametrize("pack", [{}, {"more_batterys": [{"soc": 60.0, "pbattery": 990.0, "ibattery": 20.0}]}])
    def test_a_direction_that_cannot_be_yields_to_the_balance(self, pack: dict[str, Any]) -> None:
        """Energy is conserved; what the sign of a battery's current means was seen in one capture."""
        station = decoded(house({"battary_work_mode": 2, "ibattery1": 20.0, **pack}))

        [battery] = station.batteries
        assert (station.battery_charge_power, station.battery_discharge_power) == (1000.0, 0.0)
        assert (battery.charge_power, battery.discharge_power) == (1000.0, 0.0)
        assert battery.state is DeviceState.CHARGING

    @pytest.mark.parametrize("text, state", [("50V/20A/1000W", None), ("50V/-20A/1000W", DeviceState.CHARGING)])
    def test_a_text_without_a_sign_tells_no_direction(self, text: str, state: DeviceState | None) -> None:
        data = house(inverter=[{"sn": "INV1", "status": 1, "is_stored": True, "battery": text}], powerflow=None)

        [battery] = decoded(data).batteries

        assert (battery.state, battery.current, battery.voltage) == (state, 20.0, 50.0)

    def test_a_direction_that_a_lag_may_contradict_stays(self) -> None:
        """A few watts more or less in the flow prove nothing."""
        small = {"pv": "2030(W)", "bettery": "30(W)"}

        station = decoded(house({"battary_work_mode": 2, "ibattery1": 0.6}, powerflow=small))

        assert (station.battery_charge_power, station.battery_discharge_power) == (0.0, 30.0)

    def test_beside_an_ev_charger_nothing_balances(self) -> None:
        """Whether the load of the flow holds what the car takes, nobody has described."""
        station = decoded(house({"battary_work_mode": None, "ibattery1": None}, isEvCharge=True))

        assert (station.battery_charge_power, station.battery_discharge_power) == (None, None)

    def test_a_power_of_its_own_is_finer(self) -> None:
        pack = {"soc": 60.0, "pbattery": 990.0, "ibattery": -20.0}

        station = decoded(house({"more_batterys": [pack]}))

        assert (station.batteries[0].charge_power, station.battery_charge_power) == (990.0, 1000.0)

    def test_without_a_flow_the_inverters_tell_the_power_of_the_panels(self) -> None:
        station = decoded(house({"pv_power": 3100.0}, powerflow=None))

        assert station.pv_power == 3100.0

    def test_of_a_battery_without_an_inverter_the_flow_tells_the_charge(self) -> None:
        """In September 2025 the inverters were missing for hours."""
        station = decoded(house(inverter=None, powerflow={"bettery": "0(W)"}))

        assert (station.battery_state_of_charge, station.battery_charge_power) == (0.6, 0.0)

    def test_without_any_clue_it_is_absent_both_ways(self) -> None:
        station = decoded(house({"battary_work_mode": 0, "ibattery1": 0.0}, powerflow={"load": ""}))

        assert (station.battery_charge_power, station.battery_discharge_power) == (None, None)

    def test_several_bays(self) -> None:
        bays = [
            {"sn": "PACK1", "vbattery": 51.0, "ibattery": 10.0, "pbattery": 510.0, "soc": 40, "bms_temperature": 21.5},
            {"vbattery": 0.0, "soc": 0},
            {"vbattery": 52.0, "ibattery": -5.0, "pbattery": -260.0, "soc": 60, "soh": 0, "bms_charge_i_max": 25},
            {"vbattery": 53.0, "ibattery": 0.0, "pbattery": 99.0, "soc": 70},
        ]

        station = decoded(house({"more_batterys": bays, "battery3sn": "PACK3"}))

        first, third, fourth = station.batteries
        assert [battery.id for battery in station.batteries] == ["PACK1", "PACK3", "INV1-4"]
        assert (first.discharge_power, first.temperature, first.state) == (510.0, 21.5, DeviceState.DISCHARGING)
        assert (third.charge_power, third.state_of_health, third.charge_current_limit) == (260.0, None, 25.0)
        assert (fourth.charge_power, fourth.state_of_charge) == (None, 0.7)
        assert station.battery_state_of_charge == 0.6

    @pytest.mark.parametrize("power, expected", [(55, 0.55), (0, None), ("", None), (536, None)])
    def test_of_several_the_plant_tells_the_charge(self, power: object, expected: float | None) -> None:
        """A 0 in the power flow and beside it is what a plant without a battery gets too."""
        bays = [{"vbattery": 51.0, "soc": 40}, {"soh": 97, "soc": 60}]

        station = decoded(house({"more_batterys": bays}, powerflow={"soc": 0}, soc={"power": power}))

        assert len(station.batteries) == 2
        assert station.battery_state_of_charge == expected

    def test_the_charge_of_a_plant_whose_battery_is_offline_is_not_known(self) -> None:
        """The registers, and the flow with them, keep the last one."""
        data = house({"status": -1})
        data["inverter"].append(inverter("INV2", isbuettey=None, vbattery1=0.0, ibattery1=0.0, soc=536.0, soh=-0.1))

        station = decoded(data)

        assert (station.has_battery, station.battery_state_of_charge) == (True, None)

    def test_an_offline_inverter_keeps_its_battery(self) -> None:
        data = house({"status": -1, "vbattery1": 0.0, "ibattery1": 0.0, "soc": 0.0, "soh": 0.0})

        [battery] = decoded(data).batteries

        assert (battery.state, battery.state_of_charge, battery.voltage) == (DeviceState.OFFLINE, None, None)


class TestGrid:
    """The direction at the grid is the sign of pmeter, or what the balance leaves; no flag of the portal."""

    @pytest.mark.parametrize("pmeter, exported, imported", [(500.0, 500.0, 0.0), (-500.0, 0.0, 500.0), (0.0, 0.0, 0.0)])
    def test_the_sign_of_the_meter(self, pmeter: float, exported: float, imported: float) -> None:
        station = decoded(house({"pmeter": pmeter}, powerflow={"grid": "0(W)" if not pmeter else "500(W)"}))

        assert (station.grid_export_power, station.grid_import_power) == (exported, imported)
        assert (station.meters[0].grid_export_power, station.meters[0].grid_import_power) == (exported, imported)

    @pytest.mark.parametrize("status", [-1, 0, 1])
    def test_flags_mean_nothing(self, status: int) -> None:
        station = decoded(house(powerflow={"gridStatus": status, "loadStatus": status}))

        assert station.grid_export_power == 500.0

    def test_without_any_sign_of_a_meter_zero_is_no_reading(self) -> None:
        nothing = dict.fromkeys(("seller", "buy", "total_sell", "total_buy", "pmeter"), 0.0)
        data = house({**nothing, "hasmeter": False}, hasPowerflow=False)

        station = decoded(data)

        assert (station.meters, station.grid_import_power, station.grid_export_power) == ((), None, None)

    def test_a_meter_that_reads_zero_beside_another_is_not_the_one(self) -> None:
        """The power flow shows what HomeKit measures; the balance tells the direction."""
        station = decoded(house({"pmeter": 0.0}, homKit={"sn": "KIT1"}))

        assert station.meters[0].id == "KIT1"
        assert station.meters[0].grid_export_power is None
        assert (station.grid_export_power, station.grid_import_power) == (500.0, 0.0)

    def test_a_home_kit_that_says_nothing_leaves_the_grid_unknown(self) -> None:
        """Since September 2026 some have a power flow of empty texts."""
        empty = dict.fromkeys(("pv", "load", "grid", "bettery", "soc"), "")
        data = house({"pmeter": 0.0, "hasmeter": False}, homKit={"sn": "KIT1"}, powerflow=empty)

        station = decoded(data)

        assert (station.grid_import_power, station.grid_export_power, station.load_power) == (None, None, None)

    def test_a_flow_that_says_nothing_leaves_the_grid_unknown(self) -> None:
        """HomeKit plants answer with empty texts since 2026-09; their inverters read no meter."""
        empty = dict.fromkeys(("pv", "load", "grid", "bettery", "soc"), "")

        station = decoded(house(UNMETERED, powerflow=empty))

        assert (station.grid_import_power, station.grid_export_power, station.meters) == (None, None, ())

    def test_phases_count_where_they_add_up(self) -> None:
        agreeing = {"mtActivepowerR": 700.0, "mtActivepowerS": -300.0, "mtActivepowerT": 100.0}

        [meter] = decoded(house(agreeing)).meters

        assert {part.name: (part.grid_export_power, part.grid_import_power) for part in meter.phases} == {
            "L1": (700.0, 0.0),
            "L2": (0.0, 300.0),
            "L3": (100.0, 0.0),
        }

    @pytest.mark.parametrize("reading", [0.0, 900.0])
    def test_phases_that_do_not_add_up_are_none(self, reading: float) -> None:
        keys = ("mtActivepowerR", "mtActivepowerS", "mtActivepowerT", "meterRPhasePower")

        assert decoded(house(dict.fromkeys(keys, reading))).meters[0].phases == ()

    def test_two_inverters_may_read_one_meter(self) -> None:
        data = house(inverter=[*HOUSE["inverter"], inverter("INV2")])

        assert decoded(data).grid_export_power == 500.0

    def test_of_two_meters_that_differ_the_flow_chooses(self) -> None:
        data = house(inverter=[*HOUSE["inverter"], inverter("INV2", pmeter=-90.0)])

        assert decoded(data).grid_export_power == 500.0

    def test_an_inverter_without_its_own_meter_reads_zero_beside_one_with(self) -> None:
        data = house(inverter=[*HOUSE["inverter"], inverter("INV2", pmeter=0.0)], hasPowerflow=False)

        assert decoded(data).grid_export_power == 500.0

    def test_two_meters_that_differ_are_no_reading_of_the_station(self) -> None:
        data = house(inverter=[*HOUSE["inverter"], inverter("INV2", pmeter=-90.0)], hasPowerflow=False)

        assert decoded(data).grid_export_power is None


class TestBackup:
    """Only storage inverters have a backup output, and pbackup may repeat the meter."""

    def test_one_phase(self) -> None:
        [unit] = decoded(house({"vload": 230.0, "iload": 1.5, "pbackup": 340.0})).inverters

        assert unit.backup_power == 340.0
        assert (unit.phases[0].backup_voltage, unit.phases[0].backup_current) == (230.0, 1.5)

    def test_three_phases(self) -> None:
        registers = {"vload": 230.0, "backUpVload_S": 231.0, "backUpPload_S": 80.0, "backUpVload_T": 232.0}

        [unit] = decoded(house({**registers, "pbackup": 340.0})).inverters

        assert unit.backup_power is None
        assert {part.name: part.backup_voltage for part in unit.phases} == {"L1": 230.0, "L2": 231.0, "L3": 232.0}

    @pytest.mark.parametrize("pbackup", [500.0, 0.0])
    def test_a_mirror_of_the_meter_is_none(self, pbackup: float) -> None:
        findings = Diagnostics()

        [unit] = decoded(house({"vload": 0.0, "iload": 4294967.295, "pbackup": pbackup}), findings).inverters

        assert unit.backup_power is None
        assert "sems_inverter_backup_power_watts" not in {where for where, _ in findings.dropped}


class TestCounters:
    """Counters of the day that are not counted, of another day, or of a plant that counts nothing."""

    def test_a_day_without_its_lifetime_twin_is_not_counted(self) -> None:
        [unit] = decoded(house({"eBatteryCharge": None, "eChargeDay": 0.0, "eDayBuy": 0.0})).inverters

        assert (unit.battery_charge_energy_today, unit.grid_import_energy_today) == (None, None)
        assert unit.battery_discharge_energy_today == 2 * KWH

    def test_a_day_that_is_over_is_not_today(self) -> None:
        findings = Diagnostics()

        station = decoded(house({"last_time": milliseconds(YESTERDAY)}), findings)

        assert station.inverters[0].pv_energy_today is None
        assert station.inverters[0].pv_energy == 8000 * KWH
        assert station.meters[0].grid_import_energy_today is None
        assert (station.income_today, station.income, station.load_energy_today) == (None, 1600.0, None)
        assert findings.dropped["sems_meter_grid_import_energy_today_joules", DropReason.REPLAY] == 1

    def test_a_zero_may_be_of_any_day(self) -> None:
        """The portal has begun the new day, although the inverter still sleeps."""
        station = decoded(house({"last_time": milliseconds(YESTERDAY), "eday": 0.0}))

        assert station.inverters[0].pv_energy_today == 0.0

    def test_a_month_needs_its_today(self) -> None:
        assert decoded(house({"eday": None})).inverters[0].pv_energy_month is None

    def test_a_month_beyond_all_measure_is_none(self) -> None:
        findings = Diagnostics()

        assert decoded(house({"thismonthetotle": 1e9}), findings).inverters[0].pv_energy_month is None
        assert findings.dropped["sems_inverter_pv_energy_month_joules", DropReason.OUT_OF_RANGE] == 1

    def test_one_counter_at_zero_is_passed_on(self) -> None:
        """Whether that is a blip is not decided here."""
        assert decoded(house({"etotal": 0.0})).inverters[0].pv_energy == 0.0

    @pytest.mark.parametrize("kpi", [{"power": 0.0}, {"power": None}, {"power": 12500.0}])
    def test_income_of_another_energy_is_none(self, kpi: dict[str, Any]) -> None:
        """On HomeKit plants the overview counts something else than the inverters."""
        station = decoded(house(kpi={**kpi, "total_power": 3000.0}))

        assert (station.income_today, station.income) == (None, None)


class TestCharts:
    """Today's consumption, which is in Wh for some plants."""

    def test_in_kilowatt_hours(self) -> None:
        station = decoded(house())

        assert (station.load_energy_today, station.self_consumption_energy_today) == (8.5 * KWH, 7.5 * KWH)

    @pytest.mark.parametrize(
        "charts",
        [
            {"sum": 12500.0, "buy": 1000.0, "sell": 3000.0},
            {"sum": 20.0},
            {"sum": None, "buy": None, "sell": None},
            {"sum": "many", "buy": {}, "sell": []},
        ],
    )
    def test_what_the_inverter_does_not_confirm_is_none(self, charts: dict[str, Any]) -> None:
        station = decoded(house(energeStatisticsCharts=charts))

        assert (station.load_energy_today, station.self_consumption_energy_today) == (None, None)

    def test_before_sunrise_the_meter_confirms_them(self) -> None:
        station = decoded(house({"eday": 0.0}, energeStatisticsCharts={"sum": 0.0}, kpi={"power": 0.0}))

        assert station.load_energy_today == 8.5 * KWH

    def test_before_anything_is_counted_nothing_confirms_them(self) -> None:
        zeros = {"sum": 0.0, "buy": 0.0, "sell": 0.0}

        station = decoded(house({"eday": 0.0, "buy": 0.0, "seller": 0.0}, energeStatisticsCharts=zeros))

        assert station.load_energy_today is None

    def test_a_home_kit_counts_where_no_inverter_does(self) -> None:
        """Its readings are in no register, so nothing but the charts tells what it counted."""
        station = decoded(house(UNMETERED, homKit={"sn": "HK1"}))

        assert (station.load_energy_today, station.self_consumption_energy_today) == (8.5 * KWH, 7.5 * KWH)
        assert (station.grid_import_energy_today, station.grid_export_energy_today) == (1.0 * KWH, 3.0 * KWH)

    def test_a_home_kit_that_counted_nothing_is_no_zero(self) -> None:
        """So the charts look on a plant without a meter, too."""
        nothing = {"buy": 0.0, "sell": 0.0, "selfUseOfPv": 12.5, "consumptionOfLoad": 12.5}

        station = decoded(house(UNMETERED, homKit={"sn": "HK1"}, energeStatisticsCharts=nothing))

        assert (station.load_energy_today, station.self_consumption_energy_today) == (None, None)
        assert (station.grid_import_energy_today, station.grid_export_energy_today) == (None, None)

    def test_without_any_meter_they_do_not_count(self) -> None:
        station = decoded(house(UNMETERED, powerflow={"grid": None}))

        assert (station.load_energy_today, station.grid_import_energy_today) == (None, None)

    def test_what_a_device_counts_is_left_to_it(self) -> None:
        """Counters of devices are finer than the charts."""
        station = decoded(house(energeStatisticsCharts={"charge": 4.1, "disCharge": 2.1, "hasCharge": True}))

        assert (station.grid_import_energy_today, station.battery_charge_energy_today) == (None, None)

    @pytest.mark.parametrize("has_charge", [True, None])
    def test_a_battery_that_no_register_counts(self, has_charge: bool | None) -> None:
        charts = {"charge": 5.2, "disCharge": 0.0, "hasCharge": has_charge}

        station = decoded(house({"eBatteryCharge": None, "eBatteryDischarge": None}, energeStatisticsCharts=charts))

        assert (station.battery_charge_energy_today, station.battery_discharge_energy_today) == (5.2 * KWH, 0.0)

    def test_a_battery_that_the_charts_do_not_know_is_no_zero(self) -> None:
        charts = {"charge": 0.0, "disCharge": 0.0, "hasCharge": False}

        station = decoded(house({"eBatteryCharge": None, "eBatteryDischarge": None}, energeStatisticsCharts=charts))

        assert (station.battery_charge_energy_today, station.battery_discharge_energy_today) == (None, None)

    def test_of_two_meters_the_charts_tell_the_plant(self) -> None:
        twice = house(kpi={"power": 25.0}, energeStatisticsCharts={"sum": 25.0})
        twice["inverter"].append(inverter("INV2", seller=1.0))

        station = decoded(twice)

        assert (station.grid_import_energy_today, station.grid_export_energy_today) == (1.0 * KWH, 3.0 * KWH)

    def test_old_answers_do_not_announce_them(self) -> None:
        findings = Diagnostics()
        old = house(hasEnergeStatisticsCharts=None, hasPowerflow=None, pre_powerstation_id=1, nex_powerstation_id="")

        station = decoded(old, findings)

        assert (station.load_energy_today, station.load_power) == (8.5 * KWH, 1500.0)
        assert not findings.unknown

    def test_without_charts_none(self) -> None:
        assert decoded(house(hasEnergeStatisticsCharts=False)).load_energy_today is None


def test_a_plant_whose_inverters_are_all_offline_has_no_powers() -> None:
    zeros = {"pv": "0(W)", "load": "0(W)", "grid": "0(W)", "bettery": "0(W)"}
    data = house({"status": -1, "pac": 0.0, "pmeter": 0.0}, powerflow=zeros)

    station = decoded(data)

    assert powers(station) == {}
    assert station.inverters[0].ac_power == 0.0


NIGHT: dict[str, Any] = {"pv": "0(W)", "load": "450(W)", "grid": "450(W)", "bettery": "0(W)", "loadStatus": 1, "soc": 0}


def asleep(home_kit: str | None, at: datetime = NOW, **flow: object) -> Station:
    """A house without a battery whose inverter has been offline for hours."""
    early = milliseconds(REPORTED - timedelta(hours=9))
    registers = {**UNMETERED, "status": -1, "pac": 0.0, "last_time": early, "isbuettey": None, "battery1sn": None}
    data = house(registers, homKit={"sn": home_kit}, powerflow={**NIGHT, **flow}, soc=None)
    data["info"].update(is_stored=False, battery_capacity=0.0)
    data["inverter"][0]["is_stored"] = False
    return monitor(data, at, Diagnostics())


@pytest.mark.parametrize("pv", ["0(W)", ""])
def test_a_home_kit_tells_the_import_of_the_night(pv: str) -> None:
    """And nothing else: an inverter that cannot be reached may well be at work."""
    station = asleep("HK1", pv=pv)

    assert powers(station) == {"grid_import_power": 450.0, "grid_export_power": 0.0}
    assert station.data_timestamp is None


def test_where_the_sun_is_down_the_house_has_what_is_imported() -> None:
    station = asleep("HK1", NOW.replace(hour=23))

    assert powers(station) == {"grid_import_power": 450.0, "grid_export_power": 0.0, "load_power": 450.0}


@pytest.mark.parametrize(
    "home_kit, flow",
    [
        (None, {}),
        ("HK1", {"loadStatus": -1}),
        ("HK1", {"load": "0(W)"}),
        ("HK1", {"load": "", "grid": ""}),
        ("HK1", {"load": "0(W)", "grid": "0(W)"}),
    ],
)
def test_without_a_home_kit_that_says_so_there_is_no_import_in_the_night(
    home_kit: str | None, flow: dict[str, object]
) -> None:
    station = asleep(home_kit, NOW, **flow)

    assert powers(station) == {}
    assert station.data_timestamp == REPORTED - timedelta(hours=9)


def test_the_first_input_and_phase_are_there_even_at_zero() -> None:
    """In the dark; nothing lists the inputs of this answer, and a second one at 0 may not exist."""
    zeros = dict.fromkeys(("vpv1", "ipv1", "vpv2", "ipv2", "vac1", "iac1", "vac2", "iac2"), 0.0)

    [unit] = decoded(house(zeros)).inverters

    assert [(part.number, part.voltage) for part in unit.inputs] == [("1", 0.0)]
    assert [(part.name, part.voltage) for part in unit.phases] == [("L1", 0.0)]


def test_while_one_inverter_is_offline_there_is_no_sum() -> None:
    """Its share is unknown; the portal's own power flow stays."""
    data = house(inverter=[*HOUSE["inverter"], inverter("INV2", status=-1, pac=0.0, pmeter=0.0)])

    station = decoded(data)

    assert (station.ac_power, station.pv_power) == (None, 3000.0)
    assert station.grid_export_power == 500.0


def test_an_inverter_that_lags_behind_has_no_share_in_the_plant() -> None:
    """Its state says that it runs, and the portal goes on with what it last said: hours ago, with meter and battery."""
    data = house({"last_time": milliseconds(REPORTED - timedelta(hours=3))})
    data["inverter"].append(inverter("INV2", **UNMETERED, isbuettey=None, vbattery1=0.0, ibattery1=0.0, soh=-0.1))

    station = decoded(data)

    assert powers(station) == {}
    assert station.battery_state_of_charge is None
    assert [unit.pv_energy for unit in station.inverters] == [8000 * KWH, 8000 * KWH]


def test_an_inverter_a_little_later_than_the_other_has_its_share() -> None:
    data = house(
        inverter=[*HOUSE["inverter"], inverter("INV2", last_time=milliseconds(REPORTED - timedelta(minutes=9)))]
    )

    assert decoded(data).ac_power == 4000.0


def test_what_an_offline_inverter_alone_can_tell_is_not_known() -> None:
    """Zeros of the flow are no readings of its meter and its battery; the panels of the other go on."""
    data = house({"status": -1, "pmeter": 0.0}, powerflow={"pv": "2000(W)", "load": "2000(W)", "grid": "0(W)"})
    data["inverter"].append(inverter("INV2", **UNMETERED, isbuettey=None, vbattery1=0.0, ibattery1=0.0, soh=-0.1))

    assert powers(decoded(data)) == {"pv_power": 2000.0}


def test_a_home_kit_goes_on_without_the_inverter() -> None:
    data = house({"status": -1, "pmeter": 0.0}, homKit={"sn": "HK1"}, powerflow={"bettery": "0(W)", "grid": "1500(W)"})
    data["inverter"].append(inverter("INV2", **UNMETERED, isbuettey=None, vbattery1=0.0, ibattery1=0.0, soh=-0.1))

    assert decoded(data).load_power == 1500.0


@pytest.mark.parametrize("pac, expected", [(2000.0, None), (0.0, 0.0)])
def test_zeros_that_cannot_be_beside_active_power_are_none(pac: float, expected: float | None) -> None:
    """Registers that a model does not fill."""
    zeros = dict.fromkeys(("pf", "activePowerPhaseA", "activePowerPhaseB", "activePowerPhaseC"), 0.0)

    [unit] = decoded(house({"pac": pac, **zeros})).inverters

    assert (unit.power_factor, unit.phases[0].power) == (expected, expected)


def test_a_phase_without_power_beside_one_with_power_is_a_reading() -> None:
    phases = {"activePowerPhaseA": 2000.0, "activePowerPhaseB": 0.0, "vac2": 231.0}

    assert [phase.power for phase in decoded(house(phases)).inverters[0].phases] == [2000.0, 0.0]


def test_the_generator_counts_where_there_is_one() -> None:
    for has, expected in ((True, 700.0), (False, None)):
        station = decoded(house(powerflow={"genset": "0.7(kW)"}, hasGenset=has))

        assert station.generator_power == expected


def test_alarms_while_the_inverter_complains() -> None:
    errors_ = [
        {"error_code": "E-1", "error_type": "Total_FaultLevel_Fault", "show": True, "time": milliseconds(REPORTED)},
        {"error_code": "E-1", "error_type": None, "show": True, "time": 0},
        {"error_code": "E-2", "error_type": 5, "show": True},
        {"error_code": "E-3", "show": False},
        {"error_code": "", "show": True},
        "E-4",
    ]

    alarms = decoded(house({"errors": errors_})).alarms

    assert alarms is not None
    assert [(alarm.code, alarm.level, alarm.started_at) for alarm in alarms] == [
        ("E-1", AlarmLevel.FAULT, REPORTED),
        ("E-2", AlarmLevel.UNKNOWN, None),
    ]
    assert decoded(house({"errors": errors_, "status": -1})).alarms is None
    assert decoded(house({"errors": None})).alarms is None


def test_an_alarm_that_is_told_twice_began_with_the_first_and_not_in_the_future() -> None:
    times = [REPORTED, REPORTED - timedelta(hours=1), REPORTED + timedelta(days=1)]
    rows = [{"error_code": "E-1", "error_type": "Fault", "time": milliseconds(at)} for at in times]
    findings = Diagnostics()

    alarms = decoded(house({"errors": [*rows, {"error_code": "E-2", "error_type": "Doom"}]}), findings).alarms

    assert alarms is not None
    assert [(alarm.code, alarm.level, alarm.started_at) for alarm in alarms] == [
        ("E-1", AlarmLevel.FAULT, REPORTED - timedelta(hours=1)),
        ("E-2", AlarmLevel.UNKNOWN, None),
    ]
    assert findings.dropped["sems_alarm_start_timestamp_seconds", DropReason.BAD_TIME] == 1
    assert list(findings.details) == [(Unknown.STATUS, "alarm level Doom")]


@pytest.mark.parametrize(
    "raw, expected",
    [(5, 5), (5.0, 5), ("6", 6), (None, None), (4294967295, None), (65535, None), (-1, None), (1.5, None), ({}, None)],
)
def test_registers_of_bits(raw: object, expected: int | None) -> None:
    station = decoded(house({"fault_messge": raw, "bms_warning": raw}))

    assert station.inverters[0].fault_bits == expected
    assert station.batteries[0].warning_bits == expected


def test_an_inverter_that_never_reported_has_a_name_and_nothing_else() -> None:
    data = house(inverter=[{"sn": "INV9", "dict": {"left": [{"key": "acVacVol", "value": "--"}], "right": None}}])

    station = decoded(data)

    [unit] = station.inverters
    assert (unit.id, unit.state, unit.ac_power, unit.inputs, unit.phases) == ("INV9", None, None, (), ())
    assert powers(station) == {}


def test_an_inverter_without_a_serial_number_or_with_that_of_another_is_passed_over() -> None:
    data = house(inverter=[*HOUSE["inverter"], {"status": 1}, {"sn": "INV1", "out_pac": 9.0}, "INV3"])

    assert [unit.ac_power for unit in decoded(data).inverters] == [2000.0]


def test_the_page_of_an_inverter_that_never_reported_is_no_reading() -> None:
    """It shows zeros, as that of one that sleeps."""
    page = [{"key": "InverterPowerOfPlantMonitor", "value": "0", "unit": "kW"}]

    station = decoded(house(inverter=[{"sn": "INV9", "dict": {"left": page}, "d": {"pac": 0.0}}]))

    assert (station.inverters[0].ac_power, powers(station)) == (None, {})


def test_the_page_of_an_inverter_stands_in_for_its_registers() -> None:
    left = [("acVacVol", "231.0/232.0/233.0", "V"), ("acCurrent", "2.9/--/3.0", "A"), ("acFrequency", "50.01", "Hz")]
    right = [("dcVandC1", "350.0/5.0", "V/A"), ("lab_reactiveP", "0.2", "kVar"), ("lab_ISO", "", "kΩ"), ("RSSI", 3, "")]
    page = {
        side: [{"key": key, "value": value, "unit": unit} for key, value, unit in rows]
        for side, rows in (("left", left), ("right", right))
    }
    around = {"sn": "INV1", "status": 1, "dict": page, "d": {"hTotal": 9000.0, "vac1": 230.0, "pac": "2000W"}}
    findings = Diagnostics()

    [unit] = decoded(house(inverter=[around]), findings).inverters

    assert findings == Diagnostics()
    assert [(phase.voltage, phase.current) for phase in unit.phases] == [(230.0, 2.9), (232.0, None), (233.0, 3.0)]
    assert [(each.voltage, each.current) for each in unit.inputs] == [(350.0, 5.0)]
    assert (unit.grid_frequency, unit.reactive_power, unit.insulation_resistance) == (50.01, 200.0, None)
    assert (unit.ac_power, unit.operating_time) == (2000.0, 9000 * 3600.0)


def test_a_register_that_is_lacking_is_read_beside_the_others() -> None:
    data = house({"eday": None})
    data["inverter"][0]["eday"] = 12.5

    assert decoded(data).inverters[0].pv_energy_today == 12.5 * KWH


def test_a_register_that_says_nothing_says_nothing() -> None:
    """Texts beside it write 0 for what is not known: "0A" for a limit that is null."""
    data = house()
    data["inverter"][0].update(discharge_current_limit_bms="0A")
    data["inverter"][0]["invert_full"]["bms_discharge_i_max"] = None

    assert decoded(data).batteries[0].discharge_current_limit is None


def test_what_stands_around_the_registers_stands_in_for_them() -> None:
    around = {
        "sn": "INV1",
        "is_stored": True,
        "name": "Garage",
        "type": "GW5000-EX",
        "status": 1,
        "capacity": 5.0,
        "out_pac": 2000.0,
        "eday": 12.5,
        "emonth": 100.0,
        "etotal": 8000.0,
        "tempperature": 41.5,
        "pv_input_1": "350V/5A",
        "pv_input_2": "0V/0A",
        "output_voltage": "231V",
        "output_current": "8.7A",
        "battery": "50V/-20A/1000W",
        "soc": "60%",
        "soh": "98%",
        "charge_current_limit_bms": "50A",
        "firmware_version": 1414.0,
        "last_refresh_time": "06/10/2026 11:58:00",
    }

    station = decoded(house(inverter=[around], kpi={"month_generation": 112.5}))

    [unit], [battery] = station.inverters, station.batteries
    assert (unit.model, unit.firmware, unit.data_timestamp) == ("GW5000-EX", "1414", REPORTED)
    assert (unit.ac_power, unit.temperature, unit.rated_power) == (2000.0, 41.5, 5000.0)
    assert (unit.pv_energy, unit.pv_energy_month) == (8000 * KWH, 112.5 * KWH)
    assert [(part.number, part.voltage, part.current) for part in unit.inputs] == [("1", 350.0, 5.0)]
    assert [(part.name, part.voltage, part.current) for part in unit.phases] == [("L1", 231.0, 8.7)]
    assert (battery.state_of_charge, battery.voltage, battery.charge_power) == (0.6, 50.0, 1000.0)
    assert battery.charge_current_limit == 50.0


@pytest.mark.parametrize("place", [(0.0, 0.0), (None, 5.0), (91.0, 5.0), ("", ""), (5.0, 181.0)])
def test_a_place_that_is_none(place: tuple[object, object]) -> None:
    station = decoded(house(info={"latitude": place[0], "longitude": place[1]}))

    assert (station.latitude, station.longitude) == (None, None)


def test_no_personal_text_gets_into_the_station() -> None:
    secrets = ("address", "owner_name", "owner_phone", "owner_email", "org_name")
    data = house({"check_code": "secret"}, info=dict.fromkeys(secrets, "secret"))

    assert "secret" not in repr(decoded(data))


def powers(station: Station) -> dict[str, float]:
    names = [name for name in Station.__slots__ if name.endswith("_power") and name != "installed_power"]
    return {name: getattr(station, name) for name in names if getattr(station, name) is not None}


@pytest.mark.parametrize("data, expected", [("a", ("a",)), (["a", "b", "a"], ("a", "b")), ([" a ", "", "--"], ("a",))])
def test_station_ids(data: object, expected: tuple[str, ...]) -> None:
    assert station_ids(data) == expected


@pytest.mark.parametrize("data", [None, "", [], {}, [""], "--"])
def test_no_station_id_is_empty(data: object) -> None:
    with pytest.raises(errors.AnswerEmpty):
        station_ids(data)


@pytest.mark.parametrize("data", [5, {"id": "a"}, ["a", 5], [{"id": "a"}]])
def test_station_ids_of_another_shape(data: object) -> None:
    with pytest.raises(errors.AnswerUnreadable):
        station_ids(data)


def test_station_list() -> None:
    rows = [
        {"powerstation_id": "a", "stationname": "Sunny Home", "status": 1, "capacity": 6.0},
        {"powerstation_id": "b", "status": -1, "capacity": 0},
        {"powerstation_id": "a", "stationname": "Again"},
        {"stationname": "Nowhere"},
        "c",
    ]

    assert station_list({"record": 9, "list": rows}, Diagnostics()) == (
        StationRef("a", "Sunny Home", state=StationState.RUNNING, installed_power=6000.0),
        StationRef("b", state=StationState.OFFLINE),
    )
    assert station_list({"record": 0, "list": []}, Diagnostics()) == ()


@pytest.mark.parametrize("data", [{"list": {}}, {"list": "a"}, 7, "a", [1]])
def test_a_station_list_of_another_shape(data: object) -> None:
    with pytest.raises(errors.AnswerUnreadable):
        station_list(data, Diagnostics())


@pytest.mark.parametrize("data", [{}, {"record": 1}, {"record": 0, "list": None}])
def test_no_station_list_is_empty(data: object) -> None:
    with pytest.raises(errors.AnswerEmpty):
        station_list(data, Diagnostics())


def test_the_registers_of_the_house_are_left_alone() -> None:
    """Decoding changes nothing in what came in."""
    data = house()

    decoded(data)

    assert data["inverter"][0]["invert_full"] == REGISTERS
