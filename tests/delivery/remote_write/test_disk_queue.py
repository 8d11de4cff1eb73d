"""The queue on disk: what is in it after kills, cuts, full disks and time."""

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.delivery.remote_write import disk_queue
from sems_exporter.delivery.remote_write.disk_queue import DiskQueue
from sems_exporter.delivery.remote_write.encoding import WriteRequest


class Losses:
    """What was given up, and why."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def __call__(self, why: str, count: int) -> None:
        self.told.append((why, count))


@pytest.fixture
def losses() -> Losses:
    return Losses()


@pytest.fixture
def queue(tmp_path: Path, losses: Losses) -> Callable[..., DiskQueue]:
    """The queue as a process finds it that was started anew."""

    def opened(most_bytes: int = 1 << 30) -> DiskQueue:
        return DiskQueue(tmp_path / "queue", most_bytes, losses)

    return opened


def request(number: int, size: int = 100) -> WriteRequest:
    return WriteRequest(random.Random(number).randbytes(size), number * 60_000, 7)


def emptied(queue: DiskQueue) -> list[int]:
    """The numbers of the requests in it, in order."""
    found = []
    while (first := queue.first()) is not None:
        assert first == request(first.timestamp // 60_000, len(first.body))
        found.append(first.timestamp // 60_000)
        queue.done()
    return found


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "queue").iterdir())


def test_requests_come_out_in_order_and_leave_no_more_than_the_segment_that_is_written_to(
    queue: Callable[..., DiskQueue], tmp_path: Path
) -> None:
    one = queue()
    for number in range(1, 41):
        one.put(request(number, 20_000))
    segments = len(files(tmp_path))

    assert (one.samples, one.oldest) == (280, 60_000)
    assert emptied(one) == list(range(1, 41))
    assert (one.samples, one.size, one.oldest) == (0, 0, None)
    assert (segments, len(files(tmp_path))) == (3, 1)


@given(st.lists(st.sampled_from(["put", "send", "kill"]), max_size=60))
@settings(max_examples=60)
def test_a_process_that_is_killed_at_any_moment_loses_nothing_and_sends_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder, losses = tmp_path_factory.mktemp("queue"), Losses()
    queue, put, sent = DiskQueue(folder, 1 << 30, losses), 0, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk_queue, "SEGMENT_BYTES", 400)
        for step in steps:
            if step == "put":
                put += 1
                queue.put(request(put))
            elif step == "send" and (first := queue.first()) is not None:
                sent.append(first.timestamp // 60_000)
                queue.done()
            elif step == "kill":
                queue = DiskQueue(folder, 1 << 30, losses)

    assert sent + emptied(queue) == list(range(1, put + 1))
    assert losses.told == []


@pytest.mark.parametrize("cut", [1, 60, 123])
def test_a_tail_that_is_not_whole_is_dropped_and_told_and_the_queue_goes_on_behind_it(
    queue: Callable[..., DiskQueue], tmp_path: Path, losses: Losses, cut: int
) -> None:
    """A power cut leaves a file that ends anywhere."""
    for number in (1, 2, 3):
        queue().put(request(number))
    [segment] = files(tmp_path)
    os.truncate(segment, segment.stat().st_size - cut)

    after = queue()
    after.put(request(4))

    assert emptied(after) == [1, 2, 4]
    assert losses.told == [("corrupt", 24 + 100 - cut)]
    assert emptied(queue()) == []


def test_garbage_in_the_midst_costs_what_is_behind_it_in_its_segment_alone(
    queue: Callable[..., DiskQueue], tmp_path: Path, losses: Losses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_queue, "SEGMENT_BYTES", 300)
    one = queue()
    for number in range(1, 10):
        one.put(request(number))
    first = files(tmp_path)[0]
    content = bytearray(first.read_bytes())
    content[200] ^= 0xFF
    first.write_bytes(content)

    assert emptied(queue()) == [1, *range(4, 10)]
    assert [why for why, _ in losses.told] == ["corrupt"]


def test_what_goes_bad_while_it_waits_is_left_out(
    queue: Callable[..., DiskQueue], tmp_path: Path, losses: Losses
) -> None:
    one = queue()
    for number in (1, 2):
        one.put(request(number))
    [segment] = files(tmp_path)
    content = bytearray(segment.read_bytes())
    content[60] ^= 0xFF
    segment.write_bytes(content)

    assert emptied(one) == [2]
    assert losses.told == [("corrupt", 124)]


@pytest.mark.parametrize("content", [b"", b"x", b"not a queue at all, but longer than a head", bytes(1000)])
def test_a_file_that_is_no_queue_is_none(queue: Callable[..., DiskQueue], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "queue").mkdir()
    (tmp_path / "queue" / "00000001.segment").write_bytes(content)

    one = queue()
    one.put(request(1))

    assert emptied(one) == [1]


def test_when_it_is_too_large_the_oldest_goes(
    queue: Callable[..., DiskQueue], tmp_path: Path, losses: Losses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_queue, "SEGMENT_BYTES", 300)
    one = queue(1000)
    for number in range(1, 21):
        one.put(request(number))

    assert one.size <= 1000
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 1000 + 2 * 400
    assert emptied(queue(1000)) == list(range(13, 21))
    assert losses.told == [("overflow", 7)] * 12


def test_what_has_waited_for_too_long_goes(queue: Callable[..., DiskQueue], losses: Losses) -> None:
    one = queue()
    for number in range(1, 6):
        one.put(request(number))

    one.expire(3 * 60_000)

    assert losses.told == [("expired", 7)] * 2
    assert emptied(queue()) == [3, 4, 5]


def test_what_is_given_up_while_it_is_sent_does_not_take_the_next_along(queue: Callable[..., DiskQueue]) -> None:
    one = queue()
    for number in (1, 2, 3):
        one.put(request(number))
    one.first()

    one.expire(2 * 60_000)
    one.done()

    assert emptied(one) == [2, 3]


def test_on_a_full_disk_requests_wait_in_memory_up_to_a_bound_and_in_order(
    queue: Callable[..., DiskQueue], losses: Losses, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, pwrite = queue(), os.pwrite
    one.put(request(1))

    def full(descriptor: int, content: bytes, offset: int) -> int:
        if len(content) < 60:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(descriptor, content[:60], offset)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        patch.setattr(disk_queue, "MOST_IN_MEMORY", 350)
        for number in (2, 3, 4):
            with pytest.raises(OSError, match="No space"):
                one.put(request(number))
        in_memory = one.samples
    one.put(request(5))

    assert in_memory == 28
    assert emptied(one) == [1, 2, 3, 4, 5]
    assert losses.told == []
    assert emptied(queue()) == []
