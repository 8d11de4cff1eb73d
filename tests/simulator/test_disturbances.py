"""Failures, outages, batteries set by hand, cars that charge: the plants still obey physics, and the portal says so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from sems_exporter.simulator import (
    Alarm,
    EvChargerSpec,
    Plant,
    PlantState,
    SimulatedClock,
    SimulatedPortal,
    demo_plants,
)
from sems_exporter.simulator.plant.plant_state import Running
from tests.simulator.classic_client import ClassicClient
from tests.simulator.web_client import WebClient

NOON = datetime(2026, 6, 10, 10, tzinfo=UTC)  # 12:00 in Amsterdam and Berlin
SUNNY, SEASIDE, BARNS = range(3)
CHARGER = EvChargerSpec("SIMEV0001", evenings=1.0)


def fresh(index: int = SUNNY, **changes: Any) -> Plant:
    """A plant of one's own, to be disturbed."""
    spec = demo_plants(3, clock=SimulatedClock(NOON, speed=0))[index].spec
    return Plant(replace(spec, **changes), NOON)


def assert_balanced(state: PlantState) -> None:
    assert state.pv_watts + state.battery_watts == pytest.approx(state.load_watts + state.grid_watts, abs=1e-6)
    assert sum(i.ac_watts for i in state.inverters) == pytest.approx(state.pv_watts + state.battery_watts)
    assert sum(p.watts for p in state.meter_phases) == pytest.approx(state.grid_watts, abs=1e-6)


def test_a_failed_inverter_stands_still_and_complains() -> None:
    plant, end = fresh(BARNS), NOON + timedelta(hours=1)
    before = plant.state(NOON)

    alarm = plant.fail_inverter(NOON, end, "E-G3-0-12", "SIM5K0022")

    during, after = plant.state(NOON), plant.state(end)
    assert before.inverters[1].running is after.inverters[1].running is Running.RUNNING
    assert during.inverters[0].ac_watts == before.inverters[0].ac_watts > 0
    failed = during.inverters[1]
    assert (failed.running, failed.ac_watts, failed.batteries[0].watts) == (Running.FAULT, 0.0, 0.0)
    assert failed.phases[0].volts > 200
    assert_balanced(during)
    assert (alarm.level, alarm.device) == ("Fault", "SIM5K0022")
    assert plant.alarms_at(NOON) == [alarm]
    assert plant.alarms_at(end) == []


def test_failures_change_what_was_worked_out_before() -> None:
    disturbed, ordered = fresh(), fresh()
    disturbed.state(NOON + timedelta(days=1))
    for plant in (disturbed, ordered):
        plant.fail_inverter(NOON, NOON + timedelta(hours=2), "E-1")

    evening = NOON + timedelta(hours=8)
    assert disturbed.state(evening) == ordered.state(evening)
    assert disturbed.state(evening).energy.today.pv < fresh().state(evening).energy.today.pv
    assert disturbed.energy_on(NOON.date(), NOON + timedelta(days=1)).pv == pytest.approx(
        disturbed.state(evening).energy.today.pv, rel=0.05
    )


def test_nothing_can_be_ordered_before_the_first_day() -> None:
    with pytest.raises(ValueError, match="begins at"):
        fresh().grid_outage(NOON - timedelta(days=2), NOON)
    with pytest.raises(ValueError, match="ratio"):
        fresh().set_state_of_charge(NOON, 80)
    with pytest.raises(ValueError, match="not in"):
        fresh().fail_inverter(NOON, NOON, "E-1", "NOBODY")


def test_a_hybrid_home_carries_itself_through_an_outage() -> None:
    plant, hours = fresh(), 14
    plant.grid_outage(NOON, NOON + timedelta(hours=hours))
    plant.set_state_of_charge(NOON + timedelta(hours=10), 0.12)
    shed = curtailed = 0
    undisturbed = fresh()

    for minutes in range(0, hours * 60, 20):
        instant = NOON + timedelta(minutes=minutes)
        state, normal = plant.state(instant), undisturbed.state(instant)
        assert_balanced(state)
        assert state.grid_watts == 0
        assert not state.grid_up
        assert all(phase.volts == 0 for phase in state.meter_phases)
        assert state.load_watts <= normal.load_watts + 1e-6
        assert state.pv_watts <= normal.pv_watts + 1e-6
        shed += state.load_watts < normal.load_watts - 1
        curtailed += state.pv_watts < normal.pv_watts - 1
    after = plant.state(NOON + timedelta(hours=hours))

    assert shed
    assert curtailed
    assert after.grid_up
    assert after.meter_phases[0].volts > 200
    counted = after.energy.lifetime.grid_import - plant.state(NOON).energy.lifetime.grid_import
    assert counted == 0


