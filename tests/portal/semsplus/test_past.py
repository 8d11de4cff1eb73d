"""Days that are over: what is asked, and what the answers say."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import KWH, TimeZone
from sems_exporter.portal import past
from sems_exporter.portal.past import CurveQuestion, DaysQuestion
from sems_exporter.portal.semsplus import endpoints
from tests.portal.semsplus.captures import data, needs_captures
from tests.portal.semsplus.homes import Home

DAY = date(2026, 6, 8)


def curve(*items: dict[str, Any]) -> dict[str, Any]:
    return {"dataList": list(items)}


def points(answer: object) -> dict[str, list[tuple[datetime, float]]]:
    return {name: list(found) for name, found in past.curves(answer, Diagnostics()).items()}


def local(text: str) -> datetime:
    """A time as the portal writes it, without a zone."""
    return datetime.fromisoformat(text)


@needs_captures
def test_a_captured_day_has_its_minutes_and_no_fillers() -> None:
    found = points(data("power_curve_day_us_2026-09-29"))

    assert set(found) == {"pv_power"}, "sell and buy come unasked, and are energies"
    assert len(found["pv_power"]) == 512
    assert found["pv_power"][0] == (local("2026-09-29 05:53"), 0.0)
    assert sum(watts for _, watts in found["pv_power"]) / 60_000 == pytest.approx(20.776, abs=0.001)


def test_nulls_and_what_is_marked_as_a_filler_are_no_values() -> None:
    asked = [("00:00", None, True), ("08:00", 1.5, None), ("08:01", 0, True), ("08:02", None, None), ("08:03", 0, "")]
    item = {
        "item": "pConsum",
        "unit": "kW",
        "powerData": [
            {"tp": f"2026-06-08 {at}:00", "power": power} | ({} if filler is None else {"isCE": filler})
            for at, power, filler in asked
        ],
    }

    assert points(curve(item))["load_power"] == [
        (local("2026-06-08 08:00"), 1500.0),
        (local("2026-06-08 08:03"), 0.0),
    ]


def test_each_item_has_its_own_unit_and_signs_are_directions() -> None:
    def item(name: str, unit: str, power: float) -> dict[str, Any]:
        return {"item": name, "unit": unit, "powerData": [{"tp": "2026-06-08 08:00:00", "power": power}]}

    found = points(curve(item("pGrid", "kW", -0.5), item("pBat", "W", 300), item("soc", "%", 42), item("new", "", 1)))

    assert {name: value for name, [(_, value)] in found.items()} == {
        "grid_import_power": 500.0,
        "grid_export_power": 0.0,
        "battery_discharge_power": 300.0,
        "battery_charge_power": 0.0,
        "battery_state_of_charge": 0.42,
    }


def test_day_energies_are_by_date_and_missing_rows_and_items_are_absent() -> None:
    answer = curve(
        {
            "item": "proSystemTotalStats",
            "unit": "kWh",
            "statisticsList": [{"date": "2026-06-08", "val": 12.5}, {"date": "2026-06-09", "val": None}],
        },
        {"item": "proGridStats", "unit": "kWh", "statisticsList": [{"date": "2026-06-08", "val": 0}]},
    )

    assert past.day_energies(answer, Diagnostics()) == {
        DAY: {"pv_energy_today": 12.5 * KWH, "grid_export_energy_today": 0.0}
    }


def test_a_day_that_is_told_twice_is_known_only_if_both_say_the_same() -> None:
    rows = [{"date": day, "val": val} for day, val in (("2026-06-07", 3), ("2026-06-08", 12.5), ("2026-06-08", 0))]
    answer = curve(
        {"item": "proSystemTotalStats", "unit": "kWh", "statisticsList": [*rows, {"date": "2026-06-07", "val": 3.0}]}
    )
    findings = Diagnostics()

    assert past.day_energies(answer, findings) == {date(2026, 6, 7): {"pv_energy_today": 3 * KWH}, DAY: {}}
    assert findings.dropped == {("sems_station_pv_energy_today_joules", DropReason.CONTRADICTED): 1}


@pytest.mark.parametrize(
    "answer", [None, {}, [], {"dataList": []}, {"dataList": None, "production": 0}, {"dataList": [{"item": "pSystem"}]}]
)
def test_an_answer_with_nothing_in_it_says_nothing(answer: object) -> None:
    assert points(answer) == {}
    assert past.day_energies(answer, Diagnostics()) == {}


@pytest.mark.parametrize("answer", ["sorry", [1], {"dataList": "sorry"}])
def test_an_answer_of_another_shape_is_refused(answer: object) -> None:
    with pytest.raises(errors.AnswerUnreadable):
        past.curves(answer, Diagnostics())


@pytest.mark.parametrize(
    "zone, told",
    [
        (ZoneInfo("Europe/Madrid"), -2),
        (ZoneInfo("America/Sao_Paulo"), 3),
        (ZoneInfo("Asia/Kolkata"), -5.5),
        (timezone(timedelta(hours=7)), -7),
        (UTC, 0),
    ],
)
def test_the_zone_is_told_as_hours_that_lead_back_to_utc(zone: TimeZone, told: float) -> None:
    body = endpoints.curve("a station", DAY, DAY, zone, ["soc"]).body

    assert body["timeZone"] == told
    assert (body["startTime"], body["endTime"]) == ("2026-06-08 00:00:00", "2026-06-08 23:59:59")


def test_the_portal_tells_curves_and_energies_of_a_station(home: Home) -> None:
    station = home.read().id
    zone = ZoneInfo("Europe/Amsterdam")
    first = home.clock.now().astimezone(zone).date() - timedelta(days=3)
    before = home.all_asked()

    answer = home.account.past(CurveQuestion(station, first, first + timedelta(days=1), zone))
    month = home.account.past(DaysQuestion(station, first.replace(day=1)))

    found = points(answer)
    assert {at.date() for at, _ in found["load_power"]} == {first, first + timedelta(days=1)}
    assert first in past.day_energies(month, Diagnostics())
    assert home.all_asked() - before == {"curve": 1, "statistics": 1}
