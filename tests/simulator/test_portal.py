"""Scripted faults, changed and captured answers, the record of requests, and a clean end."""

import http.client
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from sems_exporter.simulator import Answer, Plant, SimulatedClock, SimulatedPortal
from tests.simulator.sessions import PATIENCE
from tests.simulator.web_client import WebClient

PAYLOADS = os.environ.get("SEMS_PAYLOADS", "")


@pytest.fixture
def home(plants: list[Plant]) -> str:
    return plants[0].spec.station_id


def test_the_record_can_begin_anew(portal: SimulatedPortal, client: WebClient, home: str) -> None:
    portal.forget_requests()

    client.flow(home)

    assert [request.endpoint for request in portal.requests] == ["flow"]


def test_scripted_answers_come_once_each_and_in_order(portal: SimulatedPortal, client: WebClient, home: str) -> None:
    portal.script("flow", Answer(429, {"code": "GY0429"}, {"Retry-After": "120"}), Answer(body="<html>"))

    limited = client.call("GET", "/sems-plant/api/stations/flow", params={"stationId": home})
    page = client.call("GET", "/sems-plant/api/stations/flow", params={"stationId": home})

    assert (limited.status_code, limited.headers["Retry-After"], limited.json()["code"]) == (429, "120", "GY0429")
    assert page.text == "<html>"
    assert client.flow(home)["code"] == "00000"
    assert [request.outcome for request in portal.requests[-3:]] == ["scripted-429", "scripted-200", "00000"]


def test_a_standing_answer_lasts_until_it_is_cleared(portal: SimulatedPortal, client: WebClient, home: str) -> None:
    portal.script_always("flow", Answer(body={"code": "00000", "data": {}}))
    portal.script("flow", Answer(body=[1]))

    answers = [client.call("GET", "/sems-plant/api/stations/flow", params={"stationId": home}).json() for _ in "abc"]
    portal.clear()

    assert answers == [[1], {"code": "00000", "data": {}}, {"code": "00000", "data": {}}]
    assert client.flow(home)["data"]["id"] == home


def test_a_script_may_name_the_device_type(portal: SimulatedPortal, client: WebClient) -> None:
    portal.script_always("telemetry.SMART_METER", Answer(body={"code": "100025"}))

    assert client.get("/equipments/SIMMETER0001/telemetry", deviceType="SMART_METER")["code"] == "100025"
    assert client.get("/equipments/SIM5K0001/telemetry", deviceType="INVERTER")["code"] == "00000"


def test_the_sign_in_can_be_scripted(portal: SimulatedPortal) -> None:
    portal.script("login", Answer(body={"code": "00000", "data": {"mfaRequired": True}}))
    client = WebClient(portal)

    assert client.login()["data"] == {"mfaRequired": True}
    assert client.login()["data"]["token"]
    assert (portal.login_attempts, portal.logins) == (2, 1)


def test_answers_can_be_changed_on_their_way(portal: SimulatedPortal, client: WebClient, home: str) -> None:
    seen: list[Mapping[str, Any]] = []

    def without_soc(envelope: dict[str, Any], parameters: Mapping[str, Any]) -> None:
        seen.append(parameters)
        envelope["data"].pop("soc")

    def empty(_envelope: dict[str, Any], _parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {"code": "00000", "data": []}

    portal.mutate("flow", without_soc)
    portal.mutate("telemetry.INVERTER", empty)

    assert "soc" not in client.flow(home)["data"]
    assert seen == [{"stationId": home}]
    assert client.get("/equipments/SIM5K0001/telemetry", deviceType="INVERTER")["data"] == []
    portal.clear()
    assert "soc" in client.flow(home)["data"]


def test_a_change_sees_the_serial_number(portal: SimulatedPortal, client: WebClient) -> None:
    seen = []
    portal.mutate("telecounting", lambda _envelope, parameters: seen.append(parameters["sn"]))

    client.get("/equipments/SIM5K0001/telecounting", deviceType="INVERTER")

    assert seen == ["SIM5K0001"]


@pytest.mark.parametrize("act", ["script", "script_always", "mutate"])
def test_a_misspelt_endpoint_is_refused(portal: SimulatedPortal, act: str) -> None:
    with pytest.raises(ValueError, match=r"unknown endpoint 'flows'.*login, version, stations"):
        getattr(portal, act)("flows", Answer())


def test_an_answer_can_be_cut_short(portal: SimulatedPortal) -> None:
    portal.script("version", Answer(body='{"code":', headers={"content-length": "500"}))

    with closing(http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)) as connection:
        connection.request("GET", "/version.json")
        answer = connection.getresponse()
        with pytest.raises(http.client.IncompleteRead) as broken:
            answer.read()
        answer.close()
        connection.close()
        connection.request("GET", "/version.json")
        again = connection.getresponse().read()

    assert broken.value.partial == b'{"code":'
    assert broken.value.expected == 492
    assert json.loads(again)["version"]


