"""Looking once at a portal of the test's: what `once` and `check` say, and their verdict."""

import errno
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from sems_exporter.app import build_app
from sems_exporter.cli import check, log_setup, once, one_refresh, serve
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.errors import SettingError, StartError
from sems_exporter.portal.session import rate_limiter
from sems_exporter.portal.session.file_stores import COUNTERS
from sems_exporter.portal.session.lock import AccountLock
from sems_exporter.portal.session.state_file import StateFile
from sems_exporter.simulator import Answer, Plant, SimulatedPortal
from sems_exporter.telemetry.redaction import Secret


@pytest.fixture
def settings(portal: SimulatedPortal, tmp_path: Path) -> ServerSettings:
    return made(portal, tmp_path)


def made(
    portal: SimulatedPortal, state: Path, password: str = "demo", stations: tuple[str, ...] = ()
) -> ServerSettings:
    account = Account("demo@example.com", Secret(password), portal.login_url, ("127.0.0.1",))
    one = AccountSettings(account, stations=stations, state_dir=state, requests_per_minute=120)
    return ServerSettings((one,))


def test_once_prints_the_metrics(settings: ServerSettings, capsys: pytest.CaptureFixture[str]) -> None:
    code = once.once_printed(settings, "prometheus")

    said = capsys.readouterr().out
    assert code == 0
    assert said.startswith("# HELP sems_station_up ")
    assert "\nsems_up 1.0\n" in said


def test_once_prints_json(settings: ServerSettings, capsys: pytest.CaptureFixture[str]) -> None:
    code = once.once_printed(settings, "json")

    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [station["name"] for station in document["stations"]] == ["Sunny Home"]


def test_a_server_that_cannot_say_where_it_is_serves_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its standard output may be a file on a full disk, or a pipe that nobody reads any more."""

    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())

    serve.greet("SEMS+", "http://localhost:10736", "/metrics")


class TestOddNames:
    """A name that was cut in the middle of a character, or that means to talk to the terminal."""

    @pytest.fixture(autouse=True)
    def name(self, portal: SimulatedPortal) -> None:
        def odd(answer: dict[str, Any], _: Mapping[str, Any]) -> None:
            answer["data"]["name"] = "Sun\ud83d\x1b[2J\nHome"

        portal.mutate("info", odd)

    def test_check_shows_them_harmless(self, settings: ServerSettings, capsys: pytest.CaptureFixture[str]) -> None:
        code = check.check(settings, release_brake=False)

        assert code == 0
        assert "Station Sun\ufffd\ufffd[2J Home (" in capsys.readouterr().out

    @pytest.mark.parametrize("form, start", [("prometheus", "# HELP "), ("json", "{\n")])
    def test_once_shows_a_terminal_none_of_what_it_would_obey(
        self,
        settings: ServerSettings,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        form: str,
        start: str,
    ) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)

        once.once_printed(settings, form)

        said = capsys.readouterr().out
        assert said.startswith(start)
        assert said.endswith("\n")
        assert not [character for character in said if not character.isprintable() and character != "\n"]

    def test_once_keeps_in_json_what_can_be_written(
        self, settings: ServerSettings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = once.once_printed(settings, "json")

        assert code == 0
        [station] = json.loads(capsys.readouterr().out)["stations"]
        assert station["name"] == "Sun\ufffd\x1b[2J\nHome"


def test_once_fails_where_nothing_could_be_read(
    portal: SimulatedPortal, settings: ServerSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script sees it by the exit code, a person by the metric."""
    portal.script_always("stations", Answer(500))

    assert once.once_printed(settings, "prometheus") == 1
    assert "\nsems_up 0.0\n" in capsys.readouterr().out


def test_check_describes_what_works(settings: ServerSettings, capsys: pytest.CaptureFixture[str]) -> None:
    code = check.check(settings, release_brake=False)

    said = capsys.readouterr().out
    assert code == 0
    assert "Session: works; http://127.0.0.1" in said
    assert "Station Sunny Home" in said
    assert "  inverter SIM5K0001" in said
    assert "  battery SIMBAT0001" in said
    assert "  meter SIMMETER0001" in said
    assert "Problem" not in said


