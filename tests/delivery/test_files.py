"""Files on this machine: what is in them, when they are written, and what happens where they cannot be."""

import errno
import json
import logging
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sems_exporter.config.settings import FileSettings
from sems_exporter.delivery import schedule
from sems_exporter.delivery.files import LocalFiles
from sems_exporter.delivery.schedule import Schedule, look_until
from sems_exporter.exposition.json_form import as_json
from tests.clocks import FakeClock
from tests.delivery.stations import Known, known
from tests.homes import NOON, home


def everything(folder: Path) -> FileSettings:
    return FileSettings(folder / "sems.prom", folder / "sems.json", folder / "inverter.json", folder / "page")


def local(exporter: Known, settings: FileSettings, revision: Callable[[], object] = lambda: 1) -> LocalFiles:
    counted = exporter.metrics.of_deliveries(["textfile", "json", "article", "page"])
    schedule = Schedule(revision, lambda: None, exporter.clock)
    return LocalFiles(settings, exporter.contents(), counted, schedule, exporter.clock)


def test_each_file_says_what_is_known(tmp_path: Path) -> None:
    exporter = known(home())

    local(exporter, everything(tmp_path)).write()

    assert 'sems_station_pv_power_watts{station="plant-1"} 5000.0\n' in (tmp_path / "sems.prom").read_text()
    document = json.loads((tmp_path / "sems.json").read_text())
    assert document == json.loads(json.dumps(as_json(exporter.snapshots.shown(NOON), NOON)))
    assert json.loads((tmp_path / "inverter.json").read_text())["pac"] == 2900.0
    assert json.loads((tmp_path / "page" / "data.json").read_text()) == document
    assert "Sunny Home" in (tmp_path / "page" / "index.html").read_text()


def test_everybody_may_read_them_and_nothing_else_is_left_behind(tmp_path: Path) -> None:
    """Node exporter and web servers run as other users, whatever the unit of the exporter grants to new files."""
    local(known(home()), everything(tmp_path)).write()

    found = {path.relative_to(tmp_path).as_posix(): path for path in tmp_path.rglob("*") if path.is_file()}
    assert set(found) == {"sems.prom", "sems.json", "inverter.json", "page/index.html", "page/data.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in found.values()} == {0o644}


def test_values_that_are_too_old_leave_the_files_too(tmp_path: Path) -> None:
    exporter = known(home())
    files = local(exporter, everything(tmp_path))
    exporter.clock.advance(1200)

    files.write()

    assert "sems_station_pv_power_watts{" not in (tmp_path / "sems.prom").read_text()
    assert "pv_power_watts" not in json.loads((tmp_path / "sems.json").read_text())["stations"][0]
    assert json.loads((tmp_path / "inverter.json").read_text())["pac"] is None


def test_what_is_published_does_not_say_what_accounts_are_called(tmp_path: Path) -> None:
    local(known(home(account="grandmother")), everything(tmp_path)).write()

    assert "grandmother" in (tmp_path / "sems.json").read_text()
    assert all("grandmother" not in path.read_text() for path in (tmp_path / "page").iterdir())


def test_a_disk_that_is_full_is_told_once_and_counted_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    exporter = known(home())
    files = local(exporter, FileSettings(json_file=tmp_path / "sems.json"))
    files.write()
    before = (tmp_path / "sems.json").read_text()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, caplog.at_level(logging.INFO):
        patch.setattr(os, "fsync", full)
        for _ in range(3):
            files.write()
    files.write()

    assert [record.getMessage() for record in caplog.records] == [
        "a delivery fails; it is tried again, and this is not repeated"
    ]
    assert exporter.value("sems_delivery_attempts_total", target="json") == 5
    assert exporter.value("sems_delivery_failures_total", target="json", reason="full") == 3
    assert exporter.value("sems_delivery_bytes_total", target="json") == 2 * len(before)
    assert exporter.value("sems_delivery_last_success_timestamp_seconds", target="json") == NOON.timestamp()


def test_one_file_that_cannot_be_written_harms_no_other(tmp_path: Path) -> None:
    exporter = known(home())

    local(exporter, replace(everything(tmp_path), json_file=tmp_path / "nowhere" / "sems.json")).write()

    assert exporter.value("sems_delivery_failures_total", target="json", reason="missing") == 1
    assert (tmp_path / "inverter.json").exists()


def test_the_textfile_is_there_only_while_it_is_renewed(tmp_path: Path) -> None:
    """Node exporter would serve it for ever, as if it were true."""
    path = tmp_path / "sems.prom"
    path.write_text("sems_station_pv_power_watts 1\n")
    seen: list[bool] = []
    exporter = known(home())
    stop = threading.Event()

    def revision() -> object:
        seen.append(path.exists())
        stop.set()
        return 1

    local(exporter, everything(tmp_path), revision).run(stop)

    assert (seen[0], path.exists()) == (False, False)
    assert exporter.value("sems_delivery_attempts_total", target="textfile") == 1
    assert (tmp_path / "sems.json").exists()


def test_a_fault_of_ours_ends_no_delivery(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "LOOK_SECONDS", 0.0)
    stop, looks = threading.Event(), 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            stop.set()
        raise ValueError("ours")

    look_until(stop, look)

    assert looks == 2
    assert "fault of the exporter" in caplog.text


class TestSchedule:
    """When it is time to deliver."""

    def test_nothing_is_delivered_before_the_first_refresh_has_ended(self) -> None:
        revision: list[object] = [None]
        schedule = Schedule(lambda: revision[0], lambda: None, FakeClock(NOON))

        before = schedule.due()
        revision[0] = 1

        assert (before, schedule.due()) == (False, True)

    def test_after_each_refresh_once_and_again_when_age_changes_something(self) -> None:
        exporter, count = known(home()), [1]
        schedule = Schedule(lambda: count[0], exporter.contents().until, exporter.clock)

        schedule.deliver(lambda: None)
        exporter.clock.advance(300)
        quiet = schedule.due()
        count[0] += 1
        refreshed = schedule.due()
        schedule.deliver(lambda: None)
        exporter.clock.advance(1200)

        assert (quiet, refreshed, schedule.due()) == (False, True, True)

    @pytest.mark.parametrize("took, pause", [(0.1, 10), (3.0, 60)])
    def test_a_fleet_whose_refreshes_end_every_second_is_not_written_every_second(
        self, took: float, pause: float
    ) -> None:
        clock, timer = FakeClock(NOON), iter([0.0, took])
        schedule = Schedule(clock.monotonic, lambda: None, clock, lambda: next(timer))

        schedule.deliver(lambda: None)
        clock.advance(pause - 1)
        early = schedule.due()
        clock.advance(1)

        assert (early, schedule.due()) == (False, True)