def test_an_answer_can_be_any_bytes(portal: SimulatedPortal, client: WebClient, home: str) -> None:
    portal.script("flow", Answer(body=b"\xff\x00", headers={"Content-Type": "application/octet-stream"}))

    answer = client.call("GET", "/sems-plant/api/stations/flow", params={"stationId": home})

    assert (answer.content, answer.headers["Content-Type"]) == (b"\xff\x00", "application/octet-stream")


def test_a_mistake_in_a_change_is_shown_to_its_author(
    portal: SimulatedPortal, client: WebClient, home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    portal.mutate("flow", lambda envelope, _parameters: envelope["data"].pop("misspelt"))

    with pytest.raises(requests.ConnectionError):
        client.flow(home)

    assert "KeyError: 'misspelt'" in capsys.readouterr().err


def test_an_answer_can_be_late_and_empty(portal: SimulatedPortal, client: WebClient, home: str) -> None:
    portal.script("flow", Answer(204, delay=0.05))
    began = time.monotonic()

    answer = client.call("GET", "/sems-plant/api/stations/flow", params={"stationId": home})

    assert time.monotonic() - began >= 0.05
    assert (answer.status_code, answer.content) == (204, b"")


def test_captured_answers_replace_the_plants(clock: SimulatedClock, tmp_path: Path) -> None:
    samples = {"note": "two minutes", "samples": [{"flow": {"pGrid": -0.1}}, {"flow": {"pGrid": 0.2}}]}
    files = {
        "stations": {"code": "00000", "data": {"dataList": [{"id": "<station_id>"}], "total": 1}},
        "flow": samples,
        "telemetry.INVERTER": [{"code": "ac", "factors": [{"code": "pAc", "data": "1.5", "unit": "kW"}]}],
        "alarms": {"code": "100025", "description": "no"},
    }
    paths = {name: tmp_path / f"{name}.json" for name in files}
    for name, content in files.items():
        paths[name].write_text(json.dumps(content), encoding="utf-8")

    with SimulatedPortal(clock=clock, answers=paths) as portal:
        client = WebClient(portal)
        client.login()

        assert client.stations()["data"]["dataList"][0]["id"] == "<station_id>"
        assert [client.flow("<station_id>")["data"]["pGrid"] for _ in range(3)] == [-0.1, 0.2, -0.1]
        assert client.factors("telemetry", "<inverter_serial>", "INVERTER")["pAc"]["data"] == "1.5"
        assert client.post("/sems-alarm/api/v2/alarm/page", {})["code"] == "100025"
        # No capture and no such device: nothing is known, but nothing is refused either.
        nothing = client.get("/equipments/<inverter_serial>/telecounting", deviceType="INVERTER")
        assert nothing["code"] == "00000"
        assert "data" not in nothing


def test_captures_need_a_session_too(clock: SimulatedClock, tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text('{"pGrid": 0}', encoding="utf-8")

    with SimulatedPortal(clock=clock, answers={"flow": path}) as portal:
        assert WebClient(portal).flow("any")["code"] == "100001"
    with pytest.raises(ValueError, match="unknown endpoint"):
        SimulatedPortal(clock=clock, answers={"flows": path})


@pytest.mark.skipif(not PAYLOADS, reason="SEMS_PAYLOADS names no folder with captured answers")
def test_real_captures_are_served_as_they_are(clock: SimulatedClock) -> None:
    folder = Path(PAYLOADS)
    flows = folder / "semsplus_flow_et_battery_directions_4_samples_2026-09.json"
    meter = folder / "semsplus_telemetry_smart_meter_3phase_import_2026-09.json"

    with SimulatedPortal(clock=clock, answers={"flow": flows, "telemetry.SMART_METER": meter}) as portal:
        client = WebClient(portal)
        client.login()
        served = [client.flow("<station_id>")["data"] for _ in range(4)]
        factors = client.factors("telemetry", "<meter_serial>", "SMART_METER")

    assert served == [sample["flow"] for sample in json.loads(flows.read_text(encoding="utf-8"))["samples"]]
    assert factors["totalPac"]["data"] == "-1.154"


def test_requests_are_recorded(portal: SimulatedPortal, client: WebClient, home: str) -> None:
    client.flow(home)

    login, flow = portal.requests
    assert (login.endpoint, login.outcome) == ("login", "00000")
    assert flow.path == f"/web/sems/sems-plant/api/stations/flow?stationId={home}"
    assert flow.instant == portal.clock.now()


def test_one_connection_carries_many_requests(client: WebClient, home: str) -> None:
    for _ in range(5):
        client.flow(home)

    pools = client.http.get_adapter("http://").poolmanager.pools  # type: ignore[attr-defined]
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118 - no mapping


def test_parallel_clients_are_served(portal: SimulatedPortal, client: WebClient, home: str) -> None:
    codes: list[str] = []

    def ask() -> None:
        copy = WebClient(portal)
        copy.session = client.session
        with copy.http:
            codes.extend(copy.flow(home)["code"] for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == ["00000"] * 60


def test_closing_is_quick_even_with_open_connections_and_late_answers(clock: SimulatedClock) -> None:
    portal = SimulatedPortal(clock=clock).start().start()
    portal.script("version", Answer(delay=300))
    with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=30)) as waiting:
        waiting.sendall(b"GET /version.json HTTP/1.1\r\nHost: x\r\n\r\n")
        assert portal.wait_for_answer(0, PATIENCE)

        began = time.monotonic()
        portal.close()
        portal.close()

        assert time.monotonic() - began < 20  # milliseconds, where nothing else is going on
        assert waiting.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", portal.port), timeout=1)


def test_a_portal_that_never_started_closes_too(clock: SimulatedClock) -> None:
    SimulatedPortal(clock=clock).close()


def test_the_default_portal_has_one_sunny_home() -> None:
    with SimulatedPortal(account="me@example.com", password="s3cret") as portal:
        client = WebClient(portal, "s3cret")
        client.body["account"] = "me@example.com"
        client.login()
        rows = client.stations()["data"]["dataList"]

    assert [row["name"] for row in rows] == ["Sunny Home"]


def test_a_portal_that_refuses_connections_and_comes_back_on_the_same_port() -> None:
    with SimulatedPortal() as portal:
        address = f"{portal.base}/version.json"
        before = requests.get(address, timeout=PATIENCE).status_code
        portal.refuse()
        portal.refuse()
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=PATIENCE)
        portal.start()
        after = requests.get(address, timeout=PATIENCE).status_code

    assert (before, after) == (200, 200)


def test_a_portal_with_tls_may_show_another_certificate(tmp_path: Path) -> None:
    authority, bundle = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    good, other = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
    authority.issue_cert("127.0.0.1").configure_cert(good)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(other)

    with SimulatedPortal(tls=good) as portal, requests.Session() as session:
        address = f"{portal.base}/version.json"
        first = session.get(address, timeout=PATIENCE, verify=str(bundle))
        portal.present(other)
        with pytest.raises(requests.exceptions.SSLError):
            session.get(address, timeout=PATIENCE, verify=str(bundle))
        portal.present(good)
        last = session.get(address, timeout=PATIENCE, verify=str(bundle))

    assert portal.login_url.startswith("https://127.0.0.1:")
    assert (first.status_code, last.status_code) == (200, 200)