def test_a_plant_without_a_battery_goes_dark() -> None:
    plant = fresh(SEASIDE)
    morning = datetime(2026, 6, 11, 2, tzinfo=UTC)  # noon in Melbourne
    assert plant.state(morning).pv_watts > 0

    plant.grid_outage(morning, morning + timedelta(minutes=30))

    state = plant.state(morning)
    assert (state.pv_watts, state.load_watts, state.grid_watts) == (0, 0, 0)
    assert state.inverters[0].running is Running.WAITING


def test_the_state_of_charge_can_be_set() -> None:
    plant = fresh(BARNS)
    plant.set_state_of_charge(NOON, 0.35)
    plant.set_state_of_charge(plant.begin, 0.9)

    assert plant.state(NOON).state_of_charge == pytest.approx(0.35)
    assert plant.state(plant.begin).state_of_charge == pytest.approx(0.9)
    assert plant.state(NOON + timedelta(hours=1)).state_of_charge != pytest.approx(0.35, abs=0.001)


def test_a_car_charges_in_the_evening() -> None:
    plant, without = fresh(ev_charger=CHARGER), fresh()
    charging = 0
    for minutes in range(0, 12 * 60, 5):
        instant = NOON + timedelta(minutes=minutes)
        state, bare = plant.state(instant), without.state(instant)
        assert_balanced(state)
        assert state.ev_charger is not None
        assert state.load_watts - bare.load_watts == pytest.approx(state.ev_charger.watts)
        charging += state.ev_charger.watts > 0
        if state.ev_charger.watts:
            assert state.local_time.hour >= 18
    assert 10 < charging < 45
    assert without.state(NOON).ev_charger is None


def test_no_car_comes_on_most_evenings() -> None:
    plant = fresh(ev_charger=replace(CHARGER, evenings=0.0))

    states = [plant.state(NOON + timedelta(minutes=10 * n)).ev_charger for n in range(72)]

    assert all(state is not None and state.watts == 0 for state in states)


class Portal:
    """A portal over one disturbed plant, with a client of each dialect."""

    def __init__(self, plant: Plant, now: datetime) -> None:
        self.portal = SimulatedPortal([plant], clock=SimulatedClock(now, speed=0), dialects=("semsplus", "classic"))
        self.home = plant.spec.station_id

    def __enter__(self) -> Self:
        self.portal.start()
        self.web = WebClient(self.portal)
        self.web.login()
        return self

    def __exit__(self, *_: object) -> None:
        self.portal.close()

    def classic(self) -> ClassicClient:
        client = ClassicClient(self.portal)
        client.login()
        return client


def test_the_portals_show_a_failure() -> None:
    plant = fresh()
    plant.fail_inverter(NOON, NOON + timedelta(hours=1), "E-G3-0-12")
    with Portal(plant, NOON + timedelta(minutes=5)) as world:
        flow = world.web.flow(world.home)["data"]
        rows = world.web.get("/stations/device/all-status", stationId=world.home)["data"]["deviceDetailList"]
        factors = world.web.factors("telemetry", "SIM5K0001", "INVERTER")
        full = world.classic().monitor(world.home)

    assert flow["status"] == "2"
    assert flow["pAc"] == 0
    assert rows[0]["statusDetailList"][0]["status"] == 2
    assert factors["pAc"]["data"] == "0"
    inverter = full["inverter"][0]
    assert (inverter["status"], inverter["invert_full"]["pac"], full["info"]["status"]) == (2, 0.0, 2)
    assert inverter["invert_full"]["errors"][0]["error_code"] == "E-G3-0-12"
    assert inverter["fault_message"] == "E-G3-0-12_warning"


def test_the_portals_show_an_outage() -> None:
    plant = fresh()
    plant.grid_outage(NOON, NOON + timedelta(hours=1))
    with Portal(plant, NOON + timedelta(minutes=5)) as world:
        flow = world.web.flow(world.home)["data"]
        info = world.web.post("/sems-plant/api/portal/stations/basic/info", {}, stationId=world.home)["data"]
        inverter = world.web.factors("telemetry", "SIM5K0001", "INVERTER")
        meter = world.web.factors("telemetry", "SIMMETER0001", "SMART_METER")
        full = world.classic().monitor(world.home)["inverter"][0]["invert_full"]

    assert flow["pGrid"] == 0
    assert round(flow["pSystem"] + flow["pBat"], 5) == flow["pConsum"] > 0
    assert info["gridStatus"] == "0"
    assert (inverter["PHASE-A:Vac"]["data"], inverter["Fac"]["data"]) == ("0", "0")
    assert float(inverter["pBackup"]["data"]) == pytest.approx(flow["pConsum"], abs=0.001)
    assert (meter["totalPac"]["data"], meter["PHASE-B:voltage"]["data"]) == ("0", "0")
    assert (full["vac1"], full["fac1"], full["pmeter"]) == (0.0, 0.0, 0.0)


