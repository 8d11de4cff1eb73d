"""A setting with a new name keeps its old one for a version: in the file, as a flag and as a variable, and says so."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sems_exporter.cli import commands
from sems_exporter.cli import serve as running
from sems_exporter.config import lint, renamed
from sems_exporter.config.settings import ServerSettings

FOUND: list[ServerSettings] = []
TABLE = {"poll_every": "interval", "most_requests": "requests_per_minute"}


@pytest.fixture(autouse=True)
def _a_setting_was_renamed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two were. Commands read the table when they are declared."""
    FOUND.clear()
    monkeypatch.setenv("SEMS_ACCOUNT", "me@example.com")
    monkeypatch.setenv("SEMS_PASSWORD", "hunter2!")
    with pytest.MonkeyPatch.context() as patch:
        for module in (renamed, lint):
            patch.setattr(module, "RENAMED", TABLE)
        patch.setattr(running, "serve", FOUND.append)
        importlib.reload(commands)
        yield
    importlib.reload(commands)


def run(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr("sys.argv", ["sems-exporter", *args])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("place", ["file", "flag", "flag=", "variable"])
def test_the_old_name_works_and_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (tmp_path / "config.yml").write_text("poll_every: 2m\n")
    monkeypatch.setenv("SEMS_POLL_EVERY" if place == "variable" else "UNRELATED", "2m")
    args = {
        "file": ["--config.file", str(tmp_path / "config.yml")],
        "flag": ["--poll-every", "2m"],
        "flag=": ["--poll-every=2m"],
    }

    code = run(monkeypatch, *args.get(place, []))

    assert code == 0
    assert [settings.accounts[0].interval for settings in FOUND] == [120.0]
    assert capsys.readouterr().err == (
        "sems-exporter: poll_every: is now called interval; the old name works in this version for the last time\n"
    )


def test_the_old_name_of_a_setting_of_one_account_works(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SEMS_ACCOUNT")
    monkeypatch.delenv("SEMS_PASSWORD")
    monkeypatch.setenv("SEMS_PASSWORD_NORTH", "hunter2!")
    file = tmp_path / "config.yml"
    file.write_text("accounts:\n  - {name: north, account: me@example.com, most_requests: 60}\n")

    assert run(monkeypatch, "--config.file", str(file)) == 0
    assert [settings.accounts[0].requests_per_minute for settings in FOUND] == [60]
    assert "most_requests: is now called requests_per_minute" in capsys.readouterr().err


def test_both_names_in_a_file_are_one_too_many(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yml").write_text("poll_every: 2m\ninterval: 3m\n")

    assert run(monkeypatch, "--config.file", str(tmp_path / "config.yml")) == 2
    assert "poll_every: is now called interval, which is given as well" in capsys.readouterr().err


def test_an_old_variable_is_not_taken_for_a_misspelt_one() -> None:
    assert lint.misspelt(["SEMS_POLL_EVERY"]) == []


def test_the_new_name_wins_over_the_old_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMS_POLL_EVERY", "2m")
    monkeypatch.setenv("SEMS_INTERVAL", "4m")

    assert run(monkeypatch) == 0
    assert FOUND[0].accounts[0].interval == 240.0
