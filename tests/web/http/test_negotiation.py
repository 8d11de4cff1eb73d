"""Which format and which encoding a client gets, for what clients really send and for what nobody should."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.exposition import Format
from sems_exporter.web.http.negotiation import accepts_gzip, format_for, language_for, negotiated

TEXT, OPENMETRICS = Format.TEXT, Format.OPENMETRICS

PROMETHEUS_2_42 = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
PROMETHEUS_2_33 = "application/openmetrics-text; version=1.0.0,application/openmetrics-text; version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"  # noqa: E501 - as it is sent
PROMETHEUS_2_5 = "text/plain;version=0.0.4;q=1,*/*;q=0.1"
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3_PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7," + PROMETHEUS_3
)
PROMETHEUS_3_TEXT_ONLY = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"  # noqa: E501 - as it is sent


@pytest.mark.parametrize(
    "accept, expected",
    [
        (PROMETHEUS_2_42, OPENMETRICS),
        (PROMETHEUS_2_33, OPENMETRICS),
        (PROMETHEUS_2_5, TEXT),
        (PROMETHEUS_3, OPENMETRICS),
        (PROMETHEUS_3_PROTOBUF, OPENMETRICS),
        (PROMETHEUS_3_TEXT_ONLY, TEXT),
        (FIREFOX, TEXT),
        (CHROME, TEXT),
        ("*/*", TEXT),
        ("", TEXT),
        ("text/*", TEXT),
        ("application/*", OPENMETRICS),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OPENMETRICS),
        ('APPLICATION/OpenMetrics-Text; Version="1.0.0"', OPENMETRICS),
        ("  application/openmetrics-text ; version = 1.0.0 ;q = 0.3 , */*;q=0.2", OPENMETRICS),
    ],
)
def test_real_clients_get_what_they_prefer(accept: str, expected: Format) -> None:
    assert format_for(accept) is expected


@pytest.mark.parametrize(
    "accept, expected",
    [
        ("application/openmetrics-text;q=0.4,text/plain;q=0.5", TEXT),
        ("application/openmetrics-text;q=0.5,text/plain;q=0.4", OPENMETRICS),
        ("text/plain,application/openmetrics-text;q=0.9", TEXT),
        ("application/openmetrics-text;q=0,*/*", TEXT),
        ("application/openmetrics-text;q=0.0", TEXT),
        ("text/plain;q=0,application/openmetrics-text;q=0.001", OPENMETRICS),
        ("*/*;q=0.9,application/openmetrics-text;q=0.1", TEXT),
        ("application/openmetrics-text; q = 0.1, text/plain; q = 0.5", TEXT),
        ("text/plain;version=0.0.4,application/openmetrics-text;q=0.9", TEXT),
        ("text/*,application/openmetrics-text;q=0.9", TEXT),
    ],
)
def test_q_values_are_respected(accept: str, expected: Format) -> None:
    assert format_for(accept) is expected


@pytest.mark.parametrize(
    "accept, expected",
    [
        ("*/*,application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text,*/*", OPENMETRICS),
        ("application/*,text/plain", TEXT),
        ("text/plain,application/*", TEXT),
        ("text/plain,application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text,text/plain", OPENMETRICS),
        ("*/*,application/*", OPENMETRICS),
        ("application/*,text/*", OPENMETRICS),
    ],
)
def test_equally_welcome_formats_are_ranked_by_name_whatever_their_order(accept: str, expected: Format) -> None:
    assert format_for(accept) is expected


@pytest.mark.parametrize(
    "accept",
    [
        "application/openmetrics-text;version=abc",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;version=1.0.0.0",
        "application/openmetrics-text;q=2",
        "application/openmetrics-text;q=-1",
        "application/openmetrics-text;q=nan",
        "application/openmetrics-text;q=abc",
        "application/openmetrics-text;q",
        "application/openmetrics-text; version = 9",
        "application/openmetrics-text-of-mine",
        "application/vnd.google.protobuf",
        "application/json",
        "garbage",
        ";;;,,,===",
        ";q=1",
        "\x00\xff",
        "," * 100_000,
        "x" * 1_000_000,
        "a/b;" * 50_000 + "application/openmetrics-text",
    ],
)
def test_what_is_not_served_or_makes_no_sense_is_answered_in_plain_text(accept: str) -> None:
    """Never an error: Prometheus would mark the target down for it."""
    assert format_for(accept) is TEXT


@given(st.text())
def test_any_header_gets_one_of_the_two_formats(accept: str) -> None:
    assert format_for(accept) in Format
    assert isinstance(accepts_gzip(accept.encode("latin-1", "replace")), bool)


PIECES = ["application/openmetrics-text", "text/plain", "*/*", "gzip", "identity", ";", ",", "=", "q", "version", " "]


@given(st.lists(st.sampled_from([*PIECES, "1.0.0", "0.0.4", "0.5", "0", "1", '"', "\t", "*"])).map("".join))
def test_nothing_put_together_from_real_pieces_breaks_it(header: str) -> None:
    assert format_for(header) in Format
    assert isinstance(accepts_gzip(header.encode("latin-1", "replace")), bool)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_the_higher_quality_wins(openmetrics: int, text: int) -> None:
    accept = f"text/plain;q={text / 1000},application/openmetrics-text;q={openmetrics / 1000}"

    if openmetrics != text:
        assert format_for(accept) is (OPENMETRICS if openmetrics > text else TEXT)


@pytest.mark.parametrize(
    "header, expected",
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("*", True),
        ("gzip;q=0.5", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("*;q=0", False),
        ("identity;q=1, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=1", True),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("gzip;q=abc", False),
        ("gzipped", False),
    ],
)
def test_gzip_is_sent_to_those_who_welcome_it(header: str, expected: bool) -> None:
    assert accepts_gzip(header.encode("latin-1", "replace")) is expected


def test_headers_are_read_as_the_bytes_that_came() -> None:
    """Bytes that are no UTF-8 spoil nothing but the item they stand in."""
    format_, compressed = negotiated(b"\xff, application/openmetrics-text", b"\xff, gzip")

    assert (format_, compressed) == (OPENMETRICS, True)


@pytest.mark.parametrize(
    "header, expected",
    [
        ("de", "de"),
        ("DE-at", "de"),
        ("zh-Hant-TW", "zh-hant"),
        ("en-GB, de;q=0.9", "en"),
        ("fr, de;q=0.3, en;q=0.8", "en"),
        ("de;q=0.3, pl;q=0.4", "pl"),
        ("pl, de", "pl"),
        ("de;q=0, *", None),
        ("*", None),
        ("*, de", None),
        ("de, *;q=0.5", "de"),
        ("*;q=0.5, de", "de"),
        ("fr", None),
        ("", None),
        ("de;q=abc", None),
        ("-, ;, de-", "de"),
        ("dex", None),
        ("x" * 4000, None),
    ],
)
def test_the_language_is_the_most_welcome_one_that_there_is(header: str, expected: str | None) -> None:
    """Of a region its language; nothing in particular is None."""
    assert language_for(header, {"en", "de", "pl", "zh-hant"}) == expected
