"""The request budget."""

import random
import threading
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.clock import SystemClock
from sems_exporter.errors import Stopping
from sems_exporter.portal.session import rate_limiter as room
from sems_exporter.portal.session.rate_limiter import RateLimiter
from tests.clocks import FakeClock

START = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)
SLACK = 1e-3


def made(per_minute: int, clock: FakeClock, stop: threading.Event | None = None, seed: int = 1) -> RateLimiter:
    return RateLimiter(per_minute, clock, stop or threading.Event(), random.Random(seed))


def sent_at(pace: RateLimiter, clock: FakeClock) -> float:
    pace.acquire()
    return clock.now().timestamp()


def hastened(per_minute: int, requests: int, seed: int = 1) -> list[float]:
    """Seconds from the start at which so many requests go out, each asked for as soon as the one before is sent."""
    clock = FakeClock(START)
    pace = made(per_minute, clock, seed=seed)
    return [sent_at(pace, clock) - START.timestamp() for _ in range(requests)]


@settings(deadline=None)
@given(st.integers(1, 20), st.lists(st.floats(0, 30), max_size=60), st.integers(0, 99))
def test_no_minute_holds_more_requests_than_the_budget_and_no_two_come_as_a_burst(
    per_minute: int, idle: list[float], seed: int
) -> None:
    clock = FakeClock(START)
    pace = made(per_minute, clock, seed=seed)
    sent = []

    for seconds in idle:
        clock.advance(seconds)
        sent.append(sent_at(pace, clock))

    assert all(later - earlier >= 0.2 - SLACK for earlier, later in pairwise(sent))
    assert all(later - earlier >= 60 - SLACK for earlier, later in zip(sent, sent[per_minute:], strict=False))


def test_the_refresh_of_a_home_is_not_held_up() -> None:
    sent = hastened(30, 12)

    assert sent[-1] < 3


@pytest.mark.parametrize("per_minute", [5, 30, 120])
def test_a_fleet_is_spread_over_the_minute_from_the_first_one_on(per_minute: int) -> None:
    """A share of the budget may go quickly, once; after that no ten seconds hold much more than a sixth of it.

    Nor does what went quickly leave a gap behind.
    """
    sent = hastened(per_minute, per_minute * 20)

    later = sent[int(per_minute * room.QUICK_SHARE) + 2 :]
    most = max(sum(begin <= at < begin + 10 for at in later) for begin in later)
    longest = max(following - before for before, following in pairwise(sent))
    assert most <= per_minute / 6 * 1.3 + 2
    assert longest <= 4 * 60 / per_minute


@pytest.mark.parametrize("per_minute", [5, 30, 120])
def test_a_fleet_gets_nearly_all_of_its_budget(per_minute: int) -> None:
    sent = hastened(per_minute, per_minute * 60)

    assert len(sent) / (sent[-1] / 60) > 0.95 * per_minute


def test_two_exporters_do_not_keep_step() -> None:
    assert hastened(30, 60, seed=1) != hastened(30, 60, seed=2)


def test_a_request_after_a_quiet_minute_waits_for_nothing() -> None:
    clock = FakeClock(START)
    pace = made(2, clock)
    pace.acquire()
    pace.acquire()
    clock.advance(60)
    clock.waits.clear()

    pace.acquire()

    assert clock.waits == []


def test_a_wait_for_a_turn_ends_with_the_program() -> None:
    clock, stop = FakeClock(START), threading.Event()
    pace = made(1, clock, stop)
    pace.acquire()
    stop.set()

    with pytest.raises(Stopping):
        pace.acquire()


def test_a_clock_that_is_set_back_by_a_day_delays_requests_by_no_more_than_the_budget_does() -> None:
    clock = FakeClock(START)
    pace = made(3, clock)
    for _ in range(3):
        pace.acquire()
    clock.advance(-86_400)
    clock.waits.clear()

    pace.acquire()

    assert sum(clock.waits) <= 60


def test_setting_the_machines_clock_ahead_frees_no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Raspberry Pi learns the time only after its start."""
    monotonic, waits = [1000.0], list[float]()

    class SetAhead(SystemClock):
        def now(self) -> datetime:
            raise AssertionError("the time of day may jump")

        def wait(self, stop: threading.Event, seconds: float) -> bool:
            waits.append(seconds)
            monotonic[0] += seconds
            return stop.is_set()

    monkeypatch.setattr("time.monotonic", lambda: monotonic[0])
    pace = RateLimiter(3, SetAhead(), threading.Event(), random.Random(1))

    for _ in range(4):
        pace.acquire()

    assert 60 - SLACK <= sum(waits) <= 90
