"""What a classic answer seems to say and does not: times, months, batteries, meters, money that are none."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import KWH, DeviceState, Station, StationState
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from sems_exporter.portal.classic.station_decoder import monitor, power_flow, station_list
from tests.portal.classic.plants import REPORTED, decoded, house, inverter

AT = datetime(2026, 9, 5, 16, 52, 26, tzinfo=UTC)
BATTERYLESS = {"isbuettey": None, "battery1sn": None, "vbattery1": 0.0, "ibattery1": 0.0, "soc": 0.0, "soh": 0.0}
MIRROR: dict[str, Any] = {
    **dict.fromkeys(("seller", "buy", "total_sell", "total_buy"), 0.0),
    "hasmeter": False,
    "pac": 381.0,
    "pmeter": 381.0,
    **BATTERYLESS,
}
FLOW = {"pv": "381(W)", "load": "0(W)", "grid": "381(W)", "bettery": "0(W)", "gridStatus": 1}
NEVER: dict[str, Any] = {"status": 0, "last_time": 0, "etotal": 0.0, "eday": 0.0, "pac": 0.0, "hour_total": 0.0}
GRID = ("grid_import_power", "grid_export_power", "load_power")


def page(date_format: str | None = None, *, time_span: object = -2.0, **around: Any) -> dict[str, Any]:
    """A plant whose inverter is told by its page alone."""
    info = {"powerstation_id": "plant-1", "status": 1, "time_span": time_span, "date_format": date_format}
    working = {"sn": "INV1", "status": 1, "out_pac": 265.0, "eday": 9.0, "etotal": 26082.2}
    return {"info": info, "inverter": [{**working, **around}]}


def reported(data: dict[str, Any]) -> datetime | None:
    return monitor(data, AT, Diagnostics()).inverters[0].data_timestamp


class TestTimes:
    """When an inverter reported, by texts in the account's format, in the portal's, and in China's time."""

    @pytest.mark.parametrize(
        "date_format, shown, hour",
        [
            ("MM.dd.yyyy", "09.05.2026 18:49:40", 16),
            ("MM.dd.yyyy", "09.05.2026 09:49:40", 7),
            ("dd.MM.yyyy", "05.09.2026 18:49:40", 16),
            ("dd/MM/yyyy", "05/09/2026 18: 49: 40", 16),
            ("MM/dd/yyyy", "09/05/2026 6:49:40 PM", 16),
            ("yyyy-MM-dd", "2026-09-05 18:49:40", 16),
            ("yyyy-MM-dd", "2026-09-05T18:49:40", 16),
            ("d.M.yyyy", "5.9.2026 18:49:40", 16),
            (None, "09.05.2026 18:49:40", 16),
        ],
    )
    def test_its_page_has_it_in_the_format_of_the_account(self, date_format: str, shown: str, hour: int) -> None:
        data = page(date_format, d={"last_refresh_time": shown})

        assert reported(data) == AT.replace(hour=hour, minute=49, second=40)

    def test_after_nine_hours_its_power_is_gone(self) -> None:
        data = page("MM.dd.yyyy", d={"last_refresh_time": "09.05.2026 09:49:40", "creationDate": "09/05/2026 15:49:40"})

        shown = apply_staleness(
            monitor(data, AT, Diagnostics()), AT, Limits(data_max_age=1200.0, snapshot_max_age=900.0)
        ).station

        assert (shown.ac_power, shown.pv_power, shown.inverters[0].ac_power) == (None, None, None)
        assert shown.inverters[0].pv_energy == 26082.2 * KWH

    def test_the_format_settles_what_the_present_does_not(self) -> None:
        """Both the sixth of March and the third of June lie behind us."""
        data = page("dd/MM/yyyy", d={"last_refresh_time": "03/06/2026 12:00:00"})

        assert reported(data) == datetime(2026, 6, 3, 10, 0, tzinfo=UTC)

    def test_a_text_in_another_format_is_not_dated_by_the_wrong_one(self) -> None:
        assert reported(page("dd/MM/yyyy", d={"last_refresh_time": "09/14/2026 12:00:00"})) is None

    @pytest.mark.parametrize("time_span", [-2.0, None])
    def test_without_it_the_time_in_china_tells(self, time_span: object) -> None:
        data = page("MM.dd.yyyy", time_span=time_span, d={"creationDate": "09/06/2026 00:49:40"})

        assert reported(data) == AT.replace(minute=49, second=40)

    def test_beside_the_page_slashes_have_the_month_first_whatever_the_format(self) -> None:
        """A capture of 2026-01 has 01/10 there, and 10/01 on its page."""
        assert reported(page("dd/MM/yyyy", last_refresh_time="09/05/2026 18:49:40")) == AT.replace(minute=49, second=40)

    @pytest.mark.parametrize("shown", ["05.09.2026 18:49:40", "05-09-2026 18:49:40"])
    def test_beside_the_page_other_marks_are_those_of_the_format(self, shown: str) -> None:
        assert reported(page("dd.MM.yyyy", last_refresh_time=shown)) == AT.replace(minute=49, second=40)

    def test_a_day_first_where_no_month_can_be(self) -> None:
        """The account's format, as an answer of 2021 has it."""
        data = page("dd/MM/yyyy", last_refresh_time="31/08/2026 18:49:40")

        assert reported(data) == datetime(2026, 8, 31, 16, 49, 40, tzinfo=UTC)

    def test_the_register_is_better_than_any_text(self) -> None:
        data = house()
        data["inverter"][0]["d"] = {"last_refresh_time": "06.10.2026 03:00:00", "creationDate": "06/10/2026 09:00:00"}

        assert decoded(data).data_timestamp == REPORTED

    @pytest.mark.parametrize("last_time", [0, -1, 5, 4_102_444_800_000])
    def test_a_register_that_cannot_be_leaves_it_to_the_text(self, last_time: int) -> None:
        data = house({"last_time": last_time})
        data["inverter"][0]["d"] = {"last_refresh_time": "06.10.2026 11:58:00"}

        assert decoded(data).data_timestamp == REPORTED

    @pytest.mark.parametrize("shown", ["", "--", "soon", "01.01.1970 00:00:00", "01.01.0001 00:00:00", None, 0])
    def test_what_cannot_be_dated_is_none(self, shown: object) -> None:
        assert reported(page("MM.dd.yyyy", d={"last_refresh_time": shown, "creationDate": shown})) is None


