"""What the portal tells of past days: curves by the minute, energies by day, month and year, in both dialects."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import correlation
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sems_exporter.simulator import Plant, PlantSpec, SimulatedClock, SimulatedPortal, demo_plants
from tests.simulator.classic_client import ClassicClient
from tests.simulator.web_client import WebClient

CURVE = "/sems-plant/api/v1/hems/power/statisticsAndPreV2"
POWERS = ("pSystem", "pConsum", "pGrid", "pBat")
NOON = datetime(2026, 10, 25, 11, 30, 20, tzinfo=UTC)
HOME, SEASIDE, NIGHT = 0, 1, 5
SPRING, AUTUMN = "2026-03-29", "2026-10-25"


@pytest.fixture(scope="module")
def owned() -> list[Plant]:
    """Begun on the day that has 25 hours."""
    return demo_plants(6, clock=SimulatedClock(NOON, speed=0))


@pytest.fixture
def portal(owned: list[Plant]) -> Iterator[SimulatedPortal]:
    clock = SimulatedClock(NOON, speed=0)
    with SimulatedPortal(owned, clock=clock, dialects=("semsplus", "classic")) as portal:
        yield portal


@pytest.fixture
def client(portal: SimulatedPortal) -> WebClient:
    return signed_in(portal)


def signed_in(portal: SimulatedPortal) -> WebClient:
    client = WebClient(portal)
    client.login()
    return client


def ask(client: WebClient, plant: Plant, first: str, last: str, *items: str, path: str = CURVE) -> dict[str, Any]:
    body = {"items": list(items), "timeScale": 1, "timeZone": -2}
    body |= {"startTime": f"{first} 00:00:00", "endTime": f"{last} 23:59:59"}
    return client.post(path, body if path != CURVE else body | {"stationId": plant.spec.station_id})


def curve(client: WebClient, plant: Plant, first: str, last: str, *items: str) -> dict[str, list[tuple[str, float]]]:
    """The points of each item that have a value."""
    answer = ask(client, plant, first, last, *items)
    assert answer["code"] == "00000"
    return {
        series["item"]: [(point["tp"], point["power"]) for point in series["powerData"] if point["power"] is not None]
        for series in answer["data"]["dataList"]
        if series["item"] in items
    }


def energies(client: WebClient, plant: Plant, dimension: str, first: str, last: str) -> dict[str, dict[str, Any]]:
    """Energies by item and row."""
    body = {"stationId": plant.spec.station_id, "dimension": dimension, "isReport": False}
    body |= {"startTime": f"{first} 00:00:00", "endTime": f"{last} 23:59:59"}
    answer = client.post("/sems-plant/api/stations/statistics", body)["data"]
    return {s["item"]: {row["date"]: row["val"] for row in s["statisticsList"]} for s in answer["dataList"]}


def kilowatt_hours(points: list[tuple[str, float]], sign: int = 1) -> float:
    return sum(max(0.0, sign * power) for _, power in points) / 60.0


class TestDays:
    """One day of each kind: estimated ones, simulated ones, and those with 23 and 25 hours."""

    @pytest.mark.parametrize("place", range(6))
    @pytest.mark.parametrize("day,hours", [(SPRING, 23), ("2025-10-26", 25), ("2025-12-21", 24), ("2025-06-21", 24)])
    def test_the_curve_adds_up_to_the_energies(
        self, client: WebClient, owned: list[Plant], place: int, day: str, hours: int
    ) -> None:
        plant = owned[place]
        curves = curve(client, plant, day, day, *POWERS)
        told = {item: rows[day] for item, rows in energies(client, plant, "day", day, day).items()}

        if plant.spec.zone.startswith("Europe/"):
            assert len(curves["pConsum"]) == hours * 60
        found = {
            "proSystemTotalStats": kilowatt_hours(curves["pSystem"]),
            "proConsumStats": kilowatt_hours(curves["pConsum"]),
            "proGridStats": kilowatt_hours(curves["pGrid"]),
            "proPurchaseStats": kilowatt_hours(curves["pGrid"], -1),
        }
        if "pBat" in curves:
            found |= {"proDischarStats": kilowatt_hours(curves["pBat"])}
            found |= {"proCharStats": kilowatt_hours(curves["pBat"], -1)}
        assert found == pytest.approx({item: told[item] for item in found}, rel=0.005, abs=0.05)

    @pytest.mark.parametrize("place", range(6))
    @pytest.mark.parametrize("day", ["2025-06-21", "2025-12-21"])
    def test_every_minute_is_possible(self, client: WebClient, owned: list[Plant], place: int, day: str) -> None:
        spec = owned[place].spec
        curves = {item: dict(points) for item, points in curve(client, owned[place], day, day, *POWERS, "soc").items()}
        charge, discharge = (
            sum(getattr(battery, f"max_{way}_watts") for battery in spec.batteries) / 1000.0
            for way in ("charge", "discharge")
        )

        for when, load in curves["pConsum"].items():
            pv, battery = curves["pSystem"].get(when, 0.0), curves.get("pBat", {}).get(when, 0.0)
            assert pv + battery - curves["pGrid"][when] == pytest.approx(load, abs=0.0025)
            assert 0.0 <= pv <= sum(inverter.rated_watts for inverter in spec.inverters) / 1000.0
            assert 0.0 <= load < 15.0
            if spec.ev_charger is None:  # a car may take more of the day's estimate than the battery gives at once
                assert -charge - 0.001 <= battery <= discharge + 0.001
        if spec.batteries:
            assert all(0 <= charge <= 100 for charge in curves["soc"].values())
            assert max(curves["soc"].values()) > min(curves["soc"].values())

    @pytest.mark.parametrize("place", [HOME, SEASIDE])
    def test_sun_and_clouds_are_those_of_the_live_plant(self, owned: list[Plant], place: int) -> None:
        """A plant that began earlier lives through a day that this one only estimates."""
        day = date(2026, 9, 14)
        earlier = Plant(owned[place].spec, datetime(2026, 9, 14, 12, tzinfo=UTC))
        lived, told = ([minute.pv_watts for minute in plant.minutes(day, NOON)] for plant in (earlier, owned[place]))

        assert len(lived) == len(told) == 1440
        assert correlation(lived, told) > 0.98

    def test_the_repeated_hour_comes_twice_in_order(
        self, portal: SimulatedPortal, client: WebClient, owned: list[Plant]
    ) -> None:
        points = curve(client, owned[HOME], AUTUMN, AUTUMN, "pConsum")["pConsum"]
        times = [when[11:16] for when, _ in points]
        portal.web.hour_twice = False
        once = curve(client, owned[HOME], AUTUMN, AUTUMN, "pConsum")["pConsum"]

        assert [later for earlier, later in pairwise(times) if later < earlier] == ["02:00"]
        assert times.count("02:30") == 2
        assert len(points) - len(once) == 60
        assert len(dict(once)) == len(once)
        assert dict(once) == dict(points)

    def test_the_hour_that_is_left_out_is_no_hole(self, client: WebClient, owned: list[Plant]) -> None:
        answer = ask(client, owned[HOME], SPRING, SPRING, "pConsum")["data"]["dataList"][0]["powerData"]
        times = [point["tp"][11:16] for point in answer if point["power"] is not None]

        assert [pair for pair in pairwise(times) if pair[0] == "01:59"] == [("01:59", "03:00")]

    def test_the_latest_minute_is_what_the_flow_says(self, client: WebClient, owned: list[Plant]) -> None:
        curves = curve(client, owned[HOME], AUTUMN, AUTUMN, *POWERS, "soc")
        flow = client.flow(owned[HOME].spec.station_id)["data"]

        for item, points in curves.items():
            assert points[-1][0] == flow["refreshTime"].replace("T", " ")
            assert points[-1][1] == pytest.approx(flow[item], abs=1.0 if item == "soc" else 0.001), item


class TestWindows:
    """What may be asked for, and what is not there."""

    def test_too_long_and_backwards_windows_are_refused(self, client: WebClient, owned: list[Plant]) -> None:
        assert ask(client, owned[HOME], "2026-05-01", "2026-05-08", "pSystem")["code"] == "P0215"
        assert ask(client, owned[HOME], "2026-05-02", "2026-05-01", "pSystem")["code"] == "P0215"
        assert ask(client, owned[HOME], "May", "June", "pSystem")["code"] == "P0214"

    def test_a_window_over_the_commissioning_begins_there(self, client: WebClient, owned: list[Plant]) -> None:
        points = curve(client, owned[HOME], "2023-03-29", "2023-04-02", "pConsum")["pConsum"]
        rows = energies(client, owned[HOME], "day", "2023-03-01", "2023-04-30")["proConsumStats"]

        assert points[0][0] == "2023-04-01 00:00:00"
        assert (min(rows), len(rows)) == ("2023-04-01", 30)

    def test_tomorrow_is_empty(self, client: WebClient, owned: list[Plant]) -> None:
        assert ask(client, owned[HOME], "2026-10-26", "2026-10-26", "pConsum")["data"] == {"dataList": []}

    def test_the_call_that_names_its_station_by_path(self, client: WebClient, owned: list[Plant]) -> None:
        path = f"/sems-plant/api/v1/hems/power/{owned[HOME].spec.station_id}"
        by_path, by_body = (
            ask(client, owned[HOME], "2026-10-01", "2026-10-01", "pSystem", path=path) for path in (path, CURVE)
        )

        assert by_path["data"] == by_body["data"]

    def test_the_portal_may_forget_its_minutes(
        self, portal: SimulatedPortal, client: WebClient, owned: list[Plant]
    ) -> None:
        portal.web.minutes_kept = 30
        points = curve(client, owned[HOME], "2026-09-23", "2026-09-27", "pConsum")["pConsum"]

        assert points[0][0][:10] == "2026-09-25"
        assert ask(client, owned[HOME], "2026-08-01", "2026-08-07", "pConsum")["data"] == {"dataList": []}
        assert energies(client, owned[HOME], "day", "2026-08-01", "2026-08-07")["proConsumStats"]["2026-08-07"] > 1.0


class TestLostHours:
    """Hours in which the portal heard nothing, although the plant went on."""

    @pytest.fixture
    def spec(self) -> PlantSpec:
        return demo_plants(1, clock=SimulatedClock(NOON, speed=0))[0].spec

    @pytest.fixture
    def plant(self, spec: PlantSpec) -> Plant:
        """Nothing was heard from 10:00 on a day to 15:00 two days later."""
        plant, zone = Plant(spec, NOON), ZoneInfo(spec.zone)
        plant.lose(datetime(2026, 5, 4, 10, tzinfo=zone), datetime(2026, 5, 6, 15, tzinfo=zone))
        return plant

    @pytest.fixture
    def portal(self, plant: Plant) -> Iterator[SimulatedPortal]:
        with SimulatedPortal([plant], clock=SimulatedClock(NOON, speed=0)) as portal:
            yield portal

    def test_the_curve_lacks_them_and_fillers_mark_the_edges(self, client: WebClient, plant: Plant) -> None:
        answer = ask(client, plant, "2026-05-04", "2026-05-06", "pConsum")["data"]["dataList"][0]["powerData"]
        values = [point["tp"] for point in answer if point["power"] is not None]
        fillers = [point["tp"] for point in answer if point.get("isCE")]

        assert [pair for pair in pairwise(values) if pair[0] == "2026-05-04 09:59:00"] == [
            ("2026-05-04 09:59:00", "2026-05-06 15:00:00")
        ]
        assert fillers == ["2026-05-04 23:59:00", "2026-05-06 00:00:00", "2026-05-06 14:59:00"]

    @pytest.mark.parametrize("lost_day", [None, 0])
    def test_a_day_without_a_reading_is_null_or_zero(
        self, portal: SimulatedPortal, client: WebClient, plant: Plant, lost_day: float | None
    ) -> None:
        portal.web.lost_day = lost_day
        days = energies(client, plant, "day", "2026-05-01", "2026-05-31")["proConsumStats"]
        month = energies(client, plant, "month", "2026-05-01", "2026-05-31")["proConsumStats"]["2026-05"]

        assert [day for day, value in days.items() if not value] == ["2026-05-05"]
        assert days["2026-05-05"] == lost_day
        heard = sum(value or 0.0 for value in days.values())
        assert heard + 2.0 < month == pytest.approx(heard * 31 / 30, rel=0.05)


@pytest.mark.parametrize("place", range(6))
def test_days_months_and_years_add_up_to_the_live_counters(client: WebClient, owned: list[Plant], place: int) -> None:
    plant = owned[place]
    now = plant.state(NOON).energy
    this_month = energies(client, plant, "day", "2026-10-01", "2026-10-31")
    this_year = energies(client, plant, "month", "2026-01-01", "2026-12-31")
    years = [
        energies(client, plant, "year", f"{year}-01-01", f"{year}-12-31")
        for year in range(plant.spec.commissioned.year, 2027)
    ]

    for item, kind in {
        "proSystemTotalStats": "pv",
        "proConsumStats": "load",
        "proCharStats": "charge",
        "proDischarStats": "discharge",
        "proGridStats": "grid_export",
        "proPurchaseStats": "grid_import",
    }.items():
        if item not in this_month:
            assert not plant.spec.batteries
            continue
        assert this_month[item][AUTUMN] == pytest.approx(getattr(now.today, kind) / 3.6e6, abs=0.006)
        assert sum(this_month[item].values()) == pytest.approx(getattr(now.month, kind) / 3.6e6, abs=0.16)
        assert sum(this_year[item].values()) == pytest.approx(getattr(now.year, kind) / 3.6e6, abs=0.06)
        lived = sum(sum(year[item].values()) for year in years)
        assert lived == pytest.approx(getattr(now.lifetime, kind) / 3.6e6, abs=0.03)


class TestClassic:
    """The older calls, for one day each."""

    @pytest.fixture
    def classic(self, portal: SimulatedPortal) -> ClassicClient:
        client = ClassicClient(portal)
        client.login()
        return client

    def test_the_chart_of_a_day(self, classic: ClassicClient, owned: list[Plant]) -> None:
        station = owned[HOME].spec.station_id
        data = classic.call("v2/Charts/GetPlantPowerChart", id=station, date="2026-09-14", full_script=False)["data"]
        (line,) = data["lines"]
        told = {row["key"]: row["value"] for row in data["generateData"]}

        assert (line["key"], line["unit"], len(line["xy"])) == ("PCurve_Power_PV", "W", 288)
        assert line["xy"][0] == {"x": "00:00", "y": 0.0, "z": None}
        assert sum(point["y"] for point in line["xy"]) / 12_000 == pytest.approx(told["Generation"], rel=0.02)

    def test_a_day_of_25_hours_has_no_more_points(self, classic: ClassicClient, owned: list[Plant]) -> None:
        station = owned[HOME].spec.station_id
        data = classic.call("v2/Charts/GetPlantPowerChart", id=station, date="2025-10-26")["data"]

        assert len(data["lines"][0]["xy"]) == 288

    def test_the_older_curve(self, classic: ClassicClient, owned: list[Plant]) -> None:
        path = "v2/PowerStationMonitor/GetPowerStationPacByDayForApp"
        data = classic.call(path, id=owned[SEASIDE].spec.station_id, date="2026-09-14")["data"]
        before = classic.call(path, id=owned[SEASIDE].spec.station_id, date="2020-09-14")["data"]

        assert data["pacs"][1]["date"] == "09/14/2026 00:05:00"
        assert sum(row["pac"] for row in data["pacs"]) / 12_000 == pytest.approx(data["today_power"], rel=0.02)
        assert before == {"today_power": 0.0, "pacs": []}

    def test_energies_of_days(self, classic: ClassicClient, client: WebClient, owned: list[Plant]) -> None:
        path = "v2/PowerStationMonitor/GetPowerStationPowerAndIncomeByDay"
        classic.login()
        rows = classic.call(path, powerstation_id=owned[HOME].spec.station_id, count=3, date="2026-09-14")["data"]
        client.login()
        days = energies(client, owned[HOME], "day", "2026-09-12", "2026-09-14")["proSystemTotalStats"]

        assert [row["d"] for row in rows] == ["09/12/2026", "09/13/2026", "09/14/2026"]
        assert [row["p"] for row in rows] == list(days.values())

    def test_a_foreign_station_is_refused(self, classic: ClassicClient) -> None:
        assert classic.call("v2/Charts/GetPlantPowerChart", id="nobody", date="2026-09-14")["code"] == 100025


def test_a_week_is_cut_by_days_of_the_plant_and_not_of_the_asker(client: WebClient, owned: list[Plant]) -> None:
    """The zone of the request decides nothing."""
    seaside = owned[SEASIDE]
    points = curve(client, seaside, "2026-09-28", "2026-10-04", "pConsum")["pConsum"]
    days = {when[:10] for when, _ in points}
    first = datetime.fromisoformat(min(days))

    assert sorted(days) == [f"{first + timedelta(days=offset):%Y-%m-%d}" for offset in range(7)]
    assert len(points) == 7 * 1440 - 60  # summer begins in Melbourne
