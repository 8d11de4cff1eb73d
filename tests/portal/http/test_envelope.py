"""Every answer of the portal is data or a named failure; never another exception, never a zero."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter import errors
from sems_exporter.portal.http.envelope import MESSAGE_LENGTH, HttpResponse, parse_envelope

NOW = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)

CODES: dict[str, type[errors.PortalError]] = {
    "100000": errors.ServerFault,
    "100001": errors.SessionRejected,
    "100002": errors.SessionRejected,
    "100004": errors.ProtocolChanged,
    "100005": errors.CredentialsRejected,
    "100025": errors.PermissionDenied,
    "C0501": errors.CredentialsRejected,
    "C0602": errors.SessionRejected,
    "C0607": errors.SessionRejected,
    "Z0100": errors.SessionRejected,
    "GY0429": errors.RateLimited,
    "429": errors.RateLimited,
    "S0327": errors.RequestInvalid,
    "P0214": errors.RequestInvalid,
    "P0215": errors.RequestInvalid,
    "C0001": errors.ServerFault,
    "R0219": errors.RequestInvalid,
    "R0305": errors.RequestInvalid,
    "innerexception": errors.StationUnknown,
    "R000013": errors.RequestInvalid,
    "read_fail": errors.RequestInvalid,
    "A0210": errors.CredentialsRejected,
    "A0301": errors.SessionRejected,
    "B0001": errors.ServerFault,
    "10012": errors.UnknownCode,
    "X9999": errors.UnknownCode,
    "A0101": errors.UnknownCode,
    "Seven": errors.UnknownCode,
}
NUMERIC = [(int(code), failure) for code, failure in CODES.items() if code.isdecimal()]


def answer(document: Any, status: int = 200, retry_after: str | None = None) -> HttpResponse:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return HttpResponse(status, body, retry_after)


def failure_of(document: Any, status: int = 200, retry_after: str | None = None) -> errors.PortalError:
    with pytest.raises(errors.PortalError) as raised:
        parse_envelope(answer(document, status, retry_after), NOW)
    return raised.value


@pytest.mark.parametrize("code", [0, 0.0, "0", "00000", " 00000 "])
def test_success_is_written_in_many_ways(code: object) -> None:
    envelope = parse_envelope(answer({"code": code, "description": "成功", "data": {"a": 1}}), NOW)

    assert (envelope.data, envelope.message) == ({"a": 1}, "成功")


def test_a_code_with_a_decimal_point_is_the_same_code() -> None:
    assert type(failure_of({"code": 429.0})) is errors.RateLimited
    assert type(failure_of({"code": "100002.0"})) is errors.SessionRejected


@pytest.mark.parametrize("data", [{}, [], "", None])
def test_a_success_hands_its_empty_data_on_for_the_decoder_to_judge(data: object) -> None:
    assert parse_envelope(answer({"code": "00000", "data": data}), NOW).data == data
    assert parse_envelope(answer({"code": "00000"}), NOW).data is None


@pytest.mark.parametrize("code", [200, "200"])
def test_200_as_a_code_is_a_success_only_with_data(code: object) -> None:
    assert parse_envelope(answer({"code": code, "data": [1]}), NOW).data == [1]
    assert isinstance(failure_of({"code": code, "data": {}}), errors.UnknownCode)


@pytest.mark.parametrize("code, failure", [*CODES.items(), *NUMERIC])
def test_every_described_code_has_its_failure_as_text_and_as_number(
    code: object, failure: type[errors.PortalError]
) -> None:
    error = failure_of({"code": code, "description": "parameter error."})

    assert type(error) is failure
    assert str(code) in str(error)
    assert "parameter error." in str(error)


@pytest.mark.parametrize(
    "status, failure",
    [
        (301, errors.AnswerUnreadable),
        (302, errors.AnswerUnreadable),
        (304, errors.AnswerUnreadable),
        (400, errors.RequestInvalid),
        (401, errors.SessionRejected),
        (403, errors.PermissionDenied),
        (404, errors.RouteUnknown),
        (408, errors.TimedOut),
        (410, errors.RouteUnknown),
        (418, errors.RequestInvalid),
        (429, errors.RateLimited),
        (500, errors.ServerFault),
        (502, errors.ServerFault),
        (503, errors.ServerFault),
        (504, errors.TimedOut),
    ],
)
@pytest.mark.parametrize(
    "body", [b"", b"<html>maintenance</html>", b"[]", b'{"error_msg": "404 Route Not Found"}', b'{"code": "00000"}']
)
def test_a_http_status_names_the_failure_where_the_body_does_not(
    status: int, body: bytes, failure: type[errors.PortalError]
) -> None:
    error = failure_of(body, status)

    assert type(error) is failure
    assert str(status) in str(error)


@pytest.mark.parametrize(
    "status, code, failure",
    [
        (401, "100025", errors.PermissionDenied),
        (403, "100002", errors.SessionRejected),
        (500, "100005", errors.CredentialsRejected),
        (400, "GY0429", errors.RateLimited),
        (500, "X1", errors.ServerFault),
        (404, "X1", errors.RouteUnknown),
        (429, "100000", errors.RateLimited),
        (429, "100005", errors.RateLimited),
        (429, "X1", errors.RateLimited),
    ],
)
def test_a_known_code_says_more_than_the_status_except_for_too_many_requests(
    status: int, code: str, failure: type[errors.PortalError]
) -> None:
    assert type(failure_of({"code": code}, status)) is failure


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_body_is_the_empty_failure(status: int, body: bytes) -> None:
    assert type(failure_of(body, status)) is errors.AnswerEmpty


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>maintenance</body></html>",
        b'{"code": "00000", "data": ',
        b"[]",
        b"[1, 2]",
        b"7",
        b"null",
        b'"00000"',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"data":' * 100_000,
        b"1" * 5000,
        b"{}",
        b'{"data": {"pSystem": 1}}',
        b'{"code": null, "data": {}}',
        b'{"code": true, "data": {}}',
        b'{"code": ["00000"], "data": {}}',
        b'{"code": "", "data": {}}',
    ],
)
def test_what_is_no_envelope_is_unreadable(body: bytes) -> None:
    assert type(failure_of(body)) is errors.AnswerUnreadable


@pytest.mark.parametrize("key", ["msg", "description", "errorMsg", "translationCode", "error_msg"])
def test_the_portals_own_words_are_part_of_the_message(key: str) -> None:
    assert "the reason" in str(failure_of({"code": "100000", key: "the reason"}))


def test_a_message_is_short_and_printable_and_repeats_nothing_else_of_the_answer() -> None:
    error = failure_of({"code": "100002", "msg": "\x1b[31mred\n" + "x" * 500, "data": {"token": "hunter2"}})

    assert str(error).isprintable()
    assert len(str(error)) < MESSAGE_LENGTH + 30
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    "header, seconds",
    [
        (None, None),
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Thu, 24 Sep 2026 12:02:00 GMT", 120.0),
        ("Thu, 24 Sep 2026 11:59:00 GMT", -60.0),
        ("Thu, 24 Sep 2026 14:02:00 +0200", 120.0),
        ("9" * 40, 999_999_999.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("Thu, 24 Sep 99999999999 12:02:00 GMT", None),
    ],
)
@pytest.mark.parametrize("status, code", [(429, None), (200, "GY0429")])
def test_retry_after_is_seconds_or_a_date_and_anything_else_is_none(
    status: int, code: str | None, header: str | None, seconds: float | None
) -> None:
    error = failure_of({"code": code}, status, header)

    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == seconds


@given(st.text(alphabet=st.characters(max_codepoint=255)) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ .{8}"))
def test_no_retry_after_breaks_the_pause(header: str) -> None:
    assert isinstance(failure_of({}, 429, header), errors.RateLimited)


@given(
    st.integers(100, 599),
    st.binary(max_size=30)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["code", "data", "msg", "description"]), inner, max_size=4)
        ),
        max_leaves=6,
    ).map(lambda document: json.dumps(document).encode()),
)
def test_any_answer_is_data_or_a_portal_failure(status: int, body: bytes) -> None:
    try:
        envelope = parse_envelope(HttpResponse(status, body), NOW)
    except errors.PortalError:
        return

    assert envelope.code in {"0", "00000", "200"}
    assert 100 <= status < 300
