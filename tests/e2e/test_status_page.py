"""The status page of the running demo in a real browser, on a phone and on a desk."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as read_text

from languages import LANGUAGES
from sems_exporter.web.status.language import wanted
from sems_exporter.web.status.page import render_page
from tests.e2e.browser import Browser, Page, browsing
from tests.e2e.program import ANY_PORT, Program, running, until
from tests.web.status.page_reader import EMPTY, NOW, STATUS
from tests.web.status.page_reader import HOME as HOME_STATION
from tests.web.status.test_page_languages import PAST, RICH, STRANGE

pytestmark = pytest.mark.needs("chromium")

STANDING_STILL = ("--start=2026-06-10T10:00", "--speed=5", "--interval=3600", "--data-max-age=86400")
"""Options with which the demo looks once and then not again for 12 minutes of the test's time."""
LABELS = ("station", "inverter", "battery", "meter", "ev_charger", "input", "state")
"""Labels of metrics that the page carries as data attributes, on the value's element or around it."""
UNITS = {"W": 1.0, "kW": 1e3, "MW": 1e6, "kWh": 3.6e6, "MWh": 3.6e9, "%": 0.01, "°C": 1.0}
HOME, FLEET = 2, 7
"""Numbers of plants: a page with all in sight, and one with an overview and folded plants."""
DAYS_ASKED = re.compile(r'sems_portal_requests_total\{endpoint="day_energies",outcome="ok"\} (\S+)')
"""What tells that the days before are known, for which the portal is asked after the first refresh."""

UNFOLD = "document.querySelectorAll('details').forEach((details) => { details.open = true; })"
MARKED = """
[...document.querySelectorAll("[data-metric]")].map((element) => {
  const marks = {};
  for (let around = element; around; around = around.parentElement)
    for (const [name, value] of Object.entries(around.dataset)) marks[name] ??= value;
  const box = element.getBoundingClientRect();
  const unit = element.parentElement.querySelector(":scope > .unit, :scope > small");
  return {
    marks,
    text: element.matches("text") ? `${element.textContent} ${unit.textContent}` : element.textContent,
    isNumber: element.matches("text, .figure"),
    inSight: element.checkVisibility() && box.width > 0 && box.height > 0,
  };
})
"""
TOO_WIDE = """
[...document.querySelectorAll("#page, #page *")]
  .filter((element) => element.checkVisibility() && !element.closest(".wide *, td .unknown"))
  .filter((element) => {
    const box = element.getBoundingClientRect();
    return box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5;
  })
  .map((element) => element.outerHTML.slice(0, 200))
"""
CUT_OFF = """
[...document.querySelectorAll("#page, #page *")]
  .filter((element) => element.checkVisibility() && !element.closest("svg, .wide, td .unknown"))
  .filter((element) => getComputedStyle(element).display !== "inline")
  .filter((element) => element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.outerHTML.slice(0, 200))
"""
OUT_OF_PICTURE = """
[...document.querySelectorAll("#page svg text")].filter((text) => text.checkVisibility()).filter((text) => {
  const box = text.getBoundingClientRect(), picture = text.ownerSVGElement.getBoundingClientRect();
  return box.left < picture.left - 8 || box.right > picture.right + 8;
}).map((text) => text.textContent)
"""
"""A name below the last bar may reach into the margin."""
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"

PICTURES = """
[...document.querySelectorAll(".day:not(.week) > svg")].map((picture) => {
  const box = picture.getBoundingClientRect();
  const texts = [...picture.querySelectorAll("text")].filter((text) => text.checkVisibility());
  const hours = texts.filter((text) => text.textContent.endsWith(":00")).map((text) => text.getBoundingClientRect());
  return {
    fills: Math.abs(box.width - picture.parentElement.clientWidth) < 1,
    letters: Math.min(...texts.map((text) => text.getBoundingClientRect().height)),
    gaps: hours.slice(1).map((hour, place) => hour.left - hours[place].right),
    panels: [...picture.querySelectorAll("svg")].map((panel) => panel.getBoundingClientRect().width),
  };
})
"""

WEEKS = """
[...document.querySelectorAll(".week > svg")].map((picture) => {
  const names = [...picture.querySelectorAll(":scope > text:not(.name, .scale)")];
  const texts = names.map((text) => text.getBoundingClientRect());
  const bars = [...picture.querySelectorAll("rect")].map((bar) => bar.getBoundingClientRect());
  const frame = picture.getBoundingClientRect();
  return {
    gaps: texts.slice(1).map((text, place) => text.left - texts[place].right),
    within: bars.every((bar) => bar.left >= frame.left && bar.right <= frame.right && bar.bottom <= texts[0].top + 1),
    bars: bars.length,
  };
})
"""

