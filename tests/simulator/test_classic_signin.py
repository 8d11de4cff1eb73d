"""Signing in to the classic portal, by app and by web page, and what is left of it once it is switched off."""

from collections.abc import Iterator
from typing import Any

import pytest

from sems_exporter.simulator import Plant, SimulatedClock, SimulatedPortal
from tests.simulator.classic_client import ClassicClient, CookieClient
from tests.simulator.web_client import WebClient

MONITOR = "v3/PowerStation/GetMonitorDetailByPowerstationId"


@pytest.fixture
def portal(plants: list[Plant], clock: SimulatedClock) -> Iterator[SimulatedPortal]:
    with SimulatedPortal(plants, clock=clock, dialects=("semsplus", "classic")) as portal:
        yield portal


@pytest.fixture
def home(plants: list[Plant]) -> str:
    return plants[0].spec.station_id


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
@pytest.mark.parametrize("encoded", [False, True], ids=["plain", "base64"])
def test_a_good_sign_in(portal: SimulatedPortal, home: str, version: int, form: bool, encoded: bool) -> None:
    client = ClassicClient(portal)
    client.encoded = encoded

    answer = client.login(version, form=form).json()

    assert (answer["code"], answer["hasError"], answer["msg"]) == (0, False, "Successful")
    assert list(answer["data"]) == ["uid", "timestamp", "token", "client", "version", "language"]
    assert answer["data"]["timestamp"] == int(portal.clock.now().timestamp() * 1000)
    assert answer["data"]["version"] == "3.1.1"
    assert answer["api"] == f"http://127.0.0.1:{portal.port}/api/"
    assert answer["components"]["api"] != answer["api"]
    assert client.call(MONITOR, powerStationId=home)["code"] == 0
    assert (portal.login_attempts, portal.logins) == (1, 1)


def test_a_wrong_password(portal: SimulatedPortal) -> None:
    answer = ClassicClient(portal, "wrong").login().json()

    assert (answer["code"], answer["msg"], answer["data"]) == (100005, "Email or password error.", None)
    assert CookieClient(portal).login("wrong")["code"] == 100005
    assert (portal.login_attempts, portal.logins) == (2, 0)


def test_codes_can_be_strings_and_the_address_missing(portal: SimulatedPortal) -> None:
    portal.classic.string_codes = True
    portal.classic.names_api = False
    client = ClassicClient(portal)

    answer = client.login().json()

    assert (answer["code"], answer["msg"]) == ("0", "操作成功")
    assert "api" not in answer
    assert ClassicClient(portal, "wrong").login().json()["code"] == "100005"


def test_versions_can_be_switched_off(portal: SimulatedPortal, home: str) -> None:
    client = ClassicClient(portal)
    client.login()
    portal.classic.versions = frozenset({2})

    assert client.login(3).status_code == 404
    assert client.login(2).json()["code"] == 0
    portal.classic.missing_version = "100000"
    assert client.call(MONITOR, powerStationId=home)["msg"] == "ver is not fund"
    assert client.call(MONITOR.replace("v3", "v2"), powerStationId=home)["code"] == 0


def test_a_get_is_no_version(portal: SimulatedPortal) -> None:
    answer = ClassicClient(portal).http.get(f"{portal.base}/api/v2/Common/CrossLogin", timeout=30).json()

    assert (answer["code"], answer["hasError"], answer["msg"]) == (100000, True, "ver is not fund")


@pytest.mark.parametrize("missing", ["uid", "timestamp", "token", "client", "version", "language"])
def test_the_whole_login_data_has_to_come_back(portal: SimulatedPortal, home: str, missing: str) -> None:
    client = ClassicClient(portal)
    client.login()
    del client.session[missing]

    assert client.call(MONITOR, powerStationId=home)["code"] == 100001


@pytest.mark.parametrize("header", ["", "!", "[]", "bm90IGpzb24="])
def test_a_token_header_that_says_nothing(portal: SimulatedPortal, header: str) -> None:
    address = f"{portal.base}/api/PowerStation/GetPowerStationIdByOwner"

    answer = ClassicClient(portal).http.post(address, headers={"token": header}, timeout=30).json()

    assert answer["code"] == 100001


