"""The sign-in of the SEMS+ web client, refusal by refusal."""

from collections.abc import Callable

import pytest

from sems_exporter.simulator import Plant, SimulatedClock, SimulatedPortal
from sems_exporter.simulator.semsplus.signin import encoded_password, signature
from tests.simulator.web_client import WebClient, sign

EXPIRED = "The authorization has expired, please log in again."


def test_vectors() -> None:
    """Computed once by hand from the description of the two encodings."""
    assert encoded_password("example-password") == "Y2M0NDM2ZWZmMTQ5YmE5NzYxYWFhYzA3YjM2MzYwZWE="
    assert signature(1700000000000, "uid-1", "tok-1") == (
        "MDVjY2ZkYTk4OTZjYzczOTVlYmEwMDk2NzA3NmQ5ZTAxMzVjMjljNDE3OGQ2ZTQwY2UxMzM2MDllYjQ3NjcxYkAxNzAwMDAwMDAwMDAw"
    )


def test_a_good_sign_in_gives_the_whole_session(portal: SimulatedPortal) -> None:
    answer = WebClient(portal).login()

    assert answer["code"] == "00000"
    assert list(answer["data"]) == [
        *("uid", "timestamp", "token", "client", "version", "language", "api", "region", "uuid")
    ]
    assert answer["data"]["api"] == portal.gateway == f"http://127.0.0.1:{portal.port}/web/sems"
    assert answer["data"]["timestamp"] == str(int(portal.clock.now().timestamp() * 1000))
    assert answer["data"]["client"] == "semsPlusWeb"
    assert (portal.login_attempts, portal.logins) == (1, 1)


def _no_client(client: WebClient) -> None:
    client.bootstrap.pop("client")


def _app_client(client: WebClient) -> None:
    client.bootstrap["client"] = "semsPlusAndroid"


def _wrong_password(client: WebClient) -> None:
    client.body["pwd"] = "cGxhaW4="


def _plain_password(client: WebClient) -> None:
    client.body["pwd"] = "demo"


def _other_account(client: WebClient) -> None:
    client.body["account"] = "someone@example.com"


def _slow_clock(client: WebClient) -> None:
    client.clock_error = -901.0


def _used_token(client: WebClient) -> None:
    client.bootstrap |= {"uid": "uid-1", "token": "tok-1"}


@pytest.mark.parametrize(
    "spoil,code",
    [
        (_no_client, "100004"),
        (_app_client, "100004"),
        (_wrong_password, "100005"),
        (_plain_password, "100005"),
        (_other_account, "100005"),
        (_slow_clock, "C0602"),
        (_used_token, "C0602"),
    ],
)
def test_a_bad_sign_in_is_refused(portal: SimulatedPortal, spoil: Callable[[WebClient], None], code: str) -> None:
    client = WebClient(portal)
    spoil(client)

    answer = client.login()

    assert answer["code"] == code
    assert "data" not in answer
    assert answer["errorMsg"] == answer["description"]
    assert answer["translationCode"]
    assert (portal.login_attempts, portal.logins) == (1, 0)


@pytest.mark.parametrize(
    "header,code",
    [("", "100004"), ("!", "C0602"), ("////", "C0602"), ("YUBi", "C0602"), (sign(1, "", ""), "C0602")],
    ids=["missing", "no base64", "no text", "no number", "of 1970"],
)
def test_a_bad_signature_is_refused(portal: SimulatedPortal, header: str, code: str) -> None:
    assert WebClient(portal).login(signature=header)["code"] == code


def test_a_token_header_that_is_no_json_object_is_a_parameter_error(portal: SimulatedPortal) -> None:
    client = WebClient(portal)

    for header in ("eyJjbGllbnQiOiAic2Vtc1BsdXNXZWIifQ==", "[]"):
        answer = client.http.post(portal.login_url, json={}, headers={"token": header, "X-Signature": "x"}, timeout=30)
        assert answer.json()["code"] == "100004"


@pytest.mark.parametrize("missing", ["agreement", "isLocal", "isChinese"])
def test_without_the_agreement_fields_there_is_success_but_no_session(portal: SimulatedPortal, missing: str) -> None:
    client = WebClient(portal)
    del client.body[missing]

    answer = client.login()

    assert (answer["code"], answer["data"]) == ("00000", {"agreement": True, "api": portal.gateway})
    assert portal.logins == 0


def test_the_tolerated_clock_error_can_be_set(plants: list[Plant], clock: SimulatedClock) -> None:
    for tolerance, error, code in ((5.0, 6.0, "C0602"), (5.0, -4.0, "00000"), (None, 1e6, "00000")):
        with SimulatedPortal(plants, clock=clock, signature_tolerance=tolerance) as portal:
            client = WebClient(portal)
            client.clock_error = error
            assert client.login()["code"] == code


def test_a_new_sign_in_ends_the_session_before(portal: SimulatedPortal, client: WebClient) -> None:
    other = WebClient(portal)
    other.login()

    answer = client.stations()

    assert (answer["code"], answer["description"]) == ("100002", EXPIRED)
    assert "data" not in answer
    assert other.stations()["code"] == "00000"
    assert portal.logins == 2


@pytest.mark.parametrize("end", [SimulatedPortal.steal_session, SimulatedPortal.expire_session])
def test_a_session_can_be_ended_from_outside(
    portal: SimulatedPortal, client: WebClient, end: Callable[[SimulatedPortal], None]
) -> None:
    end(portal)

    assert client.stations()["code"] == "100002"
    client.login()
    assert client.stations()["code"] == "00000"


def test_without_a_session_nothing_is_said(portal: SimulatedPortal) -> None:
    assert WebClient(portal).stations()["code"] == "100001"


def test_the_whole_login_data_has_to_come_back(client: WebClient) -> None:
    whole = dict(client.session)
    for key in ("timestamp", "client", "version", "api", "region", "uuid"):
        client.session = {name: value for name, value in whole.items() if name != key}
        assert client.stations()["code"] == "C0602", key
    client.session = whole | {"extra": 1}
    assert client.stations()["code"] == "C0602"


def test_another_language_is_fine(client: WebClient) -> None:
    client.session["language"] = "nl"

    assert client.stations()["code"] == "00000"


@pytest.mark.parametrize("signed", ["", "bm9uc2Vuc2U=", sign(1, "uid", "token")])
def test_every_call_is_signed(client: WebClient, signed: str) -> None:
    answer = client.call("POST", "/sems-plant/api/portal/stations/page", json={}, headers={"X-Signature": signed})

    assert answer.json()["code"] == "C0602"


def test_the_session_survives_an_hour_and_a_correct_clock(portal: SimulatedPortal, client: WebClient) -> None:
    portal.clock.advance(3600)

    assert client.stations()["code"] == "00000"
