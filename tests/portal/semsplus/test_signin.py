"""The sign-in of the SEMS+ web client."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.config.settings import Account
from sems_exporter.portal.http.envelope import Envelope
from sems_exporter.portal.semsplus import signin
from sems_exporter.telemetry.redaction import Secret

NOW = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # 1700000000000 ms
ACCOUNT = Account("me@example.com", Secret("example-password"), "https://semsplus.goodwe.com/cross-login")
VECTOR = "MDVjY2ZkYTk4OTZjYzczOTVlYmEwMDk2NzA3NmQ5ZTAxMzVjMjljNDE3OGQ2ZTQwY2UxMzM2MDllYjQ3NjcxYkAxNzAwMDAwMDAwMDAw"
GATEWAY = "https://eu-gateway.semsportal.com/web/sems"
IDENTITY: dict[str, Any] = {
    "uid": "uid-1",
    "timestamp": "1700000000000",
    "token": "tok-1",
    "client": "semsPlusWeb",
    "version": "",
    "language": "en",
    "api": GATEWAY,
    "region": "eu",
    "uuid": "u-1",
    "somethingNew": {"deep": [1, None]},
}


def envelope(data: object, **beside: object) -> Envelope:
    return Envelope("00000", "ok", {"code": "00000", "data": data, **beside})


def test_the_signature_of_the_published_vector() -> None:
    assert signin.signature({"uid": "uid-1", "token": "tok-1"}, NOW) == VECTOR


def test_the_signature_of_the_sign_in_itself_is_over_empty_uid_and_token() -> None:
    digest = hashlib.sha256(b"1700000000000@@").hexdigest()

    assert base64.b64decode(signin.signature(signin.first_identity(NOW), NOW)).decode() == f"{digest}@1700000000000"


def test_the_password_of_the_published_vector() -> None:
    assert signin.password_digest("example-password") == "Y2M0NDM2ZWZmMTQ5YmE5NzYxYWFhYzA3YjM2MzYwZWE="


def test_a_password_is_digested_as_utf_8() -> None:
    expected = base64.b64encode(hashlib.md5("zonneschijn-ë-☀".encode()).hexdigest().encode()).decode()

    assert signin.password_digest("zonneschijn-ë-☀") == expected


def test_the_request_carries_the_web_identity_the_signature_and_the_agreement_fields() -> None:
    request = signin.exchange(ACCOUNT, NOW)

    assert (request.endpoint, request.method, request.url) == ("login", "POST", ACCOUNT.login_url)
    assert request.body == {
        "account": "me@example.com",
        "pwd": "Y2M0NDM2ZWZmMTQ5YmE5NzYxYWFhYzA3YjM2MzYwZWE=",
        "agreement": 1,
        "isLocal": False,
        "isChinese": False,
    }
    assert json.loads(request.headers["token"]) == {
        "uid": "",
        "timestamp": 0,
        "token": "",
        "client": "semsPlusWeb",
        "version": "",
        "language": "en",
    }
    assert request.headers["X-Signature"] == signin.signature({"uid": "", "token": ""}, NOW)


def test_the_request_shows_no_secret_when_it_is_printed() -> None:
    shown = repr(signin.exchange(ACCOUNT, NOW))

    assert "example-password" not in shown
    assert signin.password_digest("example-password") not in shown
    assert "me@example.com" not in shown


def test_the_whole_identity_is_sent_along_with_nothing_added_or_dropped() -> None:
    token = signin.token(envelope(IDENTITY), (), NOW)

    headers = signin.headers(token.identity, NOW)

    assert json.loads(headers["token"]) == IDENTITY
    assert headers["X-Signature"] == VECTOR
    assert headers["token"].isascii()


@pytest.mark.parametrize("client", ["", "semsPlusAndroid", None])
def test_another_client_name_in_the_answer_is_replaced_by_the_web_clients(client: object) -> None:
    token = signin.token(envelope({**IDENTITY, "client": client}), (), NOW)

    assert token.identity == IDENTITY


def test_the_data_host_and_the_time_of_issue_are_kept() -> None:
    token = signin.token(envelope(IDENTITY), (), NOW)

    assert (token.gateway, token.issued_at) == (GATEWAY, NOW.timestamp())


def test_a_data_host_at_the_top_of_the_answer_is_found_too() -> None:
    data = {key: value for key, value in IDENTITY.items() if key != "api"}

    assert signin.token(envelope(data, api=f"{GATEWAY}/"), (), NOW).gateway == GATEWAY


@pytest.mark.parametrize("api", [None, "", "https://evil.org/web/sems", "http://eu-gateway.semsportal.com/", 7])
def test_a_session_for_an_unknown_or_foreign_data_host_is_refused(api: object) -> None:
    with pytest.raises(errors.GatewayRefused):
        signin.token(envelope({**IDENTITY, "api": api}), (), NOW)


@pytest.mark.parametrize(
    "data",
    [
        {"agreement": True, "api": GATEWAY},
        {**IDENTITY, "token": ""},
        {**IDENTITY, "token": None},
        {**IDENTITY, "token": 7},
        {**IDENTITY, "uid": ""},
        {key: value for key, value in IDENTITY.items() if key != "uid"},
        {},
        [],
        "",
        "token",
        None,
    ],
)
def test_a_success_without_token_or_uid_is_no_session_and_says_what_to_do(data: object) -> None:
    with pytest.raises(errors.AgreementPending, match="accept the new terms"):
        signin.token(envelope(data), (), NOW)


@pytest.mark.parametrize("rest", [{}, IDENTITY])
@pytest.mark.parametrize("required", [True, 1, "true"])
def test_two_step_login_is_named_as_such(rest: dict[str, Any], required: object) -> None:
    with pytest.raises(errors.MfaRequired, match="two-step"):
        signin.token(envelope({**rest, "mfaRequired": required}), (), NOW)


def test_an_account_that_needs_no_second_step_signs_in() -> None:
    assert signin.token(envelope({**IDENTITY, "mfaRequired": False}), (), NOW).gateway == GATEWAY


@pytest.mark.parametrize(
    "answered, meant",
    [
        (errors.SessionRejected("code C0602"), errors.LoginRefused),
        (errors.PermissionDenied("code 100025"), errors.LoginRefused),
        (errors.RouteUnknown("HTTP 404"), errors.ProtocolChanged),
        (errors.ProtocolChanged("code 100004"), errors.ProtocolChanged),
        (errors.CredentialsRejected("code 100005"), errors.CredentialsRejected),
        (errors.RateLimited("code GY0429"), errors.RateLimited),
        (errors.ServerFault("HTTP 500"), errors.ServerFault),
        (errors.Unreachable("no connection"), errors.Unreachable),
    ],
)
def test_a_failure_that_answers_a_sign_in_is_never_taken_for_a_bad_password(
    answered: errors.PortalError, meant: type[errors.PortalError]
) -> None:
    assert type(signin.login_failure(answered)) is meant
    assert str(answered) in str(signin.login_failure(answered))
