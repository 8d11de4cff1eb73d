"""The portal as the clients of others ask it: what each sends and needs, written from descriptions of their wire."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sems_exporter.simulator import Plant, SimulatedClock, SimulatedPortal, demo_plants
from tests.simulator.classic_client import ClassicClient
from tests.simulator.web_client import WebClient

NOON = datetime(2026, 6, 10, 10, 30, 20, tzinfo=UTC)
HOME, CABINET, NO_METER, NIGHT, MAKERS, CHINA = 0, 3, 4, 5, 6, 7
WHOLE_DAY = ("00:00:00", "23:59:59")

EIGHT_OWNED = demo_plants(8, clock=SimulatedClock(NOON, speed=0))


@pytest.fixture
def portal() -> Iterator[SimulatedPortal]:
    with SimulatedPortal(EIGHT_OWNED, clock=SimulatedClock(NOON, speed=0), dialects=("semsplus", "classic")) as portal:
        yield portal


@pytest.fixture
def client(portal: SimulatedPortal) -> WebClient:
    client = WebClient(portal)
    client.login()
    return client


def plant(place: int) -> Plant:
    return EIGHT_OWNED[place]


def key(place: int) -> str:
    return plant(place).spec.station_id


def curve(client: WebClient, place: int, first: str, last: str, *items: str) -> dict[str, dict[str, Any]]:
    """The curves by item."""
    body = {"stationId": key(place), "items": list(items), "timeScale": 1, "timeZone": -2}
    body |= {"startTime": f"{first} {WHOLE_DAY[0]}", "endTime": f"{last} {WHOLE_DAY[1]}"}
    answer = client.post("/sems-plant/api/v1/hems/power/statisticsAndPreV2", body)
    assert answer["code"] == "00000"
    return {series["item"]: series for series in answer["data"]["dataList"]}


def statistics(client: WebClient, place: int, dimension: str, first: str, last: str) -> dict[str, Any]:
    body = {"stationId": key(place), "dimension": dimension, "isReport": False}
    body |= {"startTime": f"{first} {WHOLE_DAY[0]}", "endTime": f"{last} {WHOLE_DAY[1]}"}
    return dict(client.post("/sems-plant/api/stations/statistics", body)["data"])


def values_of(answer: dict[str, Any], item: str) -> list[float]:
    return [row["val"] for series in answer["dataList"] if series["item"] == item for row in series["statisticsList"]]


class TestTokens:
    """The token header of a living client is a subset, has an `api` of its own, or is whole."""

    SUBSET = ("uid", "token", "timestamp", "client")

    def test_four_fields_are_enough(self, client: WebClient) -> None:
        client.session = {name: client.session[name] for name in self.SUBSET}

        assert client.flow(key(HOME))["code"] == "00000"

    def test_another_api_is_let_in(self, client: WebClient) -> None:
        client.session |= {"api": "https://eu-gateway.semsportal.com/web/sems", "timestamp": "changed"}
        assert client.flow(key(HOME))["code"] == "C0602"

        client.login()
        client.session["api"] = "https://eu-gateway.semsportal.com/web/sems"
        assert client.flow(key(HOME))["code"] == "00000"

    @pytest.mark.parametrize("missing", ["uid", "timestamp", "client"])
    def test_less_is_not_enough(self, client: WebClient, missing: str) -> None:
        del client.session[missing]

        assert client.flow(key(HOME))["code"] == "C0602"

    def test_a_dead_session_is_told_by_either_code(self, portal: SimulatedPortal, client: WebClient) -> None:
        for code in ("100002", "C0602", "100002"):
            portal.expire_session()
            assert client.flow(key(HOME))["code"] == code
            client.login()

        for code in ("C0602", "100002"):
            portal.web.dead_session = code  # type: ignore[assignment]
            portal.expire_session()
            assert client.flow(key(HOME))["code"] == code
            client.login()


class TestFiveClients:
    """Sign-in, list, flow, devices, values and totals, each in the way of one client."""

    def test_one_that_is_told_its_station(self, client: WebClient) -> None:
        """Rebuilds the token, and reads lifetime from the counters."""
        client.session = {name: client.session[name] for name in TestTokens.SUBSET}
        flow = client.flow(key(HOME))["data"]
        groups = client.get(f"/stations/device/all-status?stationId={key(HOME)}")["data"]["deviceDetailList"]
        serial = next(g["statusDetailList"][0]["snList"][0] for g in groups if g["deviceType"] == "INVERTER")

        assert flow["pSystem"] + flow["pBat"] - flow["pGrid"] == pytest.approx(flow["pConsum"], abs=1e-5)
        assert float(client.factors("telemetry", serial, "INVERTER")["pDc"]["data"]) > 0
        assert float(client.factors("telecounting", serial, "INVERTER")["proPvStatsTotal"]["data"]) > 1000

    def test_one_that_goes_by_the_page_of_devices(self, client: WebClient) -> None:
        """Has no other list of devices; reads racks, and the signal at the dongle."""
        body = {"stationId": key(CABINET), "current": 1, "size": 100}
        rows = client.post("/sems-plant/api/web/device/station/page", body)["data"]["dataList"]
        info = client.post("/sems-plant/api/app/v2/stations/basic/info", {}, stationId=key(CABINET))["data"]
        kinds = {row["sn"]: row["deviceType"] for row in rows}
        racks = [serial for serial, kind in kinds.items() if kind == "BATTERY_RACK"]
        [system] = client.get(
            "/equipments/SIMAIO0031/relatedDevices", sn="SIMAIO0031", deviceType="ENERGY_STORAGE_INTEGRATED_CABINET"
        )["data"]
        told = [client.factors("telemetry", rack, "BATTERY_RACK") for rack in racks]
        counted = [client.factors("telecounting", rack, "BATTERY_RACK") for rack in racks]
        whole = client.factors("telecounting", "SIMAIO0031", "ENERGY_STORAGE_INTEGRATED_CABINET")
        dongle = {row["code"]: row["data"] for row in client.get("/equipments/SIMDONGLE0031/information")["data"]}

        assert kinds["SIMAIO0031"] == "ALL_IN_ONE"
        assert (info["isAllInOne"], info["installedPower"], info["pvCapacity"]) == (True, 5.0, 6.4)
        assert len(racks) == 2
        assert sum(float(factors["pBat"]["data"]) for factors in told) == pytest.approx(system["pbat"], abs=1e-4)
        assert {factors["vMaxCell"]["unit"] for factors in told} == {"mV"}
        total = sum(float(factors["proCharStatsTotal"]["data"]) for factors in counted)
        assert total == pytest.approx(float(whole["proCharStatsTotal"]["data"]), abs=0.02)
        assert dongle["wirelessSignalStrength"].startswith("-")
        assert {"communicationMode", "commModuleVer"} <= dongle.keys()
        behind = client.get("/equipments/SIMDONGLE0031/relatedDevices", deviceType="DONGLE")["data"]
        assert [row["sn"] for row in behind] == ["SIMAIO0031"]

    def test_one_that_lists_stations_the_short_way(self, portal: SimulatedPortal, client: WebClient) -> None:
        """Looks at the front page before it signs in; an installer's list is empty."""
        body = {"pageIndex": 1, "pageSize": 50}
        page = client.http.get(f"{portal.base}/", timeout=30)
        listed = client.post("/sems-plant/api/stations/simple-query", body)["data"]
        portal.web.installer = True
        empty = client.post("/sems-plant/api/stations/simple-query", body)["data"]

        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert [row["id"] for row in listed["dataList"]] == [owned.spec.station_id for owned in EIGHT_OWNED]
        assert empty["dataList"] == []
        assert client.stations()["data"]["total"] == 8

    def test_one_that_wants_the_live_feed(self, client: WebClient) -> None:
        """Is led to a broker on this machine, which there is not, and never to the real one."""
        enabled = client.get("/second-data/enable", stationId=key(HOME))
        config = client.get("/second-data/config")["data"]
        parts = client.get(f"/stations/{key(HOME)}")["data"]

        assert enabled["data"] is True
        assert {"clientId", "userName", "password"} <= config.keys()
        assert config["brokerUrl"].startswith("ws://127.0.0.1:")
        assert parts["baseInfo"]["stationId"] == key(HOME)
        assert parts["addressInfo"]["timeZone"] == "Europe/Amsterdam"

    def test_one_of_the_classic_kind(self, portal: SimulatedPortal) -> None:
        """Adds a slash to a base that ends in one, and knows stations from the page of past reports."""
        client = ClassicClient(portal)
        client.login()
        named = client.call("/v2/HistoryData/QueryPowerStationByHistory")["data"]["list"]
        detail = client.call("/v3/PowerStation/GetMonitorDetailByPowerstationId", powerStationId=key(HOME))["data"]

        assert {"id": key(HOME), "pw_name": "Sunny Home"} in named
        assert detail["info"]["powerstation_id"] == key(HOME)
        assert detail["inverter"][0]["invert_full"]["etotal"] > 1000