HALF_A_MINUTE_LATER = """
document.getElementById("page").classList.add("before");
Date.now = ((now) => () => now() + 31000)(Date.now);
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing("chromium") as browser:
        yield browser


@pytest.fixture(scope="module", params=[HOME, FLEET], ids=["home", "fleet"])
def demo(request: pytest.FixtureRequest) -> Iterator[Program]:
    with running("demo", f"--plants={request.param}", *STANDING_STILL, ANY_PORT) as program:
        program.refreshed()
        until(lambda: sum(map(float, DAYS_ASKED.findall(program.get("/metrics")[1]))) >= request.param)
        yield program
        program.end()  # killed, it would leave its folder behind


@pytest.fixture(params=[(390, 844), (1280, 800)], ids=["phone", "desktop"])
def page(request: pytest.FixtureRequest, browser: Browser, demo: Program) -> Iterator[Page]:
    """The page with everything unfolded."""
    width, height = request.param
    browser.complaints.clear()
    page = browser.visit(f"{demo.address}/", width, height, phone=width < height)
    assert page.value("innerWidth") == width
    page.value(UNFOLD)
    yield page
    page.close()


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {(s.name, frozenset(s.labels.items())): s.value for family in read_text(text) for s in family.samples}


def labels(marks: dict[str, str]) -> frozenset[tuple[str, str]]:
    named = {"evCharger": "ev_charger"}  # a browser's name for data-ev-charger
    return frozenset((name, text) for key, text in marks.items() if (name := named.get(key, key)) in LABELS)


def reads_like(text: str, value: float) -> bool:
    """Whether the value, rounded to the digits and unit that a person reads, is what stands there."""
    number, unit = text.split()
    decimals = len(number.partition(".")[2])
    return abs(float(number.replace("−", "-")) - value / UNITS[unit]) <= 0.5001 * 0.1**decimals


def test_shows_the_numbers_that_the_metrics_have(page: Page, demo: Program) -> None:
    """Every marked value is exactly that of /metrics, reads like it, and is in sight at least once."""
    metrics = samples(demo.get("/metrics")[1])

    marked: list[dict[str, Any]] = page.value(MARKED)

    keys = [(one["marks"]["metric"], labels(one["marks"])) for one in marked]
    values = [float(one["marks"]["value"]) for one in marked]
    different = [
        (key, value, metrics.get(key)) for key, value in zip(keys, values, strict=True) if metrics.get(key) != value
    ]
    assert different == []
    numbers = [(one["text"], value) for one, value in zip(marked, values, strict=True) if one["isNumber"]]
    assert [(text, value) for text, value in numbers if not reads_like(text, value)] == []
    in_sight = {key for key, one in zip(keys, marked, strict=True) if one["inSight"]}
    assert in_sight == set(keys)
    stations = {dict(found)["station"] for name, found in metrics if name == "sems_station_up"}
    for metric in ("sems_station_grid_import_power_watts", "sems_station_pv_energy_today_joules"):
        assert {dict(found)["station"] for name, found in in_sight if name == metric} == stations
    assert ("sems_up", frozenset()) in in_sight


def test_fits_the_screen(page: Page) -> None:
    """Nothing reaches beyond the screen's edges or out of its own box, so nobody has to scroll sideways."""
    assert page.value(TOO_WIDE) == []
    assert page.value(CUT_OFF) == []
    assert page.value(SCROLLS_SIDEWAYS) is False


def test_the_day_is_drawn_as_wide_as_the_page_and_its_texts_are_legible(page: Page, demo: Program) -> None:
    """Lines are stretched, letters are not, and hours keep apart on a phone too."""
    pictures = page.value(PICTURES)

    assert len(pictures) == demo.get("/metrics")[1].count("\nsems_station_up{")
    for picture in pictures:
        assert picture["fills"]
        assert picture["letters"] > 11
        assert len(picture["gaps"]) >= 4
        assert min(picture["gaps"]) > 4
        assert len(picture["panels"]) >= 2


def test_the_last_seven_days_stand_side_by_side(page: Page, demo: Program) -> None:
    """Their names keep apart on a phone too, and no bar reaches beyond the picture."""
    weeks = page.value(WEEKS)

    assert len(weeks) == demo.get("/metrics")[1].count("\nsems_station_up{")
    for week in weeks:
        assert len(week["gaps"]) == 6
        assert min(week["gaps"]) > 2
        assert week["bars"] >= 14
        assert week["within"]


def test_a_screen_on_the_wall_needs_no_scrolling(browser: Browser, demo: Program) -> None:
    """Where one home hangs there, everything is in sight, on a small tablet too."""
    station = next(iter(re.findall(r'sems_station_up{station="([^"]+)"}', demo.get("/metrics")[1])))
    browser.complaints.clear()
    page = browser.visit(f"{demo.address}/?kiosk&station={station}", 1280, 800, phone=False)

    assert page.value("document.documentElement.scrollHeight <= innerHeight") is True
    assert page.value(TOO_WIDE) == []
    assert browser.complaints == []
    page.close()


def test_renews_itself_and_the_browser_has_nothing_to_complain_about(page: Page, browser: Browser) -> None:
    """Half a minute on there is fresh content; no error in the script, and nothing that the page's policy forbids."""
    page.value(HALF_A_MINUTE_LATER)
    page.wait_for("!document.getElementById('page').matches('.before')")

    assert page.value("document.getElementById('lost').hidden") is True
    assert page.value("document.querySelectorAll('[data-metric]').length") > 0
    assert browser.complaints == []


@pytest.mark.parametrize("language", ["xx", *LANGUAGES])
def test_words_of_all_languages_fit_a_small_phone(browser: Browser, tmp_path: Path, language: str) -> None:
    """Those of the language that nobody speaks are as long as they get; a folded table may scroll for itself."""
    spoken = STRANGE if language == "xx" else wanted(language.encode())
    stations = [
        RICH,
        replace(HOME_STATION, id="old", data_timestamp=NOW - timedelta(days=3)),
        replace(EMPTY, id="empty"),
    ]
    file = tmp_path / "page.html"
    file.write_bytes(render_page(stations, replace(STATUS, simulated=True), past=PAST, language=spoken))

    page = browser.visit(file.as_uri(), 360, 740, phone=True)
    page.value(UNFOLD)

    assert page.value(TOO_WIDE) == []
    assert page.value(CUT_OFF) == []
    assert page.value(OUT_OF_PICTURE) == []
    assert not page.value(SCROLLS_SIDEWAYS)
    page.close()
