"""Time that nobody can set, and how far a clock is off it."""

from datetime import UTC, datetime

import pytest

from sems_exporter.clock import Steady
from tests.clocks import FakeClock

START = datetime(2026, 6, 10, 12, tzinfo=UTC)


class HurriedClock(FakeClock):
    """A clock on which, as in a fast demo, half a minute passes with each reading once it is `hurried`."""

    hurried = False

    def monotonic(self) -> float:
        if self.hurried:
            self.advance(30.0)
        return super().monotonic()


def test_time_that_passes_while_the_clock_is_read_does_not_count_as_set() -> None:
    clock = HurriedClock(START)
    steady = Steady(clock)

    clock.hurried = True

    assert steady.ahead() == 0.0


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_a_clock_that_is_set_is_noticed(seconds: float) -> None:
    clock = FakeClock(START)
    steady = Steady(clock)

    clock.jump(seconds)

    assert steady.ahead() == seconds
