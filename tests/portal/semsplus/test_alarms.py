"""Alarms as the portal lists them: which are active, how grave they are, and whose."""

import pytest

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.model.plant import AlarmLevel
from sems_exporter.portal.decoding.alarms import level as level_in
from sems_exporter.portal.semsplus import alarms


def row(**fields: object) -> dict[str, object]:
    return {"stationId": "s-1", "devicesn": "INV1", "warning_code": "E-1", "status": 0} | fields


@pytest.mark.parametrize(
    "raw, level, news",
    [
        ("Total_FaultLevel_alarm", AlarmLevel.ALARM, 0),
        ("total_faultlevel_FAULT", AlarmLevel.FAULT, 0),
        ("prompt", AlarmLevel.PROMPT, 0),
        ("Total_FaultLevel_apocalypse", AlarmLevel.UNKNOWN, 1),
        (None, AlarmLevel.UNKNOWN, 0),
        (3, AlarmLevel.UNKNOWN, 0),
    ],
)
def test_a_level_is_known_or_unknown_and_news_are_counted(raw: object, level: AlarmLevel, news: int) -> None:
    findings = Diagnostics()

    assert level_in(raw, findings) is level
    assert findings.unknown.get(Unknown.STATUS, 0) == news


@pytest.mark.parametrize("count", [None, "", "some", "-1", True, 1.5])
def test_a_number_of_alarms_that_is_none_is_not_zero(count: object) -> None:
    with pytest.raises(errors.AnswerUnreadable):
        alarms.statistics({"happened": count})


@pytest.mark.parametrize("count", [3, 3.0, "3", "3.0"])
def test_a_number_of_alarms_is_read_in_every_form(count: object) -> None:
    assert alarms.statistics({"happened": count}).unlisted == 3


@pytest.mark.parametrize("over", [1, 1.0, "1"])
def test_beside_alarms_that_are_over_nobody_knows_how_many_more_are_active(over: object) -> None:
    page = alarms.page({"dataList": [row(), row(status=over)], "total": 37}, Diagnostics())

    assert (len(page.listed), page.unlisted) == (1, 0)


def test_rows_of_several_stations_are_told_apart_and_what_is_over_or_nobodys_is_left_out() -> None:
    rows = [
        row(),
        row(warning_code="E-2"),
        row(stationId="s-2"),
        row(stationId="s-3", status=1),
        row(stationId=None),
    ]

    page = alarms.page_of_many({"dataList": rows, "total": 5}, 1, Diagnostics())

    codes = {station: [alarm.code for alarm in active] for station, active in page.by_station.items()}
    assert codes == {"s-1": ["E-1", "E-2"], "s-2": ["E-1"]}
    assert not page.more


@pytest.mark.parametrize("number, more", [(1, True), (2, False)])
def test_further_pages_follow_as_long_as_the_total_says_so(number: int, more: bool) -> None:
    assert alarms.page_of_many({"dataList": [row()], "total": "200"}, number, Diagnostics()).more is more


def test_a_page_without_rows_is_the_last_whatever_is_promised() -> None:
    assert not alarms.page_of_many({"dataList": [], "total": 1000}, 1, Diagnostics()).more
