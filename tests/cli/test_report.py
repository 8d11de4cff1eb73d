"""One look at a home, for programs and for people."""

import json
from dataclasses import replace
from datetime import timedelta

from sems_exporter.cli.report import described
from sems_exporter.exposition.json_form import as_json
from sems_exporter.model.plant import KWH, Alarm, AlarmLevel, EvCharger, Station
from sems_exporter.pipeline.staleness import Limits, StationView, apply_staleness
from tests.homes import NOON, home

HOME = apply_staleness(home(), NOON, Limits(1200.0, 900.0))


def document(shown: StationView) -> dict[str, object]:
    """The only station in a JSON document that went out and came back."""
    [station] = json.loads(json.dumps(as_json([shown], NOON)))["stations"]
    assert isinstance(station, dict)
    return station


def test_every_number_in_json_carries_its_unit() -> None:
    station = document(HOME)

    assert station["pv_power_watts"] == 5000.0
    assert station["pv_energy_joules"] == 12_345.6 * KWH
    assert (station["id"], station["name"]) == ("plant-1", "Sunny Home")
    assert (station["state"], station["up"]) == ("running", True)
    assert station["data_timestamp"] == "2026-06-10T09:59:00+00:00"


def test_parts_are_nested_in_json() -> None:
    inverters = document(HOME)["inverters"]

    assert isinstance(inverters, list)
    [inverter] = inverters
    assert [part["number"] for part in inverter["inputs"]] == ["1", "2"]
    assert inverter["inputs"][0]["power_watts"] == 3000.0


def test_active_alarms_are_in_json_and_none_is_not_the_same_as_unknown() -> None:
    named = Alarm(device="INV1", code="E-1", level=AlarmLevel.FAULT, name="Fan", started_at=NOON - timedelta(hours=1))
    bare = Alarm(device="INV1", code="E-2", level=AlarmLevel.UNKNOWN)

    found, none, unknown = (
        document(apply_staleness(replace(home(), alarms=alarms), NOON, Limits(1200.0, 900.0)))
        for alarms in ((named, bare), (), None)
    )

    assert found["alarms"] == [
        {
            "device": "INV1",
            "code": "E-1",
            "level": "fault",
            "name": "Fan",
            "started_at": "2026-06-10T09:00:00+00:00",
        },
        {"device": "INV1", "code": "E-2", "level": "unknown"},
    ]
    assert none["alarms"] == []
    assert "alarms" not in unknown


def test_what_is_not_known_is_left_out_of_json() -> None:
    bare = apply_staleness(Station(id="x", fetched_at=NOON), NOON, Limits(1200.0, 900.0))

    assert document(bare) == {"id": "x", "up": True}


def test_a_person_reads_what_was_found() -> None:
    lines = described(home())

    assert lines[0] == "Station Sunny Home (plant-1)"
    assert "  time zone: Europe/Amsterdam" in lines
    assert "  state: running, data from 2026-06-10 09:59 UTC" in lines
    assert "  inverter INV1 (SIM6K-ET Garage): running" in lines
    assert any(line.startswith("  battery BAT1") for line in lines)


def test_a_person_is_told_what_is_missing() -> None:
    bare = replace(home(), name=None, timezone_name=None, state=None, data_timestamp=None)

    lines = described(bare)

    assert lines[0] == "Station without a name (plant-1)"
    assert "not given" in lines[1]
    assert "state: not given" in lines[2]
    assert "time of data not given" in lines[2]


def test_a_person_is_told_how_many_readings_there_are_and_which_are_not() -> None:
    some = EvCharger(id="EV1", charging_power=0.0, charging_power_limit=7000.0)
    whole = replace(some, id="EV2", rated_power=7000.0, session_energy=0.0)

    lines = described(replace(home(), ev_chargers=(some, whole)))

    assert lines[-3] == "    2 readings; not given: rated power, session energy"
    assert lines[-1] == "    4 readings"
