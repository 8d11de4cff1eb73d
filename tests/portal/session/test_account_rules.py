"""Whatever the portal, the clock, the disk, the threads and the restarts do, the rules of the account hold.

The model beside the session knows nothing of its brake. It stands where the portal stands: it sees the sign-ins that
arrive, with a clock that nobody can set, and judges each by what went before.
"""

import hashlib
import math
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sems_exporter import errors, files
from sems_exporter.portal.session import state_file
from sems_exporter.portal.session.account_state import Token
from sems_exporter.portal.session.session import Session
from sems_exporter.portal.session.state_file import StateFile
from sems_exporter.telemetry.metrics import SelfMetrics
from tests.clocks import FakeClock
from tests.portal.doors import Occupied, account

EXAMPLES, STEPS = 120, 50
START = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)
PATIENCE = 30.0
"""Seconds after which a test of threads gives up."""
SLACK = 0.01
"""Seconds by which instants may differ through rounding: Unix times are large numbers."""
METRICS = SelfMetrics()
DISK = SimpleNamespace(full=False)

RETRY_AFTERS = st.sampled_from(
    [None, -1e9, 0.0, 1.0, 299.0, 300.0, 301.0, 1800.0, 3600.0, 1e9, 1e300, math.inf, math.nan]
)
FAILURES = (errors.ServerFault, errors.TimedOut, errors.CertificateInvalid, errors.AgreementPending, errors.MfaRequired)
OUTCOMES = st.sampled_from(["ok", "rejected", errors.Unreachable, "limited", "fault of ours"]) | st.sampled_from(
    FAILURES
)
TIMES = st.sampled_from([1, 29, 59, 60, 61, 119, 120, 121, 240, 299, 300, 480, 600, 899, 900, 1799, 1800, 3600, 86_400])
JUMPS = st.sampled_from([-1e8, -86_400.0, -3600.0, -61.0, -1.0, 1.0, 61.0, 299.0, 901.0, 3601.0, 86_400.0, 1e8])


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, not even what cleans up."""


class OurFault(Exception):
    """An exception that nobody has foreseen."""


class Watched:
    """A lock that tells how many threads wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._change = threading.Condition()
        self.waiting = 0

    def __enter__(self) -> None:
        if self._lock.acquire(blocking=False):
            return
        with self._change:
            self.waiting += 1
            self._change.notify_all()
        self._lock.acquire()
        with self._change:
            self.waiting -= 1

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait_for(self, condition: Callable[[], bool]) -> bool:
        """Whether `condition` became true before the patience was at its end."""
        with self._change:
            return self._change.wait_for(condition, PATIENCE)

    def changed(self) -> None:
        """Something that somebody waits for may have become true."""
        with self._change:
            self._change.notify_all()


@dataclass
class Ledger:
    """What the portal knows of one account. `now` is a time that only passes."""

    now: float = 0.0
    last_at: float = -math.inf
    bad_in_a_row: int = 0
    rejected: int = 0
    paused_until: float = -math.inf
    session_since: float = 0.0

    def spacing(self) -> float:
        return float(min(60 << min(self.bad_in_a_row, 10), 900))

    def paused(self, retry_after: float | None) -> None:
        asked = 300.0 if retry_after is None or math.isnan(retry_after) else min(max(300.0, retry_after), 3600.0)
        self.paused_until = max(self.paused_until, self.now + asked)

    def forgotten_by(self, seconds: float) -> None:
        """What an exporter can know of the past is `seconds` older than it is."""
        self.last_at -= seconds
        self.paused_until -= seconds
        self.session_since -= seconds