class TestMonth:
    """The month, which some numbers have with today and some without."""

    @pytest.mark.parametrize(
        "emonth, kpi, month",
        [
            (0.0, {}, None),
            (0.0, {"month_generation": 0.0}, None),
            (0.0, {"month_generation": 73.69}, None),
            (0.0, {"month_generation": 73.69, "power": 0.0, "total_power": 9177.0}, None),
            (0.0, {"month_generation": 73.69, "power": 9.0, "total_power": 26082.2}, 73.69),
            (0.0, {"month_generation": 5.0, "power": 9.0, "total_power": 26082.2}, None),
            (64.69, {}, None),
            (64.69, {"month_generation": 73.69}, 73.69),
            (73.69, {"month_generation": 73.69}, 73.69),
        ],
    )
    def test_of_a_plant(self, emonth: float, kpi: dict[str, Any], month: float | None) -> None:
        station = monitor({**page(emonth=emonth), "kpi": kpi}, AT, Diagnostics())

        assert station.pv_energy_month == (month and pytest.approx(month * KWH))

    def test_a_month_of_the_plant_alone_is_none_of_its_inverter(self) -> None:
        kpi = {"month_generation": 73.69, "power": 9.0, "total_power": 26082.2}

        assert monitor({**page(emonth=0.0), "kpi": kpi}, AT, Diagnostics()).inverters[0].pv_energy_month is None

    def test_on_its_first_day_it_is_today(self) -> None:
        data = page(emonth=0.0)

        assert monitor(data, AT.replace(day=1), Diagnostics()).pv_energy_month == 9 * KWH

    @pytest.mark.parametrize(
        "before, kept, month",
        [(7887.5, 100.0, 112.5), (7887.5, 112.5, 112.5), (7987.5, 0.0, 12.5), (7000.0, 0.0, None), (7000.0, 5.0, 17.5)],
    )
    def test_the_counters_tell_whether_today_is_in_it(self, before: float, kept: float, month: float | None) -> None:
        station = decoded(house({"lastmonthetotle": before, "thismonthetotle": kept}))

        assert station.pv_energy_month == (month and month * KWH)

    def test_of_several_inverters_the_plant_tells_it_of_all(self) -> None:
        units = [{"sn": sn, "status": 1, "eday": 5.0, "emonth": 50.0, "etotal": 900.0} for sn in ("A", "B")]
        station = decoded(house(inverter=units, kpi={"month_generation": 100.0}))

        assert [unit.pv_energy_month for unit in station.inverters] == [50 * KWH, 50 * KWH]

    def test_a_month_of_the_plant_is_none_of_this_month_where_nothing_reported_since(self) -> None:
        kpi = {"month_generation": 73.69, "power": 0.0, "total_power": 26082.2}
        data = page("MM.dd.yyyy", emonth=0.0, eday=0.0, d={"last_refresh_time": "08.31.2026 20:00:00"})

        assert monitor({**data, "kpi": kpi}, AT, Diagnostics()).pv_energy_month is None


