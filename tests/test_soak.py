"""The soak in small: hours of trouble leave nothing behind. The month is played by `make soak`."""

import gc
import sys
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

import pytest

from bench import soak

HOURS = 11
EARLY, LATE = 6, 10
"""Hours after which is measured: when each code path of a quiet day has run, and some hours later."""
SPREAD = 50.0
"""KiB by which what the exporter holds may change meanwhile; masks that were never forgotten took 17 an hour."""
PACKAGE, SIMULATOR = "sems_exporter", "sems_exporter.simulator"
_NOT_DATA = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType, CodeType, FrameType)
_BEYOND = ("tests", "bench", SIMULATOR, "logging", "threading", "_thread", "socket", "ssl", "_io", "weakref", "_pytest")
"""Packages whose objects, and what only they hold, are not the exporter's: among them the log that a test keeps."""


@pytest.fixture(scope="module")
def held() -> dict[int, float]:
    """KiB that the exporter's objects hold, by hour; `report` fills it."""
    return {}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, held: dict[int, float]) -> soak.Report:
    def note(hour: soak.Hour) -> None:
        if hour.hour in (EARLY, LATE):
            held[hour.hour] = exporter_kib()

    return soak.soak(HOURS, seed=2, directory=tmp_path_factory.mktemp("soak"), note=note)


def exporter_kib() -> float:
    """What all objects of the exporter's classes and modules hold, each thing once."""
    gc.collect()
    modules = [vars(module) for name, module in [*sys.modules.items()] if is_ours(name)]
    todo: list[Any] = [each for names in modules for name, each in names.items() if not name.startswith("__")]
    todo += [each for each in gc.get_objects() if is_ours(str(type(each).__module__))]
    seen, size = set[int](), 0
    while todo:
        each = todo.pop()
        if id(each) not in seen and not isinstance(each, _NOT_DATA):
            seen.add(id(each))
            if not str(type(each).__module__).startswith(_BEYOND):
                size += sys.getsizeof(each)
                todo += gc.get_referents(each)
    return size / 1024


def is_ours(module: str) -> bool:
    return module.startswith(PACKAGE) and not module.startswith(SIMULATOR)


def test_nothing_is_invented_told_or_logged_without_a_cause(report: soak.Report) -> None:
    assert report.wrong == []


def test_threads_and_descriptors_are_as_many_after_it_as_before(report: soak.Report) -> None:
    first, last = report.hours[0], report.hours[-1]

    assert last.up == 1
    # What other tests have left in this process may end meanwhile.
    assert last.threads <= first.threads
    assert last.descriptors <= first.descriptors


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
