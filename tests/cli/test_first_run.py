"""`init` without a terminal: what it writes, with which modes, what it refuses, and what comes next."""

import io
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sems_exporter.cli import commands, first_run, log_setup
from sems_exporter.portal.session import rate_limiter
from sems_exporter.simulator import SimulatedPortal

SECRET = "it's: a #secret"


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        commands.main(["init", *args])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedPortal]:
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    monkeypatch.setattr(log_setup, "set_up", lambda *_: None)  # pytest's own logging stays
    with SimulatedPortal(password=SECRET, strict=True) as portal:
        yield portal


@pytest.fixture(autouse=True)
def _password_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{SECRET}\n"))


def flags(directory: Path) -> tuple[str, ...]:
    return ("--account", "demo@example.com", "--password-file", "-", "--directory", str(directory))


def test_it_writes_both_files_for_the_owner_alone_and_tries_them(
    portal: SimulatedPortal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "sems"
    reached = ("--login-url", portal.login_url, "--state-dir", str(tmp_path / "state"))

    code = run(*flags(directory), *reached, "--requests-per-minute", "120")

    said = capsys.readouterr().out
    assert code == 0
    assert portal.logins == 1
    assert "Session: works" in said
    assert "Station Sunny Home" in said
    assert SECRET not in said
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {
        "config.yml": 0o600,
        "password": 0o600,
    }
    assert yaml.safe_load((directory / "config.yml").read_text("utf-8")) == {
        "account": "demo@example.com",
        "password_file": str(directory / "password"),
        "login_url": portal.login_url,
        "state_dir": str(tmp_path / "state"),
        "requests_per_minute": 120,
    }


def test_what_it_says_next_begins_with_this_program_and_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*flags(tmp_path), "--no-check") == 0

    said = capsys.readouterr().out
    assert f"--config.file {tmp_path / 'config.yml'}" in said
    indented = said[said.index("- job_name") :].split("\n\n")[0]
    [job] = yaml.safe_load(f"    {indented}")
    assert job["static_configs"] == [{"targets": ["localhost:10736"]}]


def test_a_service_of_the_package_is_told_of_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then the state is the service's, so that the session of the check is the one that it goes on with."""
    (tmp_path / "unit").touch()
    (tmp_path / "state").mkdir()
    monkeypatch.setattr(first_run, "PACKAGED_UNIT", tmp_path / "unit")
    monkeypatch.setattr(first_run, "SYSTEM_STATE", tmp_path / "state")
    monkeypatch.setattr(first_run, "SYSTEM_DIRECTORY", tmp_path / "etc")

    assert run(*flags(tmp_path / "etc"), "--no-check") == 0

    assert "systemctl enable --now sems-exporter" in capsys.readouterr().out
    written = yaml.safe_load((tmp_path / "etc" / "config.yml").read_text("utf-8"))
    assert written["state_dir"] == str(tmp_path / "state")


@pytest.mark.parametrize("name", ["config.yml", "password"])
def test_files_that_are_there_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (tmp_path / name).write_text("mine")

    code = run(*flags(tmp_path), "--no-check")

    assert code == 2
    assert f"{tmp_path / name} is there already; --force replaces" in capsys.readouterr().err
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine")]


def test_force_replaces_them_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "password").symlink_to(tmp_path / "elsewhere")

    assert run(*flags(tmp_path), "--no-check", "--force") == 0

    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert not (tmp_path / "password").is_symlink()
    assert (tmp_path / "password").read_text() == f"{SECRET}\n"


@pytest.mark.parametrize(
    "args, key",
    [
        ((), "account"),
        (("--account", "me@example.com"), "password"),
        (("--account", "me@example.com", "--password-file", "nothing"), "password_file"),
        (("--account", " ", "--password-file", "-"), "account"),
        (("--account", "me@example.com", "--password-file", "-", "--region", "mars"), "region"),
    ],
)
def test_what_is_missing_or_wrong_is_said_by_its_key_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], args: tuple[str, ...], key: str
) -> None:
    code = run(*args, "--directory", str(tmp_path / "sems"))

    assert code == 2
    assert capsys.readouterr().err.startswith(f"sems-exporter: {key}: ")
    assert not (tmp_path / "sems").exists()


def test_a_directory_that_cannot_be_made_is_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()

    assert run(*flags(tmp_path / "file" / "sems"), "--no-check") == 1
    assert "cannot be written: Not a directory" in capsys.readouterr().err


def test_a_rejected_password_is_the_verdict_and_the_files_stay_to_be_corrected(
    portal: SimulatedPortal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("wrong\n"))

    code = run(*flags(tmp_path / "sems"), "--login-url", portal.login_url, "--state-dir", str(tmp_path / "state"))

    said = capsys.readouterr().out
    assert code == 1
    assert "Problem (credentials_rejected)" in said
    assert "Region" not in said  # nobody is there to be asked
    assert (tmp_path / "sems" / "config.yml").exists()