class TestCurve:
    """Power by the minute, of days before the simulation and in it."""

    @pytest.mark.parametrize("place", range(8))
    @pytest.mark.parametrize("day", ["2026-03-02", "2026-06-09", "2026-06-10"])
    def test_it_adds_up_to_the_energies_of_the_day(self, client: WebClient, place: int, day: str) -> None:
        items = ("pSystem", "pConsum", "pGrid", "pBat", "soc")
        curves = curve(client, place, day, day, *items)
        counted = statistics(client, place, "day", day, day)

        def sums(item: str) -> tuple[float, float]:
            """Kilowatt hours above and below zero."""
            powers = [point["power"] for point in curves[item]["powerData"] if point["power"] is not None]
            return sum(max(0.0, p) for p in powers) / 60.0, sum(max(0.0, -p) for p in powers) / 60.0

        def close(value: float, item: str) -> bool:
            # Of today the curve has the whole of the minute under way.
            minute = 0.4 if day == "2026-06-10" else 0.05
            return value == pytest.approx(values_of(counted, item)[0], rel=0.01, abs=minute)

        assert close(sums("pSystem")[0], "proSystemTotalStats")
        if plant(place).spec.metered:
            assert close(sums("pConsum")[0], "proConsumStats")
            assert close(sums("pGrid")[0], "proGridStats")
            assert close(sums("pGrid")[1], "proPurchaseStats")
        if len(plant(place).spec.batteries) == 1:
            assert close(sums("pBat")[0], "proDischarStats")
            assert close(sums("pBat")[1], "proCharStats")
            assert all(0 <= p["power"] <= 100 for p in curves["soc"]["powerData"] if p["power"] is not None)

    def test_fillers_are_null_and_the_night_is_missing(self, client: WebClient) -> None:
        points = curve(client, CHINA, "2026-06-08", "2026-06-08", "pSystem")["pSystem"]["powerData"]
        fillers = [point["tp"] for point in points if point.get("isCE")]
        first = next(point["tp"] for point in points if point["power"] is not None)

        assert fillers[0] == "2026-06-08 00:00:00"
        assert fillers[-1] == "2026-06-08 23:59:00"
        assert datetime.fromisoformat(first) - datetime.fromisoformat(fillers[1]) == timedelta(minutes=1)
        assert {point["power"] for point in points if point.get("isCE")} == {None}
        assert len(points) < 1000

    def test_today_ends_now(self, client: WebClient) -> None:
        points = curve(client, HOME, "2026-06-10", "2026-06-10", "pSystem")["pSystem"]["powerData"]

        assert [point["tp"] for point in points[-2:]] == ["2026-06-10 12:30:00", "2026-06-10 23:59:00"]
        assert points[-1] == {"tp": "2026-06-10 23:59:00", "power": None, "isCE": True}

    def test_each_item_has_its_unit_and_two_come_unasked(self, client: WebClient) -> None:
        curves = curve(client, HOME, "2026-06-09", "2026-06-09", "soc", "pBat", "pThird")

        assert {item: series["unit"] for item, series in curves.items()} == {
            "soc": "%",
            "pBat": "kW",
            "sell": "kWh",
            "buy": "kWh",
        }
        assert curves["sell"]["currency"] == "EUR"
        assert curves["sell"]["powerData"][0] == {"tp": "2026-06-09 10:00:00", "power": None, "price": ""}

    def test_a_week_is_accepted_and_not_more(self, client: WebClient) -> None:
        week = curve(client, HOME, "2026-06-04", "2026-06-10", "pConsum")["pConsum"]["powerData"]
        body = {"stationId": key(HOME), "items": [], "startTime": "2026-06-01", "endTime": "2026-06-10"}

        assert len({point["tp"][:10] for point in week}) == 7
        assert client.post("/sems-plant/api/v1/hems/power/statisticsAndPreV2", body)["code"] == "P0215"

    def test_there_is_nothing_before_the_commissioning(self, client: WebClient) -> None:
        assert curve(client, HOME, "2023-03-20", "2023-03-25", "pSystem") == {}


