"""What is kept of the curves: seldom written, read after a restart, and never an obstacle."""

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sems_exporter.curves.curve_store import CurveStore
from sems_exporter.curves.memory import CurveMemory
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.portal.session.file_stores import LARGEST_CURVES, TextFile
from sems_exporter.store import StationStore
from tests.clocks import FakeClock
from tests.homes import NOON, home


class Run:
    """One run of the program as far as the curves go."""

    def __init__(self, path: Path | None, clock: FakeClock) -> None:
        self.clock = clock
        self.store = StationStore(clock, Limits(1200.0, 900.0))
        self.memory = CurveMemory(self.store, clock)
        self.kept = CurveStore(TextFile(path, LARGEST_CURVES) if path else None, self.memory, clock)

    def polls(self, times: int, seconds: float = 300.0) -> None:
        for _ in range(times):
            self.store.put(home(self.clock.now()))
            self.kept.save_if_due()
            self.clock.advance(seconds)

    @property
    def samples(self) -> int:
        return len(self.memory.known("plant-1", NOON - timedelta(days=2), NOON + timedelta(days=2)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "curves.json"


def test_a_restart_goes_on_where_it_ended(path: Path) -> None:
    clock = FakeClock(NOON)
    first = Run(path, clock)
    first.polls(6)
    first.kept.save()
    clock.advance(1800)
    second = Run(path, clock)
    second.kept.recall()
    second.polls(2)

    assert second.samples == 8


def test_it_is_written_every_quarter_of_an_hour_at_most(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr("sems_exporter.portal.session.file_stores.write_private", lambda _, text: written.append(text))
    Run(path, FakeClock(NOON)).polls(60, seconds=60.0)

    assert len(written) == 3
    assert max(map(len, written)) < 20_000


def test_a_file_of_two_whole_days_is_small(path: Path) -> None:
    run = Run(path, FakeClock(NOON - timedelta(days=2)))
    run.polls(576)
    run.kept.save()

    assert path.stat().st_size < 10_000
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_new_is_not_written(path: Path) -> None:
    run = Run(path, FakeClock(NOON))
    run.kept.save()

    assert not path.exists()


def test_without_a_path_nothing_is_read_or_written() -> None:
    run = Run(None, FakeClock(NOON))
    run.kept.recall()
    run.polls(10)
    run.kept.save()

    assert run.samples == 10


def spoilt(path: Path, change: Any) -> None:
    run = Run(path, FakeClock(NOON))
    run.polls(3)
    run.kept.save()
    document = json.loads(path.read_text())
    path.write_text(json.dumps(change(document)))


@pytest.mark.parametrize(
    "change",
    [
        lambda _: [],
        lambda _: None,
        lambda document: document | {"version": 2},
        lambda document: document | {"step": 7},
        lambda document: document | {"step": "300"},
        lambda document: document | {"stations": [1, 2]},
        lambda document: document | {"stations": {"plant-1": "text"}},
        lambda document: document | {"stations": {"plant-1": [document["stations"]["plant-1"][0], None]}},
        lambda document: document | {"stations": {"plant-1": [document["stations"]["plant-1"][0], "AAAA"]}},
        lambda document: document | {"stations": {str(number): [0, ""] for number in range(10_001)}},
    ],
)
def test_what_was_spoilt_is_left_alone_and_told(path: Path, caplog: pytest.LogCaptureFixture, change: Any) -> None:
    spoilt(path, change)
    run = Run(path, FakeClock(NOON + timedelta(minutes=15)))
    with caplog.at_level(logging.WARNING):
        run.kept.recall()
    run.polls(2)

    assert [record.message for record in caplog.records] == ["the day's curves cannot be read; starting without them"]
    assert run.samples == 2


@pytest.mark.parametrize("newest", [0, 10**15, -1, "now"])
def test_curves_of_another_time_are_left_out(path: Path, newest: object) -> None:
    """From long ago, or from before the clock was set back."""
    spoilt(path, lambda document: document | {"stations": {"plant-1": [newest, document["stations"]["plant-1"][1]]}})
    run = Run(path, FakeClock(NOON + timedelta(minutes=15)))
    run.kept.recall()

    assert run.memory.stations() == []


def test_a_disk_that_is_full_costs_nothing_but_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = Run(tmp_path / "file" / "curves.json", FakeClock(NOON))
    run.polls(10)
    run.kept.save()

    assert run.samples == 10


def test_a_link_in_its_place_is_not_followed(path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = tmp_path / "other"
    spoilt(other, lambda document: document)
    path.symlink_to(other)
    run = Run(path, FakeClock(NOON + timedelta(minutes=15)))
    run.kept.recall()

    assert run.memory.stations() == []
    assert "cannot be read" in caplog.text
