"""What is said of settings that are allowed and yet hardly meant."""

from pathlib import Path

import pytest

from sems_exporter.config.lint import exposed, misspelt, open_to_all, unfit_times
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.telemetry.redaction import Secret

ACCOUNT = Account("me@example.com", Secret("hunter2!"), "https://portal.example.com/login")


@pytest.mark.parametrize(
    "variable, meant",
    [
        ("SEMS_PASWORD", "SEMS_PASSWORD"),
        ("SEMS_INTERVALL", "SEMS_INTERVAL"),
        ("SEMS_LISTEN_ADDRESS", "SEMS_WEB_LISTEN_ADDRESS"),
        ("SEMS_ACCOUNTS", "SEMS_ACCOUNT"),
        ("SEM_STATE_DIR", "SEMS_STATE_DIR"),
        ("sems_account", "SEMS_ACCOUNT"),
    ],
)
def test_a_misspelt_variable_is_told_with_the_one_that_is_meant(variable: str, meant: str) -> None:
    assert misspelt([variable]) == [f"{variable} is no setting; is {meant} meant?"]


@pytest.mark.parametrize(
    "variable",
    [
        "SEMS_PASSWORD",
        "SEMS_CONFIG_FILE",
        "SEMS_PASSWORD_NORTH",
        "SEMS_EXPORTER_PORT",
        "SEMS_EXPORTER_SERVICE_HOST",
        "SEMS_EXPORTER_PORT_10736_TCP_ADDR",
        "EMS_INTERVAL",
        "LOG_LEVEL",
        "STATE_DIRECTORY",
        "HOME",
    ],
)
def test_what_is_right_or_somebody_elses_is_left_alone(variable: str) -> None:
    """Among them what Kubernetes and Docker set for a service of the exporter's name."""
    assert misspelt([variable]) == []


def polled_every(interval: float, **limits: float) -> ServerSettings:
    return ServerSettings((AccountSettings(ACCOUNT, interval=interval),), **limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "interval, data_max_age, snapshot_max_age, told",
    [
        (300.0, 1200.0, 900.0, []),
        (900.0, 1200.0, 2700.0, []),
        (1800.0, 1200.0, 5400.0, ["data_max_age"]),
        (60.0, 120.0, 180.0, ["data_max_age"]),
        (600.0, 1200.0, 300.0, ["snapshot_max_age"]),
    ],
)
def test_limits_that_are_reached_between_two_refreshes_are_told(
    interval: float, data_max_age: float, snapshot_max_age: float, told: list[str]
) -> None:
    settings = polled_every(interval, data_max_age=data_max_age, snapshot_max_age=snapshot_max_age)

    assert [text.partition(":")[0] for text in unfit_times(settings)] == told


def test_the_remedy_that_is_told_is_one() -> None:
    [text] = unfit_times(polled_every(3600.0, snapshot_max_age=10800.0))

    assert "set 3900 s or more" in text
    assert unfit_times(polled_every(3600.0, data_max_age=3900.0, snapshot_max_age=10800.0)) == []


@pytest.mark.parametrize("mode, told", [(0o700, 0), (0o770, 0), (0o775, 0), (0o777, 1), (0o1777, 1), (0o702, 1)])
def test_a_state_directory_that_everybody_may_write_is_told_with_the_way_out(
    tmp_path: Path, mode: int, told: int
) -> None:
    tmp_path.chmod(mode)

    found = exposed(tmp_path)
    tmp_path.chmod(0o700)

    assert [text.endswith(f"chmod 700 {tmp_path}") for text in found] == [True] * told


def test_a_state_directory_that_is_not_there_yet_is_no_complaint(tmp_path: Path) -> None:
    assert exposed(tmp_path / "absent") == []


@pytest.mark.parametrize("mode, told", [(0o644, 0), (0o664, 0), (0o646, 1), (0o666, 1)])
def test_a_portal_file_that_everybody_may_change_is_told(mode: int, told: int, tmp_path: Path) -> None:
    """It can name another host, which then gets account and password."""
    file = tmp_path / "portal.toml"
    file.touch()
    file.chmod(mode)

    assert len(open_to_all(file)) == told
    assert open_to_all(None) == open_to_all(tmp_path / "missing.toml") == []