class Rules(RuleBasedStateMachine):
    """The exporter's side of an account, driven through anything that can happen to it."""

    @initialize()
    def begin(self) -> None:
        DISK.full = False
        self.directory = TemporaryDirectory()
        self.clock = FakeClock(START)
        self.ledger = Ledger()
        self.outcome: object = "ok"
        self.retry_after: float | None = None
        self.dies = ""
        self.last_words: bytes | None = None
        self.password = self.signed_in = self.cut_off = 0
        self.knocks = self.in_flight = self.most_in_flight = 0
        self.ended: list[threading.Thread] = []
        self.failures: list[BaseException] = []
        self.gate: Callable[[], object] = lambda: None
        self.unseen_jump = 0.0
        self.unsaved = False
        self.sure = True
        self.unseen_release = False
        self.renewing = False
        self.forgetful_since = -math.inf
        self._start()

    # --- what happens ---

    @rule(seconds=TIMES)
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.ledger.now += seconds

    @rule(seconds=JUMPS)
    def somebody_sets_the_clock(self, seconds: float) -> None:
        # Within the years that a datetime has.
        if abs((self.clock.now() - START).total_seconds() + seconds) < 3e8:
            self.clock.jump(seconds)
            self.unseen_jump += seconds

    @rule(seconds=JUMPS, outcome=OUTCOMES, noticed=st.booleans())
    def the_clock_is_set_and_then_the_program_restarts(self, seconds: float, outcome: object, *, noticed: bool) -> None:
        """What is allowed at once afterwards shows whether the jump opened the brake."""
        self._call(self.session.token, outcome, None)
        self.somebody_sets_the_clock(seconds)
        if noticed:
            self._call(self.session.token, "ok", None)
        self._restart()
        self._call(self.session.token, outcome, None)

    @rule()
    def the_program_restarts(self) -> None:
        self._restart()

    @rule()
    def the_password_changes(self) -> None:
        self.password += 1
        self._restart()
        self._clean_slate()

    @rule(beside=st.booleans())
    def a_person_releases_the_brake(self, *, beside: bool) -> None:
        if DISK.full:
            return
        if beside:
            file = StateFile(Path(self.directory.name), account(f"password {self.password}"))
            Session(self._sign_in, file, self.clock, METRICS, Occupied()).release()
        else:
            self._seen()
            self.session.release()
            self._saved()
        self._clean_slate()
        self.unseen_release = beside

    @rule(how=st.sampled_from(["gone", "empty", "garbage", "half", "link", "large"]))
    def the_state_file_is_lost(self, how: str) -> None:
        path = self.file.path
        kept = path.read_bytes() if path.is_file() else b""
        path.unlink(missing_ok=True)
        if how == "link":
            path.symlink_to("nowhere")
        elif how != "gone":
            path.write_bytes({"empty": b"", "garbage": b"\xff{", "half": kept[: len(kept) // 2]}.get(how, b" " * 2**21))
        self.unsaved = True
        # A release that nobody has read yet is gone with the file.
        self.sure = self.sure and not self.unseen_release

    @rule(full=st.booleans())
    def the_disk_fills_or_is_emptied(self, *, full: bool) -> None:
        DISK.full = full

    @rule(retry_after=RETRY_AFTERS)
    def the_portal_limits_a_request(self, retry_after: float | None) -> None:
        self._seen()
        self.session.pause(errors.RateLimited("too many", retry_after))
        self.ledger.paused(retry_after)
        self._saved()
        self.unseen_release = False

    @rule()
    def the_portal_answers_a_request(self) -> None:
        if self.ledger.now >= self.ledger.paused_until:
            self._seen()
            self.session.answered()
            self.unsaved = self.unsaved or DISK.full

    @rule(outcome=OUTCOMES, retry_after=RETRY_AFTERS)
    def a_call_needs_a_token(self, outcome: object, retry_after: float | None) -> None:
        self._call(self.session.token, outcome, retry_after)

    @rule(outcome=OUTCOMES, seconds=TIMES, times=st.integers(2, 5), restarting=st.booleans())
    def a_caller_does_not_give_up(self, outcome: object, seconds: int, times: int, *, restarting: bool) -> None:
        for _ in range(times):
            self.time_passes(seconds)
            if restarting:
                self._restart()
            self._call(self.session.token, outcome, None)

    @rule(outcome=OUTCOMES, retry_after=RETRY_AFTERS)
    def the_portal_rejects_the_session(self, outcome: object, retry_after: float | None) -> None:
        if held := self.session.state.token:
            self._call(lambda: self.session.renew(held), outcome, retry_after, renewing=True)

    @rule()
    def another_dialect_is_spoken(self) -> None:
        self._seen()
        self.session.forget()
        self.unsaved = DISK.full

    @rule(
        when=st.sampled_from(["before it was sent", "before the answer"]),
        outcome=st.sampled_from(["rejected", "ok", errors.ServerFault]),
        times=st.sampled_from([4, 3, 2, 1]),
    )
    def the_process_is_killed_in_a_sign_in(self, when: str, outcome: object, times: int) -> None:
        self.another_dialect_is_spoken()
        for _ in range(times):
            self.dies = when
            try:
                self._call(self.session.token, outcome, None)
            except Killed:
                self._to_disk(self.last_words)
                self._saved()
                self.cut_off += 1
                # It was written down before that it might fail.
                self.ledger.bad_in_a_row += 1
                self._restart()
            self.dies = ""
            self.time_passes(900)

    @rule(outcome=OUTCOMES, renewing=st.booleans(), count=st.integers(2, 4))
    def requests_come_in_parallel(self, outcome: object, count: int, *, renewing: bool) -> None:
        """The gate of the portal stays shut until every thread waits for its turn, has had it, or stands there too."""
        held = self.session.state.token if renewing else None
        call = (lambda: self.session.renew(held)) if held else self.session.token
        self.ended = []

        def everybody_is_here() -> bool:
            return self.lock.waiting + self.in_flight + len(self.ended) >= count

        self.gate = lambda: self.lock.wait_for(everybody_is_here)
        self._call(lambda: self._in_threads(call, count), outcome, None, renewing=held is not None)
        self.gate = lambda: None

    @rule()
    def in_the_end_it_signs_in_again(self) -> None:
        """A brake that never lets go would keep every other rule."""
        self.time_passes(3600)
        self.time_passes(900)
        if self.sure and self.ledger.rejected + self.cut_off < 3:
            self._call(self.session.token, "ok", None)
            assert self.session.state.token is not None

    # --- what has to hold ---

    @invariant()
    def one_sign_in_at_a_time(self) -> None:
        assert getattr(self, "most_in_flight", 0) <= 1

    def _judge(self) -> None:
        """What the portal has to say to a sign-in that arrives now."""
        ledger = self.ledger
        assert ledger.now - ledger.last_at >= ledger.spacing() - SLACK, "sign-ins keep their distance"
        assert ledger.now - self.forgetful_since >= 60 - SLACK, "a program that cannot remember waits a minute"
        assert ledger.rejected < 3, "none after three rejections"
        assert ledger.now >= ledger.paused_until - SLACK, "none while the portal wants a pause"

    def _call(
        self, call: Callable[[], object], outcome: object, retry_after: float | None, *, renewing: bool = False
    ) -> None:
        self.outcome, self.retry_after, self.renewing = outcome, retry_after, renewing
        knocks = self.knocks
        self._seen()
        handed_out: object = None
        with suppress(errors.PortalError, OurFault):
            handed_out = call()
        self._session_ended()
        assert self.knocks - knocks <= 1, "one request, or many at once: one sign-in"
        if handed_out:
            assert self.ledger.now >= self.ledger.paused_until - SLACK, "no request while the portal wants a pause"
        if self.knocks > knocks:
            self._saved()
        self.unsaved = self.unsaved or DISK.full

    # --- the portal ---

    def _sign_in(self) -> Token:
        if self.dies == "before it was sent":
            self._die()
        self._session_ended()
        self._judge()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        self.knocks += 1
        try:
            self.gate()
            self.ledger.last_at = self.ledger.now
            return self._answer()
        finally:
            self.in_flight -= 1

    def _answer(self) -> Token:
        ledger, outcome = self.ledger, self.outcome
        ledger.rejected += outcome == "rejected"
        if outcome == "limited":
            ledger.paused(self.retry_after)
        if self.dies:
            self._die()
        if outcome == "ok":
            ledger.rejected, self.cut_off, ledger.session_since, self.sure = 0, 0, ledger.now, True
            self.signed_in += 1
            return Token({"uid": "u", "token": str(self.signed_in)}, "https://x", self.clock.now().timestamp())
        ledger.bad_in_a_row += outcome is not errors.Unreachable
        if outcome == "rejected":
            raise errors.CredentialsRejected("wrong")
        if outcome == "limited":
            raise errors.RateLimited("too many", self.retry_after)
        if outcome == "fault of ours":
            raise OurFault
        assert isinstance(outcome, type)
        raise outcome("no")

    def _session_ended(self) -> None:
        """A session that the portal rejects and the exporter gives up has lasted, or not."""
        if self.renewing and self.session._state.token is None:
            self.renewing = False
            short = self.ledger.now - self.ledger.session_since < 1800
            self.ledger.bad_in_a_row = self.ledger.bad_in_a_row + 1 if short else 0

    # --- the process ---

    def _in_threads(self, call: Callable[[], object], count: int) -> None:
        def one() -> None:
            try:
                with suppress(errors.PortalError, OurFault):
                    call()
            except BaseException as failure:  # noqa: BLE001 - of another thread; raised below
                self.failures.append(failure)
            finally:
                self.ended.append(threading.current_thread())  # in one step, unlike a sum
                self.lock.changed()

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads)
        for failure in self.failures:
            raise failure

    def _start(self) -> None:
        self.file = StateFile(Path(self.directory.name), account(f"password {self.password}"))
        self.session = Session(self._sign_in, self.file, self.clock, METRICS)
        self.lock = Watched()
        self.session._lock = self.lock  # type: ignore[assignment]

    def _restart(self) -> None:
        """Of what was not saved, and of time that the clock jumped over unseen, the next process can know nothing."""
        if self.unsaved:
            self.ledger = Ledger(self.ledger.now, session_since=-math.inf)
            self.cut_off = 0
            self.sure = False
        self.ledger.forgotten_by(max(0.0, self.unseen_jump))
        self.unseen_jump = 0.0
        self._start()
        self.forgetful_since = self.ledger.now if DISK.full else -math.inf
        self.unsaved = self.unsaved and DISK.full

    def _clean_slate(self) -> None:
        self.ledger.rejected = self.ledger.bad_in_a_row = self.cut_off = 0
        self.sure = True

    def _seen(self) -> None:
        """A process that saves anything notices that the clock was set, and writes it down if it can; and a release."""
        self.unseen_release = self.unseen_release and self.ledger.now < self.ledger.paused_until
        if abs(self.unseen_jump) > 2 and not DISK.full:
            self.unseen_jump = 0.0

    def _saved(self) -> None:
        self.unsaved = DISK.full

    def _die(self) -> None:
        self.last_words = self.file.path.read_bytes() if self.file.path.is_file() else None
        raise Killed

    def _to_disk(self, content: bytes | None) -> None:
        """Undo what Python's own cleaning up has written after the death."""
        self.file.path.unlink(missing_ok=True)
        if content is not None:
            self.file.path.write_bytes(content)

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            self.directory.cleanup()


def test_the_rules_hold_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(path: Path, text: str) -> None:
        if DISK.full:
            raise OSError(28, "No space left on device")
        files.write_private(path, text)

    def quick(password: bytes, *, salt: bytes, **_: int) -> bytes:
        return hashlib.sha256(salt + password).digest()

    # Slow on purpose, both; neither is what is tried here.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(hashlib, "scrypt", quick)
    monkeypatch.setattr(state_file, "write_private", write)

    run_state_machine_as_test(Rules, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None))
