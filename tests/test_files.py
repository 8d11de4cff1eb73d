"""Files with secrets: private, and whole at every instant."""

import os
import stat
from pathlib import Path

import pytest

from sems_exporter.files import LARGEST, read_bounded, read_private, write_for_all, write_private


def test_the_file_and_its_new_folder_are_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "account.json"

    write_private(path, "{}")

    assert path.read_text() == "{}"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text("old")
    path.chmod(0o644)

    write_private(path, "new")

    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("user, given", [(0, True), (1000, False)])
def test_what_root_writes_belongs_to_whom_the_folder_belongs_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, given: bool
) -> None:
    """Else `check` as root would leave a session and a brake behind that the exporter's own user cannot read."""
    owners: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "fchown", lambda _, *owner: owners.append(owner))

    write_private(tmp_path / "account.json", "{}")

    folder = tmp_path.stat()
    assert owners == ([(folder.st_uid, folder.st_gid)] if given else [])


def test_a_full_disk_leaves_the_old_file_and_no_crumbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "account.json"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space left"):
        write_private(path, "new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """Who is root and writes to /dev/null or /dev/stdout would take it away from the whole machine."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (pipe, Path("/dev/null"), Path("/dev/stdout")):
        with pytest.raises(OSError, match="not a regular file"):
            write_for_all(path, b"{}")

    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write_private(tmp_path / "account.json", "ë{}")

    assert read_private(tmp_path / "account.json") == "ë{}"


def test_what_a_killed_process_left_half_written_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.with_suffix(f".{os.getpid()}.new").write_text("half")

    write_private(path, "new")

    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_the_place_of_the_new_file_is_not_written_through(tmp_path: Path) -> None:
    """In a directory that others may write, they could have a token written where they like."""
    path, theirs = tmp_path / "account.json", tmp_path / "theirs"
    theirs.write_text("theirs")
    path.with_suffix(f".{os.getpid()}.new").symlink_to(theirs)

    write_private(path, "token")

    assert (path.read_text(), theirs.read_text()) == ("token", "theirs")
    assert not path.is_symlink()


def test_a_link_in_the_place_of_the_file_is_neither_followed_nor_written_through(tmp_path: Path) -> None:
    path, theirs = tmp_path / "account.json", tmp_path / "theirs"
    theirs.write_text("theirs")
    path.symlink_to(theirs)

    with pytest.raises(OSError, match=r"symbolic|link"):
        read_private(path)
    write_private(path, "token")

    assert (path.read_text(), theirs.read_text()) == ("token", "theirs")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    os.mkfifo(path)

    with pytest.raises(OSError, match="not a regular file"):
        read_private(path)


@pytest.mark.parametrize("content", [b" " * (LARGEST + 1), b"\xff\xfe{}"])
def test_what_cannot_be_ours_is_not_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "account.json"
    path.write_bytes(content)

    with pytest.raises((OSError, ValueError), match=r"bytes|decode"):
        read_private(path)


def test_a_new_name_is_on_the_disk_and_not_only_the_new_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a power cut brings the brake of before the sign-in back."""
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode)))

    write_private(tmp_path / "account.json", "new")

    assert synced == [False, True]


@pytest.mark.parametrize(
    "make, why",
    [
        ("nothing", "No such file"),
        ("folder", "Is a directory"),
        ("pipe", "not a regular file"),
        ("device", "not a regular file"),
        ("large", "more than 1000 bytes"),
        ("endless", "more than 1000 bytes"),
    ],
)
def test_what_is_no_file_of_ours_is_neither_waited_for_nor_read_to_its_end(tmp_path: Path, make: str, why: str) -> None:
    path = tmp_path / "file"
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    elif make == "device":
        path = Path("/dev/zero")
    elif make == "large":
        path.write_bytes(b"x" * 1001)
    elif make == "endless":
        with path.open("wb") as file:
            file.truncate(1 << 40)

    with pytest.raises(OSError, match=why):
        read_bounded(path, 1000)


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    """Kubernetes hands its secrets over in that way."""
    (tmp_path / "file").write_bytes(b"x" * 1000)
    (tmp_path / "link").symlink_to(tmp_path / "file")

    assert read_bounded(tmp_path / "link", 1000) == b"x" * 1000


def test_a_file_that_gives_nothing_at_the_moment_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as the log of the kernel, which is a regular file by its mode; it must not be waited for either."""
    path = tmp_path / "file"
    path.touch()
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    mode = path.stat()
    monkeypatch.setattr(os, "open", lambda *_: reading)
    monkeypatch.setattr(os, "fstat", lambda _: mode)

    try:
        with pytest.raises(OSError, match="gives nothing at the moment"):
            read_bounded(path, 1000)
    finally:
        os.close(writing)
