"""Whose details come next. Ages are counted here, not waited for."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.model.plant import Alarm, AlarmLevel, Station, StationState
from sems_exporter.polling.rotation import ALARM_ROUNDS, DAY_ROUNDS, NIGHT_ROUNDS, Rotation, need
from tests.homes import NOON, home

EACH = 26.0
ALARM = Alarm(device="INV1", code="E1", level=AlarmLevel.FAULT)


def seen(**changes: object) -> Station:
    bare = Station(id="a", fetched_at=NOON, state=StationState.RUNNING, pv_power=0.0)
    return replace(bare, **changes)  # type: ignore[arg-type]


def made(seed: int = 1) -> Rotation:
    return Rotation(30, random.Random(seed))


def run(rotation: Rotation, needs: dict[str, float], reads: int) -> dict[str, list[float]]:
    """Read so many times the station that comes first, `EACH` seconds each; when each station was read."""
    now, found = 0.0, {key: list[float]() for key in needs}
    for _ in range(reads):
        first = rotation.order(needs, now)[0]
        rotation.has_read(first, now, now + EACH)
        now += EACH
        found[first].append(now)
    return found


@pytest.mark.parametrize(
    "look, expected",
    [
        (None, DAY_ROUNDS),
        (seen(alarms=(ALARM,)), ALARM_ROUNDS),
        (seen(state=StationState.FAULT), ALARM_ROUNDS),
        (seen(pv_power=10.0, sun_elevation=-10.0), DAY_ROUNDS),
        (seen(sun_elevation=-10.0), NIGHT_ROUNDS),
        (seen(sun_elevation=10.0), DAY_ROUNDS),
        (seen(), DAY_ROUNDS),
        (home(), DAY_ROUNDS),
    ],
)
def test_alarms_come_first_and_the_night_can_wait(look: Station | None, expected: float) -> None:
    assert need(look) == expected


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from([ALARM_ROUNDS, DAY_ROUNDS, NIGHT_ROUNDS]), min_size=1, max_size=40), st.integers(0, 99))
def test_no_station_starves_whatever_the_others_need(chosen: list[float], seed: int) -> None:
    needs = {f"S{number}": value for number, value in enumerate(chosen)}
    whole = EACH * len(needs)

    found = run(made(seed), needs, 12 * len(needs))

    end = 12 * len(needs) * EACH
    for key, moments in found.items():
        waits = [later - earlier for earlier, later in zip([0.0, *moments], [*moments, end], strict=True)]
        assert max(waits) <= (NIGHT_ROUNDS + 1) * whole + EACH, (key, needs[key])


def test_a_station_with_an_alarm_is_read_four_times_as_often() -> None:
    needs = {f"S{number}": DAY_ROUNDS for number in range(100)} | {"ill": ALARM_ROUNDS}

    found = run(made(), needs, 1000)

    assert len(found["ill"]) >= 3 * len(found["S50"])


def test_by_night_stations_leave_the_budget_to_those_that_have_day() -> None:
    needs = {f"D{number}": DAY_ROUNDS for number in range(50)} | {f"N{number}": NIGHT_ROUNDS for number in range(50)}

    found = run(made(), needs, 2000)

    day, night = (sum(len(found[f"{kind}{number}"]) for number in range(50)) for kind in "DN")
    assert 2 < day / night < 3


def test_after_a_restart_not_the_same_stations_come_first_again() -> None:
    needs = dict.fromkeys(map(str, range(100)), DAY_ROUNDS)

    orders = [made(seed).order(needs, 0.0)[:10] for seed in range(5)]

    assert len({tuple(order) for order in orders}) == 5


def test_a_new_station_comes_before_all_that_have_been_read() -> None:
    rotation, needs = made(), dict.fromkeys(map(str, range(20)), DAY_ROUNDS)
    run(rotation, needs, 40)

    order = rotation.order({**needs, "new": DAY_ROUNDS}, 40 * EACH)

    assert order[0] == "new"


def test_the_length_of_a_round_is_learnt_from_what_reads_take() -> None:
    rotation = made()
    before = rotation.round_seconds(100)

    for number in range(100):
        rotation.has_read(str(number), number, number + 2.0)

    assert before == pytest.approx(2600)
    assert rotation.round_seconds(100) == pytest.approx(200, rel=0.1)


def test_a_clock_that_is_set_back_puts_no_station_off() -> None:
    rotation, needs = made(), dict.fromkeys("abc", DAY_ROUNDS)
    run(rotation, needs, 9)
    rotation.has_read("a", 1e6, 1e6)

    rotation.order(needs, 10.0)
    rotation.has_read("b", 10.0, 20.0)
    rotation.has_read("c", 20.0, 30.0)

    assert rotation.order(needs, 30.0)[0] == "a"
