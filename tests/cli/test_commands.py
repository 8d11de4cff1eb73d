"""The command line: which command runs, what the exit code says, and that nobody ever sees a traceback."""

import errno
import signal
import subprocess
import sys
from datetime import UTC, datetime
from importlib.abc import MetaPathFinder
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

import sems_exporter
from sems_exporter import __main__, errors, version
from sems_exporter.cli import check as checking
from sems_exporter.cli import commands, demo, healthcheck
from sems_exporter.cli import dump as dumping
from sems_exporter.cli import once as printing
from sems_exporter.cli import serve as running
from sems_exporter.config.settings import ServerSettings


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        commands.main(list(args))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """What the command line would have run."""
    made: list[tuple[str, object]] = []

    def serve(settings: ServerSettings) -> None:
        made.append(("serve", settings.accounts[0].interval))

    def once(_: ServerSettings, form: str) -> int:
        made.append(("once", form))
        return 0

    def check(_: ServerSettings, *, release_brake: bool, verbose: bool) -> int:
        del verbose
        made.append(("check", release_brake))
        return 1

    def dump(_: ServerSettings, output: str) -> int:
        made.append(("dump", output))
        return 0

    def play(values: dict[str, object]) -> None:
        made.append(("demo", values["speed"]))

    def simulate(values: dict[str, object]) -> None:
        made.append(("simulate", values["web_listen_address"]))

    monkeypatch.setattr(running, "serve", serve)
    monkeypatch.setattr(printing, "once_printed", once)
    monkeypatch.setattr(checking, "check", check)
    monkeypatch.setattr(dumping, "dump", dump)
    monkeypatch.setattr(demo, "demo", play)
    monkeypatch.setattr(demo, "simulate", simulate)
    monkeypatch.setenv("SEMS_ACCOUNT", "me@example.com")
    monkeypatch.setenv("SEMS_PASSWORD", "hunter2!")
    return made


@pytest.mark.parametrize(
    "args, expected",
    [
        ((), ("serve", 300.0)),
        (("serve",), ("serve", 300.0)),
        (("--interval", "2m"), ("serve", 120.0)),
        (("--interval=2m", "--log.level=debug"), ("serve", 120.0)),
        (("once",), ("once", "prometheus")),
        (("once", "--format", "json"), ("once", "json")),
        (("dump",), ("dump", "sems-dump.json")),
        (("demo", "--speed", "600"), ("demo", 600.0)),
        (("simulate",), ("simulate", "127.0.0.1:10737")),
    ],
)
def test_flags_without_a_command_mean_serve(
    calls: list[tuple[str, object]], args: tuple[str, ...], expected: tuple[str, object]
) -> None:
    assert run(*args) == 0
    assert calls == [expected]


def test_the_exit_code_of_a_check_is_its_verdict(calls: list[tuple[str, object]]) -> None:
    assert run("check", "--release-brake") == 1
    assert calls == [("check", True)]


@pytest.mark.parametrize("healthy, code", [(True, 0), (False, 1)])
@pytest.mark.parametrize("file, secured", [((), False), (("--web.config.file", "web.yml"), True)])
def test_the_exit_code_of_a_health_check_is_its_verdict(
    monkeypatch: pytest.MonkeyPatch, healthy: bool, code: int, file: tuple[str, ...], secured: bool
) -> None:
    asked: list[tuple[str, bool]] = []

    def answers(address: str, *, may_be_secured: bool) -> bool:
        asked.append((address, may_be_secured))
        return healthy

    monkeypatch.setattr(healthcheck, "answers", answers)

    assert run("healthy", "--web.listen-address", ":10736", *file) == code
    assert asked == [(":10736", secured)]


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_command(capsys: pytest.CaptureFixture[str], flag: str) -> None:
    code = run(flag)

    said = capsys.readouterr().out
    assert code == 0
    assert all(f"\n  {command} " in said for command in ("serve", "demo", "check", "once"))
    assert "...\n" not in said.partition("Commands:")[2]  # nothing is cut short


def test_help_begins_with_what_only_this_command_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("history", "--help") == 0

    own, _, settings = capsys.readouterr().out.partition("\nSettings:\n")
    assert "--gaps" in own
    assert "--account" not in own
    assert "--account" in settings


def test_calls_are_listed_without_an_account(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("call") == 0

    assert "  flow " in capsys.readouterr().out


def test_help_tells_times_with_unit_and_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--help") == 0

    said = " ".join(capsys.readouterr().out.split())
    assert "--interval 60s..3600s Time between two refreshes" in said
    assert "SEMS_INTERVAL; default: 300s]" in said


def test_wrong_usage_of_a_command_leads_to_the_help_of_that_command(capsys: pytest.CaptureFixture[str]) -> None:
    run("check", "--nonsense")
    run("--nonsense")

    check, serve = capsys.readouterr().err.splitlines()
    assert "(see sems-exporter check --help)" in check
    assert "(see sems-exporter serve --help)" in serve


def test_the_simulated_portal_takes_no_settings_of_the_exporter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, calls: list[tuple[str, object]]
) -> None:
    """Its address would otherwise be the exporter's, and one of the two would not start."""
    (tmp_path / "sems.yml").write_text("web_listen_address: 127.0.0.1:10736\n")
    monkeypatch.setenv("SEMS_CONFIG_FILE", str(tmp_path / "sems.yml"))

    assert run("simulate") == 0
    assert calls == [("simulate", "127.0.0.1:10737")]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code = run("--version")

    name, _, number = capsys.readouterr().out.strip().partition(" ")
    assert (code, name) == (0, "sems-exporter")
    assert number


