"""What all programs of an account share: the request budget and the portal's pause, whoever is killed or restarted."""

import hashlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import portalocker
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from sems_exporter import errors
from sems_exporter.clock import SystemClock, count_of
from sems_exporter.portal.session import request_ledger as room
from sems_exporter.portal.session.rate_limiter import RateLimiter
from sems_exporter.portal.session.request_ledger import LARGEST, RequestLedger
from sems_exporter.portal.session.session import Session
from sems_exporter.portal.session.state_file import StateFile
from sems_exporter.telemetry.metrics import SelfMetrics
from tests.clocks import FakeClock
from tests.portal.doors import Door, Occupied, account

START = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)
BUDGET = 5
SLACK = 1e-3
METRICS = SelfMetrics()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.requests"


def pace(path: Path | None, clock: FakeClock, per_minute: int = BUDGET) -> RateLimiter:
    """The pace of one program."""
    return RateLimiter(per_minute, clock, threading.Event(), random.Random(1), RequestLedger(path, clock))


def waited(one: RateLimiter, clock: FakeClock) -> float:
    before = clock.monotonic()
    one.acquire()
    return clock.monotonic() - before


def at_once(one: RequestLedger, most: int = 1000) -> int:
    """How many requests a program could send now, if only the minute counted."""
    return sum(one.turn(lambda sent, _: float(len(sent) >= most)) == 0 for _ in range(most))


def test_restarts_share_one_budget(path: Path, clock: FakeClock) -> None:
    sent = []
    for _ in range(30):
        pace(path, clock).acquire()
        sent.append(clock.monotonic())

    assert all(later - earlier >= 60 - SLACK for earlier, later in zip(sent, sent[BUDGET:], strict=False))


def test_two_programs_send_no_burst_together(path: Path, clock: FakeClock) -> None:
    one, other = pace(path, clock), pace(path, clock)
    one.acquire()

    assert waited(other, clock) == pytest.approx(0.2)


def test_requests_are_written_before_they_are_sent_and_only_their_owner_can_read_them(
    path: Path, clock: FakeClock
) -> None:
    pace(path, clock).acquire()

    assert len(content(path)["sent"]) == 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_file_stays_small(path: Path, clock: FakeClock) -> None:
    one = pace(path, clock, per_minute=120)

    for _ in range(2000):
        one.acquire()

    assert path.stat().st_size < 8192


@pytest.mark.parametrize("jump", [-1e6, -30.0, 30.0, 1e6])
@pytest.mark.parametrize("comparable", [True, False])
def test_a_clock_that_is_set_while_a_program_runs_neither_opens_nor_locks_the_budget(
    path: Path, clock: FakeClock, jump: float, *, comparable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if comparable:
        monkeypatch.setattr(room, "count_of", lambda _: "a boot")
    one = pace(path, clock)
    for _ in range(BUDGET):
        one.acquire()
    clock.jump(jump)

    fresh = pace(path, clock) if comparable else one

    # The five went within less than a minute.
    assert 0 < waited(fresh, clock) <= 60


def test_a_clock_that_was_set_back_between_two_boots_locks_for_a_minute_at_most(path: Path, clock: FakeClock) -> None:
    pace(path, clock).acquire()
    clock.jump(-1e6)

    assert waited(pace(path, clock, per_minute=1), clock) <= 60


def test_counts_are_compared_only_within_one_boot() -> None:
    assert count_of(FakeClock(START)) == ""
    assert count_of(SystemClock()) == count_of(SystemClock())


def test_a_machine_that_names_no_boot_goes_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)

    assert count_of(SystemClock()) == ""


def content(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes().split(b" ", 1)[1])
    return document


