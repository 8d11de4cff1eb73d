"""What is said of settings of a shared store that cannot be, and that nothing of it costs those who have none."""

import subprocess
import sys
from pathlib import Path

import pytest

from sems_exporter.cli import commands
from sems_exporter.replicas import visiting
from tests.e2e.program import environment
from tests.replicas.conftest import key_file


def ended(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[object, str]:
    """Exit code and message of a check with these flags."""
    with pytest.raises(SystemExit) as raised:
        commands.main(["check", "--account", "a@example.com", *flags])
    return raised.value.code, capsys.readouterr().err


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMS_PASSWORD", "demo")


def test_a_store_wants_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = ended(capsys, "--state-url", "valkey://127.0.0.1:1")

    assert code == 2
    assert "state_key_file: missing" in said


def test_a_key_that_cannot_be_read_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flags = ("--state-url", "valkey://127.0.0.1:1", "--state-key-file", str(tmp_path / "absent"))

    code, said = ended(capsys, *flags)

    assert code == 2
    assert "state_key_file: " in said
    assert "absent" in said


def test_a_name_that_cannot_be_a_label_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    flags = ("--state-url", "valkey://127.0.0.1:1", "--state-key-file", str(key_file(tmp_path)), "--replica", "a b")

    code, said = ended(capsys, *flags)

    assert code == 2
    assert "replica: 'a b'" in said


def test_a_check_beside_a_store_that_is_away_says_so_and_sends_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, said = ended(capsys, "--state-url", "valkey://127.0.0.1:1", "--state-key-file", str(key_file(tmp_path)))

    assert code == 1
    assert "state_url: valkey://127.0.0.1:1/0 cannot be reached" in said


def test_what_is_not_installed_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    code, said = ended(capsys, "--state-url", "valkey://store", "--state-key-file", str(key_file(tmp_path)))

    assert code == 2
    assert "sems-exporter[replicas]" in said


def test_nothing_of_it_is_imported_without_a_store() -> None:
    program = "import sys, sems_exporter.cli.serve; print([name for name in sys.modules if name in sys.argv[1:]])"
    names = ("valkey", "cryptography", "sems_exporter.replicas")

    found = subprocess.run(
        [sys.executable, "-c", program, *names], env=environment(), capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "[]"
    assert visiting.NOBODY
