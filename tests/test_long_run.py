"""The long run in small: the program meets faults in a process of its own, and what it holds is measured."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.long_run import Hour, curve, grown, hours

CALM = Hour(0, "", 1, 1, 50.0, 50.0, 3, 16)


def test_the_program_outlives_its_faults_and_each_hour_is_measured(tmp_path: Path) -> None:
    seen = list(hours(2, seed=1, directory=tmp_path, plants=1))

    assert [hour.hour for hour in seen] == [0, 1, 2]
    assert seen[-1].up == 1
    assert all(20.0 < hour.resident_mib <= hour.peak_mib for hour in seen)
    assert all(hour.sign_ins >= 1 and hour.threads >= 2 and hour.descriptors >= 3 for hour in seen)


@pytest.mark.parametrize(
    "what, an_hour, growing", [("resident_mib", 0.02, True), ("resident_mib", 0.002, False), ("threads", 0.01, True)]
)
def test_what_creeps_over_the_month_is_noticed(what: str, an_hour: float, growing: bool) -> None:
    seen = [replace(CALM, hour=hour, **{what: getattr(CALM, what) + hour * an_hour}) for hour in range(720)]

    assert bool(grown(seen)) is growing


def test_what_is_high_for_an_hour_is_no_growth() -> None:
    seen = [replace(CALM, hour=hour, descriptors=30 if hour % 200 == 199 else 16) for hour in range(720)]

    assert grown(seen) == []


def test_the_curve_draws_every_hour() -> None:
    drawn = curve([replace(CALM, hour=hour) for hour in range(48)])

    assert drawn.count("<polyline") == 5
    assert drawn.count(",") >= 5 * 48
