"""The latest station of each, shared by poller and web."""

from datetime import timedelta

from sems_exporter.freshness import Limits
from sems_exporter.snapshots import FORGET_AFTER, Snapshots
from tests.clocks import FakeClock
from tests.homes import NOON, home

LIMITS = Limits(data_max_age=1200.0, snapshot_max_age=900.0)


def kept(snapshots: Snapshots, clock: FakeClock) -> list[str]:
    return [shown.station.id for shown in snapshots.shown(clock.now())]


def test_stations_are_shown_by_id_whatever_the_order_of_their_reading() -> None:
    clock = FakeClock(NOON)
    snapshots = Snapshots(clock, LIMITS)

    for key in ("b", "c", "a"):
        snapshots.put(home(key=key))

    assert kept(snapshots, clock) == ["a", "b", "c"]


def test_a_new_look_takes_the_place_of_the_old() -> None:
    clock = FakeClock(NOON)
    snapshots = Snapshots(clock, LIMITS)
    snapshots.put(home(name="Old"))

    snapshots.put(home(name="New"))

    assert [shown.station.name for shown in snapshots.shown(clock.now())] == ["New"]


def test_stations_that_left_the_account_are_forgotten() -> None:
    clock = FakeClock(NOON)
    snapshots = Snapshots(clock, LIMITS)
    snapshots.put(home(key="a"))
    snapshots.put(home(key="b"))

    snapshots.keep_only(["b", "c"])

    assert kept(snapshots, clock) == ["b"]


def test_listeners_hear_of_every_change_and_of_nothing_else() -> None:
    clock = FakeClock(NOON)
    snapshots = Snapshots(clock, LIMITS)
    heard: list[list[str]] = []
    snapshots.subscribe(lambda: heard.append(kept(snapshots, clock)))

    snapshots.put(home(key="a"))
    snapshots.keep_only(["a"])
    snapshots.keep_only([])

    assert heard == [["a"], []]


def test_what_is_shown_ages_by_the_instant_asked_for() -> None:
    clock = FakeClock(NOON)
    snapshots = Snapshots(clock, LIMITS)
    snapshots.put(home())

    [fresh] = snapshots.shown(NOON)
    [old] = snapshots.shown(NOON + timedelta(seconds=900))

    assert (fresh.up, old.up) == (True, False)
    assert old.station.pv_power is None


def test_a_station_that_was_not_read_for_a_day_is_gone() -> None:
    """Its counters would draw a flat line for ever."""
    clock = FakeClock(NOON)
    snapshots = Snapshots(clock, LIMITS)
    snapshots.put(home())

    clock.advance(FORGET_AFTER + 1)

    assert kept(snapshots, clock) == []