def test_check_names_a_station_that_is_not_there(
    portal: SimulatedPortal, plants: list[Plant], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = check.check(made(portal, tmp_path, stations=("typo",)), release_brake=False)

    said = capsys.readouterr().out
    assert code == 1
    assert "Problem (station_unknown): stations: 'typo' is not a station of this account; it has " in said
    assert plants[0].spec.station_id in said


def test_check_tells_of_an_account_without_stations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    monkeypatch.setattr(log_setup, "set_up", lambda *_: None)
    with SimulatedPortal([]) as empty:
        code = check.check(made(empty, tmp_path), release_brake=False)

    assert code == 1
    assert "the account shows no stations" in capsys.readouterr().out


def test_check_tells_of_rejected_credentials_and_when_to_try_again(
    portal: SimulatedPortal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = made(portal, tmp_path, password="wrong horse")

    code = check.check(settings, release_brake=False)

    said = capsys.readouterr().out
    assert code == 1
    assert "Problem (credentials_rejected)" in said
    assert "Brake: the next sign-in" in said
    assert "wrong horse" not in said


def test_a_second_check_does_not_sign_in_again(
    portal: SimulatedPortal, settings: ServerSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check.check(settings, release_brake=False)
    check.check(settings, release_brake=False)

    assert capsys.readouterr().out.count("Session: works") == 2
    assert portal.logins == 1
    assert (tmp_path / COUNTERS).exists()


def test_a_person_can_release_the_brake(
    portal: SimulatedPortal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After three rejections nothing is sent until somebody says so."""
    settings = made(portal, tmp_path, password="wrong horse")
    check.check(settings, release_brake=False)
    [path] = tmp_path.glob("account-*.json")
    document = json.loads(path.read_text())
    document["brake"] |= {"rejections": 3, "next_login_at": 0.0}
    path.write_text(json.dumps(document))
    capsys.readouterr()

    check.check(settings, release_brake=False)
    blocked, attempts = capsys.readouterr().out, portal.login_attempts
    check.check(settings, release_brake=True)

    assert "--release-brake" in blocked
    assert (attempts, portal.login_attempts) == (1, 2)


def test_a_password_file_that_others_can_read_is_told(
    settings: ServerSettings, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "password"
        path.write_text("demo")
        path.chmod(0o644)
        [one] = settings.accounts
        account = replace(one.account, password=Secret("demo", path))
        open_to_all = replace(settings, accounts=(replace(one, account=account),))

        code = check.check(open_to_all, release_brake=False)

    assert code == 0
    assert f"password: {path} holds the password and can be read by other users" in capsys.readouterr().out
    assert [record.levelname for record in caplog.records if "can be read" in record.message] == ["WARNING"]


def test_check_tells_of_misspelt_variables_and_times_that_do_not_go_together(
    settings: ServerSettings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMS_INTERVALL", "600")

    accounts = tuple(replace(one, interval=3600.0) for one in settings.accounts)
    code = check.check(replace(settings, accounts=accounts), release_brake=False)

    said = capsys.readouterr().out
    assert code == 0
    assert "SEMS_INTERVALL is no setting" in said
    assert "data_max_age: with an interval of 3600 s" in said


def test_check_tells_how_many_tries_are_left(
    portal: SimulatedPortal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check.check(made(portal, tmp_path, password="wrong horse"), release_brake=False)

    assert "rejected account or password 1 of 3 times" in capsys.readouterr().out


def test_a_person_who_waits_is_told_how_far_it_is_and_what_sets_the_pace(
    settings: ServerSettings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    @contextmanager
    def telling(progress: Callable[[], str], remark: str) -> Iterator[None]:
        said.append(remark)
        said.append(progress())
        yield
        said.append(progress())

    monkeypatch.setattr(one_refresh, "telling", telling)

    once.once_printed(settings, "prometheus")

    assert said == [
        "at most 120 requests are sent in a minute (requests_per_minute)",
        "the list of stations is awaited",
        "station 1 of 1 is being read",
    ]
    assert "being read" not in capsys.readouterr().out


class TestBeside:
    """Another process serves the account already."""

    @pytest.fixture(autouse=True)
    def holder(self, settings: ServerSettings) -> Iterator[None]:
        [one] = settings.accounts
        account_lock = AccountLock(StateFile(one.state_dir, one.account).lock_path)
        account_lock.acquire()
        yield
        account_lock.release()

    def test_a_second_one_does_not_start_and_says_who_is_there(self, settings: ServerSettings) -> None:
        parts = build_app(settings, SystemClock())

        with pytest.raises(StartError, match=r"is in use: process \d+ on .* has this account already"):
            serve.refuse_second(parts)

        parts.close()

    def test_a_look_signs_in_nowhere_and_leaves_no_counters(
        self, portal: SimulatedPortal, settings: ServerSettings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = check.check(settings, release_brake=False)

        assert code == 1
        assert "serves this account" in capsys.readouterr().out
        assert portal.login_attempts == 0
        assert not (settings.accounts[0].state_dir / COUNTERS).exists()


def test_check_says_what_the_portal_file_changes(
    settings: ServerSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "portal.toml"
    file.write_text('[semsplus.factors.inverter]\nactivePower = { to = "ac_power", unit = "kW" }\n')

    code = check.check(replace(settings, portal_file=file), release_brake=False)

    said = capsys.readouterr().out
    assert code == 0
    assert f"Portal file {file}: 1 change\n" in said
    assert '  semsplus.factors.inverter.activePower: new { to = "ac_power", unit = "kW" }\n' in said


def test_a_portal_file_that_cannot_be_used_ends_check_before_anything_is_sent(
    settings: ServerSettings, portal: SimulatedPortal, tmp_path: Path
) -> None:
    file = tmp_path / "portal.toml"
    file.write_text("[semsplus.client]\nname = 5\n")

    with pytest.raises(SettingError, match=r"portal_file: .*: semsplus\.client\.name: has to be a text"):
        check.check(replace(settings, portal_file=file), release_brake=False)

    assert portal.requests == []


def test_check_tells_how_each_value_came_to_be(
    settings: ServerSettings, portal: SimulatedPortal, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(envelope: dict[str, Any], parameters: object) -> None:
        del parameters
        factors = {each["code"]: each for group in envelope["data"] for each in group["factors"]}
        factors["MPPT-1:Vpv"]["data"] = "381.5"
        factors["Temperature"]["data"] = "6553.5"
        envelope["data"][0]["factors"].append({"code": "busVoltage", "data": "760", "unit": "V"})

    portal.mutate("telemetry.INVERTER", change)

    check.check(settings, release_brake=False, verbose=True)

    lines = capsys.readouterr().out.splitlines()
    [call] = [line for line in lines if line.startswith("  telemetry ") and "deviceType=INVERTER" in line]
    told = lines[lines.index(call) + 1 :]
    assert "    MPPT-1:Vpv: 381.5 V -> sems_inverter_input_voltage_volts 381.5" in told
    assert "    Temperature: 6553.5 ℃ -> sems_inverter_temperature_celsius refused: sentinel" in told
    assert "    inverter busVoltage: not known (factor)" in told
    [device] = [place for place, line in enumerate(lines) if line.startswith("  devices about SIM5K")]
    assert lines[device + 1].startswith("    status: ")
    assert " -> sems_…_state " in lines[device + 1]
    made = told[told.index("  made by the exporter of these, or read by a rule of its own") :]
    assert "    sems_station_pv_energy_joules_total" in made
    assert not {"    sems_inverter_input_voltage_volts", "    sems_inverter_state"} & set(made)


def test_without_it_nothing_of_that_is_told(settings: ServerSettings, capsys: pytest.CaptureFixture[str]) -> None:
    check.check(settings, release_brake=False)

    assert "->" not in capsys.readouterr().out