class TestRarePlants:
    """What makes each of them rare."""

    def test_a_hybrid_without_a_meter_still_knows_the_grid(self, client: WebClient) -> None:
        flow = client.flow(key(NO_METER))["data"]
        listed = client.get(f"/stations/device/all-status?stationId={key(NO_METER)}")["data"]["deviceDetailList"]

        assert {"pGrid", "pConsum"} <= flow.keys()
        assert {group["deviceType"] for group in listed} == {"INVERTER", "DONGLE", "BATTERY_RACK", "EV_CHARGER"}

    def test_it_does_so_in_the_classic_dialect_too(self, portal: SimulatedPortal) -> None:
        client = ClassicClient(portal)
        client.login()
        detail = client.monitor(key(NO_METER))
        grid = plant(NO_METER).state(portal.clock.now()).grid_watts

        assert detail["inverter"][0]["invert_full"]["pmeter"] == pytest.approx(grid, abs=1)
        assert detail["powerflow"]["grid"] == f"{abs(round(grid))}(W)"

    def test_a_battery_that_the_grid_charges_makes_rates_that_do_not_add_up(
        self, portal: SimulatedPortal, client: WebClient
    ) -> None:
        portal.clock.set(datetime(2026, 6, 11, 1, 0, tzinfo=UTC))
        flow = client.flow(key(NIGHT))["data"]
        for day in ("2026-03-02", "2026-06-10"):
            told = statistics(client, NIGHT, "day", day, day)
            assert told["contributionRate"] + told["proPurchaseRate"] > 100.5
            assert told["production"] == pytest.approx(told["proSelfConsum"] + told["proGrid"], abs=0.02)

        assert flow["pBat"] < 0 > flow["pGrid"]
        assert flow["flows"]["pGrid"] == ["pConsum", "pBat"]
        rows = client.get(
            "/equipments/SIM5K0051/relatedDevices", sn="SIM5K0051", deviceType="ENERGY_STORAGE_INTEGRATED_CABINET"
        )["data"]
        assert [row["name"] for row in rows] == ["BAT1", "BAT2"]

    def test_another_makers_power_is_part_of_the_balance(self, client: WebClient) -> None:
        flow = client.flow(key(MAKERS))["data"]

        assert flow["pThird"] > 0.1
        assert flow["pSystem"] + flow["pThird"] - flow["pGrid"] == pytest.approx(flow["pConsum"], abs=1e-5)

    def test_the_chinese_gateway_has_names_of_its_own(self, client: WebClient) -> None:
        groups = client.get("/equipments/SIM5K0071/telecounting", deviceType="INVERTER_GRID")["data"]

        assert "telecounting_total" in [group["code"] for group in groups]
        assert "telecounting_lifetime" not in [group["code"] for group in groups]
        assert not any("alias" in group for group in groups)

    def test_what_a_plant_cannot_know_is_left_out_of_its_statistics(self, client: WebClient) -> None:
        told = statistics(client, CHINA, "month", "2026-01-01", "2026-06-30")
        before = statistics(client, CHINA, "year", "2024-01-01", "2024-12-31")
        year = statistics(client, HOME, "year", "2026-01-01", "2026-12-31")

        assert [series["item"] for series in told["dataList"]] == ["proSystemTotalStats"]
        assert not {"proGrid", "proGridRate", "contributionRate"} & told.keys()
        assert before == {"dataList": [], "hasProfit": False}
        assert [row["date"] for row in year["dataList"][0]["statisticsList"]] == ["2026"]
        assert "proGridRate" not in year


