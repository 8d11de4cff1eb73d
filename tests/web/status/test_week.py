"""The bars of the last seven days: what is whole, what is a part, what is not known, in picture, words and table."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sems_exporter.curves.week import DayTotal, Energies
from sems_exporter.model.plant import KWH, Station
from sems_exporter.web.status.page import WHOLE, Past, View, render_page
from tests.web.status.page_reader import HOME, NOW, STATUS, Reader

TODAY = date(2026, 6, 21)
FULL = Energies(20.0 * KWH, 8.0 * KWH, 1.0 * KWH, 11.0 * KWH, 5.0 * KWH, 4.0 * KWH)


def whole(energies: Energies = FULL) -> DayTotal:
    return DayTotal(energies, None)


def until(text: str, energies: Energies = FULL) -> DayTotal:
    return DayTotal(energies, datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


SO_FAR = until("2026-06-21T10:03", FULL._replace(pv=3.5 * KWH))
WEEK = {TODAY - timedelta(days=ago): whole() for ago in range(1, 7)} | {TODAY: SO_FAR}


def drawn(days: dict[date, DayTotal], station: Station = HOME, view: View = WHOLE) -> Reader:
    past = Past(days=lambda _, day: days.get(day))
    return Reader(render_page([station], STATUS, view, past))


def bars(reader: Reader) -> list[tuple[float, str, float, float, bool]]:
    """Left edge, class, top and height of each bar, and whether it is drawn as a part of a day."""
    return [
        (
            float(e.attributes["x"].removesuffix("%")),
            e.attributes["class"],
            float(e.attributes["y"]),
            float(e.attributes["height"]),
            e.parents[-1].attributes.get("class") == "part",
        )
        for e in reader.all("rect")
        if "week" in e.parents[-3].attributes.get("class", "")
    ]


def names(reader: Reader) -> list[str]:
    foot = max(float(e.attributes["y"]) for e in reader.all("text"))
    return [e.text for e in reader.all("text") if float(e.attributes["y"]) == foot]


def told(reader: Reader) -> str:
    return reader.all("desc")[0].text


def note(reader: Reader) -> str:
    return reader.classed("detail")[-1].text


def test_seven_days_end_with_today() -> None:
    reader = drawn(WEEK)

    assert names(reader) == ["Mon 15", "Tue 16", "Wed 17", "Thu 18", "Fri 19", "Sat 20", "Today"]
    assert [part for *_, part in bars(reader)] == [False] * 36 + [True] * 6
    assert note(reader) == "Today so far."
    assert [e.text for e in reader.classed("scale")] == ["30 kWh", "30 kWh"]


def test_what_came_in_stands_above_zero_and_where_it_went_below() -> None:
    """In the order and on the scale of the dashboards, so that both sides are as long but for losses."""
    reader = drawn(WEEK)
    [zero] = [float(e.attributes["y1"]) for e in reader.all("line")]
    first = [(kind, top, height) for _, kind, top, height, _ in bars(reader)[:6]]
    per_kwh = first[0][2] / 20.0

    assert [kind for kind, *_ in first] == ["pv", "battery", "import", "load", "battery", "export"]
    assert [round(height / per_kwh) for *_, height in first] == [20, 4, 1, 8, 5, 11]
    assert [top + height <= zero + 0.11 for _, top, height in first] == [True] * 3 + [False] * 3
    assert first[1][1] + first[1][2] == pytest.approx(first[0][1], abs=0.11)
    assert first[4][1] == pytest.approx(first[3][1] + first[3][2], abs=0.11)


def test_a_day_that_is_not_known_is_a_hole_and_said_to_be() -> None:
    days = WEEK | {date(2026, 6, 17): until("2026-06-17T14:40")}
    del days[date(2026, 6, 16)]
    reader = drawn(days)

    assert note(reader) == "Tue 16 not known, Wed 17 until 16:40, Today so far."
    assert len({left for left, *_ in bars(reader)}) == 6
    assert "Tue 16 not known, Wed 17 until 16:40 20.0 kWh" in told(reader)


def test_a_day_seen_to_its_end_is_an_outline_without_many_words() -> None:
    """Where the portal tells nothing of days that are over, each of them ends a few minutes early."""
    reader = drawn({day: until(f"{day}T21:56") for day in WEEK} | {TODAY: SO_FAR})

    assert all(part for *_, part in bars(reader))
    assert note(reader) == "Today so far."
    rows = [e.text for e in reader.all("th", scope="row") if "until" in e.text]
    assert rows[0] == "Mon 15 until 23:56"
    assert len(rows) == 6


@pytest.mark.parametrize("days", [{}, {TODAY: SO_FAR}])
def test_without_a_day_before_there_is_no_picture(days: dict[date, DayTotal]) -> None:
    """What is known of today stands in its tiles."""
    assert drawn(days).classed("week") == []


def test_without_a_zone_no_day_is_one() -> None:
    assert drawn(WEEK, replace(HOME, timezone=None)).classed("week") == []


def test_a_roof_without_meter_and_battery_has_pv_alone() -> None:
    reader = drawn(dict.fromkeys(WEEK, whole(Energies(pv=12.0 * KWH))))
    heads = [e.text for e in reader.all("th", scope="col") if e.parents[-5].attributes.get("id") == "s1-table"]

    assert {kind for _, kind, *_ in bars(reader)} == {"pv"}
    assert reader.classed("legend")[0].text == "PV"
    assert heads == ["Day", "PV"]
    assert [e.text for e in reader.classed("scale")] == ["15 kWh"]


def test_days_of_nothing_are_known_to_be_so() -> None:
    reader = drawn(dict.fromkeys(WEEK, whole(Energies(pv=0.0, load=0.0))))

    assert bars(reader) == []
    assert "Mon 15 0.00 kWh" in told(reader)


def test_the_picture_says_in_words_and_numbers_what_it_shows() -> None:
    reader = drawn(WEEK)
    [picture] = [e for e in reader.all("svg", role="img") if "week" in e.parents[-1].attributes.get("class", "")]
    named = [reader.all(id=key)[0].text for key in picture.attributes["aria-labelledby"].split()]
    cells = [e.text for e in reader.all("td") if e.parents[-5].attributes.get("id") == "s1-table"]

    assert named[0] == "Energies by day"
    assert named[1].startswith("PV: Mon 15 20.0 kWh, Tue 16 20.0 kWh, ")
    assert named[1].endswith("Today so far 3.50 kWh.")
    assert cells[:6] == ["20.0 kWh", "8.00 kWh", "1.00 kWh", "11.0 kWh", "5.00 kWh", "4.00 kWh"]
    assert not [e for e in reader.elements if "style" in e.attributes]


def test_days_are_those_of_the_station() -> None:
    """It is still Saturday in Honolulu."""
    asked: list[date] = []

    def days(_: Station, day: date) -> DayTotal | None:
        asked.append(day)
        return None

    honolulu = replace(HOME, timezone=ZoneInfo("Pacific/Honolulu"))
    render_page([honolulu], replace(STATUS, now=NOW.replace(hour=9)), WHOLE, Past(days=days))

    assert (asked[0], asked[-1]) == (date(2026, 6, 14), date(2026, 6, 20))
