"""What the portal says agrees with the plants behind it, in the portal's own way of speaking."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sems_exporter.simulator import InverterSpec, Plant, PlantSpec, PvInputSpec, SimulatedClock, SimulatedPortal
from sems_exporter.simulator.plant.demo_plants import demo_plants
from tests.simulator.web_client import WebClient

HOLDER = "ENERGY_STORAGE_INTEGRATED_CABINET"
SUNNY, SEASIDE, BARNS = range(3)


def station(plants: list[Plant], index: int) -> str:
    return plants[index].spec.station_id


def test_stations_come_in_pages(portal: SimulatedPortal, client: WebClient, plants: list[Plant]) -> None:
    first, second, third = (client.stations(current=page, size=2)["data"] for page in (1, 2, 3))

    assert [row["id"] for row in first["dataList"] + second["dataList"]] == [p.spec.station_id for p in plants]
    assert [page["total"] for page in (first, second, third)] == [3, 3, 3]
    assert (second["current"], second["size"], third["dataList"]) == (2, 2, [])
    assert portal.requests[-1].endpoint == "stations"


def test_a_page_holds_a_hundred_stations_at_most(clock: SimulatedClock) -> None:
    spec = PlantSpec("", "Many", "UTC", 0.0, 0.0, (InverterSpec("SIM", 3000, (PvInputSpec(3000),)),))
    many = [Plant(spec, clock.now())] * 120
    with SimulatedPortal(many, clock=clock) as portal:
        client = WebClient(portal)
        client.login()
        page = client.stations(current=1, size=1000)["data"]

    assert (len(page["dataList"]), page["size"], page["total"]) == (100, 100, 120)


def test_a_station_row_says_what_the_plant_does(client: WebClient, plants: list[Plant], clock: SimulatedClock) -> None:
    row, state = client.stations()["data"]["dataList"][SUNNY], plants[SUNNY].state(clock.now())

    assert row["status"] == "1"
    assert row["timeZone"] == "Europe/Amsterdam"
    assert row["pvInstallP"] == 6.0
    assert row["productionToday"] == pytest.approx(state.energy.today.pv / 3.6e6, abs=0.005)
    assert row["productionTotal"] == pytest.approx(state.energy.lifetime.pv / 3.6e9, abs=0.0005)  # MWh


def test_station_info(client: WebClient, plants: list[Plant]) -> None:
    path = "/sems-plant/api/portal/stations/basic/info"
    home, seaside = (client.post(path, {}, stationId=station(plants, i))["data"] for i in (SUNNY, SEASIDE))

    assert home["zoneId"] == "Europe/Amsterdam"
    assert (home["batteryCapacity"], home["gridStatus"], home["powerStationType"]) == (10.0, "1", "2")
    assert home["chartMap"]["energy_flow"] == "pSystem,pBat,soc,pGrid,pConsum"
    assert "gridStatus" not in seaside
    assert seaside["chartMap"]["energy_flow"] == "pSystem,pGrid,pConsum"


def test_flow_balances_to_five_decimals(portal: SimulatedPortal, client: WebClient, plants: list[Plant]) -> None:
    directions = set()
    for _ in range(16):
        portal.clock.advance(5401)
        for index in (SUNNY, SEASIDE, BARNS):
            flow = client.flow(station(plants, index))["data"]
            pv, battery, grid = (flow.get(name, 0) for name in ("pSystem", "pBat", "pGrid"))
            assert round(pv + battery - grid, 5) == flow["pConsum"] > 0
            assert flow["pAc"] == pytest.approx(pv + battery, abs=1e-9)
            state = plants[index].state(portal.clock.now())
            assert flow["pConsum"] == pytest.approx(state.load_watts / 1000, abs=0.001)
            assert grid == pytest.approx(state.grid_watts / 1000, abs=0.0005)
            directions.add((battery > 0, battery < 0, grid > 0))
    assert len(directions) >= 5


def test_flow_leaves_out_what_does_not_exist(portal: SimulatedPortal, client: WebClient, plants: list[Plant]) -> None:
    seaside = client.flow(station(plants, SEASIDE))["data"]  # 20:30 in Melbourne
    home = client.flow(station(plants, SUNNY))["data"]

    assert seaside["status"] == "0"
    assert not {"pSystem", "pBat", "soc"} & set(seaside)
    assert seaside["flows"] == {"pGrid": ["pConsum"]}
    assert seaside["refreshTime"] == "2026-06-10T20:30:00"
    assert {"pSystem", "pBat", "soc", "pGrid", "pConsum"} <= set(home)
    assert home["refreshTime"] == "2026-06-10T12:30:00"

    portal.clock.advance(12 * 3600)
    night = client.flow(station(plants, SUNNY))["data"]
    assert "pSystem" not in night
    assert night["status"] == "1"
    assert night["pBat"] > 0


def test_refresh_time_follows_the_wall_clock() -> None:
    clock = SimulatedClock(datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), speed=0)
    with SimulatedPortal(clock=clock) as portal:
        client = WebClient(portal)
        client.login()
        home = client.stations()["data"]["dataList"][0]["id"]
        summer = client.flow(home)["data"]["refreshTime"]
        clock.advance(1)
        winter = client.flow(home)["data"]["refreshTime"]

    assert (summer, winter) == ("2026-10-25T02:59:00", "2026-10-25T02:00:00")


def test_an_unmetered_plant_says_nothing_at_night() -> None:
    clock = SimulatedClock(datetime(2026, 6, 10, 12, tzinfo=UTC), speed=0)
    spec = PlantSpec("id-1", "Bare", "UTC", 45.0, 0.0, (InverterSpec("SIM", 3000, (PvInputSpec(3000),)),))
    with SimulatedPortal([Plant(spec, clock.now())], clock=clock) as portal:
        client = WebClient(portal)
        client.login()
        day = client.flow("id-1")["data"]
        clock.advance(12 * 3600)
        night = client.flow("id-1")["data"]
        info = client.post("/sems-plant/api/portal/stations/basic/info", {}, stationId="id-1")["data"]

    assert day["pSystem"] > 0
    assert not {"pGrid", "pConsum", "pBat"} & set(day)
    assert night == {}
    assert info["chartMap"]["energy_flow"] == "pSystem"


def devices(client: WebClient, station_id: str) -> dict[str, dict[str, Any]]:
    """The rows of all-status by serial number, after checking how they are grouped."""
    data = client.get("/stations/device/all-status", stationId=station_id)["data"]
    found = {}
    for kind in data["deviceDetailList"]:
        for group in kind["statusDetailList"]:
            assert list(group["detailMap"]) == group["snList"] == list(group["isHemsMap"])
            for serial, row in group["detailMap"].items():
                assert (row["deviceType"], row["status"]) == (kind["deviceType"], group["status"])
                found[serial] = row
        assert kind["total"] == sum(group["total"] for group in kind["statusDetailList"])
    assert data["total"] == len(found)
    return found


def test_devices(client: WebClient, plants: list[Plant]) -> None:
    home, seaside, barns = (devices(client, station(plants, index)) for index in (SUNNY, SEASIDE, BARNS))

    assert {s: (d["deviceType"], d["status"], d.get("subtype")) for s, d in home.items()} == {
        "SIM5K0001": ("INVERTER", 5, "store"),
        "SIMMETER0001": ("SMART_METER", 1, "goodwe"),
        "SIMDONGLE0001": ("DONGLE", 1, None),
    }
    assert (seaside["SIM5K0011"]["status"], seaside["SIM5K0011"]["subtype"]) == (0, "grid")
    assert [s for s, d in barns.items() if d["deviceType"] == "INVERTER"] == ["SIM5K0021", "SIM5K0022"]


def test_hybrid_telemetry(client: WebClient, plants: list[Plant], clock: SimulatedClock) -> None:
    factors = client.factors("telemetry", "SIM5K0001", "INVERTER")
    inverter = plants[SUNNY].state(clock.now()).inverters[0]

    assert all(f["data"] is None or isinstance(f["data"], str) for f in factors.values())
    assert float(factors["pAc"]["data"]) == pytest.approx(inverter.ac_watts / 1000, abs=0.0005)
    assert float(factors["pDc"]["data"]) == pytest.approx(inverter.pv_watts / 1000, abs=0.05)
    assert factors["ISOLimit"]["data"] is None
    assert factors["storagePF"]["unit"] is None
    assert {"PHASE-A:Vac", "PHASE-B:Iac", "PHASE-C:Vac", "Fac"} <= set(factors)
    assert "Vac" not in factors
    for n in (1, 2):
        watts, volts, amperes = (float(factors[f"MPPT-{n}:{name}pv"]["data"]) for name in "PVI")
        assert volts * amperes / 1000 == pytest.approx(watts, abs=1e-5)
    units = {code: factor["unit"] for code, factor in factors.items()}
    assert (units["qAc"], units["hTotal"], units["Temperature"], units["ISOLimit"]) == ("kVar", "H", "℃", "kΩ")


def test_grid_inverter_telemetry(client: WebClient, portal: SimulatedPortal) -> None:
    asleep = client.factors("telemetry", "SIM5K0011", "INVERTER")
    portal.clock.advance(16 * 3600)  # half past twelve in Melbourne
    awake = client.factors("telemetry", "SIM5K0011", "INVERTER")

    assert "data" not in awake["ISOLimit"]
    assert "data" not in awake["LeakageCurrent"]
    assert "unit" not in awake["gridPF"]
    assert awake["gridPF"]["data"] == "-0.001"
    assert float(awake["pAc"]["data"]) > 0.1
    assert "pDc" not in awake
    assert (asleep["pAc"]["data"], asleep["Vac"]["data"]) == ("0", "0")
    assert asleep["sn"]["data"] == "SIM5K0011"


def test_meter_telemetry(client: WebClient, portal: SimulatedPortal) -> None:
    for hours in (0, 3, 8):
        portal.clock.advance(hours * 3600)
        factors = client.factors("telemetry", "SIMMETER0001", "SMART_METER")
        phases = [float(factors[f"PHASE-{p}:pAc"]["data"]) for p in "ABC"]
        assert round(sum(phases), 3) == float(factors["totalPac"]["data"])
        assert all(float(factors[f"PHASE-{p}:current"]["data"]) >= 0 for p in "ABC")


def test_batteries_hang_below_their_inverter(client: WebClient, plants: list[Plant], clock: SimulatedClock) -> None:
    for inverter in plants[BARNS].state(clock.now()).inverters:
        serial, battery = inverter.spec.serial, inverter.batteries[0]
        path = f"/equipments/{serial}/relatedDevices"
        (row,) = client.get(path, sn=serial, deviceType=HOLDER, pwId=station(plants, BARNS))["data"]
        factors = client.factors("telemetry", row["sn"], "BAT_SYS")

        assert (row["sn"], row["type"]) == (battery.spec.serial, "BAT_SYS")
        assert row["soc"] == int(factors["soc"]["data"]) == round(battery.state_of_charge * 100)
        assert row["pbat"] == float(factors["pBat"]["data"])
        assert row["pbat"] == pytest.approx(
            float(factors["voltage"]["data"]) * float(factors["a"]["data"]) / 1000, abs=1e-5
        )
        assert row["status"] == {1: 7, -1: 6, 0: 3}[(row["pbat"] > 0) - (row["pbat"] < 0)]
        assert client.get(path, sn=serial, deviceType="INVERTER")["data"] == []


def test_counters_agree_everywhere(client: WebClient, plants: list[Plant], clock: SimulatedClock) -> None:
    for index, plant in enumerate(plants):
        energy = plant.state(clock.now()).energy
        local = clock.now().astimezone(plant.zone).date().isoformat()
        rows = _statistics(client, station(plants, index), "day", local, local)
        total = sum(
            float(client.factors("telecounting", i.serial, "INVERTER")["proPvStatsToday"]["data"])
            for i in plant.spec.inverters
        )
        meter = client.factors("telecounting", str(plant.spec.meter_serial), "SMART_METER")

        assert rows["proSystemTotalStats"] == {local: round(energy.today.pv / 3.6e6, 2)}
        assert total == pytest.approx(energy.today.pv / 3.6e6, abs=0.011)
        assert rows["proPurchaseStats"][local] == float(meter["proPurchaseStatsToday"]["data"])
        assert float(meter["proGridStatsTotal"]["data"]) == round(energy.lifetime.grid_export / 3.6e6, 2)
        assert len(meter["proGridStatsTotal"]["data"].partition(".")[2]) == 6


def _statistics(client: WebClient, station_id: str, dimension: str, first: str, last: str) -> dict[str, dict[str, Any]]:
    body = {"stationId": station_id, "dimension": dimension, "isReport": False}
    body |= {"startTime": f"{first} 00:00:00", "endTime": f"{last} 23:59:59"}
    answer = client.post("/sems-plant/api/stations/statistics", body)
    return {s["item"]: {v["date"]: v["val"] for v in s["statisticsList"]} for s in answer["data"]["dataList"]}


def test_a_grid_inverter_counts_no_battery(client: WebClient) -> None:
    codes = set(client.factors("telecounting", "SIM5K0011", "INVERTER"))

    assert {"proPvStatsToday", "proPvStatsTotal", "ratedPower"} <= codes
    assert not [code for code in codes if code.startswith(("proChar", "proDischar"))]


def test_statistics_by_day_month_and_year(
    client: WebClient, plants: list[Plant], portal: SimulatedPortal, clock: SimulatedClock
) -> None:
    portal.clock.advance(3 * 86400)
    home, energy = station(plants, SUNNY), plants[SUNNY].state(clock.now()).energy

    days = _statistics(client, home, "day", "2026-06-01", "2026-06-30")["proConsumStats"]
    months = _statistics(client, home, "month", "2026-01-01", "2026-06-30")["proConsumStats"]
    year = _statistics(client, home, "year", "2026-01-01", "2026-12-31")["proConsumStats"]
    two_years = _statistics(client, home, "year", "2025-01-01", "2026-12-31")["proConsumStats"]

    assert len(days) == 30
    assert sum(days.values()) == pytest.approx(energy.month.load / 3.6e6, abs=0.2)
    assert months["2026-06"] == round(energy.month.load / 3.6e6, 2)
    assert year == {"2026": round(energy.year.load / 3.6e6, 2)}
    assert two_years == {"2025": 0, "2026": 0}


def test_production_returns_what_was_asked_for(client: WebClient, plants: list[Plant]) -> None:
    body = {"stationId": station(plants, SEASIDE), "items": ["proSystemTotalStats", "profitProStats", "unknown"]}
    body |= {"dimension": "day", "startTime": "2026-06-10 00:00:00", "endTime": "2026-06-10 23:59:59"}

    data = client.post("/sems-plant/api/stations/production", body)["data"]

    assert set(data) == {"proSystemTotalStats", "profitProStats", "currency"}
    assert data["currency"] == "AUD"


@pytest.mark.parametrize(
    "change,code",
    [({"dimension": "total"}, "S0327"), ({"startTime": "yesterday"}, "P0214"), ({"stationId": "x"}, "100025")],
)
def test_bad_statistics_requests(client: WebClient, plants: list[Plant], change: dict[str, str], code: str) -> None:
    body = {"stationId": station(plants, SUNNY), "dimension": "day", "startTime": "2026-06-10", "endTime": "2026-06-10"}

    answer = client.post("/sems-plant/api/stations/statistics", body | change)

    assert answer["code"] == code
    assert "data" not in answer


def test_quiet_corners(client: WebClient, plants: list[Plant], portal: SimulatedPortal) -> None:
    ids = {"stationIds": [station(plants, SUNNY)]}
    counts = client.post("/sems-alarm/api/alarm/statistics", ids)["data"]
    page = client.post("/sems-alarm/api/v2/alarm/page", ids | {"pageIndex": 1, "pageSize": 20})["data"]
    user = client.call("GET", "/sems-user/api/v1/user/get-user").json()["data"]
    version = client.http.get(f"http://127.0.0.1:{portal.port}/version.json", params={"t": "1"}, timeout=30).json()
    info = client.get("/equipments/SIM5K0001/information", deviceType="INVERTER")["data"]
    meter = client.get("/equipments/SIMMETER0001/information", deviceType="SMART_METER")["data"]

    assert counts == {"total": "0", "happened": "0", "recovery": "0"}
    assert (page["dataList"], page["total"], page["size"]) == ([], 0, 20)
    assert user["email"] == "demo@example.com"
    assert "code" not in version
    assert {"code": "modelType", "data": "SIM6K-ET", "alias": "model"} in info
    assert {"code": "deviceName", "data": "SIMMETER0001", "alias": "name_1"} in meter


def test_a_dongle_has_no_values(client: WebClient) -> None:
    telemetry, counters = (
        client.get(f"/equipments/SIMDONGLE0001/{kind}", deviceType="DONGLE") for kind in ("telemetry", "telecounting")
    )

    assert (telemetry["code"], telemetry["data"]) == ("00000", [])
    assert counters["code"] == "00000"
    assert "data" not in counters


def test_what_is_not_yours_is_refused(client: WebClient, plants: list[Plant]) -> None:
    foreign = station(plants, BARNS)

    assert client.flow("nobody")["code"] == "100025"
    assert client.get("/equipments/NOBODY/telemetry", deviceType="INVERTER")["code"] == "100025"
    assert client.get("/equipments/SIM5K0001/telemetry", deviceType="INVERTER", pwId=foreign)["code"] == "100025"
    assert client.post("/sems-alarm/api/alarm/statistics", {"stationIds": ["nobody"]})["code"] == "100025"


def test_unknown_routes_are_404_without_a_code(client: WebClient, portal: SimulatedPortal) -> None:
    for method, path in (("GET", "/api/v3/Common/CrossLogin"), ("GET", "/sems-plant/api/portal/stations/page")):
        answer = client.call(method, path)
        assert (answer.status_code, answer.json()) == (404, {"error_msg": "404 Route Not Found"})
    assert portal.requests[-1].outcome == "http-404"


def test_more_plants_than_the_fixed_ones_answer_too() -> None:
    clock = SimulatedClock(datetime(2026, 12, 20, 11, tzinfo=UTC), speed=0)
    with SimulatedPortal(demo_plants(5, clock=clock), clock=clock) as portal:
        client = WebClient(portal)
        client.login()
        for row in client.stations(size=100)["data"]["dataList"]:
            for serial, device in devices(client, row["id"]).items():
                answer = client.get(f"/equipments/{serial}/telemetry", deviceType=device["deviceType"])
                assert answer["code"] == "00000"
            assert client.flow(row["id"])["data"]["pConsum"] > 0


def test_values_move_with_the_simulated_minutes(
    portal: SimulatedPortal, client: WebClient, plants: list[Plant]
) -> None:
    home = station(plants, SUNNY)
    first = client.flow(home)["data"]
    portal.clock.advance(timedelta(seconds=39).total_seconds())
    same = client.flow(home)["data"]
    portal.clock.advance(1)
    later = client.flow(home)["data"]

    assert first == same
    assert later["pConsum"] != first["pConsum"]
    assert later["refreshTime"] == "2026-06-10T12:31:00"
