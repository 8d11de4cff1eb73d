"""The status page as a file: it needs nothing around it, and does not pass for the present when it is old."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sems_exporter.delivery.contents import Kind
from sems_exporter.web.status.copy import render_copy
from sems_exporter.web.status.page import Past
from tests.clocks import FakeClock
from tests.delivery.stations import known
from tests.e2e.browser import Browser, browsing
from tests.homes import home

LOST = "document.getElementById('lost').checkVisibility()"
SHOWN = "[...document.querySelectorAll('.figure, .badge.good')].some((element) => element.checkVisibility())"


def test_it_leads_to_nothing_but_its_data() -> None:
    """Where it stands there is no /metrics, and no page of a station."""
    page = known(home()).contents().of(Kind.PAGE)["index.html"].decode()

    assert re.findall(r'href="([^"#]*)"', page)[1:] == ["data.json"]
    assert "written 2026-06-10 10:00 UTC" in page


def test_of_a_hundred_stations_all_is_told_and_of_more_the_overview() -> None:
    stations = [home(key=f"plant-{number}") for number in range(101)]
    status = known().contents().status()

    whole, many = (render_copy(some, status, Past(), "data.json").decode() for some in (stations[1:], stations))

    assert whole.count("<details class=") == 100
    assert many.count("<tr data-station=") == 101
    assert "<details class=" not in many
    assert "/?station=" not in many


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing("chromium") as browser:
        yield browser


@pytest.mark.needs("chromium")
class TestInABrowser:
    """Opened from a disk, without any server."""

    @pytest.mark.parametrize("age, old", [(0, False), (3600, True)])
    def test_a_copy_that_nobody_renews_shows_no_values(
        self, browser: Browser, tmp_path: Path, age: float, *, old: bool
    ) -> None:
        written = datetime.now(UTC) - timedelta(seconds=age)
        exporter = known(replace(home(written), data_timestamp=written), start=lambda: FakeClock(written))
        for name, content in exporter.contents().of(Kind.PAGE).items():
            (tmp_path / name).write_bytes(content)

        page = browser.visit((tmp_path / "index.html").as_uri(), 400, 800, phone=True)

        assert (page.value(LOST), page.value(SHOWN)) == (old, not old)
        assert browser.complaints == []