ALARMS = (
    Alarm("E-G3-0-12", "alarm", "SIM5K0001", NOON - timedelta(hours=3), NOON - timedelta(hours=3, seconds=-66)),
    Alarm("E-G3-1-1", "Prompt", "SIM5K0001", NOON - timedelta(hours=2)),
    Alarm("E-G3-2-2", "Fault", "SIM5K0001", NOON - timedelta(hours=1), NOON + timedelta(hours=1)),
    Alarm("E-G3-3-3", "Fault", "SIM5K0001", NOON + timedelta(hours=1)),
)


def test_alarms_are_counted_and_paged() -> None:
    plant = fresh()
    plant.alarms.extend(ALARMS)
    with Portal(plant, NOON) as world:
        ids = {"stationIds": [world.home]}
        path = "/sems-alarm/api/v2/alarm/page"
        counts = world.web.post("/sems-alarm/api/alarm/statistics", ids)["data"]
        everything = world.web.post(path, {"pageIndex": 1, "pageSize": 2, **ids})["data"]
        rest = world.web.post(path, {"pageIndex": 2, "pageSize": 2, **ids})["data"]
        standing = world.web.post(path, {"status": 0})["data"]
        over = world.web.post(path, {"status": 1, **ids})["data"]

    assert counts == {"total": "3", "happened": "2", "recovery": "1"}
    rows = everything["dataList"] + rest["dataList"]
    assert [row["warning_code"] for row in rows] == ["E-G3-2-2", "E-G3-1-1", "E-G3-0-12"]
    assert (everything["total"], rest["current"], len(standing["dataList"])) == (3, 2, 2)
    assert [row["alarmLevel"] for row in rows] == [f"Total_FaultLevel_{n}" for n in ("Fault", "Prompt", "alarm")]
    (row,) = over["dataList"]
    assert (row["happentimes"], row["recoverytimes"]) == ("2026-06-10 09:00:00", "2026-06-10 09:01:06")
    assert int(row["recoverytime"]) - int(row["happentime"]) == 66_000
    assert (row["duration"], row["stationTimeSpan"]) == ("1m 6s", -2.0)
    assert standing["dataList"][0]["recoverytime"] is None


@pytest.mark.parametrize("status,codes", [("1", [0]), ("2", [2, 1]), (3, [2, 1, 0]), ("", [2, 1, 0])])
def test_classic_warnings(status: object, codes: list[int]) -> None:
    plant = fresh()
    plant.alarms.extend(ALARMS)
    with Portal(plant, NOON) as world:
        path = "SmartOperateMaintenance/GetPowerStationWariningInfoByMultiCondition"
        data = world.classic().call(path, page_index="1", page_size=20, status=status, stationid=world.home)["data"]

    assert [row["warning_code"] for row in data["list"]] == [ALARMS[n].code for n in codes]
    assert data["record"] == len(codes)


def test_the_portal_shows_a_charger() -> None:
    plant = fresh(ev_charger=CHARGER)
    evening = next(
        instant
        for instant in (NOON + timedelta(minutes=n) for n in range(360, 720, 10))
        if (charger := plant.state(instant).ev_charger) and charger.watts
    )
    seen = {}
    for name, now in (("idle", NOON), ("charging", evening)):
        with Portal(plant, now) as world:
            flow = world.web.flow(world.home)["data"]
            (row,) = world.web.get(
                "/web/device/station/getDevicesByType", stationId=world.home, deviceType="EV_CHARGER"
            )["data"]
            detail = world.web.post("/sems-remote/api/ev-charger/detail", {"sn": row["sn"]})["data"]
            seen[name] = (flow["pEvChar"], row["status"], detail["status"], detail["startStatus"])
            assert row["sn"] == "SIMEV0001"
            assert "EV_CHARGER" in str(world.web.get("/stations/device/all-status", stationId=world.home))
            assert world.web.post("/sems-remote/api/ev-charger/detail", {"sn": "NOBODY"})["code"] == "100025"

    assert seen == {"idle": (0, 8, "available", False), "charging": (7.4, 6, "charging", True)}


def test_a_rack_may_haunt_the_list() -> None:
    with Portal(fresh(rack_serial="SIMRACK0001"), NOON) as world:
        groups = world.web.get("/stations/device/all-status", stationId=world.home)["data"]["deviceDetailList"]
        answer = world.web.get("/equipments/SIMRACK0001/telemetry", deviceType="BATTERY_RACK")

    (rack,) = (group for group in groups if group["deviceType"] == "BATTERY_RACK")
    assert rack["statusDetailList"][0]["status"] == 0
    assert answer["code"] == "00000"
    assert "data" not in answer
