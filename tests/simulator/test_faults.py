"""Every named fault, as a client sees it."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import requests

from sems_exporter.simulator import Answer, Plant, SimulatedClock, demo_plants
from tests.faulty_portal.fault_types import Fault
from tests.faulty_portal.portal import FaultyPortal
from tests.simulator.classic_client import ClassicClient
from tests.simulator.web_client import WebClient

HOLDER = "ENERGY_STORAGE_INTEGRATED_CABINET"
SUNNY, SEASIDE, BARNS = range(3)
FLOW = "/sems-plant/api/stations/flow"


@pytest.fixture
def portal(plants: list[Plant], clock: SimulatedClock) -> Iterator[FaultyPortal]:
    with FaultyPortal(plants, clock=clock, dialects=("semsplus", "classic")) as portal:
        yield portal


@pytest.fixture
def home(plants: list[Plant]) -> str:
    return plants[SUNNY].spec.station_id


def ask(client: WebClient, home: str) -> requests.Response:
    return client.call("GET", FLOW, params={"stationId": home}, allow_redirects=False)


@pytest.mark.parametrize(
    "fault,status,content",
    [
        (Fault.HTML, 200, b"<!DOCTYPE html>"),
        (Fault.EMPTY_BODY, 200, b""),
        (Fault.NO_CONTENT, 204, b""),
        (Fault.REDIRECT, 302, b""),
        (Fault.HTTP_401, 401, b"{"),
        (Fault.HTTP_403, 403, b"{"),
        (Fault.HTTP_404, 404, b'{"error_msg": "404 Route Not Found"}'),
        (Fault.HTTP_429, 429, b"{"),
        (Fault.HTTP_500, 500, b"Internal Server Error"),
    ],
)
def test_answers_of_another_kind(
    portal: FaultyPortal, client: WebClient, *, home: str, fault: Fault, status: int, content: bytes
) -> None:
    portal.play(fault)

    struck = ask(client, home)
    login = client.http.post(portal.login_url, timeout=30, allow_redirects=False)
    portal.heal()

    assert (struck.status_code, login.status_code) == (status, status)
    assert struck.content.startswith(content)
    assert portal.requests[-1].outcome == f"fault-{fault.value}"
    assert client.flow(home)["code"] == "00000"


def test_where_a_redirect_leads_and_how_long_to_wait(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play("redirect")
    assert ask(client, home).headers["Location"].startswith("https://elsewhere.invalid")
    portal.heal("redirect")

    portal.play("http_429")
    assert "Retry-After" not in ask(client, home).headers
    portal.heal()
    portal.play("http_429_retry_after", seconds=7)
    assert ask(client, home).headers["Retry-After"] == "7"


def test_slow_headers(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.SLOW_HEADERS, "flow", seconds=0.05)
    began = time.monotonic()

    assert ask(client, home).status_code == 200
    assert time.monotonic() - began >= 0.05


def test_a_slow_drip(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.SLOW_DRIP, "flow", seconds=0.0001)
    assert ask(client, home).json()["data"]["id"] == home

    portal.heal()
    portal.play(Fault.SLOW_DRIP, "version", seconds=30)
    with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=30)) as connection:
        connection.sendall(b"GET /version.json HTTP/1.1\r\nHost: x\r\n\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        portal.close()
        assert connection.recv(1) == b""


def test_dripping_headers(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.DRIPPING_HEADERS, "flow", seconds=0.0001)
    assert ask(client, home).json()["data"]["id"] == home

    portal.heal()
    portal.play(Fault.DRIPPING_HEADERS, "version", seconds=0.2)
    with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=30)) as connection:
        connection.sendall(b"GET /version.json HTTP/1.1\r\nHost: x\r\n\r\n")
        first = connection.recv(1)
        portal.close()
        rest = b"".join(iter(lambda: connection.recv(1000), b""))

    assert first == b"H"
    assert b"version" not in rest


def test_a_reset_in_the_middle(portal: FaultyPortal) -> None:
    portal.play(Fault.RESET_MID_BODY, "version")

    with closing(socket.create_connection(("127.0.0.1", portal.port), timeout=30)) as connection:
        connection.sendall(b"GET /version.json HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(1000)
        with pytest.raises(ConnectionResetError):
            _read_all(connection)


def _read_all(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


def test_truncated_json(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.TRUNCATED_JSON, "flow")

    answer = ask(client, home)

    assert answer.text.startswith('{"code": "00000"')
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_a_gzip_bomb(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.GZIP_BOMB, "flow")

    with client.call("GET", FLOW, params={"stationId": home}, stream=True) as answer:
        packed = int(answer.headers["Content-Length"])
        first = next(answer.iter_content(65536))

    assert packed < 200_000
    assert first == bytes(len(first))


def test_a_huge_body_ends_when_the_client_leaves(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.HUGE_BODY, "flow")

    with client.call("GET", FLOW, params={"stationId": home}, stream=True) as answer:
        assert int(answer.headers["Content-Length"]) == 100 * 1024 * 1024
        assert len(next(answer.iter_content(65536))) > 0
    client.http.close()
    portal.heal()

    assert client.flow(home)["code"] == "00000"


@pytest.mark.parametrize(
    "fault,data",
    [("data_empty_object", {}), ("data_empty_list", []), ("data_empty_text", ""), ("data_null", None)],
)
def test_success_without_content(portal: FaultyPortal, home: str, fault: str, data: object) -> None:
    portal.play(fault)
    web, app = WebClient(portal), ClassicClient(portal)

    assert web.login()["data"]["token"]
    assert web.flow(home) | {"traceId": ""} == {"code": "00000", "description": "成功", "traceId": "", "data": data}
    app.login()
    classic = app.call("v3/PowerStation/GetMonitorDetailByPowerstationId", powerStationId=home)
    assert (classic["code"], classic["data"]) == (0, data)
    assert web.flow(home)["code"] == "100002"


def test_codes_change_their_type(portal: FaultyPortal, home: str) -> None:
    web, app = WebClient(portal), ClassicClient(portal)
    portal.play(Fault.INT_CODES)
    codes = [web.login()["code"], web.flow("nobody")["code"], web.flow(home)["code"]]
    portal.heal(Fault.INT_CODES)
    portal.play(Fault.STRING_CODES)

    assert codes == [0, 100025, 0]
    assert app.login().json()["code"] == "0"
    assert app.call("v2/PowerStation/GetPowerflow", powerStationId="nobody")["code"] == "100025"


@pytest.mark.parametrize("code", ["100000", "100001", "100002", "100025", "C0602", "GY0429", "S0327", "A0301", "B0001"])
def test_any_code_on_data_calls(portal: FaultyPortal, client: WebClient, home: str, code: str) -> None:
    portal.play(f"code:{code}")

    refused = client.flow(home)
    again = client.login()

    assert refused["code"] == code
    assert "data" not in refused
    assert again["code"] == "00000"


@pytest.mark.parametrize("code", ["100004", "100005", "C0501"])
def test_codes_of_the_sign_in(portal: FaultyPortal, client: WebClient, home: str, code: str) -> None:
    portal.play(f"code:{code}")

    assert client.flow(home)["code"] == "00000"
    assert client.login()["code"] == code
    classic = ClassicClient(portal).login().json()
    assert str(classic["code"]) == code
    assert classic["data"] is None


def test_a_code_for_one_endpoint(portal: FaultyPortal, client: WebClient) -> None:
    portal.play("code:C0602", "login")
    portal.play("code:100025", "telemetry.SMART_METER")

    assert client.get("/equipments/SIMMETER0001/telemetry", deviceType="SMART_METER")["code"] == "100025"
    assert client.get("/equipments/SIM5K0001/telemetry", deviceType="INVERTER")["code"] == "00000"
    assert client.login()["code"] == "C0602"


@pytest.mark.parametrize("fault", ["login_without_token", "agreement_pending", "mfa_required"])
def test_sign_ins_that_give_no_session(portal: FaultyPortal, client: WebClient, home: str, fault: str) -> None:
    portal.play(fault)

    answer = WebClient(portal).login()
    classic = ClassicClient(portal).login().json()

    assert (answer["code"], classic["code"]) == ("00000", 0)
    assert "token" not in answer["data"]
    assert "token" not in classic["data"]
    assert ("uid" in answer["data"]) == (fault == "login_without_token")
    assert answer["data"].get("mfaRequired", False) is (fault == "mfa_required")
    assert portal.logins == 1
    assert client.flow(home)["code"] == "100002"


def test_a_wrong_password_stays_one(portal: FaultyPortal) -> None:
    portal.play("login_without_token")

    assert WebClient(portal, "wrong").login()["code"] == "100005"


def test_a_session_is_stolen_again_and_again(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.SESSION_STOLEN)

    for code in ("100002", "C0602", "100002"):
        assert client.flow(home)["code"] == code
        assert client.login()["code"] == "00000"
    portal.heal()
    assert client.flow(home)["code"] == "00000"


def test_clock_skew(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.CLOCK_SKEW)
    assert client.flow(home)["code"] == client.login()["code"] == "C0602"
    client.clock_error = 3600
    answer = client.login()

    assert answer["data"]["timestamp"] == str(int((portal.clock.now().timestamp() + 3600) * 1000))
    portal.heal()
    client.clock_error = 0
    assert client.login()["code"] == "00000"


def counters(client: WebClient, serial: str = "SIM5K0001") -> dict[str, float]:
    factors = client.factors("telecounting", serial, "INVERTER")
    return {code: float(factors[f"proPvStats{code}"]["data"]) for code in ("Today", "Month", "Total")}


@pytest.mark.parametrize("dialect", ["semsplus", "classic"])
def test_the_midnight_replay(dialect: str) -> None:
    clock = SimulatedClock(datetime(2026, 6, 11, 21, 57, tzinfo=UTC), speed=0)  # 23:57 in Amsterdam
    plant = Plant(demo_plants(1, clock=clock)[0].spec, clock.now() - timedelta(days=1))
    seen = []
    with FaultyPortal([plant], clock=clock, dialects=("semsplus", "classic")) as portal:
        portal.play(Fault.MIDNIGHT_REPLAY)
        web, app = WebClient(portal), ClassicClient(portal)
        web.login() if dialect == "semsplus" else app.login()
        for _ in range(4):  # 23:57, 23:59, 00:01, 00:21
            if dialect == "semsplus":
                row = web.stations()["data"]["dataList"][0]
                now = counters(web)
                seen.append((now["Today"], now["Total"]))
                assert row["productionToday"] == now["Today"]
            else:
                data = app.monitor(plant.spec.station_id)
                full = data["inverter"][0]["invert_full"]
                seen.append((full["eday"], full["etotal"]))
                assert data["kpi"]["power"] == full["eday"]
            clock.advance(1200 if len(seen) == 3 else 120)

    (before, total), (early, _), (late, _), (after, last) = seen
    yesterday = plant.energy_on(datetime(2026, 6, 10, tzinfo=UTC).date(), clock.now()).pv / 3.6e6
    assert early == pytest.approx(yesterday, abs=0.11)
    assert early != before
    assert late == before > after == 0
    assert total == pytest.approx(last, abs=0.11)  # each period counts whole tenths by itself


def test_only_where_it_is_midnight() -> None:
    clock = SimulatedClock(datetime(2026, 6, 11, 22, 5, tzinfo=UTC), speed=0)  # 00:05 in Europe, 08:05 in Melbourne
    plants = [Plant(p.spec, clock.now() - timedelta(days=1)) for p in demo_plants(2, clock=clock)]
    with FaultyPortal(plants, clock=clock, dialects=("classic",)) as portal:
        client = ClassicClient(portal)
        client.login()
        path = "PowerStationMonitor/QueryPowerStationMonitor"
        honest = [row["eday"] for row in client.call(path)["data"]["list"]]
        portal.play(Fault.MIDNIGHT_REPLAY)
        replayed = [row["eday"] for row in client.call(path)["data"]["list"]]

    assert honest[0] == 0 < replayed[0]
    assert honest[1] == replayed[1]


def test_nothing_is_replayed_on_the_first_day(portal: FaultyPortal, client: WebClient) -> None:
    portal.clock.set(datetime(2026, 6, 10, 21, 59, tzinfo=UTC))
    honest = counters(client)
    portal.play(Fault.MIDNIGHT_REPLAY)

    assert counters(client) == honest


def test_counters_fall_to_zero_once(portal: FaultyPortal, client: WebClient, home: str) -> None:
    honest = counters(client)
    portal.play(Fault.COUNTER_ZERO_BLIP)

    blip, after, other = counters(client), counters(client), counters(client, "SIM5K0021")

    assert blip == honest | {"Total": 0}
    assert after == honest
    assert other["Total"] == 0
    app = ClassicClient(portal)
    app.login()
    totals = [app.monitor(home)["inverter"][0]["invert_full"]["etotal"] for _ in range(2)]
    assert totals[0] == 0 < totals[1]


def test_sentinels(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.SENTINELS)

    factors = client.factors("telemetry", "SIM5K0001", "INVERTER")
    battery = client.factors("telemetry", "SIMBAT0001", "BAT_SYS")
    app = ClassicClient(portal)
    app.login()
    full = app.monitor(home)["inverter"][0]["invert_full"]

    assert (factors["PHASE-A:Vac"]["data"], factors["Fac"]["data"]) == ("6553.5", "655.35")
    assert factors["sn"]["data"] == "SIM5K0001"
    assert battery["soc"]["data"] == "65535"
    assert (full["vac1"], full["pmeter"], full["soc"]) == (6553.5, 4294967.295, 536.0)


def test_frozen_devices(portal: FaultyPortal, client: WebClient, home: str) -> None:
    before = client.flow(home)["data"]
    portal.play(Fault.FROZEN_DEVICE)
    portal.clock.advance(3600)

    assert client.flow(home)["data"] == before
    app = ClassicClient(portal)
    app.login()
    data = app.monitor(home)
    assert data["info"]["time"] == "06/10/2026 13:30:20"
    assert data["inverter"][0]["last_refresh_time"] == "06/10/2026 12:30:00"
    portal.heal()
    assert app.monitor(home)["inverter"][0]["last_refresh_time"] == "06/10/2026 13:30:00"


def inverters(client: WebClient, station: str) -> list[str]:
    data = client.get("/stations/device/all-status", stationId=station)["data"]
    assert data["total"] == sum(kind["total"] for kind in data["deviceDetailList"])
    kinds = [kind for kind in data["deviceDetailList"] if kind["deviceType"] == "INVERTER"]
    return [serial for kind in kinds for group in kind["statusDetailList"] for serial in group["snList"]]


def test_missing_inverters(portal: FaultyPortal, client: WebClient, plants: list[Plant], home: str) -> None:
    barns = plants[BARNS].spec.station_id

    portal.play(Fault.INVERTER_MISSING)
    assert (inverters(client, home), inverters(client, barns)) == ([], ["SIM5K0022"])
    portal.heal()
    portal.play(Fault.NO_INVERTERS)
    assert inverters(client, barns) == []

    app = ClassicClient(portal)
    app.login()
    assert app.monitor(barns)["inverter"] == []
    portal.play(Fault.INVERTER_MISSING)
    assert "inverter" not in app.monitor(barns)


def test_a_battery_vanishes(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.BATTERY_VANISHED)

    assert client.get("/equipments/SIM5K0001/relatedDevices", deviceType=HOLDER)["data"] == []
    assert not {"pBat", "soc"} & set(client.flow(home)["data"])
    app = ClassicClient(portal)
    app.login()
    data = app.monitor(home)
    assert data["powerflow"]["bettery"] == ""
    assert (data["inverter"][0]["invert_full"]["soc"], data["inverter"][0]["invert_full"]["more_batterys"]) == (
        400,
        None,
    )


def test_faults_add_up_and_end_one_by_one(portal: FaultyPortal, client: WebClient, home: str) -> None:
    for fault in ("data_null", "sentinels", "no_inverters", "int_codes"):
        portal.play(fault)
    assert (client.flow(home)["code"], client.flow(home)["data"]) == (0, None)

    portal.heal("data_null", Fault.INT_CODES)
    assert client.flow(home)["data"]["id"] == home
    assert inverters(client, home) == []


def test_scripts_go_before_faults(portal: FaultyPortal, client: WebClient, home: str) -> None:
    portal.play(Fault.HTML)
    portal.script("flow", Answer(418))

    assert ask(client, home).status_code == 418


@pytest.mark.parametrize(
    "fault,endpoint,message",
    [
        ("earthquake", "*", "unknown fault 'earthquake'; there are slow_headers, "),
        ("html", "flows", "unknown endpoint 'flows'"),
        ("code", "*", "as in 'code:GY0429'"),
        ("html:100025", "*", "only code takes a code"),
    ],
)
def test_misspelt_faults_are_refused(portal: FaultyPortal, fault: str, endpoint: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        portal.play(fault, endpoint)


def test_every_fault_leaves_the_portal_standing(portal: FaultyPortal, client: WebClient, home: str) -> None:
    """Whatever is played on everything, the portal answers the next call after it as if nothing had been."""
    for fault in Fault:
        portal.play("code:GY0429" if fault is Fault.CODE else fault, seconds=0.0)
        connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
        try:
            connection.request("POST", "/web/sems/sems-plant/api/portal/stations/page", body="{}")
            connection.getresponse().read(100)
        except (ConnectionResetError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        portal.heal()
    client.login()
    assert client.flow(home)["code"] == "00000"
