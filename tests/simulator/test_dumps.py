"""A dump of a real portal is served again."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sems_exporter.simulator import Plant, SimulatedClock, SimulatedPortal
from tests.simulator.classic_client import ClassicClient, CookieClient
from tests.simulator.web_client import WebClient

TAKEN = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)


def answer(endpoint: str, path: str, data: object, *, body: object = None, **more: Any) -> dict[str, Any]:
    method = "GET" if body is None else "POST"
    envelope = {"code": "00000", "description": "成功", "data": data}
    return {
        "endpoint": endpoint,
        "method": method,
        "path": path,
        "body": body,
        "status": 200,
        "answer": envelope,
    } | more


def dump(*answers: dict[str, Any], dialect: str = "semsplus", **more: Any) -> dict[str, Any]:
    head = {"format": "sems-exporter-dump", "version": 1, "dialect": dialect, "taken_at": TAKEN.isoformat()}
    return {**head, "answers": list(answers), **more}


DAY = {"stationId": "s-1", "dimension": "day", "startTime": "2026-10-01 00:00:00", "items": ["proConsumStats"]}
FLOW = {"id": "s-1", "pSystem": 1.5, "refreshTime": "2026-10-01T11:29:00"}
WHOLE = dump(
    answer("stations", "/sems-plant/api/portal/stations/page", {"dataList": [{"id": "s-1"}]}, body={"current": 1}),
    answer("flow", "/sems-plant/api/stations/flow?stationId=s-1", FLOW),
    answer("statistics", "/sems-plant/api/stations/statistics", {"proConsum": 7}, body=DAY),
    answer("statistics", "/sems-plant/api/stations/statistics", {"proConsum": 99}, body=DAY | {"dimension": "month"}),
    answer("telemetry", "/sems-plant/api/equipments/sn-1/telemetry?deviceType=INVERTER&pwId=s-1", [{"code": "ac"}]),
    answer("telemetry", "/sems-plant/api/equipments/sn-2/telemetry?deviceType=INVERTER&pwId=s-1", [], status=500),
    answer("alarms", "/sems-alarm/api/v2/alarm/page", None, body={}, answer={"code": "100025", "description": "no"}),
    answer("new", "/sems-plant/api/brand/new", {}),
)


def signed_in(portal: SimulatedPortal) -> WebClient:
    client = WebClient(portal, "whatever")
    client.body["account"] = "anybody@example.org"
    assert client.login()["data"]["token"]
    return client


def test_recorded_answers_come_back(tmp_path: Path) -> None:
    path = tmp_path / "dump.json"
    path.write_text(json.dumps(WHOLE), encoding="utf-8")

    with SimulatedPortal.replaying(path, clock=SimulatedClock(TAKEN, speed=0)) as portal:
        client = signed_in(portal)

        assert client.stations(current=1)["data"] == {"dataList": [{"id": "s-1"}]}
        assert client.flow("s-1")["data"] == client.flow("s-1")["data"] == FLOW
        telemetry = client.get("/equipments/sn-1/telemetry", pwId="s-1", deviceType="INVERTER")
        assert telemetry["data"] == [{"code": "ac"}]
        broken = client.call("GET", "/sems-plant/api/equipments/sn-2/telemetry?deviceType=INVERTER&pwId=s-1")
        assert (broken.status_code, broken.json()["data"]) == (500, [])
        assert client.post("/sems-alarm/api/v2/alarm/page", {"pageIndex": 3}) == {"code": "100025", "description": "no"}
        assert [r.endpoint for r in portal.requests][:2] == ["login", "stations"]


def test_dates_do_not_matter_and_the_rest_of_a_body_does() -> None:
    with SimulatedPortal.replaying(WHOLE) as portal:
        client = signed_in(portal)
        path = "/sems-plant/api/stations/statistics"
        later = DAY | {"startTime": "2026-11-22 00:00:00"}

        assert client.post(path, later)["data"] == {"proConsum": 7}
        assert client.post(path, later | {"dimension": "month"})["data"] == {"proConsum": 99}
        # Another list of items was not recorded; the first answer about the same station has to do.
        assert client.post(path, later | {"items": []})["data"] == {"proConsum": 7}


def test_what_was_not_recorded_is_a_success_without_data() -> None:
    with SimulatedPortal.replaying(WHOLE) as portal:
        client = signed_in(portal)

        for nothing in (client.flow("s-2"), client.get("/equipments/sn-3/telemetry", deviceType="INVERTER")):
            assert nothing["code"] == "00000"
            assert "data" not in nothing
        assert WebClient(portal).stations()["code"] == "100001"


def test_several_answers_to_one_request_come_in_order_and_the_last_stays() -> None:
    path = "/sems-plant/api/stations/flow?stationId=s-1"

    with SimulatedPortal.replaying(dump(*(answer("flow", path, {"n": n}) for n in range(3)))) as portal:
        client = signed_in(portal)

        assert [client.flow("s-1")["data"]["n"] for _ in range(4)] == [0, 1, 2, 2]


def test_recorded_answers_can_be_changed() -> None:
    with SimulatedPortal.replaying(WHOLE) as portal:
        client = signed_in(portal)
        portal.mutate("flow", lambda envelope, _: envelope["data"].update(pSystem=0))

        assert client.flow("s-1")["data"]["pSystem"] == 0
        portal.clear()
        assert client.flow("s-1")["data"]["pSystem"] == 1.5


def test_a_classic_dump() -> None:
    entry = {"method": "POST", "status": 200, "endpoint": "monitor", "body": {"powerStationId": "s-1"}}
    entry |= {"path": "v3/PowerStation/GetMonitorDetailByPowerstationId", "answer": {"code": 0, "data": {"kpi": 1}}}

    with SimulatedPortal.replaying(dump(entry, dialect="classic")) as portal:
        app, page = ClassicClient(portal, "any"), CookieClient(portal)
        app.login()
        assert app.monitor("s-1") == {"kpi": 1}
        assert app.call("v2/PowerStation/GetMonitorDetailByPowerstationId", powerstationid="s-2")["data"] == {}
        assert WebClient(portal).login()["code"] == "100004"
        page.login()
        assert page.post("v3/PowerStation/GetMonitorDetailByPowerstationId", powerStationId="s-1").json()["data"]


def test_times_that_were_recent_are_recent_again() -> None:
    """A dump of summer, replayed half a year later: an exporter finds values as old as they were."""
    then = {
        "refreshTime": "2026-10-01T11:29:00",
        "time": "10/01/2026 11:29:30",
        "last_time": int(TAKEN.timestamp() * 1000) - 60_000,
        "stamp": str(int(TAKEN.timestamp() * 1000)),
        "zoneId": "Europe/Amsterdam",
        "createTime": "2023-04-01T10:00:00",
        "total": 1234567890123,
        "statisticsList": [{"date": "2026-10-01", "val": 7}, {"date": "2026-09-30", "val": 8}],
        "name": "2026-10-01",
    }
    later = datetime(2026, 12, 24, 18, 0, 20, tzinfo=UTC)
    path = "/sems-plant/api/stations/flow?stationId=s-1"

    with SimulatedPortal.replaying(dump(answer("flow", path, then)), clock=SimulatedClock(later, speed=0)) as portal:
        answered = signed_in(portal).call("GET", path)

    assert answered.json()["data"] == then | {
        "refreshTime": "2026-12-24T18:59:00",
        "time": "12/24/2026 18:59:30",
        "last_time": int(later.timestamp() - 20) * 1000 - 60_000,
        "stamp": str(int(later.timestamp() - 20) * 1000),
        "statisticsList": [{"date": "2026-12-24", "val": 7}, {"date": "2026-09-30", "val": 8}],
    }
    assert answered.headers["X-Times-Moved-By"] == str(int((later - TAKEN).total_seconds()) // 60 * 60)


def test_a_replay_is_now() -> None:
    with SimulatedPortal.replaying(WHOLE) as portal:
        assert abs((portal.clock.now() - datetime.now(UTC)).total_seconds()) < 3600


def test_sign_ins_are_as_strict_as_ever_elsewhere(plants: list[Plant], clock: SimulatedClock) -> None:
    with SimulatedPortal(plants, clock=clock) as portal:
        assert WebClient(portal, "whatever").login()["code"] == "100005"


@pytest.mark.parametrize(
    "content,message",
    [
        ({}, "not a dump"),
        (dump(version=2), "version 1 is needed"),
        (dump(dialect="latin"), "unknown dialect: 'latin'"),
    ],
)
def test_other_files_are_refused(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SimulatedPortal.replaying(content)