class TestNoBattery:
    """Bays that are empty although the portal counts a battery in them."""

    @pytest.mark.parametrize("state", [1, -1])
    @pytest.mark.parametrize("more", [{}, {"soh": 100.0}, {"soc": 100.0}, {"vbattery1": None, "soc": 45.0}])
    def test_a_count_is_no_battery(self, state: int, more: dict[str, Any]) -> None:
        registers = {**BATTERYLESS, "battery_count": 1, "status": state, **more}
        data = house(registers, info={"is_stored": False, "battery_capacity": 0.0}, powerflow={"bettery": "0(W)"})
        data["inverter"][0]["is_stored"] = False

        station = decoded(data)

        assert (station.batteries, station.battery_state_of_charge) == ((), None)
        assert station.has_battery is not True

    def test_a_charge_on_a_plant_that_stores_is_one(self) -> None:
        data = house({**BATTERYLESS, "vbattery1": None, "soc": 45.0, "battery_count": 1})

        assert [battery.state_of_charge for battery in decoded(data).batteries] == [0.45]

    def test_registers_that_nothing_has_filled_are_no_readings(self) -> None:
        odd = {"soh": -0.100000000000364, "soc": 400.0, "bms_alarm": 65535, "bms_warning": 4294967295}

        [battery] = decoded(house(odd)).batteries

        assert (battery.state_of_health, battery.state_of_charge) == (None, None)
        assert (battery.alarm_bits, battery.warning_bits) == (None, None)

    @pytest.mark.parametrize(
        "odd",
        [{"iload": 4294901.76}, {"iload": 4294967.295}, {"vload": 429483622.5}, {"vload": "4294967295V"}],
    )
    def test_a_backup_output_of_such_registers_is_none(self, odd: dict[str, Any]) -> None:
        [unit] = decoded(house({"vload": 0.0, "iload": 0.0, "pbackup": 0.0, **odd})).inverters

        assert unit.backup_power is None
        assert all(phase.backup_voltage is None and phase.backup_current is None for phase in unit.phases)

    def test_a_power_of_such_registers_shows_no_battery(self) -> None:
        pack = {"vbattery": 0.0, "ibattery": 0.0, "pbattery": 429483622.5, "soc": 0.0}

        assert decoded(house({**BATTERYLESS, "more_batterys": [pack]}, powerflow={"bettery": "0(W)"})).batteries == ()


class TestNoMeter:
    """Without a meter, pmeter is the inverter's own power."""

    @pytest.mark.parametrize("shown", [True, False])
    def test_a_mirror_is_no_grid(self, shown: bool) -> None:
        station = decoded(house(MIRROR, hasPowerflow=shown, powerflow=FLOW))

        assert station.meters == ()
        assert [getattr(station, name) for name in GRID] == [None, None, None]

    def test_a_meter_of_its_own_may_read_the_same(self) -> None:
        station = decoded(house({**MIRROR, "total_buy": 5.0}, powerflow=FLOW))

        assert (station.grid_export_power, station.load_power) == (381.0, 0.0)

    def test_a_home_kit_measures_beside_it(self) -> None:
        flow = {**FLOW, "load": "481(W)", "grid": "100(W)"}
        station = decoded(house(MIRROR, homKit={"sn": "KIT1"}, powerflow=flow))

        assert (station.grid_import_power, station.load_power) == (100.0, 481.0)

    @pytest.mark.parametrize("load, exported", [("2500(W)", 500.0), ("3500(W)", 0.0)])
    def test_its_status_is_the_same_for_both_directions(self, load: str, exported: float) -> None:
        """The balance tells: 3000 W of panels and the load."""
        flow = {"pv": "3000(W)", "load": load, "grid": "500(W)", "bettery": "0(W)", "gridStatus": 1}
        data = house({"pmeter": None, "hasmeter": None, **BATTERYLESS}, powerflow=flow)

        station = decoded(data)

        assert (station.grid_export_power, station.grid_import_power) == (exported, 500.0 - exported)


class TestMoney:
    """Income, which has been another's."""

    @pytest.mark.parametrize(
        "kpi, today",
        [
            ({}, 2.5),
            ({"yield_rate": 0.2}, 2.5),
            ({"yield_rate": 0.0}, 2.5),
            ({"day_income": 1600.0}, None),
            ({"day_income": 604.318, "yield_rate": 0.22}, None),
            ({"day_income": 0.0}, 0.0),
        ],
    )
    def test_of_the_lifetime_or_of_another_price_is_none_of_today(self, kpi: dict[str, Any], today: object) -> None:
        assert decoded(house(kpi=kpi)).income_today == today

    def test_a_list_tells_no_power_and_no_money(self) -> None:
        """`pac_kw` is the lifetime's energy and `eday_income` its money, in a list of 2019."""
        row = {"powerstation_id": "S1", "status": 1, "pac_kw": 2746.9, "etotal": 2746.9, "eday_income": 604.318}

        [ref] = station_list({"list": [row]}, Diagnostics())

        assert (ref.pv_power, ref.pv_energy_today) == (None, None)


