"""The status page of many stations, which has to stay small enough for a phone."""

import re
from dataclasses import replace

import pytest

from sems_exporter.model.plant import Alarm, AlarmLevel, Station
from sems_exporter.web.status.page import APART_ABOVE, ROWS, NoSuchView, View, render_page
from tests.homes import NOON, home
from tests.serving import Site

STATUS = Site().status


def fleet(count: int) -> list[Station]:
    return [home(name=f"Home {number}", key=f"plant {number:04}") for number in range(count)]


def page(stations: list[Station], view: View = View()) -> str:  # noqa: B008 - frozen
    return render_page(stations, STATUS, view).decode()


def test_a_thousand_stations_make_a_short_page() -> None:
    shown = page(fleet(1000))

    assert shown.count("<tr ") == ROWS
    assert "Stations: 1,000" in shown
    assert "<details" not in shown
    assert len(shown) < 250_000


def test_each_row_leads_to_its_station() -> None:
    stations = fleet(APART_ABOVE + 1)
    shown = page(stations)

    assert re.findall(r'href="(/\?station=[^"]*)"', shown)[0] == "/?station=plant%200000"
    assert "Home 3" in page(stations, View(station="plant 0003"))
    assert "Home 4" not in page(stations, View(station="plant 0003"))


def test_an_id_with_half_a_surrogate_pair_does_not_break_the_page() -> None:
    shown = page([*fleet(APART_ABOVE), home(name="Odd", key="a\ud800b")])

    assert 'href="/?station=a%3Fb"' in shown


def test_parts_lead_to_each_other() -> None:
    stations = fleet(2 * ROWS + 1)

    shown = page(stations, View(page=3))

    assert re.findall(r'href="/\?page=(\d)"', shown) == ["1", "2", "3"]
    assert '<a href="/?page=3" aria-current=page>' in shown
    assert shown.count("<tr ") == 1
    assert "Home 200" in shown


def test_one_part_needs_no_links() -> None:
    assert "/?page=" not in page(fleet(ROWS))


@pytest.mark.parametrize("view", [View(page=4), View(page=0), View(station="plant")])
def test_what_is_not_there_is_no_page(view: View) -> None:
    with pytest.raises(NoSuchView):
        page(fleet(2 * ROWS + 1), view)


def test_alarms_stand_first_gravest_first() -> None:
    alarms = (
        Alarm(device="INV1", code="7", level=AlarmLevel.PROMPT),
        Alarm(device="INV1", code="9", level=AlarmLevel.FAULT, name="Isolation", started_at=NOON),
    )
    station = replace(home(), alarms=alarms, alarms_unlisted=2)

    shown = page([station])

    assert shown.index("Isolation") < shown.index("<bdi>7</bdi>")
    assert "Active alarms that the portal does not list: 2" in shown
    assert "Active alarms that the portal does not list: 2" in page([replace(home(), alarms=(), alarms_unlisted=2)])


def test_of_alarms_without_end_the_gravest_are_listed_and_the_others_counted() -> None:
    alarms = tuple(Alarm(device="INV1", code=f"E{number}", level=AlarmLevel.PROMPT) for number in range(100))
    grave = Alarm(device="INV1", code="grave", level=AlarmLevel.FAULT)

    shown = page([replace(home(), alarms=(*alarms, grave))])

    assert shown.count("<strong>Prompt:</strong>") == 19
    assert "<bdi>grave</bdi>" in shown
    assert "and 81 more" in shown
