"""Minutes at their instants: days of 23, 24 and 25 hours."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sems_exporter.history.days import local_date, midnight, placed

MADRID = ZoneInfo("Europe/Madrid")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    "day, hours",
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)],
)
def test_a_day_is_as_long_as_its_clocks_make_it(day: date, hours: int) -> None:
    assert midnight(day + timedelta(days=1), MADRID) - midnight(day, MADRID) == hours * 3600


@pytest.mark.parametrize("zone", ["America/Santiago", "Asia/Beirut", "Australia/Lord_Howe", "Africa/Cairo"])
def test_days_follow_each_other_where_clocks_change_at_midnight(zone: str) -> None:
    for number in range(366):
        day = date(2024, 1, 1) + timedelta(days=number)
        begin = midnight(day, ZoneInfo(zone))

        assert midnight(day + timedelta(days=1), ZoneInfo(zone)) - begin in (82800, 84600, 86400, 88200, 90000)
        assert local_date(begin + 43200, ZoneInfo(zone)) == day


def test_minutes_have_the_offset_of_their_own_day() -> None:
    found = placed([(at("2026-03-28 12:00"), 1.0), (at("2026-03-30 12:00"), 2.0)], MADRID)

    assert found == {1774695600: 1.0, 1774864800: 2.0}
    assert 1774864800 - 1774695600 == 47 * 3600


def test_an_hour_that_does_not_exist_is_left_out() -> None:
    found = placed(
        [(at("2026-03-29 01:59"), 1.0), (at("2026-03-29 02:30"), 2.0), (at("2026-03-29 03:00"), 3.0)], MADRID
    )

    assert list(found.values()) == [1.0, 3.0]
    assert max(found) - min(found) == 60


def test_an_hour_that_is_told_twice_is_two_hours() -> None:
    found = placed([(at("2026-10-25 02:30"), 1.0), (at("2026-10-25 02:30"), 2.0)], MADRID)

    assert list(found.values()) == [1.0, 2.0]
    assert max(found) - min(found) == 3600


def test_an_hour_that_occurs_twice_and_is_told_once_is_neither() -> None:
    found = placed([(at("2026-10-25 02:30"), 1.0), (at("2026-10-25 03:00"), 2.0)], MADRID)

    assert list(found.values()) == [2.0]
