"""What the demo is made of: a clock that runs fast, and answers from files."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sems_exporter.clock import SystemClock
from sems_exporter.demo import DemoClock
from sems_exporter.simulator import SimulatedClock
from tests.clocks import FakeClock
from tests.homes import NOON


class Noted(threading.Event):
    """An event that notes for how long somebody wanted to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return self.is_set()


def test_the_demos_time_is_the_simulated_one() -> None:
    simulated = SimulatedClock(NOON, speed=0)
    clock = DemoClock(simulated)

    simulated.advance(3600)

    assert clock.now() == datetime(2026, 6, 10, 11, 0, tzinfo=UTC)


def test_waiting_is_shorter_by_as_much_as_time_is_faster() -> None:
    stop = Noted()

    stopped = DemoClock(SimulatedClock(NOON, speed=600)).wait(stop, 300)

    assert (stopped, stop.waited) == (False, [0.5])


def test_the_machines_clock_waits_as_long_as_it_says_and_no_negative_time() -> None:
    stop = Noted()
    clock = SystemClock()

    clock.wait(stop, 2.5)
    clock.wait(stop, -5)
    stop.set()

    assert clock.wait(stop, 1) is True
    assert stop.waited == [2.5, 0.0, 1]
    assert clock.now().tzinfo is UTC


class TestFakeClock:
    """The tests' own clock keeps its word, too."""

    def test_waiting_moves_it(self) -> None:
        clock, stop = FakeClock(NOON), threading.Event()

        assert clock.wait(stop, 60) is False
        stop.set()
        assert clock.wait(stop, 60) is True

        assert (clock.now() - NOON).total_seconds() == 60
        assert clock.waits == [60]

    def test_it_wants_to_know_the_zone(self) -> None:
        with pytest.raises(ValueError, match="aware"):
            FakeClock(datetime(2026, 6, 10))  # noqa: DTZ001 - the mistake under test


def test_samples_of_answers_are_named_by_file(tmp_path: Path) -> None:
    from sems_exporter import demo  # noqa: PLC0415 - only here a private name is wanted

    path = tmp_path / "flow.json"
    path.write_text("{}")

    assert demo._answers((f"flow={path}", f"telemetry.BAT_SYS={path}")) == {"flow": path, "telemetry.BAT_SYS": path}
