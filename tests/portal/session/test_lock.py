"""One process an account, by a lock that no crash leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

import portalocker
import pytest

from sems_exporter.portal.session.lock import AccountLock

HOLD = """
import sys
from pathlib import Path
from sems_exporter.portal.session.lock import AccountLock
lock = AccountLock(Path(sys.argv[1]))
print("taken", repr(lock.acquire()), flush=True)
sys.stdin.read()
"""


def test_the_second_is_told_who_has_the_place(tmp_path: Path) -> None:
    path = tmp_path / "state" / "account.lock"
    first, second = AccountLock(path), AccountLock(path)

    assert first.acquire() == ""
    assert second.acquire().startswith(f"process {os.getpid()} on ")
    first.release()


def test_whoever_leaves_makes_room(tmp_path: Path) -> None:
    first, second = AccountLock(tmp_path / "account.lock"), AccountLock(tmp_path / "account.lock")
    first.acquire()

    first.release()
    first.release()

    assert second.acquire() == ""
    second.release()


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "account.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        taken = other.stdout.readline()
        lock = AccountLock(path)
        holder = lock.acquire()
        other.kill()
        other.wait(30)

    assert taken == "taken ''\n"
    assert holder.startswith(f"process {other.pid} on ")
    assert lock.acquire() == ""
    lock.release()


def test_only_the_owner_may_read_the_lock(tmp_path: Path) -> None:
    lock = AccountLock(tmp_path / "state" / "account.lock")

    lock.acquire()

    assert lock.path.stat().st_mode & 0o777 == 0o600
    assert lock.path.parent.stat().st_mode & 0o777 == 0o700
    lock.release()


@pytest.mark.parametrize("why", ["no directory", "no locks"])
def test_a_place_that_cannot_be_locked_is_free_and_a_warning_says_so(
    why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A read-only directory, or a network drive, must not stop the exporter."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "account.lock" if why == "no directory" else tmp_path / "account.lock"

    def lock(*_: object) -> None:
        raise portalocker.LockException(OSError(37, "No locks available"))

    if why == "no locks":
        monkeypatch.setattr(portalocker, "lock", lock)

    assert AccountLock(path).acquire() == ""
    assert ["cannot be locked" in record.message for record in caplog.records] == [True]


def test_the_note_of_the_holder_moves_no_cursor(tmp_path: Path) -> None:
    path = tmp_path / "account.lock"
    lock = AccountLock(path)
    lock.acquire()
    path.write_bytes(b"\x1b[2Jprocess 5\n\xff")

    assert AccountLock(path).acquire() == "[2Jprocess 5\ufffd"
    lock.release()


def test_a_link_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "account.lock").symlink_to(tmp_path / "theirs")

    assert AccountLock(tmp_path / "account.lock").acquire() == ""
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert len(caplog.records) == 1


@pytest.mark.parametrize("call", ["pwrite", "pread"])
def test_a_place_without_a_note_is_held_all_the_same(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full, or the system has no such call."""
    monkeypatch.delattr(os, call)
    first = AccountLock(tmp_path / "account.lock")

    taken = first.acquire()

    assert (taken, AccountLock(tmp_path / "account.lock").acquire()) == ("", "another process")
    first.release()


def test_the_lock_of_another_user_still_tells_who_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may read it and not write."""
    first = AccountLock(tmp_path / "account.lock")
    first.acquire()
    opened = os.open

    def refusing(path: Path, flags: int, *mode: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", refusing)

    assert AccountLock(tmp_path / "account.lock").acquire().startswith(f"process {os.getpid()} on ")
    first.release()


def test_a_lock_that_root_makes_is_given_to_whom_the_folder_belongs_to_and_another_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lay there before may be a link to root's own."""
    owners: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, *owner: owners.append(owner))
    first, second = AccountLock(tmp_path / "account.lock"), AccountLock(tmp_path / "account.lock")

    first.acquire()
    first.release()
    second.acquire()
    second.release()

    folder = tmp_path.stat()
    assert owners == [(folder.st_uid, folder.st_gid)]