class TestNeverReported:
    """An inverter that has been registered, and never came."""

    def station(self, **around: object) -> Station:
        raw = {"sn": "INV9", "name": "New", "status": 0, **around, "invert_full": {**NEVER, "capacity": 5.0}}
        return decoded(house(inverter=[raw], info={"status": 0}, powerflow={"pv": "0(W)", "load": "0(W)"}))

    @pytest.mark.parametrize("shown", ["", "01/01/1970 00:00:00", "01/01/0001 00:00:00", None])
    def test_is_not_there(self, shown: str | None) -> None:
        station = self.station(last_refresh_time=shown, d={"last_refresh_time": shown, "pac": 0.0})

        [unit] = station.inverters
        assert (station.state, unit.state) == (StationState.OFFLINE, DeviceState.OFFLINE)
        assert (unit.name, unit.rated_power) == ("New", 5000.0)
        assert (unit.ac_power, unit.pv_energy, unit.pv_energy_today) == (None, None, None)
        assert (station.ac_power, station.pv_power, station.data_timestamp) == (None, None, None)

    def test_one_that_only_waits_is_there(self) -> None:
        raw = inverter("INV9", **{**NEVER, "last_time": None, "vac1": 231.0})
        station = decoded(house(inverter=[raw], info={"status": 0}))

        assert (station.state, station.inverters[0].state) == (StationState.WAITING, DeviceState.WAITING)


def test_texts_of_2021_are_read() -> None:
    data = page(
        status=0,
        d={
            "dc_input1": "41.4V/0.1A",
            "grid_voltage": "230.4V",
            "output_current": "0A",
            "last_refresh_time": "04.14.2021 21:15:09",
        },
    )

    station = monitor(data, datetime(2021, 4, 14, 19, 20, tzinfo=UTC), Diagnostics())

    [unit] = station.inverters
    assert [(each.number, each.voltage, each.current) for each in unit.inputs] == [("1", 41.4, 0.1)]
    assert [(each.name, each.voltage, each.current) for each in unit.phases] == [("L1", 230.4, 0.0)]
    assert unit.data_timestamp == datetime(2021, 4, 14, 19, 15, 9, tzinfo=UTC)


def test_a_number_beside_such_a_text_is_finer() -> None:
    data = page(d={"dc_input1": "41V/0A", "vpv1": 41.4, "ipv1": 0.1, "grid_voltage": "230V/231V/232V", "vac1": 230.4})

    [unit] = monitor(data, AT, Diagnostics()).inverters
    assert [(each.voltage, each.current) for each in unit.inputs] == [(41.4, 0.1)]
    assert [each.voltage for each in unit.phases] == [230.4, 231.0, 232.0]


def test_what_a_charger_says_is_not_read() -> None:
    """It can stand still for nine hours while it charges."""
    charging = {"power": 7.4, "chargeEnergy": 12.0, "status": "EVDetail_Status_Title_Charging"}
    findings = Diagnostics()

    station = decoded(house(evCharge=charging, isEvCharge=True), findings)

    assert station == decoded(house(isEvCharge=True))
    assert station.ev_chargers == ()
    assert findings.details == {}


def test_a_flow_of_unfilled_registers_is_none() -> None:
    findings = Diagnostics()
    flow = power_flow({"powerflow": {"bettery": "429483622.5(W)", "grid": "4294967295(W)"}}, findings)

    assert (flow.battery, flow.grid) == (None, None)
    assert {reason for _, reason in findings.dropped} <= {DropReason.OUT_OF_RANGE, DropReason.SENTINEL}


def test_the_day_of_a_page_that_is_over_is_not_today() -> None:
    data = page("MM.dd.yyyy", d={"last_refresh_time": "09.04.2026 20:00:00"})

    [unit] = monitor(data, AT, Diagnostics()).inverters

    assert (unit.pv_energy_today, unit.pv_energy) == (None, 26082.2 * KWH)


@pytest.mark.parametrize("block, key", [("d", "dc_input"), ("", "pv_input_")])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_texts_of_every_input_are_read(block: str, key: str, number: int) -> None:
    told = {f"{key}{number}": "300.2V/5.1A"}

    found = monitor(page(**({block: told} if block else told)), AT, Diagnostics()).inverters[0].inputs

    assert [(each.number, each.voltage, each.current) for each in found] == [(str(number), 300.2, 5.1)]
