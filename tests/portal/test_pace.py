"""The request budget."""

import threading
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.errors import TimedOut
from sems_exporter.portal.pace import Pace
from tests.clocks import FakeClock

START = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)


def sent_at(pace: Pace, clock: FakeClock) -> float:
    pace.take_turn()
    return clock.now().timestamp()


@given(st.integers(1, 20), st.lists(st.floats(0, 30), max_size=60))
def test_no_minute_holds_more_requests_than_the_budget_and_no_two_come_as_a_burst(
    per_minute: int, idle: list[float]
) -> None:
    clock = FakeClock(START)
    pace = Pace(per_minute, clock, threading.Event())
    sent = []

    for seconds in idle:
        clock.advance(seconds)
        sent.append(sent_at(pace, clock))

    slack = 1e-3
    assert all(later - earlier >= 0.2 - slack for earlier, later in pairwise(sent))
    assert all(later - earlier >= 60 - slack for earlier, later in zip(sent, sent[per_minute:], strict=False))


def test_a_request_after_a_quiet_minute_waits_for_nothing() -> None:
    clock = FakeClock(START)
    pace = Pace(2, clock, threading.Event())
    pace.take_turn()
    pace.take_turn()
    clock.advance(60)
    clock.waits.clear()

    pace.take_turn()

    assert clock.waits == []


def test_a_wait_for_a_turn_ends_with_the_program() -> None:
    clock, stop = FakeClock(START), threading.Event()
    pace = Pace(1, clock, stop)
    pace.take_turn()
    stop.set()

    with pytest.raises(TimedOut):
        pace.take_turn()


def test_a_clock_that_is_set_back_by_a_day_delays_requests_by_no_more_than_the_budget_does() -> None:
    clock = FakeClock(START)
    pace = Pace(3, clock, threading.Event())
    for _ in range(3):
        pace.take_turn()
    clock.advance(-86_400)
    clock.waits.clear()

    pace.take_turn()

    assert sum(clock.waits) <= 60
