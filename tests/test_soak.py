"""The soak in small: a day of trouble leaves nothing behind. The month is played by `make soak`."""

import pytest

from bench import soak
from bench.curve import curve


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> soak.Report:
    return soak.soak(24, seed=2, directory=tmp_path_factory.mktemp("soak"))


def test_nothing_is_invented_told_or_logged_without_a_cause(report: soak.Report) -> None:
    assert report.wrong == []


def test_threads_and_descriptors_are_as_many_after_it_as_before(report: soak.Report) -> None:
    first, last = report.hours[0], report.hours[-1]

    assert last.up == 1
    assert (last.threads, last.descriptors) == (first.threads, first.descriptors)


def test_memory_does_not_grow_by_more_than_its_warm_up(report: soak.Report) -> None:
    assert report.growth() < 12.0


def test_the_curve_draws_every_hour(report: soak.Report) -> None:
    drawn = curve(report.hours)

    assert drawn.count("<polyline") == 4
    assert drawn.count(",") >= 4 * len(report.hours)


def test_a_warning_without_its_fault_is_noticed() -> None:
    row = next(row for row in soak.rows() if row.name == "status 500")
    line = 'level=warn logger=poller msg="refresh failed" reason={} error="…"'

    assert not soak.unexplained(line.format("server_fault"), [row])
    assert soak.unexplained(line.format("timeout"), [row])
    assert soak.unexplained('level=warn msg="the state cannot be saved"', [row])


def test_the_table_has_faults_enough_for_a_month() -> None:
    assert len(soak.rows()) > 80
