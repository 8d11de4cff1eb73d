"""What is kept of the stations that the store shows: what can be trusted, by account, and not without bounds."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from sems_exporter.curves.curve import Curve, Powers
from sems_exporter.curves.memory import CurveMemory, step_for
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.store import StationStore
from tests.clocks import FakeClock
from tests.homes import NOON, home

DAY = timedelta(days=1)
HOME = Powers(5000.0, 700.0, -2300.0, -2000.0, 0.42)
"""Of `tests.homes`, in whole watts."""


class World:
    """A store and the memory of one account."""

    def __init__(self, account: str = "") -> None:
        self.clock = FakeClock(NOON)
        self.store = StationStore(self.clock, Limits(1200.0, 900.0))
        self.memory = CurveMemory(self.store, self.clock, account)

    def show(self, *stations: Station) -> None:
        for station in stations:
            self.store.put(station)

    def known(self, station: str = "plant-1") -> list[tuple[datetime, Powers]]:
        found = self.memory.known(station, NOON - 2 * DAY, NOON + 2 * DAY)
        return [(datetime.fromtimestamp(at, NOON.tzinfo), powers) for at, powers in found]


@pytest.fixture
def world() -> World:
    return World()


def test_what_the_store_shows_is_kept_at_the_time_it_is_from(world: World) -> None:
    """The report of a home is a minute old."""
    world.show(home(NOON))

    assert world.known() == [(NOON - timedelta(seconds=150), HOME)]


def test_what_is_too_old_to_trust_is_a_hole(world: World) -> None:
    world.show(replace(home(NOON), data_timestamp=NOON - timedelta(hours=1)))

    assert world.known() == []


def test_a_plant_that_falls_silent_leaves_a_hole(world: World) -> None:
    """Its last report is repeated at every refresh, and is one sample."""
    for _ in range(12):
        world.show(replace(home(world.clock.now()), data_timestamp=NOON))
        world.clock.advance(300)

    assert [at for at, _ in world.known()] == [NOON + timedelta(seconds=150)]


def test_what_was_dropped_is_absent(world: World) -> None:
    world.show(replace(home(NOON), load_power=None, grid_export_power=None))

    assert [powers for _, powers in world.known()] == [HOME._replace(load=None, grid=None)]


def test_a_station_of_another_account_is_none_of_ours() -> None:
    world = World("south")
    world.show(home(key="a", account="north"), home(key="b", account="south"))

    assert world.memory.stations() == ["b"]


def test_a_station_that_is_gone_is_forgotten(world: World) -> None:
    world.show(home())
    world.store.keep_only([])

    assert world.memory.stations() == []


def test_the_more_stations_the_longer_are_the_slots(world: World) -> None:
    """What was kept before goes on in the longer ones."""
    world.show(home(key="first"))
    for number in range(200):
        world.show(home(NOON + timedelta(minutes=10), key=f"other-{number}"))

    assert world.memory.step == 900
    assert [powers for _, powers in world.known("first")] == [HOME]
    assert len(world.memory.stations()) == 201


@pytest.mark.parametrize("stations,megabytes", [(1, 0.1), (200, 3), (1_000, 5), (10_000, 25)])
def test_memory_is_bounded_for_any_account(stations: int, megabytes: float) -> None:
    each = Curve(step_for(stations)).slots * len(Powers._fields) * 4 + 300

    assert stations * each < megabytes * 1e6


def test_texts_of_stations_long_unheard_are_not_kept(world: World) -> None:
    world.show(home(key="old"))
    world.clock.advance(2 * DAY.total_seconds() + 3600)
    world.show(home(world.clock.now(), key="new"))

    assert list(world.memory.kept()) == ["new"]


class TestRestored:
    """Curves of an earlier run."""

    def test_they_go_on(self, world: World) -> None:
        before = Curve(300)
        before.add(NOON.timestamp() - 7200, HOME._replace(pv=1.0), NOON.timestamp() - 7200)
        world.show(home())
        world.memory.restore({"plant-1": before})

        assert [powers.pv for _, powers in world.known()] == [1.0, 5000.0]

    def test_those_of_a_larger_fleet_are_cut_into_shorter_slots(self, world: World) -> None:
        before = Curve(900)
        before.add(NOON.timestamp() - 7200, HOME, NOON.timestamp() - 7200)
        world.memory.restore({"plant-1": before})

        assert world.memory.step == 300
        assert len(world.known()) == 3

    def test_many_of_them_lengthen_the_slots(self, world: World) -> None:
        before = Curve(300)
        before.add(NOON.timestamp(), HOME, NOON.timestamp())
        world.memory.restore({f"plant-{number}": before for number in range(300)})

        assert world.memory.step == 900
        assert [powers for _, powers in world.known("plant-7")] == [HOME]