class TestCharger:
    """A car that charges, and a charger where none ever stands."""

    def detail(self, client: WebClient, **body: str) -> dict[str, Any]:
        return client.post("/sems-remote/api/ev-charger/detail", body)

    def test_its_details_want_its_model(self, client: WebClient) -> None:
        items = client.call("GET", "/sems-remote/api/ev-charger/control-item-content-list/SIMEV0031").json()["data"]

        assert self.detail(client, sn="SIMEV0031")["code"] == "R0219"
        detail = self.detail(client, sn="SIMEV0031", productModel=items["productModel"])["data"]
        assert (detail["chargedNow"], detail["chargePowerSetted"]) == (170, 7.4)

    def test_power_is_told_only_while_a_car_charges(self, portal: SimulatedPortal, client: WebClient) -> None:
        def latest(serial: str) -> dict[str, Any]:
            return dict(client.get("/v1/chargePile/getLastCharge", chargeSn=serial)["data"]["chargeLog"])

        idle, empty = latest("SIMEV0031"), latest("SIMEV0041")
        begin = idle_until_charging(portal)
        charging = latest("SIMEV0031")

        assert (idle["workStu"], charging["workStu"]) == (8, 6)
        assert idle["currentChargeQuantity"] > 1.0
        assert "pevChar" not in idle
        assert charging["pevChar"] == 7.4 == client.flow(key(CABINET))["data"]["pEvChar"]
        assert charging["chargeTimeLength"] <= 11, begin
        assert (empty["workStu"], "currentChargeQuantity" in empty) == (8, False)

    def test_sessions_that_ended_are_listed_page_by_page(self, client: WebClient) -> None:
        body = {"sn": "SIMEV0031", "startTime": "2026-05-01", "endTime": "2026-05-31", "pageNum": 2, "pageSize": 20}
        page = client.post("/sems-plant/api/v1/chargePile/queryChargeLogList", body)["data"]

        assert (page["total"], page["current"], len(page["dataList"])) == (31, 2, 11)
        row = page["dataList"][-1]
        assert row["chargeStartTime"].startswith("2026-05-01 ")
        assert row["chargeSerialNumber"].startswith("SIMEV003120260501")
        assert (row["purElec"], row["chargeEndCause"]) == (0, "abnormal_stop")


def idle_until_charging(portal: SimulatedPortal) -> datetime:
    """Move on, ten minutes at a time, until a car charges at the cabinet."""
    while not (charger := plant(CABINET).state(portal.clock.now()).ev_charger) or not charger.watts:
        portal.clock.advance(600)
    return portal.clock.now()


def test_a_request_is_noted_at_the_time_it_came(portal: SimulatedPortal, client: WebClient) -> None:
    """Whoever gives up may set the clock on before the answer is ready."""
    came = portal.clock.now()

    def slowly(_envelope: dict[str, Any], _parameters: Any) -> None:
        portal.clock.advance(90)

    portal.mutate("flow", slowly)
    client.flow(key(HOME))

    assert portal.requests[-1].instant == came
    assert portal.wait_for_answer(portal.answered - 1, 0)
    assert not portal.wait_for_answer(portal.answered, 0)
    assert portal.requests[-1].outcome == "00000"
