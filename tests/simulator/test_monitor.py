"""The classic monitor detail agrees with the plants behind it, in the classic portal's way of speaking."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sems_exporter.simulator import Plant, SimulatedClock, SimulatedPortal
from sems_exporter.simulator.plant.demo_plants import demo_plants
from tests.simulator.classic_client import ClassicClient, CookieClient

PAYLOADS = os.environ.get("SEMS_PAYLOADS", "")
SUNNY, SEASIDE, BARNS = range(3)


@pytest.fixture
def portal(plants: list[Plant], clock: SimulatedClock) -> Iterator[SimulatedPortal]:
    with SimulatedPortal(plants, clock=clock, dialects=("classic",)) as portal:
        yield portal


@pytest.fixture
def classic(portal: SimulatedPortal) -> ClassicClient:
    """A client that is signed in."""
    client = ClassicClient(portal)
    client.login()
    return client


def station(plants: list[Plant], index: int) -> str:
    return plants[index].spec.station_id


def test_station_ids_are_a_text_or_a_list(classic: ClassicClient, plants: list[Plant], clock: SimulatedClock) -> None:
    ids = classic.call("PowerStation/GetPowerStationIdByOwner")["data"]

    assert ids == [plant.spec.station_id for plant in plants]
    with SimulatedPortal(plants[:1], clock=clock, dialects=("classic",)) as alone:
        client = ClassicClient(alone)
        client.login()
        assert client.call("v1/PowerStation/GetPowerStationIdByOwner")["data"] == ids[0]


def test_stations_come_in_pages(classic: ClassicClient, plants: list[Plant]) -> None:
    path = "PowerStationMonitor/QueryPowerStationMonitor"

    first, second = (classic.call(path, page_index=index, page_size=2)["data"] for index in (1, 2))

    rows = first["list"] + second["list"]
    assert (first["record"], [row["powerstation_id"] for row in rows]) == (3, [p.spec.station_id for p in plants])
    assert [row["status"] for row in rows] == [1, -1, 1]
    assert rows[0]["etotal"] == classic.monitor(station(plants, SUNNY))["kpi"]["total_power"]


def test_the_description(classic: ClassicClient, plants: list[Plant]) -> None:
    home, seaside = (classic.monitor(station(plants, index))["info"] for index in (SUNNY, SEASIDE))

    assert home["time"] == "06/10/2026 12:30:20"
    assert (home["time_span"], seaside["time_span"]) == (-2.0, -10.0)
    assert home["date_format"] == "dd/MM/yyyy"
    assert (home["status"], seaside["status"]) == (1, -1)
    assert (home["capacity"], home["battery_capacity"], home["is_stored"]) == (6.0, 10.0, True)


def test_the_offset_follows_the_season() -> None:
    clock = SimulatedClock(datetime(2026, 1, 10, 12, tzinfo=UTC), speed=0)
    with SimulatedPortal(clock=clock, dialects=("classic",)) as portal:
        client = ClassicClient(portal)
        client.login()
        info = client.monitor(client.call("PowerStation/GetPowerStationIdByOwner")["data"])["info"]

    assert (info["time"], info["time_span"]) == ("01/10/2026 13:00:00", -1.0)


def test_key_figures_are_sums_over_the_inverters(classic: ClassicClient, plants: list[Plant]) -> None:
    for index in (SUNNY, SEASIDE, BARNS):
        data = classic.monitor(station(plants, index))
        full = [row["invert_full"] for row in data["inverter"]]
        kpi = data["kpi"]

        assert kpi["pac"] == pytest.approx(sum(f["pac"] for f in full), abs=0.15)
        assert kpi["power"] == pytest.approx(sum(f["eday"] for f in full))
        assert kpi["total_power"] == pytest.approx(sum(f["etotal"] for f in full))
        assert kpi["month_generation"] == pytest.approx(sum(f["thismonthetotle"] + f["eday"] for f in full))


def test_counters_add_up_and_never_fall(classic: ClassicClient, portal: SimulatedPortal, plants: list[Plant]) -> None:
    totals: list[float] = []
    for _ in range(30):
        portal.clock.advance(5003)
        full = classic.monitor(station(plants, SUNNY))["inverter"][0]["invert_full"]
        parts = (full["lastmonthetotle"], full["thismonthetotle"], full["eday"])
        assert round(sum(parts), 1) == full["etotal"]
        assert round(full["yesterdaybuytotal"] + full["buy"], 3) == full["total_buy"]
        assert round(full["yesterdaysellertotal"] + full["seller"], 3) == full["total_sell"]
        totals.append(full["etotal"])
    assert totals == sorted(totals)
    energy = plants[SUNNY].state(portal.clock.now()).energy
    assert totals[-1] == pytest.approx(energy.lifetime.pv / 3.6e6, abs=0.4)
    assert full["total_sell"] == pytest.approx(energy.lifetime.grid_export / 3.6e6, abs=0.01)


def test_powers_and_their_signs(classic: ClassicClient, portal: SimulatedPortal, plants: list[Plant]) -> None:
    seen = set()
    for _ in range(24):
        portal.clock.advance(3600)
        data, state = classic.monitor(station(plants, SUNNY)), plants[SUNNY].state(portal.clock.now())
        full, flow = data["inverter"][0]["invert_full"], data["powerflow"]
        assert full["pac"] == pytest.approx(state.pv_watts + state.battery_watts, abs=0.06)
        assert full["pmeter"] == round(state.grid_watts)
        assert full["total_pbattery"] == pytest.approx(state.battery_watts, abs=0.06)
        assert full["battary_work_mode"] == {-1: 3, 0: 1, 1: 2}[_sign(state.battery_watts)]
        assert flow["grid"] == f"{abs(round(state.grid_watts))}(W)"
        assert flow["gridStatus"] == _sign(round(state.grid_watts))
        assert data["soc"]["power"] == flow["soc"] == full["soc"]
        seen.add((_sign(state.battery_watts), flow["gridStatus"]))
    assert len(seen) >= 4


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def test_only_the_first_inverter_reports_the_meter(classic: ClassicClient, plants: list[Plant]) -> None:
    first, second = (row["invert_full"] for row in classic.monitor(station(plants, BARNS))["inverter"])

    assert first["pmeter"] > 0
    assert first["total_buy"] > 0
    assert (second["pmeter"], second["total_buy"], second["seller"]) == (0.0, 0.0, 0.0)
    assert second["more_batterys"][0]["soc"] == second["soc"]


def test_an_inverter_that_sleeps(classic: ClassicClient, portal: SimulatedPortal, plants: list[Plant]) -> None:
    data = classic.monitor(station(plants, SEASIDE))
    full = data["inverter"][0]["invert_full"]
    portal.clock.advance(3600)
    later = classic.monitor(station(plants, SEASIDE))["inverter"][0]

    assert full["status"] == data["info"]["status"] == -1
    live = ("pac", "vac1", "vac2", "fac1", "fac3", "tempperature", "pmeter", "vpv1", "iload", "istr3", "vbattery1")
    assert {full[name] for name in live} == {0.0}
    assert full["eday"] > 0
    assert (full["soc"], full["soh"], later["soc"]) == (536.0, -0.1, "536%")
    dusk = datetime.fromtimestamp(full["last_time"] / 1000, UTC)
    assert timedelta(hours=2) < portal.clock.now() - dusk < timedelta(hours=6)
    assert later["invert_full"]["last_time"] == full["last_time"]
    state = plants[SEASIDE].state(dusk)
    assert (state.inverters[0].running.value, state.pv_watts) == ("waiting", 0)


def test_times_are_written_in_three_ways(classic: ClassicClient, plants: list[Plant]) -> None:
    row = classic.monitor(station(plants, SEASIDE))["inverter"][0]
    last = datetime.fromtimestamp(row["invert_full"]["last_time"] // 1000, UTC)

    melbourne, china = last + timedelta(hours=10), last + timedelta(hours=8)
    assert row["last_refresh_time"] == melbourne.strftime("%m/%d/%Y %H:%M:%S")
    assert row["d"]["last_refresh_time"] == melbourne.strftime("%d/%m/%Y %H:%M:%S")
    assert row["d"]["creationDate"] == china.strftime("%m/%d/%Y %H:%M:%S")


def test_sentinels_stand_for_what_is_not_there(
    classic: ClassicClient, portal: SimulatedPortal, plants: list[Plant]
) -> None:
    portal.clock.advance(16 * 3600)  # half past twelve in Melbourne
    single = classic.monitor(station(plants, SEASIDE))["inverter"][0]["invert_full"]
    three = classic.monitor(station(plants, SUNNY))["inverter"][0]["invert_full"]

    assert (single["vac2"], single["iac3"], single["fac2"], single["iload"]) == (6553.5, 6553.5, 655.35, 4294967.295)
    assert 215 < single["vac1"] < 245
    assert (single["pf"], single["pv_power"]) == (-0.001, 0.0)
    assert single["pbackup"] == single["pmeter"] != 0
    assert all(215 < three[f"vac{n}"] < 245 for n in (1, 2, 3))
    assert three["vpv3"] == 6553.5
    assert max(single[f"istr{n}"] for n in range(1, 17)) > 100


def test_the_flow_by_itself(classic: ClassicClient, plants: list[Plant]) -> None:
    home = station(plants, SUNNY)
    alone = classic.call("v2/PowerStation/GetPowerflow", PowerStationId=home)["data"]

    assert alone["powerflow"] == classic.monitor(home)["powerflow"]
    assert alone["hasPowerflow"] is True


def test_energies_of_the_day(classic: ClassicClient, plants: list[Plant], clock: SimulatedClock) -> None:
    energy = plants[SUNNY].state(clock.now()).energy.today
    charts = classic.monitor(station(plants, SUNNY))["energeStatisticsCharts"]

    for key, field in (("sum", "pv"), ("buy", "grid_import"), ("sell", "grid_export"), ("charge", "charge")):
        assert charts[key] == round(getattr(energy, field) / 3.6e6, 2), key


def test_no_warnings(classic: ClassicClient) -> None:
    answer = classic.call("SmartOperateMaintenance/GetPowerStationWariningInfoByMultiCondition", page_index=1)

    assert answer["data"] == {"record": 0, "list": []}


@pytest.mark.parametrize("call", ["v3/PowerStation/GetMonitorDetailByPowerstationId", "v2/PowerStation/GetPowerflow"])
def test_what_is_not_yours_is_refused(classic: ClassicClient, call: str) -> None:
    answer = classic.call(call, powerStationId="nobody")

    assert (answer["code"], answer["data"]) == (100025, None)


def test_classic_answers_can_be_scripted_and_changed(
    portal: SimulatedPortal, classic: ClassicClient, plants: list[Plant]
) -> None:
    seen: list[Any] = []

    def emptied(envelope: dict[str, Any], parameters: Any) -> None:
        seen.append(dict(parameters))
        envelope["data"] = {}

    portal.mutate("monitor", emptied)

    assert classic.monitor(station(plants, SUNNY)) == {}
    assert seen == [{"powerstationid": station(plants, SUNNY), "version": 3}]
    assert [request.endpoint for request in portal.requests] == ["classic_login", "monitor"]


def test_captures_go_before_the_plants(tmp_path: Path, clock: SimulatedClock) -> None:
    bare, whole = tmp_path / "bare.json", tmp_path / "whole.json"
    bare.write_text('{"info": {"status": 0}}', encoding="utf-8")
    whole.write_text('{"code": "0", "data": "id-1"}', encoding="utf-8")
    answers = {"monitor": bare, "classic_ids": whole, "web_login": whole}

    with SimulatedPortal(clock=clock, answers=answers, dialects=("classic",)) as portal:
        client = ClassicClient(portal)
        client.login()

        assert client.monitor("any") == {"info": {"status": 0}}
        assert client.call("PowerStation/GetPowerStationIdByOwner") == {"code": "0", "data": "id-1"}
        assert client.call("v2/PowerStation/GetPowerflow", PowerStationId="any")["data"] == {}
        assert CookieClient(portal).login() == {"code": "0", "data": "id-1"}


@pytest.mark.skipif(not PAYLOADS, reason="SEMS_PAYLOADS names no folder with captured answers")
def test_the_keys_are_those_of_a_real_capture(clock: SimulatedClock) -> None:
    path = Path(PAYLOADS) / "legacy_monitor_ns_offline_night_2026-01.json"
    real = json.loads(path.read_text(encoding="utf-8"))["data"]
    with SimulatedPortal(demo_plants(1, clock=clock), clock=clock, dialects=("classic",)) as portal:
        client = ClassicClient(portal)
        client.login()
        ours = client.monitor(client.call("PowerStation/GetPowerStationIdByOwner")["data"])

    assert set(ours) == set(real)
    for part in ("info", "kpi", "energeStatisticsCharts", "soc", "homKit"):
        assert set(ours[part]) == set(real[part]), part
    assert set(ours["inverter"][0]) == set(real["inverter"][0])
    for part in ("invert_full", "d"):
        assert set(ours["inverter"][0][part]) == set(real["inverter"][0][part]), part


def test_the_house_uses_what_another_makers_inverter_gives_too(clock: SimulatedClock) -> None:
    """The flow has no word for that inverter, but the load is what the house takes."""
    plants = demo_plants(8, clock=clock)
    [plant] = [each for each in plants if each.spec.name == "Two Makers"]
    with SimulatedPortal(plants, clock=clock, dialects=("classic",)) as portal:
        client = ClassicClient(portal)
        client.login()
        flow = client.monitor(plant.spec.station_id)["powerflow"]
        state = plant.state(clock.now())

    assert state.third_party_watts
    assert abs(int(flow["load"].removesuffix("(W)")) - state.load_watts) <= 2


def test_no_counter_lags_behind_the_plant_by_more_than_its_digits(
    classic: ClassicClient, plants: list[Plant], clock: SimulatedClock
) -> None:
    """Each inverter counts whole tenths of a kilowatt-hour, over its life as over a day."""
    told = classic.monitor(station(plants, BARNS))["kpi"]
    energy, inverters = plants[BARNS].state(clock.now()).energy, len(plants[BARNS].spec.inverters)

    for spoken, span in (("power", energy.today), ("month_generation", energy.month), ("total_power", energy.lifetime)):
        assert -1e-6 <= span.pv / 3.6e6 - told[spoken] < 0.1 * inverters + 1e-6
