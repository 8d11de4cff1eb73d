"""Requests that have not arrived yet, on disk, oldest first.

A folder of segments, to which records are appended. A record is a head with length and checksum, and a body. The first
bytes of a segment tell how much of it has arrived; they are written in place, and where a power cut undoes that, some
requests are sent twice, which a receiver takes for what it is. A process that is killed loses nothing, because what was
written stays with the system. Only a queue that is behind is brought to the disk at once: an outage of the way may be
one of the power too.
"""

import os
import struct
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sems_exporter.delivery.remote_write.encoding import WriteRequest
from sems_exporter.files import AS_IT_IS

SEGMENT_BYTES = 256 * 1024
"""Bytes from which a new segment begins."""
LARGEST_RECORD = 64 * 1024 * 1024
MOST_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of requests that are kept although the disk does not take them."""
_ARRIVED = struct.Struct("<8sQ")
_HEAD = struct.Struct("<4sIIqI")
_SEGMENT_MARK, _RECORD_MARK = b"SEMSRW1\n", b"RWR1"

Lost = Callable[[str, int], None]
"""Told why samples are given up, and how many: "expired", "overflow"; or "corrupt", and how many bytes."""


@dataclass(slots=True)
class _Entry:
    """Where a record is; in memory alone if it has a `request`."""

    segment: int
    offset: int
    size: int
    timestamp: int
    samples: int
    request: WriteRequest | None = None


class DiskQueue:
    """Requests in `folder`, of `most_bytes` at most; `lost` is told what is given up. For several threads."""

    def __init__(self, folder: Path, most_bytes: int, lost: Lost) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._lost = lost
        self._lock = threading.RLock()
        self._entries: deque[_Entry] = deque()
        self._bytes = self._in_memory = self._samples = 0
        self._writing = 0
        self._given: _Entry | None = None
        self._recover()

    @property
    def samples(self) -> int:
        """How many samples wait."""
        return self._samples

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return self._bytes

    @property
    def oldest(self) -> int | None:
        """The instant, in milliseconds, of the samples that wait for longest."""
        with self._lock:
            return self._entries[0].timestamp if self._entries else None

    def put(self, request: WriteRequest) -> None:
        """Keep `request`; raises OSError where that is in memory alone, because the disk does not take it."""
        with self._lock:
            failure: OSError | None = None
            try:
                entry = self._written(request)
            except OSError as error:
                failure = error
                entry = _Entry(0, 0, len(request.body), request.timestamp, request.samples, request)
                self._in_memory += entry.size
            self._add(entry)
            while self._bytes > self._most_bytes or self._in_memory > MOST_IN_MEMORY:
                self._drop("overflow")
            if failure is not None:
                raise failure

    def first(self) -> WriteRequest | None:
        """The oldest request; None where none waits."""
        with self._lock:
            while self._entries:
                entry = self._entries[0]
                request = entry.request or self._read(entry)
                if request is not None:
                    self._given = entry
                    return request
                self._lost("corrupt", entry.size)
                self._remove()
            return None

    def done(self) -> None:
        """What `first` gave last need not be kept; nothing happens if it is given up already."""
        with self._lock:
            if self._entries and self._entries[0] is self._given:
                self._remove()
            self._given = None

    def expire(self, before: int) -> None:
        """Give up what is from before this instant, in milliseconds."""
        with self._lock:
            while self._entries and self._entries[0].timestamp < before:
                self._drop("expired")

    def _add(self, entry: _Entry) -> None:
        self._entries.append(entry)
        self._bytes += entry.size
        self._samples += entry.samples

    def _drop(self, why: str) -> None:
        self._lost(why, self._entries[0].samples)
        self._remove()

    def _remove(self) -> None:
        """Forget the oldest, and its segment with its last."""
        entry = self._entries.popleft()
        self._bytes -= entry.size
        self._samples -= entry.samples
        if entry.request is not None:
            self._in_memory -= entry.size
            return
        following = next((one.segment for one in self._entries if one.request is None), self._writing)
        try:
            if following != entry.segment:
                self._path(entry.segment).unlink(missing_ok=True)
            else:
                self._note_arrived(entry.segment, entry.offset + entry.size)
        except OSError:
            # It will be sent again after a restart.
            return

    def _note_arrived(self, segment: int, offset: int) -> None:
        descriptor = os.open(self._path(segment), os.O_WRONLY | AS_IT_IS)
        try:
            os.pwrite(descriptor, _ARRIVED.pack(_SEGMENT_MARK, offset), 0)
        finally:
            os.close(descriptor)

    def _written(self, request: WriteRequest) -> _Entry:
        """Append to the newest segment, or to a new one; a record that does not fit on the disk leaves no trace."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, end = self._end()
        try:
            record = _HEAD.pack(_RECORD_MARK, len(request.body), _sum(request), request.timestamp, request.samples)
            try:
                _write_all(descriptor, record + request.body, end)
                if self._entries:
                    os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        size = _HEAD.size + len(request.body)
        return _Entry(self._writing, end, size, request.timestamp, request.samples)

    def _end(self) -> tuple[int, int]:
        """The file that is written to, and where it ends."""
        if self._writing:
            try:
                descriptor = os.open(self._path(self._writing), os.O_RDWR | AS_IT_IS)
            except FileNotFoundError:
                pass
            else:
                end = os.fstat(descriptor).st_size
                if _ARRIVED.size <= end < SEGMENT_BYTES:
                    return descriptor, end
                os.close(descriptor)
                if not any(one.segment == self._writing for one in self._entries):
                    self._path(self._writing).unlink(missing_ok=True)
        new = self._writing + 1
        descriptor = os.open(self._path(new), os.O_RDWR | os.O_CREAT | os.O_TRUNC | AS_IT_IS, 0o600)
        self._writing = new
        try:
            _write_all(descriptor, _ARRIVED.pack(_SEGMENT_MARK, _ARRIVED.size), 0)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor, _ARRIVED.size

    def _read(self, entry: _Entry) -> WriteRequest | None:
        """The request of a record; None where it cannot be read, or is not what was written."""
        try:
            descriptor = os.open(self._path(entry.segment), os.O_RDONLY | AS_IT_IS)
        except OSError:
            return None
        try:
            record = os.pread(descriptor, entry.size, entry.offset)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        body = record[_HEAD.size :]
        request = WriteRequest(body, entry.timestamp, entry.samples)
        good = len(record) == entry.size and _HEAD.unpack_from(record)[2] == _sum(request)
        return request if good else None

    def _recover(self) -> None:
        """Find what an earlier process has left, up to the first record of each segment that is not whole."""
        numbers = sorted(int(path.stem) for path in self._folder.glob("*.segment") if path.stem.isdecimal())
        for number in numbers:
            self._writing = number
            try:
                entries, surplus = self._found(number)
            except OSError:
                continue
            for entry in entries:
                self._add(entry)
            if surplus:
                self._lost("corrupt", surplus)
            if not entries:
                with suppress(OSError):
                    self._path(number).unlink(missing_ok=True)
        while self._bytes > self._most_bytes:
            self._drop("overflow")

    def _found(self, number: int) -> tuple[list[_Entry], int]:
        """The records of a segment that have not arrived, and how many bytes behind them are no records."""
        content = self._path(number).read_bytes()
        if len(content) < _ARRIVED.size or not content.startswith(_SEGMENT_MARK):
            return [], len(content)
        arrived = _ARRIVED.unpack_from(content)[1]
        entries, end = [], _ARRIVED.size
        for entry in _records(number, content):
            end = entry.offset + entry.size
            if entry.offset >= arrived:
                entries.append(entry)
        if end < len(content):
            os.truncate(self._path(number), end)
        return entries, len(content) - end

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}.segment"


def _records(number: int, content: bytes) -> Iterator[_Entry]:
    offset = _ARRIVED.size
    while offset + _HEAD.size <= len(content):
        mark, length, checksum, timestamp, samples = _HEAD.unpack_from(content, offset)
        size = _HEAD.size + length
        if mark != _RECORD_MARK or length > LARGEST_RECORD or offset + size > len(content):
            return
        if _sum(WriteRequest(content[offset + _HEAD.size : offset + size], timestamp, samples)) != checksum:
            return
        yield _Entry(number, offset, size, timestamp, samples)
        offset += size


def _sum(request: WriteRequest) -> int:
    return zlib.crc32(struct.pack("<qI", request.timestamp, request.samples), zlib.crc32(request.body))


def _write_all(descriptor: int, content: bytes, offset: int) -> None:
    while content:
        written = os.pwrite(descriptor, content, offset)
        content, offset = content[written:], offset + written
