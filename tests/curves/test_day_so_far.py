"""After a start the portal is asked once for the day so far, and fills holes alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sems_exporter import errors
from sems_exporter.curves.curve import Powers
from sems_exporter.curves.day_so_far import DaySoFar, instants
from sems_exporter.curves.memory import CurveMemory
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.portal.past import CurveQuestion, Question
from sems_exporter.store import StationStore
from tests.clocks import FakeClock
from tests.homes import AMSTERDAM, NOON, home

MIDNIGHT = NOON - timedelta(hours=12)


def answer(powers: Mapping[str, tuple[float, str]], first: str = "2026-06-10 00:00", minutes: int = 720) -> object:
    """A curve of constant values, in the portal's form, with its fillers."""
    begin = datetime.fromisoformat(first)
    times = [str(begin + timedelta(minutes=minute)) for minute in range(minutes)]
    end = {"tp": "2026-06-10 23:59:00", "power": None, "isCE": True}
    return {
        "dataList": [
            {"item": item, "unit": unit, "powerData": [*({"tp": at, "power": value} for at in times), end]}
            for item, (value, unit) in powers.items()
        ]
    }


WHOLE = {"pSystem": (1.5, "kW"), "pConsum": (0.5, "kW"), "pGrid": (0.25, "kW"), "pBat": (-0.75, "kW"), "soc": (40, "%")}


class Portal:
    """An account of which only the past is asked here."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.said: object = answer(WHOLE)

    def past(self, question: Question) -> object:
        self.asked.append(question)
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} is not asked here")


class World:
    def __init__(self) -> None:
        self.clock = FakeClock(NOON)
        self.store = StationStore(self.clock, Limits(1200.0, 900.0))
        self.memory = CurveMemory(self.store, self.clock)
        self.portal = Portal()
        self.day = DaySoFar(self.portal, self.memory, self.store, self.clock)  # type: ignore[arg-type]

    def known(self, station: str = "plant-1") -> list[Powers]:
        return [powers for _, powers in self.memory.known(station, MIDNIGHT, NOON)]


@pytest.fixture
def world() -> World:
    world = World()
    world.store.put(home())
    return world


def test_the_day_is_filled_with_one_request(world: World) -> None:
    assert world.day.fill_one()
    assert not world.day.fill_one()

    [question] = world.portal.asked
    assert question == CurveQuestion("plant-1", NOON.date(), NOON.date(), AMSTERDAM)
    assert len(world.known()) == 144
    assert world.known()[0] == Powers(1500.0, 500.0, -250.0, -750.0, 0.4)


def test_what_was_measured_here_stays(world: World) -> None:
    world.day.fill_one()

    assert world.known()[-1].pv == 5000.0


def test_where_little_is_missing_nothing_is_asked(world: World) -> None:
    """A restart in the middle of a day that is known from the file."""
    for minute in range(0, 720, 5):
        world.store.put(replace(home(), data_timestamp=MIDNIGHT + timedelta(minutes=minute), fetched_at=NOON))
        world.memory.fill("plant-1", {int(MIDNIGHT.timestamp()) // 300 + minute // 5: Powers(pv=1.0)})

    assert not world.day.fill_one()
    assert world.portal.asked == []


def test_soon_after_midnight_nothing_is_asked() -> None:
    world = World()
    world.clock.jump(-12 * 3600 + 900)
    world.store.put(home(world.clock.now()))

    assert not world.day.fill_one()


def test_a_station_without_a_zone_has_no_day(world: World) -> None:
    world.store.put(replace(home(), timezone=None))

    assert not world.day.fill_one()


def test_each_station_has_its_turn(world: World) -> None:
    world.store.put(home(key="b"))

    assert [world.day.fill_one() for _ in range(4)] == [True, True, False, False]
    assert [question.station for question in world.portal.asked] == ["b", "plant-1"]


@pytest.mark.parametrize(
    "failure",
    [
        errors.PermissionDenied("no right"),
        errors.RouteUnknown("404"),
        errors.RateLimited("too many"),
        errors.TimedOut("slow"),
        errors.StartError("read in the classic dialect"),
    ],
)
def test_a_failure_leaves_the_hole_and_is_not_tried_again(world: World, failure: Exception) -> None:
    world.portal.said = failure

    assert [world.day.fill_one() for _ in range(3)] == [True, False, False]
    assert len(world.known()) == 1


def test_the_end_of_the_program_is_passed_on(world: World) -> None:
    world.portal.said = errors.Stopping("the exporter is stopping")

    with pytest.raises(errors.Stopping):
        world.day.fill_one()


@pytest.mark.parametrize("said", [{}, None, {"dataList": []}, answer({"sell": (1.0, "kWh")}), answer({}, minutes=0)])
def test_an_answer_with_nothing_in_it_fills_nothing(world: World, said: object) -> None:
    world.portal.said = said
    world.day.fill_one()

    assert len(world.known()) == 1


def test_impossible_values_are_left_out(world: World) -> None:
    world.portal.said = answer({"pSystem": (6.5e8, "kW"), "soc": (536, "%"), "pConsum": (0.5, "kW")})
    world.day.fill_one()

    assert world.known()[0] == Powers(load=500.0)


def test_minutes_that_have_not_come_are_not_believed(world: World) -> None:
    world.portal.said = answer(WHOLE, minutes=1440)
    world.day.fill_one()

    assert len(world.memory.known("plant-1", NOON + timedelta(minutes=10), NOON + timedelta(days=1))) == 0


class TestInstants:
    """Local times of the 23- and 25-hour days."""

    AUTUMN = datetime(2026, 10, 25, 12, tzinfo=UTC)

    def read(self, *texts: str, now: datetime = AUTUMN, zone: str = "Europe/Amsterdam") -> list[str]:
        points = [(datetime.fromisoformat(text), float(place)) for place, text in enumerate(texts)]
        return [f"{at:%H:%M}={value:.0f}" for at, value in instants(points, ZoneInfo(zone), now)]

    def test_an_hour_that_is_told_twice_is_two_hours(self) -> None:
        told = ("2026-10-25 01:59", "2026-10-25 02:30", "2026-10-25 02:30", "2026-10-25 03:00")

        assert self.read(*told) == ["23:59=0", "00:30=1", "01:30=2", "02:00=3"]

    def test_of_an_hour_that_is_told_once_nobody_knows_which_it_was(self) -> None:
        assert self.read("2026-10-25 01:59", "2026-10-25 02:30", "2026-10-25 03:00") == ["23:59=0", "02:00=2"]

    def test_while_it_comes_for_the_first_time_it_is_known(self) -> None:
        now = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)

        assert self.read("2026-10-25 02:30", now=now) == ["00:30=0"]

    def test_a_time_that_does_not_exist_is_passed_over(self) -> None:
        assert self.read("2026-03-29 01:59", "2026-03-29 02:30", "2026-03-29 03:00") == ["00:59=0", "01:00=2"]

    def test_a_time_to_come_is_passed_over(self) -> None:
        assert self.read("2026-10-25 13:00", "2026-10-25 13:01") == ["12:00=0"]
