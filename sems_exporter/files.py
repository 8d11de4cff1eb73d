"""Files that are replaced as a whole or not at all, and that only their owner may read unless they are for all."""

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

LARGEST = 1024 * 1024
"""Bytes that a file of ours may have, if nothing else is said; most hold a few kilobytes."""
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What reading a JSON document raises that is another one than the one that was written."""
DEVICES = Path("/dev")
"""Where /dev/stdout is a link, which root would replace for the whole machine."""
# Windows knows neither, and has no links and pipes that everybody may make.
AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | AT_ONCE


class Draft:
    """A file of mode 0600 beside `path`, made at once, that takes its place as a whole when it is kept, or is dropped.

    Raises OSError where it cannot be made. A link at `path` is replaced, not written through; a device or pipe is not.
    With `for_all` every user may read it, whatever the process grants to new files.
    """

    def __init__(self, path: Path, *, for_all: bool = False) -> None:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if (path.exists() and not path.is_file()) or path.parent == DEVICES:
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        self._path = path
        self._new = path.with_suffix(f".{os.getpid()}.new")
        # What a killed process of the same number left, or somebody has put there: never written into.
        self._new.unlink(missing_ok=True)
        descriptor = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | AS_IT_IS, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        if for_all and hasattr(os, "fchmod"):  # Windows has none before Python 3.13, and no such modes
            os.fchmod(descriptor, 0o644)
        self.fileno = self._file.fileno

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Drop it, unless it was kept."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._new.unlink(missing_ok=True)

    def keep(self, text: str) -> None:
        """Let it hold `text` and take its place. When this returns, it survives a power cut."""
        self.keep_pieces([text.encode()])

    def keep_pieces(self, pieces: Iterable[bytes]) -> None:
        """Let it hold these bytes, written as they come, and take its place, with the same promise."""
        with self._file as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        self._new.replace(self._path)
        _settle(self._path.parent)


def write_private(path: Path, text: str) -> None:
    """Replace `path` by a file of mode 0600 that holds `text`; where that fails, OSError, and the old one stays.

    When it returns, the new file survives a power cut.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Draft(path) as draft:
        give_to_owner(draft.fileno(), path.parent)
        draft.keep(text)


def write_for_all(path: Path, content: bytes) -> None:
    """Replace `path` by a file that every user may read; where that fails, OSError, and the old one stays."""
    with Draft(path, for_all=True) as draft:
        draft.keep_pieces([content])


def read_private(path: Path, largest: int = LARGEST) -> str:
    """The text of a file that `write_private` wrote; OSError or ValueError where it is anything else.

    A link is not followed, a pipe not waited for, and a file of more than `largest` bytes not read.
    """
    return _read(path, largest, AS_IT_IS).decode()


def read_bounded(path: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a regular file, links followed; OSError, which says why, for anything else and for a larger one.

    Nothing is waited for: neither a pipe that nobody writes, nor the end of a device that has none.
    """
    return _read(path, largest, AT_ONCE)


def _read(path: Path, largest: int, flags: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | flags | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        content = file.read(largest + 1)
    if content is None:  # what the system makes up as it is read, such as its log, may have nothing to say now
        raise OSError(errno.EAGAIN, "it gives nothing at the moment", str(path))
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"it has more than {largest} bytes", str(path))
    return content


def file_version(path: Path) -> tuple[int, int, int] | None:
    """What is another one once the file has changed: its time, size and number; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def open_shared(path: Path) -> int:
    """A descriptor of the file `path`, made with mode 0600 where there is none, to be locked or written in place.

    Another user's file is opened for reading only, so that it can still tell what it holds and that it is locked.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        new = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | AS_IT_IS, 0o600)
    except (FileExistsError, PermissionError):
        return _opened_again(path)
    give_to_owner(new, path.parent)
    return new


def _opened_again(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | AS_IT_IS)
    except PermissionError:
        return os.open(path, os.O_RDONLY | AS_IT_IS)


def give_to_owner(new: int, folder: Path) -> None:
    """Give the file `new`, where root made it, to the owner of the folder, whose exporter has to read it.

    Only for files that were made this moment: anything else in the folder may be a link to root's own.
    """
    if getattr(os, "geteuid", lambda: None)() == 0:
        with suppress(OSError):
            owner = folder.stat()
            os.fchown(new, owner.st_uid, owner.st_gid)


def _settle(directory: Path) -> None:
    """Make the new name in `directory` survive a power cut; not every system can."""
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
