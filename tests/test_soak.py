"""The soak in small: hours of trouble leave nothing behind. The month is played by `make soak`."""

import tracemalloc
from pathlib import Path

import pytest

import sems_exporter
from bench import soak

HOURS = 8
EARLY, LATE = 3, 7
"""Hours after which is measured: when each code path of a quiet day has run, and some hours later."""
SPREAD = 100.0
"""KiB by which what the exporter holds may change with the time of day; masks that were never forgotten took 200."""
PACKAGE = Path(sems_exporter.__file__).parent


@pytest.fixture(scope="module")
def held() -> dict[int, float]:
    """KiB that the exporter's code has allocated and not let go, by hour; `report` fills it."""
    return {}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, held: dict[int, float]) -> soak.Report:
    def note(hour: soak.Hour) -> None:
        if hour.hour in (EARLY, LATE):
            held[hour.hour] = exporter_kib()

    tracemalloc.start()
    try:
        return soak.soak(HOURS, seed=2, directory=tmp_path_factory.mktemp("soak"), note=note)
    finally:
        tracemalloc.stop()


def exporter_kib() -> float:
    ours, simulated = (str(PACKAGE / place) for place in ("*", "simulator/*"))
    only = [
        tracemalloc.Filter(inclusive=True, filename_pattern=ours),
        tracemalloc.Filter(inclusive=False, filename_pattern=simulated),
    ]
    statistics = tracemalloc.take_snapshot().filter_traces(only).statistics("filename")
    return sum(each.size for each in statistics) / 1024


def test_nothing_is_invented_told_or_logged_without_a_cause(report: soak.Report) -> None:
    assert report.wrong == []


def test_threads_and_descriptors_are_as_many_after_it_as_before(report: soak.Report) -> None:
    first, last = report.hours[0], report.hours[-1]

    assert last.up == 1
    assert (last.threads, last.descriptors) == (first.threads, first.descriptors)


@pytest.mark.usefixtures("report")
def test_the_exporter_holds_no_more_late_than_early(held: dict[int, float]) -> None:
    """What the simulated portal and the truth hold beside it does not count."""
    assert held[EARLY] > 100.0, "nothing was measured"
    assert held[LATE] - held[EARLY] < SPREAD


def test_the_curve_draws_every_hour(report: soak.Report) -> None:
    drawn = report.curve()

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
