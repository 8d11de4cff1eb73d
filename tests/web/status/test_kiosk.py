"""The page for a screen on the wall: all that is to be seen, nothing that is to be touched, and still the truth."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sems_exporter.model.plant import Alarm, AlarmLevel, Station
from sems_exporter.web.status.page import FOLD_ABOVE, PageStatus, Past, View, render_page
from tests.homes import home
from tests.serving import Site
from tests.web.status.page_reader import HOME, NOW, STATUS, Reader, fleet
from tests.web.status.test_day import STEADY
from tests.web.status.test_week import WEEK
from tests.web.test_app import ask

PAST = Past(lambda _, begin, __: [(begin.timestamp() + 150, STEADY)], lambda _, day: WEEK.get(day))


def kiosk(*stations: Station, status: PageStatus = STATUS, station: str | None = None) -> Reader:
    return Reader(render_page(stations, status, View(station, kiosk=True), PAST))


def test_it_has_figures_and_pictures_and_nothing_to_touch() -> None:
    reader = kiosk(HOME)

    assert {e.text for e in reader.all("h3")} >= {"Import", "Export", "Energy today", "Power of the day"}
    assert len(reader.classed("gauge")) == 3
    assert len(reader.classed("week")) == 1
    for tag in ("a", "details", "table", "footer", "nav"):
        assert reader.all(tag) == []


def test_age_trouble_and_alarms_are_shown_as_ever() -> None:
    """Whoever glances at it must not take old figures for new ones."""
    alarm = Alarm(device="INV1", code="E7", level=AlarmLevel.FAULT)
    old = replace(HOME, data_timestamp=NOW - timedelta(hours=2), alarms=(alarm,))
    reader = kiosk(old, status=replace(STATUS, up=False, problem="The portal is away.", simulated=True))

    assert [e.text for e in reader.classed("badge")][:4] == ["simulated plant", "Trouble", "running", "old data"]
    assert "The portal is away." in [e.text for e in reader.classed("notice")]
    assert "E7" in reader.main
    assert "2 h ago" in reader.classed("age")[0].text
    assert reader.all(id="lost")


def test_it_renews_itself_with_and_without_script() -> None:
    reader = kiosk(HOME)

    assert reader.all("meta", http_equiv="refresh")
    assert "location.search" in reader.all("script")[0].text


def test_many_stations_are_a_table_without_links() -> None:
    reader = kiosk(*fleet(FOLD_ABOVE + 1))

    assert len(reader.classed("title")) == FOLD_ABOVE + 1
    assert reader.all("a") == []
    assert reader.classed("gauge") == []


def test_one_of_them_can_hang_alone() -> None:
    reader = kiosk(*fleet(40), station="plant-7")

    assert [e.text for e in reader.all("h2")] == ["Home 7"]
    assert reader.all("a") == []


@pytest.mark.parametrize(
    "query, status, large",
    [("kiosk", 200, True), ("kiosk=1", 200, True), ("kiosk&station=plant-1", 200, True), ("kiosk&station=x", 404, None),
     ("kiosk&page=2", 404, None), ("page=1", 200, False), ("kiosk&kiosk", 400, None)],
)  # fmt: skip
def test_it_is_asked_for_in_the_address(query: str, status: int, large: bool | None) -> None:
    answer, _, body = ask(Site(home()).application, f"/?{query}")

    assert answer == status
    assert large is None or (b'<body class="kiosk">' in body) is large
