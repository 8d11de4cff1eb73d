"""The picture of the day: what is drawn and what is a hole, in words and numbers too, on days of 23 to 25 hours."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sems_exporter.curves.curve import Powers
from sems_exporter.model.plant import Station
from sems_exporter.web.status.day import Known
from sems_exporter.web.status.page import WHOLE, PageStatus, Past, render_page
from tests.web.status.page_reader import HOME, NOW, STATUS, Element, Reader, fleet

BERLIN = ZoneInfo("Europe/Berlin")
STEP = 300
MIDNIGHT = datetime(2026, 6, 20, 22, tzinfo=UTC)
"""Of the day that holds NOW, in Berlin."""
STEADY = Powers(2000.0, 500.0, -1000.0, -500.0, 0.5)


def drawn(
    powers: Callable[[datetime], Powers | None] = lambda _: STEADY,
    station: Station = HOME,
    now: datetime = NOW,
    status: PageStatus = STATUS,
) -> Reader:
    """The page of a station of which these powers are known in the slots up to now."""

    def curves(_: Station, begin: datetime, end: datetime) -> Known:
        slots = range(int(begin.timestamp()), int(end.timestamp()), STEP)
        found = [(slot + STEP / 2, powers(datetime.fromtimestamp(slot, UTC))) for slot in slots]
        return [(middle, means) for middle, means in found if means is not None]

    return Reader(render_page([station], replace(status, now=now), WHOLE, Past(curves)))


def lines(reader: Reader, kind: str) -> list[Element]:
    return [path for path in reader.all("path") if {"line", kind} <= set(path.attributes.get("class", "").split())]


def areas(reader: Reader, kind: str) -> list[Element]:
    return [path for path in reader.all("path") if {"area", kind} <= set(path.attributes.get("class", "").split())]


def runs(path: Element) -> int:
    """How many times the pen is put down."""
    return path.attributes["d"].count("M")


def told(reader: Reader) -> str:
    return reader.all("desc")[0].text


class TestWhatIsDrawn:
    """A day that is known, up to now."""

    def test_each_quantity_is_drawn_since_midnight(self) -> None:
        reader = drawn()
        [pv] = lines(reader, "pv")
        [load] = lines(reader, "load")

        assert runs(pv) == runs(load) == 1
        assert pv.attributes["d"].startswith("M1 ")  # the middle of the first five minutes
        assert pv.attributes["d"].count("2 0") == 144
        assert [len(areas(reader, kind)) for kind in ("pv", "export", "import", "battery")] == [1, 1, 1, 3]
        names = [text.text.strip() for text in reader.classed("name")]
        assert names == ["■ PV  ■ Load", "Grid", "Battery", "State of charge"]

    def test_what_lies_ahead_is_not_drawn(self) -> None:
        """Nothing is known of it, and it is shaded."""
        ahead = drawn().classed("ahead")[0]

        assert float(ahead.attributes["x"]) == pytest.approx((NOW - MIDNIGHT).total_seconds() / 150, abs=0.5)
        assert float(ahead.attributes["x"]) + float(ahead.attributes["width"]) == pytest.approx(576, abs=1)

    def test_scales_are_in_words_of_the_page(self) -> None:
        scales = [text.text for text in drawn().classed("scale")]

        assert scales == ["2 kW", "1 kW export", "1 kW charge", "100 %"]

    def test_both_directions_have_the_same_scale(self) -> None:
        reader = drawn(lambda at: STEADY._replace(grid=-1400.0 if at.minute else 300.0))

        assert [text.text for text in reader.classed("scale")][1:3] == ["1.5 kW import", "1.5 kW export"]

    def test_a_home_without_a_battery_has_no_such_panel(self) -> None:
        reader = drawn(station=replace(HOME, has_battery=False, batteries=()))

        assert [text.text.strip() for text in reader.classed("name")] == ["■ PV  ■ Load", "Grid"]

    def test_what_is_not_measured_has_no_panel(self) -> None:
        reader = drawn(lambda _: Powers(pv=100.0))

        assert [text.text.strip() for text in reader.classed("name")] == ["■ PV  ■ Load"]
        assert lines(reader, "load") == []

    def test_without_a_sample_there_is_no_picture(self) -> None:
        assert drawn(lambda _: None).classed("day") == []
        assert Reader(render_page([HOME], STATUS)).classed("day") == []

    def test_a_sliver_below_zero_at_night_is_no_power(self) -> None:
        reader = drawn(lambda _: STEADY._replace(pv=-12.0))

        assert "PV nothing." in told(reader)

    def test_each_station_has_its_own(self) -> None:
        def curves(station: Station, begin: datetime, _: datetime) -> Known:
            return [(begin.timestamp() + 150, STEADY)] if station.id == "plant-1" else []

        reader = Reader(render_page(fleet(3), STATUS, WHOLE, Past(curves)))

        assert [figure.parents[-2].attributes["data-station"] for figure in reader.classed("day")] == ["plant-1"]


class TestHoles:
    """What was not known stays open."""

    def test_a_hole_is_not_bridged(self) -> None:
        reader = drawn(lambda at: None if 6 <= at.hour < 8 else STEADY)

        assert [runs(path) for path in (*lines(reader, "pv"), *lines(reader, "load"))] == [2, 2]
        assert [runs(path) for path in areas(reader, "pv")] == [2]
        assert reader.classed("detail")[-1].text == "No data 08:00–10:00."
        assert "No data 08:00–10:00." in told(reader)

    def test_a_hole_of_one_quantity_is_its_own(self) -> None:
        reader = drawn(lambda at: STEADY._replace(load=None) if at.hour == 6 else STEADY)

        assert (runs(lines(reader, "pv")[0]), runs(lines(reader, "load")[0])) == (1, 2)
        assert "No data" not in told(reader)

    @pytest.mark.parametrize("minutes,whole", [(15, True), (30, False)])
    def test_a_value_counts_for_as_long_as_it_is_trusted(self, minutes: int, whole: bool) -> None:
        """Polling may be slower than a slot is long."""
        reader = drawn(lambda at: STEADY if at.minute % minutes == 0 else None)

        assert (runs(lines(reader, "pv")[0]) == 1) is whole

    def test_however_long_a_value_is_trusted_hours_are_not_bridged(self) -> None:
        reader = drawn(lambda at: None if 6 <= at.hour < 8 else STEADY, status=replace(STATUS, data_max_age=86400.0))

        assert runs(lines(reader, "pv")[0]) == 2

    def test_a_lonely_sample_is_a_dot(self) -> None:
        reader = drawn(lambda at: STEADY if (at.hour, at.minute) == (6, 0) else None)

        assert re.fullmatch(r"M193 \d+h0", lines(reader, "pv")[0].attributes["d"])
        assert lines(reader, "export")

    def test_many_holes_are_counted(self) -> None:
        reader = drawn(lambda at: STEADY if at.minute == 0 else None)

        assert " and 9 more times." in reader.classed("detail")[-1].text


class TestDays:
    """Midnight is the station's own, and days have 23 to 25 hours."""

    @pytest.mark.parametrize(
        "now,hours", [("2026-03-29T20:00", 23), ("2026-10-25T20:00", 25), ("2026-06-21T20:00", 24)]
    )
    def test_a_day_is_as_long_as_it_is(self, now: str, hours: int) -> None:
        reader = drawn(now=datetime.fromisoformat(now).replace(tzinfo=UTC))
        panel = next(svg for svg in reader.all("svg") if "viewbox" in svg.attributes and svg.attributes.get("width"))
        ticks = {e.text: e.attributes["x"] for e in reader.all("text") if e.text.endswith(":00")}

        assert panel.attributes["viewbox"].split()[2] == str(hours * 24)
        assert list(ticks) == [f"{hour:02}:00" for hour in range(0, 25, 3)]
        assert ticks["06:00"] == f"{(6 + hours - 24) / hours * 100:.2f}%"

    def test_the_repeated_hour_has_two_rows(self) -> None:
        reader = drawn(now=datetime(2026, 10, 25, 20, tzinfo=UTC))
        rows = [e.text for e in reader.all("th", scope="row") if ":00" in e.text]

        assert rows[:5] == ["00:00", "01:00", "02:00", "02:00 again", "03:00"]

    def test_a_zone_of_quarter_hours(self) -> None:
        """Kathmandu is 5:45 ahead."""
        station = replace(HOME, timezone=ZoneInfo("Asia/Kathmandu"))
        reader = drawn(station=station)

        assert "From 00:00 to 15:50." in told(reader)
        assert "No data" not in told(reader)

    def test_without_a_zone_it_is_the_day_of_utc(self) -> None:
        reader = drawn(station=replace(HOME, timezone=None))

        assert "hours are those of UTC" in reader.classed("detail")[-1].text
        assert [e.text for e in reader.classed("first")] == ["00:00"]

    def test_just_after_midnight_it_begins_anew(self) -> None:
        reader = drawn(now=MIDNIGHT + timedelta(minutes=6))

        assert runs(lines(reader, "pv")[0]) == 1
        assert len(re.findall(r"\d+ \d+", lines(reader, "pv")[0].attributes["d"])) == 2


