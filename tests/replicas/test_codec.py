"""A snapshot comes out of the store as it went in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from sems_exporter.model.money import Money
from sems_exporter.model.plant import Alarm, AlarmLevel, Station, StationState
from sems_exporter.pipeline.staleness import Snapshot
from sems_exporter.replicas.codec import decoded, encoded, packed, unpacked
from tests.homes import NOON, home
from tools.references import _example

MONEY = Money(tariff="t", currency="EUR", import_cost=1.5, unpriced={"import": 2.0}, day="2026-06-10", today={"a": 1.0})
ALARM = Alarm(device="INV1", code="7", level=AlarmLevel.UNKNOWN, name="Überspannung", started_at=NOON)


@pytest.mark.parametrize(
    "snapshot",
    [
        Snapshot(home()),
        Snapshot(replace(home(account="north"), money=MONEY, alarms=(ALARM,)), home(NOON + timedelta(hours=1))),
        Snapshot(replace(home(), timezone=timezone(timedelta(hours=-3.5)), alarms=(), has_battery=False, pv_power=0.0)),
        Snapshot(Station(id="s", fetched_at=NOON)),
        Snapshot(_example(Station)),
    ],
    ids=["home", "list and money", "fixed zone", "nothing", "everything"],
)
def test_a_snapshot_comes_back_as_it_was(snapshot: Snapshot) -> None:
    assert decoded(encoded(snapshot, NOON)) == (snapshot, NOON)


def test_what_another_version_says_is_left_out_where_it_is_not_known() -> None:
    document = unpacked(encoded(Snapshot(home()), NOON))
    document["snapshot"]["details"] |= {"a_number_of_tomorrow": 1.0, "state": "hibernating"}

    found, _ = decoded(packed(document))

    assert found.details == replace(home(), state=StationState.UNKNOWN)


@pytest.mark.parametrize("raw", [b"", b"x", packed(None), packed({"at": 1}), packed({"at": 1, "snapshot": []})])
def test_what_is_none_raises_what_its_reader_foresees(raw: bytes) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        decoded(raw)


def test_an_instant_is_aware() -> None:
    assert decoded(encoded(Snapshot(home()), NOON))[1].tzinfo is UTC
    assert datetime.fromtimestamp(0, UTC) < NOON
