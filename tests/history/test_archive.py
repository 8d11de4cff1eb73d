"""The directory of a history: whose it is, and that nothing in it is half-done."""

import stat
from datetime import date
from pathlib import Path

import pytest

from sems_exporter.errors import StartError
from sems_exporter.history.archive import Archive, Kept
from sems_exporter.portal.past import CurveQuestion, DaysQuestion
from tests.history.pasts import AMSTERDAM, NOW, archive_in

MONTH = DaysQuestion("plant-1", date(2026, 9, 1))


def test_an_answer_is_kept_as_it_came(tmp_path: Path) -> None:
    answer = {"dataList": [{"item": "pSystem", "powerData": [{"tp": "2026-09-01 12:00:00", "power": 1.5}]}]}
    archive_in(tmp_path).keep(MONTH, Kept(NOW, answer))

    again = archive_in(tmp_path)

    assert again.kept(MONTH) == Kept(NOW, answer)
    assert again.asked_at(MONTH) == NOW


def test_a_new_directory_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    made = tmp_path / "below" / "history"

    archive_in(made)

    assert stat.S_IMODE(made.stat().st_mode) == 0o700


@pytest.mark.parametrize("answer", [None, [], {}])
def test_an_answer_with_nothing_in_it_is_one(tmp_path: Path, answer: object) -> None:
    archive = archive_in(tmp_path)
    archive.keep(MONTH, Kept(NOW, answer))

    assert archive.kept(MONTH) == Kept(NOW, answer)


def test_the_directory_of_another_account_is_refused_and_left_alone(tmp_path: Path) -> None:
    archive_in(tmp_path, "one@example.com").keep(MONTH, Kept(NOW, {}))
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}

    with pytest.raises(StartError, match="the history of another account"):
        archive_in(tmp_path, "other@example.com")

    assert {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()} == before
    assert "one@example.com" not in (tmp_path / "manifest.json").read_text()


def test_the_same_account_in_another_case_is_the_same(tmp_path: Path) -> None:
    archive_in(tmp_path, "One@Example.com")
    archive_in(tmp_path, "one@example.com")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 99, "account": "x"}'])
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(StartError, match="choose another directory"):
        archive_in(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"no gzip at all"])
def test_an_answer_that_cannot_be_read_counts_as_none(tmp_path: Path, content: bytes) -> None:
    archive = archive_in(tmp_path)
    archive.keep(MONTH, Kept(NOW, {}))
    [file] = tmp_path.rglob("*.gz")
    file.write_bytes(content)

    assert archive.kept(MONTH) is None
    assert archive.asked_at(MONTH) is None


def test_what_a_killed_run_left_half_done_is_cleared_away(tmp_path: Path) -> None:
    archive = archive_in(tmp_path)
    archive.keep(MONTH, Kept(NOW, {}))
    [answer] = (tmp_path / "raw").rglob("*.gz")
    half_done = [folder / "2026-09.4711.new" for folder in (tmp_path, archive.openmetrics, answer.parent)]
    for file in half_done:
        file.write_text("half")

    archive_in(tmp_path)

    assert not any(file.exists() for file in half_done)


def test_files_of_others_in_the_directory_are_left_alone(tmp_path: Path) -> None:
    others = [tmp_path / "letter.new", tmp_path / "projects" / "report.4711.new"]
    for file in others:
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")

    archive_in(tmp_path)
    archive_in(tmp_path)

    assert all(file.exists() for file in others)


@pytest.mark.parametrize("station", ["../../etc", ".", "..", "", "a/b\0c", "x" * 4000, "Ünïcode"])
def test_no_station_leads_out_of_the_directory(tmp_path: Path, station: str) -> None:
    archive = archive_in(tmp_path / "history")
    week = CurveQuestion(station, date(2026, 9, 3), date(2026, 9, 9), AMSTERDAM)

    archive.keep(week, Kept(NOW, {"dataList": []}))

    assert archive.kept(week) == Kept(NOW, {"dataList": []})
    assert [each.name for each in tmp_path.iterdir()] == ["history"]
    assert len(list((tmp_path / "history" / "raw").rglob("*.gz"))) == 1


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartError, match=r"output: .*file/history cannot be used"):
        Archive(tmp_path / "file" / "history", "one").open()
