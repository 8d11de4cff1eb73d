from datetime import UTC, datetime, timedelta

import pytest

from sems_exporter.simulator import SimulatedClock

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_runs_at_its_speed() -> None:
    real = [100.0]
    clock = SimulatedClock(START, speed=60, monotonic=lambda: real[0])

    real[0] += 2.5

    assert clock.now() == START + timedelta(seconds=150)
    assert clock.speed == 60


def test_stands_still_until_it_is_moved() -> None:
    clock = SimulatedClock(START, speed=0)

    assert clock.now() == clock.now() == START
    assert clock.advance(90) == clock.now() == START + timedelta(seconds=90)
    assert clock.set(START + timedelta(days=1)) == clock.now() == START + timedelta(days=1)


def test_goes_on_from_where_it_was_set() -> None:
    real = [0.0]
    clock = SimulatedClock(START, speed=10, monotonic=lambda: real[0])
    real[0] += 1
    clock.set(START + timedelta(hours=1))

    real[0] += 1

    assert clock.now() == START + timedelta(hours=1, seconds=10)


def test_starts_at_the_real_now_by_default() -> None:
    assert abs(SimulatedClock().now() - datetime.now(UTC)) < timedelta(seconds=10)


def test_never_goes_back() -> None:
    clock = SimulatedClock(START, speed=0)

    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="forward"):
        clock.set(START - timedelta(seconds=1))
    with pytest.raises(ValueError, match="negative"):
        SimulatedClock(START, speed=-1)


def test_wants_to_know_the_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        SimulatedClock(datetime(2026, 3, 1))  # noqa: DTZ001 - the point of the test
