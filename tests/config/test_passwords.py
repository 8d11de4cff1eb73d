"""Where the password comes from, and when its file is open to too many."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sems_exporter.config import passwords
from sems_exporter.config.passwords import exposure, password
from sems_exporter.errors import SettingError
from sems_exporter.telemetry.redaction import Secret

IN_FILE = Secret("from the configuration", Path("sems.yml"))


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory in which a container's engine puts secrets."""
    monkeypatch.setattr(passwords, "CONTAINER_SECRETS", tmp_path / "run" / "secrets")
    (tmp_path / "run" / "secrets").mkdir(parents=True)
    return tmp_path / "run" / "secrets"


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory in which systemd puts credentials."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    (tmp_path / "credentials").mkdir()
    return tmp_path / "credentials"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can enter; those that pytest makes are closed."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_the_first_place_that_has_one_wins(tmp_path: Path, container: Path, credentials: Path) -> None:
    named = tmp_path / "password"
    environ = {"CREDENTIALS_DIRECTORY": str(credentials), "SEMS_PASSWORD": "from the environment"}
    named.write_text("from the named file\n")
    (credentials / "sems_password").write_text("from systemd\n")
    (container / "sems_password").write_text("from the engine\n")

    found = [password({"password_file": str(named)}, IN_FILE, environ).reveal()]
    found.append(password({}, IN_FILE, environ).reveal())
    (credentials / "sems_password").unlink()
    found.append(password({}, IN_FILE, environ).reveal())
    (container / "sems_password").unlink()
    found.append(password({}, IN_FILE, environ).reveal())
    found.append(password({}, IN_FILE, {}).reveal())

    assert found == [
        "from the named file",
        "from systemd",
        "from the engine",
        "from the environment",
        "from the configuration",
    ]
    with pytest.raises(SettingError, match="missing"):
        password({}, None, {})


@pytest.mark.usefixtures("container")
@pytest.mark.parametrize(
    "content, complaint",
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe", "not UTF-8"), (b"x" * 5000, "more than 4096 bytes")],
)
def test_a_place_that_is_spoilt_is_not_passed_over(credentials: Path, content: bytes, complaint: str) -> None:
    """Another password, from a forgotten place, would be rejected and count."""
    (credentials / "sems_password").write_bytes(content)

    with pytest.raises(SettingError, match=complaint):
        password({}, IN_FILE, dict(os.environ) | {"SEMS_PASSWORD": "x"})


@pytest.mark.usefixtures("container")
def test_a_place_that_cannot_be_looked_into_is_not_passed_over_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / ("x" * 300)))

    with pytest.raises(SettingError, match=r"^password: .*sems_password cannot be read: "):
        password({}, IN_FILE, dict(os.environ) | {"SEMS_PASSWORD": "x"})


@pytest.mark.parametrize(
    "content", [b"hunter2 \n", b"hunter2 ", b"hunter2 \r\n", b"\xef\xbb\xbfhunter2 \n"], ids=["n", "none", "rn", "mark"]
)
def test_what_editors_add_is_no_part_of_it_and_a_space_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "password").write_bytes(content)

    assert password({"password_file": str(tmp_path / "password")}, None, {}).reveal() == "hunter2 "


@pytest.mark.usefixtures("container")
@pytest.mark.parametrize(
    "mode, words",
    [
        (0o600, ""),
        (0o400, ""),
        (0o640, "read"),
        (0o644, "read"),
        (0o604, "read"),
        (0o620, "written"),
        (0o666, "read and written"),
    ],
)
def test_a_file_that_others_can_read_or_write_is_told_with_the_way_out(
    open_folder: Path, mode: int, words: str
) -> None:
    path = open_folder / "password"
    path.write_text("hunter2")
    path.chmod(mode)

    complaint = exposure(Secret("hunter2", path))

    assert bool(complaint) == bool(words)
    assert f"can be {words} by other users" in complaint or not words
    assert f"chmod 600 {path}" in complaint or not words


@pytest.mark.usefixtures("container")
def test_a_folder_that_only_its_owner_can_enter_is_protection_enough(open_folder: Path) -> None:
    path = open_folder / "password"
    path.write_text("hunter2")
    path.chmod(0o644)
    open_folder.chmod(0o700)

    assert exposure(Secret("hunter2", path)) == ""


def test_what_systemd_or_an_engine_put_there_is_their_affair(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Engines mount secrets with mode 0444, inside of a container that others cannot enter."""
    container, credentials = open_folder / "run", open_folder / "credentials"
    monkeypatch.setattr(passwords, "CONTAINER_SECRETS", container)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    (container / "nested").mkdir(parents=True)
    credentials.mkdir()
    places = [container / "sems_password", credentials / "sems_password", container / "nested" / "password"]
    for place in places:
        place.write_text("hunter2")
        place.chmod(0o444)

    assert [exposure(Secret("hunter2", place)) for place in places] == ["", "", ""]


def test_what_comes_from_the_environment_has_no_file_to_complain_about() -> None:
    assert exposure(Secret("hunter2")) == ""


def test_a_file_that_is_gone_meanwhile_is_no_complaint(tmp_path: Path) -> None:
    assert exposure(Secret("hunter2", tmp_path / "gone")) == ""


@pytest.mark.usefixtures("container")
def test_another_users_file_may_be_shared_with_our_group(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """root:sems 0640 is how a service is given a file that it cannot change."""
    path = open_folder / "password"
    path.write_text("hunter2")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    path.chmod(0o640)
    shared = exposure(Secret("hunter2", path))
    path.chmod(0o660)
    writable = exposure(Secret("hunter2", path))

    assert shared == ""
    assert "can be written" in writable


def test_a_secret_does_not_leave_its_process() -> None:
    with pytest.raises(TypeError, match="stays"):
        pickle.dumps(Secret("hunter2"))
    assert "hunter2" not in f"{Secret('hunter2')} {Secret('hunter2')!r}"


def test_equal_secrets_are_one_whatever_their_source(tmp_path: Path) -> None:
    assert {Secret("hunter2"), Secret("hunter2", tmp_path / "password")} == {Secret("hunter2")}
    assert Secret("hunter2") != "hunter2"
