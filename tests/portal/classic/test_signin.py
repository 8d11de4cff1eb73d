"""Sign-ins of the classic portal: where they go, and which successes are none."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sems_exporter import errors
from sems_exporter.config.settings import Account
from sems_exporter.portal.classic import signin
from sems_exporter.portal.http.envelope import Envelope, HttpResponse
from sems_exporter.telemetry.redaction import Secret

NOW = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)
ACCOUNT = Account("me@example.com", Secret("secret"), "https://portal.example.com/login", ("portal.example.com",))
IDENTITY = {"uid": "u", "token": "t", "timestamp": 1}


def success(api: str) -> Envelope:
    return Envelope("0", "", {"api": api, "data": IDENTITY})


@pytest.mark.parametrize(
    "region, host",
    [
        ("global", "https://www.semsportal.com"),
        ("eu", "https://eu.semsportal.com"),
        ("hk", "https://hk.semsportal.com"),
    ],
)
def test_without_an_address_of_its_own_an_account_signs_in_with_its_region(region: str, host: str) -> None:
    account = replace(ACCOUNT, region=region, own_login_url=False)

    assert signin.exchange(account, signin.ways()[0]).url == f"{host}/api/v3/Common/CrossLogin"


def test_a_success_that_names_the_classic_host_is_a_session() -> None:
    token = signin.token(success("https://eu.semsportal.com/api/"), ACCOUNT, 1.0)

    assert (token.dialect, token.identity) == ("classic", IDENTITY)


def test_a_success_that_names_the_gateway_of_sems_plus_is_none() -> None:
    """It knows no classic route, so every call would fail."""
    with pytest.raises(errors.ProtocolChanged):
        signin.token(success("https://eu-gateway.semsportal.com/web/sems"), ACCOUNT, 1.0)


def test_a_page_with_cookies_is_a_session_of_the_form() -> None:
    answer = HttpResponse(200, b"<html>welcome</html>", cookies={"ASP.NET_SessionId": "abc"})

    assert signin.web_answer(answer, NOW).code == "0"
    assert signin.web_token(answer, ACCOUNT, 1.0).identity == {"ASP.NET_SessionId": "abc"}


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b""])
def test_a_page_without_cookies_is_none(body: bytes) -> None:
    with pytest.raises((errors.AnswerUnreadable, errors.AnswerEmpty)):
        signin.web_answer(HttpResponse(200, body), NOW)