class TestForEverybody:
    """Those who do not see it are told the same."""

    def test_the_picture_has_a_name_and_a_description(self) -> None:
        reader = drawn(
            lambda at: STEADY._replace(pv=4200.0) if at == NOW.replace(hour=9, minute=0, second=0) else STEADY
        )
        [picture] = [e for e in reader.all("svg", role="img") if e.parents[-1].attributes.get("class") == "day"]
        named = [reader.all(id=key)[0].text for key in picture.attributes["aria-labelledby"].split()]

        assert named == [
            "Power since midnight",
            (
                "From 00:00 to 12:05. PV up to 4.20 kW about 11:00. Load up to 500 W about 00:00. Export up to 1.00 kW "
                "about 00:00. Battery charge up to 500 W about 00:00. State of charge 50 % to 50 %."
            ),
        ]

    def test_a_table_has_the_means_of_the_hours(self) -> None:
        reader = drawn(lambda at: None if at.hour == 5 else STEADY)
        [table] = [e for e in reader.all("details") if "figures" in e.attributes["class"]]
        cells = [e.text for e in reader.all("td") if table in e.parents]
        hours = [e.text for e in reader.all("th", scope="row") if table in e.parents]

        assert hours == [f"{hour:02}:00" for hour in range(13)]
        assert cells[:5] == ["2.00 kW", "500 W", "1.00 kW export", "500 W charge", "50 %"]
        assert cells[7 * 5 : 8 * 5] == ["–"] * 5

    def test_nothing_needs_a_style_of_its_own(self) -> None:
        """The policy would not let it have one."""
        assert not [e for e in drawn().elements if "style" in e.attributes]

    def test_names_are_unique_on_a_page_of_many(self) -> None:
        def curves(_station: Station, begin: datetime, _end: datetime) -> Known:
            return [(begin.timestamp() + 150, STEADY)]

        reader = Reader(render_page(fleet(12), STATUS, WHOLE, Past(curves)))
        ids = [e.attributes["id"] for e in reader.elements if "id" in e.attributes]

        assert len(ids) == len(set(ids))
        assert len(reader.classed("day")) == 12