def test_there_is_one_session_over_all_dialects(portal: SimulatedPortal, home: str) -> None:
    web, app, page = WebClient(portal), ClassicClient(portal), CookieClient(portal)

    web.login()
    app.login()
    assert web.stations()["code"] == "100002"
    page.login()
    assert app.call(MONITOR, powerStationId=home)["code"] == 100002
    web.login()
    assert page.post(MONITOR, powerStationId=home).json()["code"] == 100001
    assert web.stations()["code"] == "00000"
    assert portal.logins == 4


def test_a_classic_token_is_no_good_at_the_gateway(portal: SimulatedPortal) -> None:
    app, web = ClassicClient(portal), WebClient(portal)
    app.login()
    web.session = app.session

    assert web.stations()["code"] == "100002"


def test_the_web_page_signs_in_with_a_cookie(portal: SimulatedPortal, home: str) -> None:
    page, app = CookieClient(portal), ClassicClient(portal)
    assert page.post(MONITOR, powerStationId=home).json()["code"] == 100001

    answer = page.login()
    through_page = page.post(MONITOR, powerStationId=home).json()["data"]
    app.login()

    assert answer["data"]["redirect"].endswith(home)
    assert through_page == app.monitor(home)


def test_a_dead_cookie_may_lead_to_the_login_page(portal: SimulatedPortal) -> None:
    portal.classic.dead_cookie = "redirect"
    page = CookieClient(portal)

    answer = page.post(MONITOR)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/Home/Login")
    assert "<form" in page.http.get(f"{portal.base}/Home/Login", timeout=30).text
    assert portal.login_attempts == 0


def test_a_cookie_that_is_none(portal: SimulatedPortal) -> None:
    page = CookieClient(portal)
    page.login()

    for cookie in ("a:b=c; (x)=1", "ASP.NET_SessionId=other", ""):
        page.http.cookies.clear()
        page.http.headers["Cookie"] = cookie
        assert page.post(MONITOR).json()["code"] == 100001


def test_a_sign_in_needs_a_version(portal: SimulatedPortal) -> None:
    client = ClassicClient(portal)
    del client.bootstrap["version"]

    assert client.login().json()["msg"] == "ver is not fund"


def test_the_proxy_knows_no_other_routes(portal: SimulatedPortal) -> None:
    page = CookieClient(portal)
    page.login()

    for api in ("v3/PowerStation/Nonsense", "", "PowerStation/GetPowerflow"):
        assert page.post(api).status_code == 404


def test_classic_is_off_by_default(plants: list[Plant], clock: SimulatedClock) -> None:
    with SimulatedPortal(plants, clock=clock) as portal:
        client = ClassicClient(portal)
        answer = client.login().json()
        page = CookieClient(portal).login()

    assert (answer["code"], answer["data"]) == (0, {"agreement_agreement": True})
    assert "api" not in answer
    assert page["data"] == {"agreement_agreement": True}
    assert portal.logins == 0


def test_classic_may_go_silent_instead(portal: SimulatedPortal, home: str) -> None:
    client = ClassicClient(portal)
    client.login()
    portal.classic.when_off = "empty"
    portal.speak("semsplus")

    emptied = client.call(MONITOR, powerStationId=home)
    client.login()

    assert (emptied["code"], emptied["data"]) == (0, {})
    assert client.session["token"]
    assert client.call("PowerStation/GetPowerStationIdByOwner")["data"] == {}


def test_dialects_come_and_go_at_run_time(portal: SimulatedPortal, home: str) -> None:
    web, app = WebClient(portal), ClassicClient(portal)
    web.login()

    portal.speak("classic")
    assert web.stations()["code"] == "100002"
    assert web.login()["code"] == "100004"
    app.login()
    assert app.monitor(home)["info"]["powerstation_id"] == home

    portal.speak("semsplus")
    assert app.call(MONITOR, powerStationId=home)["code"] == 100002
    assert "token" not in app.login().json()["data"]
    assert web.login()["code"] == "00000"


def test_other_dialects_are_refused(portal: SimulatedPortal, clock: SimulatedClock) -> None:
    latin: Any = "latin"

    with pytest.raises(ValueError, match="unknown dialect 'latin'; there are semsplus, classic"):
        portal.speak(latin)
    with pytest.raises(ValueError, match="latin"):
        SimulatedPortal(clock=clock, dialects=(latin,))