def signed(document: object) -> bytes:
    body = json.dumps(document).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"\xff{",
        b"0000 {}\n",
        signed([]),
        signed({}),
        signed({"counted_from": 1, "count": "x"}),
        b" " * 2 * LARGEST,
        b"9" * 5000 + b" {}",
    ],
)
def test_a_spoilt_record_costs_a_minute_and_a_warning(
    path: Path, clock: FakeClock, spoilt: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(spoilt)

    assert waited(pace(path, clock), clock) == pytest.approx(60)
    assert [record.message for record in caplog.records] == [
        "the record of requests cannot be read; nothing is sent for a minute"
    ]


def test_a_record_that_is_torn_in_the_middle_costs_a_minute(path: Path, clock: FakeClock) -> None:
    pace(path, clock).acquire()
    path.write_bytes(path.read_bytes()[:40])

    assert waited(pace(path, clock), clock) == pytest.approx(60)


def test_a_program_whose_record_vanishes_writes_what_it_knows_again(path: Path, clock: FakeClock) -> None:
    one = pace(path, clock)
    for _ in range(BUDGET - 1):
        one.acquire()
    path.unlink()
    one.acquire()

    assert len(content(path)["sent"]) == BUDGET


def obstructed(path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if way == "file":
        path.parent.write_text("")
    elif way == "directory":
        path.mkdir()
    elif way == "link":
        path.symlink_to("theirs")
    elif way == "pipe":
        os.mkfifo(path)
    elif way == "full":
        monkeypatch.setattr(os, "pwrite", refuse)
    elif way == "no locks":
        monkeypatch.setattr(portalocker, "lock", lambda *_: refuse())


def refuse(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("way", ["file", "directory", "link", "pipe", "full", "no locks"])
def test_where_nothing_can_be_written_each_program_waits_a_minute_and_says_so(
    tmp_path: Path, way: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / ("no/account.requests" if way == "file" else "account.requests")
    obstructed(path, way, monkeypatch)
    ledger = RequestLedger(path, clock)
    one = RateLimiter(BUDGET, clock, threading.Event(), random.Random(1), ledger)

    waits = [waited(one, clock) for _ in range(2 * BUDGET)]

    assert waits[0] == 60
    assert sum(waits[1 : BUDGET + 1]) >= 60 - SLACK
    assert ledger.unshared.startswith(f"{path.parent}: ")
    assert ["cannot be counted together" in record.message for record in caplog.records] == [True]


def test_a_disk_that_fills_up_takes_nothing_from_a_program_that_runs(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = pace(path, clock)
    one.acquire()
    monkeypatch.setattr(os, "pwrite", refuse)
    clock.advance(1)

    assert waited(one, clock) == 0


def test_a_disk_that_has_room_again_is_used_again(
    path: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    ledger = RequestLedger(path, clock)
    path.mkdir()
    clock.advance(60)
    sent = at_once(ledger, 1)
    path.rmdir()
    clock.advance(1)
    sent += ledger.turn(lambda _, __: 0.0) == 0

    assert sent == 2
    assert ledger.unshared == ""
    assert len(content(path)["sent"]) == 2
    assert caplog.records[-1].message == "requests are counted together with other programs again"


def test_whoever_holds_the_lock_for_too_long_is_not_waited_for(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with path.open("w") as held:
        portalocker.lock(held, portalocker.LOCK_EX | portalocker.LOCK_NB)
        ledger = RequestLedger(path, clock)

        assert ledger.turn(lambda _, __: 0.0) == 60
    assert "does not let go" in ledger.unshared


class TestPause:
    """One program is told to pause; all of the account do."""

    def of(self, path: Path, clock: FakeClock, *, beside: bool) -> Session:
        file = StateFile(path.parent, account())
        account_lock = Occupied() if beside else None
        return Session(Door(clock).sign_in, file, clock, METRICS, account_lock, RequestLedger(path, clock))

    @pytest.mark.parametrize("told_beside", [True, False])
    def test_what_one_is_told_all_keep(self, path: Path, clock: FakeClock, *, told_beside: bool) -> None:
        told, other = self.of(path, clock, beside=told_beside), self.of(path, clock, beside=not told_beside)
        told.pause(errors.RateLimited("too many"))
        clock.advance(299)

        for one in (other, self.of(path, clock, beside=True), self.of(path, clock, beside=False)):
            with pytest.raises(errors.RateLimited):
                one.raise_if_paused()
            with pytest.raises(errors.RateLimited):
                one.token()
            assert one.state.brake.pause_left(clock.now().timestamp()) == pytest.approx(1)
        clock.advance(1)
        other.raise_if_paused()

    def test_the_second_in_a_row_is_longer_whoever_is_told(self, path: Path, clock: FakeClock) -> None:
        first, second = self.of(path, clock, beside=True), self.of(path, clock, beside=True)
        first.pause(errors.RateLimited("too many"))
        second.pause(errors.RateLimited("too many"))
        clock.advance(300)
        first.pause(errors.RateLimited("too many"))

        assert second.state.brake.pause_left(clock.now().timestamp()) == pytest.approx(600)

    def test_it_survives_a_restart_with_the_clock_set_ahead(
        self, path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(room, "count_of", lambda _: "a boot")
        self.of(path, clock, beside=True).pause(errors.RateLimited("too many"))
        clock.jump(1e6)

        with pytest.raises(errors.RateLimited):
            self.of(path, clock, beside=False).raise_if_paused()

    def test_a_good_answer_makes_the_next_one_short_again_for_all(self, path: Path, clock: FakeClock) -> None:
        first = self.of(path, clock, beside=True)
        first.pause(errors.RateLimited("too many"))
        clock.advance(300)
        first.answered()

        self.of(path, clock, beside=True).pause(errors.RateLimited("too many"))

        assert first.state.brake.pause_left(clock.now().timestamp()) == pytest.approx(300)

    def test_a_clock_years_ahead_or_a_foreign_hand_locks_for_an_hour_at_most(
        self, path: Path, clock: FakeClock
    ) -> None:
        RequestLedger(path, clock).keep_pause(1e9, 0.0, 1)

        assert RequestLedger(path, clock).pause()[0] == 3600


class Programs(RuleBasedStateMachine):
    """Several programs of one account on one state directory, in any mix, restarted and killed at any time."""

    @initialize()
    def begin(self) -> None:
        self.directory = TemporaryDirectory()
        self.path = Path(self.directory.name) / "account.requests"
        self.clock = FakeClock(START)
        self.sent: list[float] = []
        self.paused_until = -math.inf
        self.programs = [self._program() for _ in range(3)]

    def _program(self) -> tuple[RateLimiter, Session]:
        ledger = RequestLedger(self.path, self.clock)
        file = StateFile(Path(self.directory.name), account())
        account_lock = Occupied() if hasattr(self, "programs") else None
        session = Session(Door(self.clock).sign_in, file, self.clock, METRICS, account_lock, ledger)
        return RateLimiter(BUDGET, self.clock, threading.Event(), random.Random(1), ledger), session

    @rule(number=st.integers(0, 2), requests=st.integers(1, 8), limited=st.booleans())
    def a_program_asks(self, number: int, requests: int, *, limited: bool) -> None:
        pace, session = self.programs[number]
        with suppress(errors.RateLimited):
            for _ in range(requests):
                session.raise_if_paused()
                pace.acquire()
                session.raise_if_paused()
                self._arrives()
            if limited:
                session.pause(errors.RateLimited("too many"))
                self.paused_until = max(self.paused_until, self.clock.monotonic() + 300)

    @rule(number=st.integers(0, 2))
    def a_program_is_killed_before_it_sends(self, number: int) -> None:
        self.programs[number][0].acquire()
        self.programs[number] = self._program()

    @rule(number=st.integers(0, 2))
    def a_program_restarts(self, number: int) -> None:
        self.programs[number] = self._program()

    @rule(seconds=st.sampled_from([0.1, 1.0, 30.0, 59.0, 60.0, 61.0, 299.0, 301.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from([-1e6, -61.0, 61.0, 1e6]))
    def somebody_sets_the_clock(self, seconds: float) -> None:
        self.clock.jump(seconds)

    @rule()
    def the_record_is_spoilt(self) -> None:
        if self.clock.monotonic() >= self.paused_until:
            self.path.write_bytes(b"spoilt")

    def _arrives(self) -> None:
        now = self.clock.monotonic()
        assert now >= self.paused_until - SLACK, "nothing during a pause"
        self.sent.append(now)
        assert sum(at > now - 60 + SLACK for at in self.sent) <= BUDGET, "never more than the budget in any minute"

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            self.directory.cleanup()


def test_the_budget_is_the_accounts_whatever_the_programs_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "count_of", lambda _: "a boot")
    monkeypatch.setattr(os, "fsync", lambda _: None)
    # Slow on purpose; the password is not what is tried here.
    monkeypatch.setattr(hashlib, "scrypt", lambda password, *, salt, **_: hashlib.sha256(salt + password).digest())

    run_state_machine_as_test(Programs, settings=settings(max_examples=40, stateful_step_count=30, deadline=None))


CROWD = """
import sys
from pathlib import Path
from sems_exporter.clock import SystemClock
from sems_exporter.portal.session.request_ledger import RequestLedger
ledger = RequestLedger(Path(sys.argv[1]), SystemClock())
print("ready", flush=True)
while True:
    if ledger.turn(lambda sent, now: float(len(sent) >= 30)) == 0:
        print("sent", flush=True)
"""


def test_real_programs_that_are_killed_again_and_again_keep_one_budget(path: Path) -> None:
    """As a crash loop beside commands: each is killed as soon as it has sent something, or found that it may not."""
    sent = 0
    for _ in range(2):
        crowd = [
            subprocess.Popen([sys.executable, "-c", CROWD, str(path)], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for one in crowd:
            assert one.stdout
            one.stdout.readline()
        for one in crowd:
            one.send_signal(signal.SIGKILL)
            said, _ = one.communicate(timeout=30)
            sent += said.count("sent")

    written = len(content(path)["sent"])
    assert sent <= written <= 30
