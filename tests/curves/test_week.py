"""The last seven days of a station: what counts as the whole day, what is a part of it, and what is not known."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.curves.curve_store import CurveStore
from sems_exporter.curves.memory import CurveMemory
from sems_exporter.curves.past_days import PastDays
from sems_exporter.curves.week import DayTotal, Energies
from sems_exporter.model.plant import KWH
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.portal.past import DaysQuestion, Question
from sems_exporter.portal.session.file_stores import LARGEST_CURVES, TextFile
from sems_exporter.store import StationStore
from tests.clocks import FakeClock
from tests.homes import NOON, home

TODAY = date(2026, 6, 10)
DAY = timedelta(days=1)


def answer(days: dict[str, float], item: str = "proSystemTotalStats", **others: float) -> object:
    """A month in the portal's form: PV of some days, and other items of each of them."""
    return {
        "dataList": [
            {
                "item": name,
                "unit": "kWh",
                "statisticsList": [{"date": f"{day} 00:00:00", "val": val} for day, val in rows],
            }
            for name, rows in (
                (item, list(days.items())),
                *((name, [(day, value) for day in days]) for name, value in others.items()),
            )
        ]
    }


class World:
    """An exporter as far as the days go, over a portal that says what it is told to."""

    def __init__(self, path: Path | None = None, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock(NOON)
        self.store = StationStore(self.clock, Limits(1200.0, 900.0))
        self.memory = CurveMemory(self.store, self.clock)
        self.kept = CurveStore(TextFile(path, LARGEST_CURVES) if path else None, self.memory, self.clock)
        self.asked: list[Question] = []
        self.said: Any = None
        self.days = PastDays(self, self.memory.weeks, self.store, self.clock)  # type: ignore[arg-type]

    def past(self, question: Question) -> object:
        self.asked.append(question)
        if isinstance(self.said, Exception):
            raise self.said
        return self.said(question) if callable(self.said) else self.said

    def read(self, pv: float | None = 17.5, **others: float) -> None:
        """A refresh: so many kWh since midnight."""
        energies = {f"{name}_energy_today": value * KWH for name, value in others.items()}
        told = None if pv is None else pv * KWH
        self.store.put(replace(home(self.clock.now()), pv_energy_today=told, **energies))  # type: ignore[arg-type]

    def fill(self) -> int:
        """Ask for all that there is to ask; tells how many requests that took."""
        before = len(self.asked)
        while self.days.fill_one():
            pass
        return len(self.asked) - before

    def at(self, day: date) -> DayTotal | None:
        return self.memory.weeks.at("plant-1", day)

    def pv(self, day: date) -> float | None:
        total = self.at(day)
        return None if total is None or total.energies.pv is None else round(total.energies.pv / KWH, 3)

    def is_whole(self, day: date) -> bool:
        total = self.at(day)
        return total is not None and total.until is None


class TestRead:
    """What the exporter itself has seen of a day."""

    def test_today_is_known_up_to_the_report(self) -> None:
        world = World()
        world.read(load=6.0, grid_import=0.25)

        assert world.at(TODAY) == DayTotal(
            Energies(17.5 * KWH, 6.0 * KWH, 0.25 * KWH), (NOON - timedelta(seconds=60)).timestamp()
        )

    def test_a_day_that_is_over_is_known_up_to_its_last_report_and_no_further(self) -> None:
        """A part of a day is not called a day."""
        world = World()
        world.clock.advance(4 * 3600)
        world.read(21.0)
        world.clock.advance(86400)
        world.read(1.0)

        assert (world.pv(TODAY), world.is_whole(TODAY)) == (21.0, False)
        assert world.at(TODAY) == DayTotal(
            Energies(21.0 * KWH), until=(NOON + timedelta(seconds=4 * 3600 - 60)).timestamp()
        )

    def test_after_seven_days_a_day_is_gone(self) -> None:
        world = World()
        for _ in range(9):
            world.read()
            world.clock.advance(86400)

        assert [world.pv(TODAY + n * DAY) for n in range(9)] == [None, None, *[17.5] * 7]

    def test_days_nobody_looked_at_are_not_known(self) -> None:
        world = World()
        world.read()
        world.clock.advance(3 * 86400)
        world.read(2.0)

        assert [world.pv(TODAY + n * DAY) for n in range(4)] == [17.5, None, None, 2.0]

    def test_without_a_zone_or_an_energy_there_is_no_day(self) -> None:
        world = World()
        world.store.put(replace(home(), timezone=None))
        world.read(None)

        assert world.memory.weeks.stations() == []

    def test_when_the_clock_is_set_back_nothing_stands_in_the_future(self) -> None:
        world = World()
        world.clock.jump(3 * 86400)
        world.read(9.0)
        world.clock.jump(-3 * 86400)
        world.read(4.0)

        assert [world.pv(TODAY + n * DAY) for n in range(4)] == [4.0, None, None, None]

    def test_a_station_that_is_gone_is_forgotten(self) -> None:
        world = World()
        world.read()
        world.store.keep_only([])

        assert world.memory.weeks.stations() == []


MONTH = {f"2026-06-{day:02}": float(day) for day in range(1, 31)}


class TestTold:
    """What the portal says of the days before."""

    def test_one_request_tells_the_days_before(self) -> None:
        world = World()
        world.read()
        world.said = answer(MONTH, proConsumStats=8.0)

        assert world.fill() == 1
        assert world.asked == [DaysQuestion("plant-1", date(2026, 6, 1))]
        assert [world.pv(TODAY - n * DAY) for n in range(7, 0, -1)] == [None, *map(float, range(4, 10))]
        assert all(world.is_whole(TODAY - n * DAY) for n in range(1, 7))
        assert world.at(TODAY - DAY) == DayTotal(Energies(9.0 * KWH, 8.0 * KWH), None)
        assert (world.pv(TODAY), world.is_whole(TODAY)) == (17.5, False)

    def test_the_days_of_two_months_take_two(self) -> None:
        world = World()
        world.clock.jump(-6 * 86400)
        world.read()
        may = answer({f"2026-05-{day}": 40.0 + day for day in range(10, 32)})
        world.said = lambda question: may if question.month.month == 5 else answer(MONTH)

        assert world.fill() == 2
        assert [question.month.month for question in world.asked if isinstance(question, DaysQuestion)] == [5, 6]
        assert [world.pv(date(2026, 6, 4) - n * DAY) for n in range(6, 0, -1)] == [69.0, 70.0, 71.0, 1.0, 2.0, 3.0]

    def test_a_day_that_has_just_ended_is_asked_for_when_late_reports_are_in(self) -> None:
        world = World()
        world.read()
        world.said = answer(MONTH | {"2026-06-10": 18.0})
        world.fill()
        asked = []
        for hours in (12.1, 1, 2, 1):
            world.clock.advance(hours * 3600)
            world.read(0.0)
            asked.append(world.fill())

        assert asked == [0, 0, 1, 0]
        assert world.is_whole(TODAY)

    def test_what_is_known_is_not_asked_for_again(self, tmp_path: Path) -> None:
        path = tmp_path / "curves.json"
        first = World(path)
        first.read()
        first.said = answer(MONTH)
        first.fill()
        first.kept.save()
        second = World(path, first.clock)
        second.kept.recall()
        second.read()

        assert second.fill() == 0
        assert [second.pv(TODAY - n * DAY) for n in range(6, -1, -1)] == [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 17.5]

    @pytest.mark.parametrize(
        "said",
        [
            {},
            None,
            {"dataList": []},
            answer({}),
            answer(dict.fromkeys(MONTH, 0.0), proConsumStats=0.0),
            answer(dict.fromkeys(MONTH, -5.0)),
            answer(MONTH, item="sell"),
            errors.PermissionDenied("no right"),
            errors.RouteUnknown("404"),
            errors.RateLimited("too many"),
            errors.StartError("read in the classic dialect"),
        ],
    )
    def test_what_the_portal_does_not_tell_stays_unknown_and_is_not_asked_twice(self, said: object) -> None:
        """A row of nothing but zeros stands for no data, too."""
        world = World()
        world.read()
        world.said = said

        assert world.fill() == 1
        assert [world.at(TODAY - n * DAY) for n in range(1, 7)] == [None] * 6
        assert world.fill() == 0

    def test_a_zero_beside_other_energies_is_one(self) -> None:
        """Snow on the roof."""
        world = World()
        world.read()
        world.said = answer(dict.fromkeys(MONTH, 0.0), proConsumStats=9.0)
        world.fill()

        assert world.pv(TODAY - DAY) == 0.0

    @pytest.mark.parametrize(
        "told,pv,whole", [(20.9, 20.9, True), (21.5, 21.5, True), (12.0, 21.0, False), (0.0, 21.0, False)]
    )
    def test_less_than_was_read_that_day_is_not_all_of_it(self, told: float, pv: float, whole: bool) -> None:
        """But the portal rounds."""
        world = World()
        world.read(21.0)
        world.clock.advance(86400)
        world.read(1.0)
        world.said = answer({"2026-06-10": told}, proConsumStats=3.0)
        world.fill()

        assert (world.pv(TODAY), world.is_whole(TODAY)) == (pv, whole)

    def test_the_end_of_the_program_is_passed_on(self) -> None:
        world = World()
        world.read()
        world.said = errors.Stopping("the exporter is stopping")

        with pytest.raises(errors.Stopping):
            world.days.fill_one()


class TestKept:
    """The file outlives a restart, and harms nobody."""

    def kept(self, path: Path, change: Callable[[Any], Any] = lambda weeks: weeks) -> World:
        world = World(path)
        world.read()
        world.kept.save()
        document = json.loads(path.read_text())
        document["weeks"] = change(document["weeks"])
        path.write_text(json.dumps(document))
        again = World(path)
        again.kept.recall()
        return again

    def test_it_goes_on_where_it_ended(self, tmp_path: Path) -> None:
        assert self.kept(tmp_path / "curves.json").pv(TODAY) == 17.5

    @pytest.mark.parametrize(
        "change",
        [
            lambda _: [],
            lambda weeks: {"plant-1": [weeks["plant-1"][0], [1, 2, 3]]},
            lambda weeks: {"plant-1": [weeks["plant-1"][0], [10**17] * 49]},
            lambda weeks: {"plant-1": [weeks["plant-1"][0], [True] * 49]},
            lambda weeks: {"plant-1": [weeks["plant-1"][0] + 40, weeks["plant-1"][1]]},
            lambda weeks: {"plant-1": [weeks["plant-1"][0] - 9, weeks["plant-1"][1]]},
            lambda weeks: {"plant-1": weeks["plant-1"][1]},
        ],
    )
    def test_what_is_spoilt_or_of_another_time_is_left_out(self, tmp_path: Path, change: Callable[[Any], Any]) -> None:
        assert self.kept(tmp_path / "curves.json", change).memory.weeks.stations() == []

    def test_a_file_of_an_earlier_version_has_none(self, tmp_path: Path) -> None:
        """Its curves are taken over."""
        path = tmp_path / "curves.json"
        world = self.kept(path)
        document = json.loads(path.read_text())
        del document["weeks"]
        path.write_text(json.dumps(document))
        world = World(path)
        world.kept.recall()

        assert (world.memory.stations(), world.memory.weeks.stations()) == (["plant-1"], [])
