"""The article's file: what a classic portal says of an inverter comes out by the same keys, in the same units."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sems_exporter import protocol
from sems_exporter.delivery import article
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Battery, DeviceState, Inverter, Station
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from sems_exporter.portal.classic.station_decoder import monitor
from tests.homes import NOON, home
from tests.portal.classic import captures
from tests.portal.classic.plants import decoded, house

LIMITS = Limits(1200.0, 900.0)
OTHERWISE = {
    "powerstation_id": "the article's was struck out",
    "firmwareversion": "a float there, and a text here",
    "battary_work_mode": "read from another block where both tell it",
    "thismonthetotle": "the month of the classic answer may include today",
}


def only_row(station: Station) -> dict[str, Any]:
    [inverter] = station.inverters
    return article.row(station, inverter)


def agreed(row: dict[str, Any], registers: dict[str, Any]) -> set[str]:
    """The keys whose value is known to both; fails where they differ."""
    both = {key for key, value in row.items() if value is not None and registers.get(key) not in (None, "")}
    for key in both - OTHERWISE.keys():
        same = row[key] == registers[key] if isinstance(row[key], str) else pytest.approx(row[key]) == registers[key]
        assert same, (key, row[key], registers[key])
    return both


def test_every_key_is_one_of_the_portal() -> None:
    assert only_row(home()).keys() <= protocol.classic().blocks["invert_full"].keys()


def test_what_a_classic_portal_says_comes_out_as_it_came_in() -> None:
    answer = house()

    both = agreed(only_row(decoded(answer)), answer["inverter"][0]["invert_full"])

    assert {"pac", "eday", "etotal", "capacity", "tempperature", "vpv1", "vac1", "soc", "pmeter", "status"} <= both


@captures.needs_captures
def test_the_inverter_of_the_article_comes_out_by_its_own_keys() -> None:
    registers = captures.document(captures.STORAGE)
    asked = datetime.fromtimestamp(registers["last_time"] / 1000 + 60, UTC)
    station = monitor(captures.detail(captures.STORAGE), asked, Diagnostics())

    row = only_row(station)

    assert {"pac", "vpv1", "ipv1", "fac1", "pmeter", "soc", "vbattery1", "hour_total", "last_time"} <= agreed(
        row, registers
    )
    assert (row["vpv2"], row["vac2"]) == (None, None)


def test_a_home_with_one_inverter_has_a_file_that_is_one_object() -> None:
    document = json.loads(article.article_file([apply_staleness(home(), NOON, LIMITS)]))

    assert (document["sn"], document["pac"], document["etotal"]) == ("INV1", 2900.0, 12_345.6)
    assert (document["pmeter"], document["soc"], document["last_time"]) == (2299.5, 42.0, 1781085540000)


def test_what_is_not_known_is_null_and_never_zero() -> None:
    row = only_row(Station(id="x", fetched_at=NOON, inverters=(Inverter(id="INV1"),)))

    assert {key for key, value in row.items() if value is not None} == {"sn", "powerstation_id"}
    assert row.keys() == only_row(home()).keys()


def test_each_inverter_has_a_line_and_none_has_the_meter_of_both() -> None:
    two = replace(
        home(), inverters=(*home().inverters, Inverter(id="INV2", state=DeviceState.OFFLINE, fetched_at=NOON))
    )

    rows = [json.loads(line) for line in article.article_file([apply_staleness(two, NOON, LIMITS)]).splitlines()]

    assert [(row["sn"], row["status"], row["pmeter"], row["total_buy"]) for row in rows] == [
        ("INV1", 1, None, None),
        ("INV2", -1, None, None),
    ]
    assert [row["battery1sn"] for row in rows] == ["BAT1", None]


@pytest.mark.parametrize(
    "charge, discharge, current", [(2000.0, 0.0, -8.0), (0.0, 500.0, 8.0), (None, None, None), (0.0, 0.0, None)]
)
def test_the_battery_current_is_negative_while_it_charges(
    charge: float | None, discharge: float | None, current: float | None
) -> None:
    battery = Battery(id="B", inverter="INV1", current=8.0, charge_power=charge, discharge_power=discharge)

    assert only_row(replace(home(), batteries=(battery,)))["ibattery1"] == current
