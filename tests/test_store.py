"""The latest station of each, shared by poller and web."""

from datetime import datetime, timedelta

import pytest

from sems_exporter.pipeline.staleness import Limits, Snapshot, StationView, view
from sems_exporter.store import FORGET_AFTER, Entry, StationStore
from tests.clocks import FakeClock
from tests.homes import NOON, home

LIMITS = Limits(data_max_age=1200.0, snapshot_max_age=900.0)


def kept(snapshots: StationStore, clock: FakeClock) -> list[str]:
    return [shown.station.id for shown in snapshots.shown(clock.now())]


def test_stations_are_shown_by_id_whatever_the_order_of_their_reading() -> None:
    clock = FakeClock(NOON)
    snapshots = StationStore(clock, LIMITS)

    for key in ("b", "c", "a"):
        snapshots.put(home(key=key))

    assert kept(snapshots, clock) == ["a", "b", "c"]


def test_a_new_look_takes_the_place_of_the_old() -> None:
    clock = FakeClock(NOON)
    snapshots = StationStore(clock, LIMITS)
    snapshots.put(home(name="Old"))

    snapshots.put(home(name="New"))

    assert [shown.station.name for shown in snapshots.shown(clock.now())] == ["New"]


def test_stations_that_left_the_account_are_forgotten() -> None:
    clock = FakeClock(NOON)
    snapshots = StationStore(clock, LIMITS)
    snapshots.put(home(key="a"))
    snapshots.put(home(key="b"))

    snapshots.keep_only(["b", "c"])

    assert kept(snapshots, clock) == ["b"]


def test_listeners_hear_of_every_change_and_of_nothing_else() -> None:
    clock = FakeClock(NOON)
    snapshots = StationStore(clock, LIMITS)
    heard: list[tuple[set[str], list[str]]] = []
    snapshots.subscribe(lambda ids: heard.append((set(ids), kept(snapshots, clock))))

    snapshots.put(home(key="a"))
    snapshots.put(home(key="b"))
    snapshots.keep_only(["b", "a"])
    snapshots.keep_only(["a"])

    assert heard == [({"a"}, ["a"]), ({"b"}, ["a", "b"]), ({"b"}, ["a"])]


def test_what_is_shown_ages_by_the_instant_asked_for() -> None:
    clock = FakeClock(NOON)
    snapshots = StationStore(clock, LIMITS)
    snapshots.put(home())

    [fresh] = snapshots.shown(NOON)
    [old] = snapshots.shown(NOON + timedelta(seconds=900))

    assert (fresh.up, old.up) == (True, False)
    assert old.station.pv_power is None


def test_a_station_that_was_not_read_for_a_day_is_gone() -> None:
    """Its counters would draw a flat line for ever."""
    clock = FakeClock(NOON)
    snapshots = StationStore(clock, LIMITS)
    snapshots.put(home())

    clock.advance(FORGET_AFTER.total_seconds() - 1)
    before = kept(snapshots, clock)
    clock.advance(1)

    assert (before, kept(snapshots, clock)) == (["plant-1"], [])
    assert snapshots.catalogue() == ()


def test_what_is_shown_says_until_when_it_holds_even_if_that_is_the_end() -> None:
    snapshots = StationStore(FakeClock(NOON), LIMITS)
    snapshots.put(home())

    [fresh] = snapshots.shown(NOON)
    [last] = snapshots.shown(NOON + timedelta(hours=23))

    assert (fresh.until, last.until) == (NOON + timedelta(seconds=900), NOON + FORGET_AFTER)


def test_a_station_is_judged_anew_only_when_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status page of a thousand stations is looked at more often than they change."""
    judged: list[datetime] = []

    def counted(snapshot: Snapshot, now: datetime, limits: Limits) -> StationView:
        judged.append(now)
        return view(snapshot, now, limits)

    monkeypatch.setattr("sems_exporter.store.view", counted)
    snapshots = StationStore(FakeClock(NOON), LIMITS)
    snapshots.put(home())

    for seconds in (0, 1, 899, 900, 901, 300):
        snapshots.look("plant-1", NOON + timedelta(seconds=seconds))

    assert [(instant - NOON).total_seconds() for instant in judged] == [0, 900, 300]


class TestAccounts:
    """Several accounts may see the same station; it is shown once."""

    def test_a_station_belongs_to_the_account_that_put_it_first(self) -> None:
        snapshots = StationStore(FakeClock(NOON), LIMITS)
        heard: list[frozenset[str]] = []
        snapshots.put(home(key="b", name="Ours", account="ours"))
        snapshots.subscribe(heard.append)

        snapshots.put(home(key="b", name="Theirs", account="theirs"))
        snapshots.put(home(key="a", account="theirs"))

        assert snapshots.catalogue() == (Entry("a", "theirs"), Entry("b", "ours"))
        assert [(shown.account, shown.station.name) for shown in snapshots.shown(NOON)][1] == ("ours", "Ours")
        assert heard == [{"a"}]

    def test_another_account_may_have_what_its_owner_shows_no_more(self) -> None:
        snapshots = StationStore(FakeClock(NOON), LIMITS)
        snapshots.put(home(account="ours"))

        snapshots.keep_only([], "ours")
        snapshots.put(home(account="theirs"))

        assert snapshots.catalogue() == (Entry("plant-1", "theirs"),)

    def test_another_account_may_have_what_its_owner_has_not_read_for_a_day(self) -> None:
        clock = FakeClock(NOON)
        snapshots = StationStore(clock, LIMITS)
        snapshots.put(home(account="ours"))

        clock.advance(FORGET_AFTER.total_seconds())
        snapshots.put(home(account="theirs"))

        assert snapshots.catalogue() == (Entry("plant-1", "theirs"),)

    def test_an_account_forgets_its_own_stations_only(self) -> None:
        snapshots = StationStore(FakeClock(NOON), LIMITS)
        snapshots.put(home(key="a", account="ours"))
        snapshots.put(home(key="b", account="theirs"))

        snapshots.keep_only([], "ours")

        assert snapshots.catalogue() == (Entry("b", "theirs"),)