def test_a_checkout_that_is_not_installed_runs_without_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(_: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(version, "version", nowhere)

    assert version.package_version() == "unknown"


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(
    "args",
    [
        ("nonsense",),
        ("serve", "nonsense"),
        ("--nonsense",),
        ("serve", "--interval"),
        ("once", "--format", "xml"),
        ("demo", "--speed", "0"),
        ("demo", "--speed", "fast"),
        ("demo", "--plants", "0"),
        ("demo", "--start", "tomorrow"),
        ("demo", "--start", "0001-01-01"),
        ("demo", "--start", "1926-06-21"),
        ("demo", "--start", "9999-12-31"),
        ("demo", "--start", "2026-06-31"),
        ("check", "--interval", "5"),
    ],
)
def test_wrong_usage_is_a_line_and_exit_code_2(capsys: pytest.CaptureFixture[str], args: tuple[str, ...]) -> None:
    code = run(*args)

    said = capsys.readouterr()
    assert code == 2
    assert said.out == ""
    assert said.err.startswith("sems-exporter: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "text, time",
    [
        ("2026-06-21", datetime(2026, 6, 21, tzinfo=UTC)),
        ("2026-06-21 10:00", datetime(2026, 6, 21, 10, tzinfo=UTC)),
        ("2026-06-21T10:00:30", datetime(2026, 6, 21, 10, 0, 30, tzinfo=UTC)),
        ("2026-06-21T10:00Z", datetime(2026, 6, 21, 10, tzinfo=UTC)),
        ("2026-06-21T12:00+02:00", datetime(2026, 6, 21, 10, tzinfo=UTC)),
    ],
)
def test_a_demo_starts_at_a_time_as_people_write_it(monkeypatch: pytest.MonkeyPatch, text: str, time: datetime) -> None:
    begun: list[datetime] = []
    monkeypatch.setattr("sems_exporter.cli.demo.demo", lambda values: begun.append(values["start"]))

    assert run("demo", "--start", text) == 0
    assert begun == [time]


def test_a_demo_that_cannot_start_then_says_so_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    run("demo", "--start", "tomorrow")
    run("demo", "--start", "1926-06-21")

    said = capsys.readouterr().err
    assert "'tomorrow' is not a time such as 2026-06-21, 2026-06-21T10:00 or '2026-06-21 10:00'" in said
    assert "'1926-06-21' has to be in the years 2000 to 2099" in said
    assert "%Y" not in said


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(
    "error, code",
    [
        (errors.SettingError("interval", "too short"), 2),
        (errors.StartError("port in use"), 1),
        (errors.Unreachable("refused"), 1),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_foreseen_failures_have_an_exit_code_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    def fail(_: ServerSettings) -> None:
        raise error

    monkeypatch.setattr(running, "serve", fail)

    assert run() == code
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert str(error.strerror if isinstance(error, OSError) else error) in said


@pytest.mark.usefixtures("calls")
def test_an_unforeseen_failure_of_the_system_is_not_taken_for_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: ServerSettings) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(running, "serve", fail)

    with pytest.raises(OSError, match="Input/output error"):
        run()


def test_a_captured_answer_that_does_not_exist_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "--answer", "flow=/nowhere.json") == 2
    assert run("demo", "--answer", "nonsense") == 2

    assert capsys.readouterr().err.count("answer: ") == 2


def test_a_captured_answer_that_is_no_json_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text("<html>")

    assert run("demo", "--answer", f"flow={path}") == 2
    assert f"answer: {path} cannot be read as JSON" in capsys.readouterr().err


class Loading(MetaPathFinder):
    """Notes what Ctrl-C would do at the moment when the command line is looked for."""

    def __init__(self) -> None:
        self.handlers: list[object] = []

    def find_spec(self, fullname: str, _: object, __: object = None) -> None:
        if fullname == "sems_exporter.cli.commands":
            self.handlers.append(signal.getsignal(signal.SIGINT))


@pytest.mark.parametrize(
    "before, meanwhile", [(signal.default_int_handler, __main__._end), (signal.SIG_IGN, signal.SIG_IGN)]
)
def test_ctrl_c_while_the_program_is_being_loaded_leaves_no_traceback(
    monkeypatch: pytest.MonkeyPatch, before: Any, meanwhile: signal.Handlers
) -> None:
    """Loading takes seconds on a small board; afterwards Ctrl-C is what it was, which may be nothing (nohup)."""
    loading, found = Loading(), signal.signal(signal.SIGINT, before)
    monkeypatch.setattr(sys, "meta_path", [loading, *sys.meta_path])
    monkeypatch.delitem(sys.modules, "sems_exporter.cli.commands")
    monkeypatch.delattr(sems_exporter.cli, "commands")
    monkeypatch.setattr(sys, "argv", ["sems-exporter", "--version"])

    with pytest.raises(SystemExit):
        __main__.main()
    afterwards = signal.signal(signal.SIGINT, found)

    assert loading.handlers == [meanwhile]
    assert afterwards is before


CHECKING = """
import sys, threading, bcrypt
from sems_exporter import __main__
from sems_exporter.cli import commands

def main():
    hashed, begun = bcrypt.hashpw(b"right", bcrypt.gensalt(4)), threading.Event()
    def check():
        begun.set()
        while True:
            bcrypt.checkpw(b"wrong", hashed)
    for _ in range(3):
        threading.Thread(target=check, daemon=True).start()
    begun.wait()
    print("said")
    sys.exit(3)

commands.main = main
__main__.run()
"""


def test_the_program_ends_as_told_while_passwords_are_checked() -> None:
    """What the threads leave unfinished must not abort it, and what was said is not lost."""
    ended = subprocess.run([sys.executable, "-c", CHECKING], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "said\n", "")
