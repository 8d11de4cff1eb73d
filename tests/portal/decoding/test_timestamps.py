"""Station-local times of the portal into UTC instants."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.model.plant import TimeZone
from sems_exporter.portal.decoding.timestamps import epoch_milliseconds, instant, zone

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "name, hours",
    [
        ("Europe/Amsterdam", 2.0),
        (" Australia/Sydney ", 10.0),
        ("UTC+10:00", 10.0),
        ("GMT-3", -3.0),
        ("utc+05:30", 5.5),
        ("+0530", 5.5),
        ("-03:30", -3.5),
        ("UTC +8", 8.0),
        ("UTC+05:30:00", 5.5),
        ("UTC+5.5", 5.5),
        ("UTC\u221203:00", -3.0),
        ("UTC", 0.0),
        ("gmt", 0.0),
        ("Z", 0.0),
    ],
)
def test_a_zone_is_known_by_its_name_or_by_its_offset(name: str, hours: float) -> None:
    found = zone(name)

    assert found is not None
    assert NOW.astimezone(found).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "  ",
        10,
        True,
        [],
        "Europe",
        "Europe/Nowhere",
        "../../etc/passwd",
        "/etc/localtime",
        "\x00",
        "UTC+99",
        "UTC+5.30",
        "UTC+15",
        "--",
        "x" * 500,
    ],
)
def test_what_names_no_zone_is_none(text: object) -> None:
    assert zone(text) is None


@given(st.text() | st.from_regex(r"(UTC|GMT)?[+-][0-9]{1,3}(:?[0-9]{2})?"))
def test_no_text_breaks_the_reading_of_zones(text: str) -> None:
    found = zone(text)

    assert found is None or NOW.astimezone(found).utcoffset() is not None


def test_a_local_time_is_read_in_the_zone_of_the_station() -> None:
    assert instant("2026-09-24T13:58:00", AMSTERDAM, NOW) == utc("2026-09-24T11:58:00")
    assert instant(" 2026-09-24 13:58:00 ", AMSTERDAM, NOW) == utc("2026-09-24T11:58:00")
    assert instant("2026-09-24T18:02:00", zone("UTC+10:00"), NOW) == utc("2026-09-24T08:02:00")


def test_a_local_time_without_a_zone_is_absent() -> None:
    assert instant("2026-09-24T13:58:00", None, NOW) is None


@pytest.mark.parametrize("text", ["2026-09-24T11:58:00Z", "2026-09-24T13:58:00+02:00"])
@pytest.mark.parametrize("local", [None, AMSTERDAM, ZoneInfo("Asia/Tokyo")])
def test_a_time_that_carries_its_own_offset_needs_no_zone(text: str, local: TimeZone | None) -> None:
    assert instant(text, local, NOW) == utc("2026-09-24T11:58:00")


@pytest.mark.parametrize(
    "now, expected",
    [
        ("2026-10-25T00:31:00", "2026-10-25T00:30:00"),
        ("2026-10-25T01:19:00", "2026-10-25T00:30:00"),
        ("2026-10-25T01:31:00", "2026-10-25T01:30:00"),
        ("2026-10-25T09:00:00", "2026-10-25T01:30:00"),
    ],
)
def test_the_hour_that_occurs_twice_is_the_later_one_that_is_not_ahead(now: str, expected: str) -> None:
    assert instant("2026-10-25T02:30:00", AMSTERDAM, utc(now)) == utc(expected)


def test_an_hour_that_the_clocks_skipped_is_not_believed() -> None:
    now = utc("2027-03-28T12:00:00")

    assert instant("2027-03-28T02:30:00", AMSTERDAM, now) is None
    assert instant("2027-03-28T01:59:00", AMSTERDAM, now) == utc("2027-03-28T00:59:00")
    assert instant("2027-03-28T03:00:00", AMSTERDAM, now) == utc("2027-03-28T01:00:00")


def test_a_time_up_to_ten_minutes_ahead_is_believed_and_a_later_one_is_not() -> None:
    assert instant("2026-09-24T14:10:00", AMSTERDAM, NOW) == utc("2026-09-24T12:10:00")
    assert instant("2026-09-24T14:10:01", AMSTERDAM, NOW) is None
    assert instant("2026-09-24T12:11:00Z", None, NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "--",
        "soon",
        "24.13.2026 13:58",
        "24.09-2026 13:58",
        "24.09.26 13:58",
        "17900000000000",
        "0000000000000",
        "1970-01-01T08:00:00",
        "2026-09-24T25:00:00",
        "2026-02-30T12:00:00",
        1_790_000_000,
        True,
        [],
        {},
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_nonsense_is_absent(text: object) -> None:
    assert instant(text, AMSTERDAM, NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "24.09.2026 13:58",
        "9/24/2026 13:58:00",
        "2026/9/24 13:58",
        "2026.09.24T13:58",
        "24-09-2026 13:58:00",
        "20260924T1358",
        "1790251080000",
    ],
)
def test_the_form_of_a_date_does_not_matter_where_it_can_mean_one_thing_only(text: str) -> None:
    assert instant(text, AMSTERDAM, NOW) == utc("2026-09-24T11:58:00")


@pytest.mark.parametrize(
    "now, expected", [("2026-05-06T12:00:00", "2026-05-06"), ("2026-06-05T12:00:00", "2026-06-05")]
)
def test_a_date_that_may_begin_with_day_or_month_is_the_later_one_that_is_not_ahead(now: str, expected: str) -> None:
    for text in ("05/06/2026 13:58", "06/05/2026 13:58"):
        assert instant(text, AMSTERDAM, utc(now)) == utc(f"{expected}T11:58:00")


@given(st.datetimes(), st.sampled_from(["Europe/Amsterdam", "Australia/Lord_Howe", "UTC-10", "UTC+14", "Asia/Kolkata"]))
def test_any_local_time_becomes_the_instant_that_local_clocks_show_or_nothing(local: datetime, name: str) -> None:
    where = zone(name)
    now = datetime(2100, 1, 1, tzinfo=UTC)

    found = instant(local.isoformat(), where, now)

    if found is not None:
        assert found.utcoffset() == timedelta(0)
        assert found <= now + timedelta(minutes=10)
        assert found.astimezone(where).replace(tzinfo=None) == local


def test_epoch_milliseconds_are_read_as_number_and_as_text() -> None:
    assert epoch_milliseconds(1_778_400_960_527) == datetime(2026, 5, 10, 8, 16, 0, 527_000, tzinfo=UTC)
    assert epoch_milliseconds("1778400960527") == datetime(2026, 5, 10, 8, 16, 0, 527_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw", [None, True, "", "--", "<EPOCH_MS>", "nan", "inf", float("nan"), 1e300, 0, "0", -1, 1_788_717_531, [], {}]
)
def test_epoch_milliseconds_that_are_none_are_absent(raw: object) -> None:
    assert epoch_milliseconds(raw) is None


@pytest.mark.parametrize("text", ["1778400960527", "1778400960"])
def test_an_instant_may_be_told_as_seconds_or_milliseconds_of_an_epoch(text: str) -> None:
    found = instant(text, None, utc("2026-05-10T08:20:00"))

    assert found is not None
    assert found.replace(microsecond=0) == utc("2026-05-10T08:16:00")
