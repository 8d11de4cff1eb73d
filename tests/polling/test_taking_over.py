"""A poller that goes on where another process has left off."""

from dataclasses import replace
from datetime import timedelta

from sems_exporter.pipeline.staleness import Limits, Snapshot
from sems_exporter.store import StationStore
from tests.clocks import FakeClock
from tests.homes import NOON, home


def test_a_snapshot_that_was_put_elsewhere_is_shown_as_it_is_and_forgotten_in_time() -> None:
    clock = FakeClock(NOON)
    store = StationStore(clock, Limits(1200.0, 900.0))
    details = replace(home(), details_timestamp=NOON.timestamp())

    store.show(Snapshot(details), NOON - timedelta(hours=23))

    assert [one.details for one in store.snapshots("")] == [details]
    assert store.look("plant-1", NOON) is not None
    assert store.look("plant-1", NOON + timedelta(hours=2)) is None
