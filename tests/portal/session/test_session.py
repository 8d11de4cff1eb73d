"""Login discipline: few sign-ins, whatever the portal, the clock, the threads and the restarts do."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sems_exporter import errors
from sems_exporter.errors import (
    AgreementPending,
    CertificateInvalid,
    CredentialsRejected,
    LoginRefused,
    LoginWithheld,
    ProtocolChanged,
    RateLimited,
    ServerFault,
    TimedOut,
    Unreachable,
)
from sems_exporter.portal.session import state_file
from sems_exporter.portal.session.account_state import Token
from sems_exporter.portal.session.lock import AccountLock
from sems_exporter.portal.session.session import Session
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import MASKS
from tests.clocks import FakeClock
from tests.portal.doors import Door, Occupied, session

START = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)
CURE = "until the password changes or a person runs: sems-exporter check --release-brake"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START)


@pytest.fixture
def door(clock: FakeClock) -> Door:
    return Door(clock)


@pytest.fixture
def one(tmp_path: Path, clock: FakeClock, door: Door) -> Session:
    return session(tmp_path, clock, door)


def refused(one: Session) -> errors.PortalError:
    with pytest.raises(errors.PortalError) as raised:
        one.token()
    return raised.value


def try_for(one: Session, clock: FakeClock, seconds: int, step: int = 10) -> None:
    """Ask for a token every `step` seconds, as an impatient caller would."""
    for _ in range(seconds // step):
        try:
            one.token()
        except errors.PortalError:
            clock.advance(step)


def gaps(door: Door) -> list[float]:
    return [later - earlier for earlier, later in zip(door.knocks, door.knocks[1:], strict=False)]


def test_one_sign_in_serves_all_calls(one: Session, clock: FakeClock, door: Door) -> None:
    tokens = [one.token()]
    clock.advance(86_400)
    tokens += [one.token(), one.token()]

    assert len(set(map(id, tokens))) == 1
    assert len(door.knocks) == 1


def test_ten_restarts_cost_one_sign_in(tmp_path: Path, clock: FakeClock, door: Door) -> None:
    tokens = []

    for _ in range(10):
        tokens.append(session(tmp_path, clock, door).token())
        clock.advance(5)

    assert len(door.knocks) == 1
    assert all(token == tokens[0] for token in tokens)


@pytest.mark.parametrize("failure", [ServerFault, TimedOut, CertificateInvalid, LoginRefused, ProtocolChanged])
def test_failed_sign_ins_space_out_to_a_quarter_of_an_hour(
    failure: type[errors.PortalError], one: Session, clock: FakeClock, door: Door
) -> None:
    door.failure = failure("no")

    try_for(one, clock, 2 * 3600)

    assert gaps(door)[:6] == [120, 240, 480, 900, 900, 900]


def test_pending_terms_are_not_knocked_at_like_a_bad_password(one: Session, clock: FakeClock, door: Door) -> None:
    door.failure = AgreementPending("accept the terms")

    try_for(one, clock, 6 * 3600)

    assert not one.state.brake.blocked
    assert min(gaps(door)[3:]) == 900


def test_a_way_that_never_reached_the_portal_keeps_the_shortest_spacing(
    one: Session, clock: FakeClock, door: Door
) -> None:
    door.failure = Unreachable("no route")

    try_for(one, clock, 600)

    assert set(gaps(door)) == {60}


def test_after_three_rejected_credentials_no_sign_in_is_sent_for_weeks(
    one: Session, clock: FakeClock, door: Door
) -> None:
    door.failure = CredentialsRejected("wrong")

    try_for(one, clock, 14 * 86_400, step=14_400)

    assert len(door.knocks) == 3
    assert "release-brake" in str(refused(one))
    assert isinstance(refused(one), LoginWithheld)


def test_restarts_do_not_lift_the_block(tmp_path: Path, clock: FakeClock, door: Door) -> None:
    door.failure = CredentialsRejected("wrong")

    for _ in range(20):
        try_for(session(tmp_path, clock, door), clock, 3600, step=900)

    assert len(door.knocks) == 3


def test_a_new_password_is_tried_after_the_block(tmp_path: Path, clock: FakeClock, door: Door) -> None:
    door.failure = CredentialsRejected("wrong")
    try_for(session(tmp_path, clock, door, "old"), clock, 7200, step=300)
    door.failure = None

    token = session(tmp_path, clock, door, "new").token()

    assert token.identity["token"] == "4"


def test_a_person_may_release_the_block(one: Session, clock: FakeClock, door: Door) -> None:
    door.failure = CredentialsRejected("wrong")
    try_for(one, clock, 7200, step=300)
    door.failure = None

    one.release()

    assert one.token().identity["token"] == "4"


def test_a_person_may_release_the_block_from_another_process(
    tmp_path: Path, one: Session, clock: FakeClock, door: Door
) -> None:
    door.failure = CredentialsRejected("wrong")
    try_for(one, clock, 7200, step=300)
    door.failure = None

    session(tmp_path, clock, door).release()

    assert one.token().identity["token"] == "4"


@pytest.mark.parametrize("spoilt", ["gone", "garbage", "old"])
def test_a_state_file_that_is_gone_spoilt_or_old_does_not_lift_the_block(
    spoilt: str, tmp_path: Path, clock: FakeClock, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = session(tmp_path, clock, door)
    one.release()
    (file,) = tmp_path.iterdir()
    if spoilt == "old":
        # The disk is full: what is written from now on never arrives.
        monkeypatch.setattr(state_file, "write_private", full_disk)
    door.failure = CredentialsRejected("wrong")
    try_for(one, clock, 7200, step=300)
    if spoilt == "gone":
        file.unlink()
    if spoilt == "garbage":
        file.write_text("{")

    try_for(one, clock, 86_400, step=3600)

    assert len(door.knocks) == 3


def full_disk(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_release_does_not_shorten_the_spacing(one: Session, door: Door) -> None:
    door.failure = CredentialsRejected("wrong")
    refused(one)

    one.release()

    assert isinstance(refused(one), LoginWithheld)
    assert len(door.knocks) == 1


def test_a_good_sign_in_between_forgets_the_rejections(one: Session, clock: FakeClock, door: Door) -> None:
    for _ in range(4):
        door.failure = CredentialsRejected("wrong")
        refused(one)
        clock.advance(900)
        door.failure = None
        one.token()
        one.forget()
        clock.advance(900)

    assert one.token().identity["token"] == "9"


def test_a_withheld_sign_in_tells_when_the_next_one_is_allowed(one: Session, clock: FakeClock, door: Door) -> None:
    door.failure = ServerFault("HTTP 500")
    refused(one)
    clock.advance(30)

    withheld = refused(one)

    assert isinstance(withheld, LoginWithheld)
    assert withheld.until == START + timedelta(seconds=120)
    assert str(withheld) == (
        "the last sign-in failed with server_fault (HTTP 500); the next sign-in is allowed at 2026-09-24 12:02:00 UTC"
    )


def test_a_withheld_sign_in_goes_on_saying_why_the_last_one_was_rejected(
    tmp_path: Path, clock: FakeClock, door: Door
) -> None:
    door.failure = CredentialsRejected("code 100005 (Email or password error)")
    refused(session(tmp_path, clock, door))

    withheld = refused(session(tmp_path, clock, door))

    assert str(withheld) == (
        "account or password rejected 1 of 3 times (code 100005 (Email or password error)); "
        "the next sign-in is allowed at 2026-09-24 12:02:00 UTC"
    )


def test_another_client_that_takes_every_session_over_is_counted_and_left_alone_for_longer(
    one: Session, clock: FakeClock, door: Door
) -> None:
    """Two programs on one account end each other's session at each poll: 4 sign-ins in 3 polls were seen."""
    for _ in range(24 * 60):
        with suppress(LoginWithheld):
            token = one.token()
            one.answered()
            one.renew(token)
        clock.advance(60)

    assert gaps(door)[:6] == [120, 240, 480, 960, 1920, 3600]
    assert min(gaps(door)[5:]) == 3600
    replaced = one._metrics.registry.get_sample_value("sems_portal_sessions_replaced_total")  # type: ignore[attr-defined]
    assert replaced == len(door.knocks)


def test_a_crash_loop_during_the_sign_in_is_braked_too(tmp_path: Path, clock: FakeClock) -> None:
    class Crash(BaseException):
        pass

    knocks: list[datetime] = []

    def die() -> Token:
        knocks.append(clock.now())
        raise Crash

    for _ in range(30):
        crashing = session(tmp_path, clock, Door(clock))
        crashing._sign_in = die
        try:
            crashing.token()
        except (Crash, LoginWithheld):
            clock.advance(2)

    # 30 restarts within a minute
    assert len(knocks) == 1


def test_the_attempt_is_on_disk_before_the_sign_in_goes_out(tmp_path: Path, clock: FakeClock, door: Door) -> None:
    seen = []

    def look() -> Token:
        seen.append(session(tmp_path, clock, door).state.brake.login_wait(clock.now().timestamp()))
        return door.sign_in()

    one = session(tmp_path, clock, door)
    one._sign_in = look

    one.token()

    # As long as after a failure: what comes of it is not known yet.
    assert seen == [120]


def test_a_rejected_token_leads_to_one_new_sign_in(one: Session, clock: FakeClock) -> None:
    old = one.token()
    clock.advance(7200)

    new = one.renew(old)

    assert new.identity["token"] == "2"
    assert one.token() is new


def test_a_token_that_is_rejected_in_a_pause_leads_to_no_sign_in(one: Session, clock: FakeClock, door: Door) -> None:
    token = one.token()
    clock.advance(7200)
    one.pause(RateLimited("too many"))

    with pytest.raises(RateLimited):
        one.renew(token)

    assert len(door.knocks) == 1


def test_a_token_that_somebody_has_renewed_meanwhile_is_not_renewed_again(
    one: Session, clock: FakeClock, door: Door
) -> None:
    old = one.token()
    clock.advance(7200)

    first, second = one.renew(old), one.renew(old)

    assert first is second
    assert len(door.knocks) == 2


def test_parallel_rejections_cause_one_sign_in(one: Session, clock: FakeClock, door: Door) -> None:
    old = one.token()
    clock.advance(7200)
    together = threading.Barrier(8)

    def renew(_: int) -> Token:
        together.wait(timeout=10)
        return one.renew(old)

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(renew, range(8)))

    assert len(door.knocks) == 2
    assert len(set(map(id, tokens))) == 1


def test_parallel_first_calls_cause_one_sign_in(one: Session, door: Door) -> None:
    together = threading.Barrier(8)

    def token(_: int) -> Token:
        together.wait(timeout=10)
        return one.token()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(token, range(8)))

    assert len(door.knocks) == 1


def test_two_clients_that_steal_the_session_from_each_other_slow_down(
    one: Session, clock: FakeClock, door: Door
) -> None:
    for _ in range(400):
        try:
            one.renew(one.token())
        except LoginWithheld:
            clock.advance(10)

    assert len(door.knocks) > 2
    assert min(gaps(door)) >= 900


def test_sessions_that_last_keep_the_short_spacing(one: Session, clock: FakeClock, door: Door) -> None:
    for _ in range(5):
        token = one.token()
        clock.advance(4 * 3600)
        one.renew(token)

    assert one.state.brake.failures == 0
    assert set(gaps(door)) == {4 * 3600}


@pytest.mark.parametrize("retry_after, pause", [(None, 300), (1, 300), (1200, 1200), (86_400, 3600)])
def test_a_rate_limit_stops_the_whole_account_and_no_restart_helps(
    retry_after: float | None, pause: float, tmp_path: Path, clock: FakeClock, door: Door
) -> None:
    one = session(tmp_path, clock, door)
    one.token()

    one.pause(RateLimited("too many", retry_after))

    for late in (one, session(tmp_path, clock, door)):
        limited = refused(late)
        assert isinstance(limited, RateLimited)
        assert limited.until == START + timedelta(seconds=pause)
    clock.advance(pause)
    assert one.token().identity["token"] == "1"
    assert len(door.knocks) == 1


def test_parallel_rate_limits_are_one_pause(one: Session, clock: FakeClock) -> None:
    one.pause(RateLimited("too many"))
    clock.advance(1)
    one.pause(RateLimited("too many"))

    assert one.state.brake.pause_left(clock.now().timestamp()) == 300, "from the latest of them, and not doubled"


def test_pauses_in_a_row_double_and_a_good_answer_makes_them_short_again(one: Session, clock: FakeClock) -> None:
    lengths = []
    for good in (False, False, True, False):
        one.pause(RateLimited("too many"))
        lengths.append(one.state.brake.pause_left(clock.now().timestamp()))
        clock.advance(lengths[-1])
        if good:
            one.answered()

    assert lengths == [300, 600, 1200, 300]


def test_a_rate_limit_that_answers_the_sign_in_pauses_as_well(one: Session, clock: FakeClock, door: Door) -> None:
    door.failure = RateLimited("too many", 900)
    refused(one)
    clock.advance(880)

    assert isinstance(refused(one), RateLimited)
    assert len(door.knocks) == 1


def test_a_clock_that_was_years_ahead_does_not_lock_the_account(tmp_path: Path, door: Door) -> None:
    ahead = FakeClock(START + timedelta(days=3650))
    wrong = session(tmp_path, ahead, door)
    door.failure = ServerFault("HTTP 500")
    refused(wrong)
    wrong.pause(RateLimited("too many"))
    door.failure = None
    clock = FakeClock(START)
    right = session(tmp_path, clock, door)

    refused(right)
    clock.advance(3600)

    assert right.token().identity["token"] == "2"


def test_a_clock_that_is_set_back_while_running_does_not_lock_the_account(
    one: Session, clock: FakeClock, door: Door
) -> None:
    door.failure = ServerFault("HTTP 500")
    refused(one)
    clock.advance(-30 * 86_400)
    door.failure = None

    refused(one)
    clock.advance(900)

    assert one.token().identity["token"] == "2"


def test_a_state_that_cannot_be_saved_still_brakes_the_running_process(
    tmp_path: Path, clock: FakeClock, door: Door
) -> None:
    (tmp_path / "file").write_text("")
    one = session(tmp_path / "file", clock, door)
    door.failure = CredentialsRejected("wrong")

    try_for(one, clock, 86_400, step=900)

    assert len(door.knocks) == 3


class TestKilled:
    """The process dies under its sign-ins, and another one starts."""

    def kill(self, directory: Path, clock: FakeClock, door: Door) -> None:
        """As `kill -9` does it: nothing of what cleans up may reach the disk."""

        class Killed(BaseException):
            pass

        one = session(directory, clock, door)
        file = Path(one._file.place)

        def die() -> Token:
            self.content = file.read_bytes()
            with suppress(errors.PortalError):
                door.sign_in()
            raise Killed

        one._sign_in = die
        with suppress(Killed, errors.PortalError):
            one.token()
            raise AssertionError("it signed in")
        file.write_bytes(self.content)

    def test_rejections_that_nobody_lived_to_see_count(self, tmp_path: Path, clock: FakeClock, door: Door) -> None:
        door.failure = CredentialsRejected("wrong")

        for _ in range(50):
            self.kill(tmp_path, clock, door)
            clock.advance(901)

        assert len(door.knocks) == 3
        assert str(refused(session(tmp_path, clock, door))).startswith(
            "account or password rejected 0 times, and 3 sign-ins cut off by the end of the program, "
            "which may have been too; no sign-in until"
        )

    def test_a_session_makes_up_for_it(self, tmp_path: Path, clock: FakeClock, door: Door) -> None:
        for _ in range(2):
            self.kill(tmp_path, clock, door)
            clock.advance(901)

        one = session(tmp_path, clock, door)

        assert one.token().identity["token"] == "3"
        assert one.state.brake.unanswered == 0


def test_a_state_file_that_vanished_is_written_again_with_the_block(
    tmp_path: Path, clock: FakeClock, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    one = session(tmp_path, clock, door)
    door.failure = CredentialsRejected("wrong")
    for _ in range(3):
        refused(one)
        clock.advance(901)
    [file] = tmp_path.glob("account-*.json")
    file.unlink()

    refused(one)

    assert file.exists()
    assert "the state file is gone; it is written again" in caplog.text
    one.close()
    assert session(tmp_path, clock, door).state.brake.blocked
    assert len(door.knocks) == 3


class TestClock:
    """Time is what passed, not what the clock was set to."""

    def test_a_clock_that_is_set_forward_opens_nothing(self, one: Session, clock: FakeClock, door: Door) -> None:
        door.failure = ServerFault("HTTP 500")
        refused(one)
        one.pause(RateLimited("too many", 1200))

        clock.jump(86_400)
        paused = refused(one)
        clock.advance(1200)
        door.failure = None

        assert isinstance(paused, RateLimited)
        assert paused.until == clock.now()
        assert one.token().identity["token"] == "2"

    @pytest.mark.parametrize("seconds", [86_400, -86_400])
    def test_what_is_on_disk_moves_with_the_clock(
        self, seconds: float, tmp_path: Path, clock: FakeClock, door: Door
    ) -> None:
        one = session(tmp_path, clock, door)
        one.pause(RateLimited("too many"))
        clock.jump(seconds)
        refused(one)

        late = refused(session(tmp_path, clock, door))

        assert isinstance(late, RateLimited)
        assert late.until == clock.now() + timedelta(seconds=300)

    def test_what_could_not_be_written_when_the_clock_was_set_is_written_later(
        self, tmp_path: Path, clock: FakeClock, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = session(tmp_path, clock, door)
        one.pause(RateLimited("too many"))
        with monkeypatch.context() as patch:
            patch.setattr(state_file, "write_private", full_disk)
            clock.jump(86_400)
            refused(one)
        refused(one)

        late = refused(session(tmp_path, clock, door))

        assert isinstance(late, RateLimited)
        assert late.until == clock.now() + timedelta(seconds=300)

    @pytest.mark.parametrize("seconds, writes", [(86_400, 1), (2, 0)])
    def test_a_clock_that_was_set_costs_one_write(
        self, seconds: float, writes: int, one: Session, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not one with every request: the disk may be a card."""
        one.token()
        written: list[str] = []
        monkeypatch.setattr(state_file, "write_private", lambda _, text: written.append(text))

        clock.jump(seconds)
        for _ in range(5):
            one.token()

        assert len(written) == writes

    def test_what_is_told_of_the_brake_is_told_in_the_time_of_the_clock(self, one: Session, clock: FakeClock) -> None:
        one.token()

        clock.jump(86_400)

        assert one.state.brake.next_login_at == clock.now().timestamp() + 60

    def test_a_session_that_began_after_the_clock_was_set_lasts_as_long_as_any_other(
        self, one: Session, clock: FakeClock
    ) -> None:
        clock.jump(86_400)
        token = one.token()
        clock.advance(7200)

        one.renew(token)

        assert one.state.brake.failures == 0

    def test_a_session_that_a_clock_years_ahead_has_dated_lasts_as_long_as_any_other(
        self, tmp_path: Path, door: Door
    ) -> None:
        session(tmp_path, FakeClock(START + timedelta(days=3650)), door).token()
        clock = FakeClock(START)
        one = session(tmp_path, clock, door)
        token = one.token()
        clock.advance(7200)

        one.renew(token)

        assert one.state.brake.failures == 0

    def test_a_brake_that_a_clock_years_ahead_has_written_is_told(
        self, tmp_path: Path, door: Door, caplog: pytest.LogCaptureFixture
    ) -> None:
        session(tmp_path, FakeClock(START + timedelta(days=3650)), door).token()

        for _ in range(2):
            session(tmp_path, FakeClock(START), door)

        warnings = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
        assert warnings == ["the brake was written by a clock that was ahead; the times to wait are bounded anew"]

    def test_a_clock_that_is_set_back_keeps_nobody_waiting(self, one: Session, clock: FakeClock, door: Door) -> None:
        door.failure = ServerFault("HTTP 500")
        refused(one)
        clock.jump(-86_400)
        clock.advance(120)
        door.failure = None

        assert one.token().identity["token"] == "2"

    def test_how_long_a_session_lasted_is_not_a_matter_of_the_clock(
        self, one: Session, clock: FakeClock, door: Door
    ) -> None:
        token = one.token()
        clock.advance(70)
        clock.jump(86_400)

        with pytest.raises(LoginWithheld):
            one.renew(token)

        assert one.state.brake.failures == 1
        assert len(door.knocks) == 1


def test_without_a_disk_the_first_sign_in_waits_a_minute(tmp_path: Path, clock: FakeClock, door: Door) -> None:
    """A crash loop that forgets would sign in with every start."""
    (tmp_path / "file").write_text("")

    for _ in range(20):
        refused(session(tmp_path / "file", clock, door))
        clock.advance(59)
    one = session(tmp_path / "file", clock, door)
    clock.advance(60)

    assert one.token().identity["token"] == "1"
    assert str(tmp_path / "file") in one.state.unsaved


def test_a_release_without_a_disk_keeps_the_session(tmp_path: Path, clock: FakeClock, door: Door) -> None:
    (tmp_path / "file").write_text("")
    one = session(tmp_path / "file", clock, door)
    clock.advance(60)
    token = one.token()

    one.release()

    assert one.token() is token


def test_a_sign_in_that_the_end_of_the_program_kept_from_being_sent_costs_no_wait(
    tmp_path: Path, clock: FakeClock, door: Door
) -> None:
    door.failure = errors.Stopping("the exporter is stopping")
    with pytest.raises(errors.Stopping):
        session(tmp_path, clock, door).token()
    door.failure = None

    assert session(tmp_path, clock, door).token().identity["token"] == "2"


def test_a_fault_of_ours_in_a_sign_in_is_a_failure_and_no_rejection(one: Session, clock: FakeClock, door: Door) -> None:
    def stumble() -> Token:
        door.knocks.append(clock.now().timestamp())
        raise KeyError("uid")

    one._sign_in = stumble
    for _ in range(400):
        with suppress(KeyError, LoginWithheld):
            one.token()
        clock.advance(10)

    assert gaps(door)[:4] == [120, 240, 480, 900]
    assert not one.state.brake.blocked
    assert one.state.brake.outcome == "internal"


class TestBeside:
    """A process beside the one that serves the account."""

    @pytest.fixture
    def beside(self, tmp_path: Path, clock: FakeClock, door: Door, one: Session) -> Session:
        one.token()
        return session(tmp_path, clock, door, account_lock=Occupied())

    def test_it_uses_the_session_and_writes_nothing(
        self, tmp_path: Path, clock: FakeClock, door: Door, beside: Session
    ) -> None:
        [file] = tmp_path.iterdir()
        before = file.read_bytes()

        beside.token()
        beside.pause(RateLimited("too many"))
        clock.advance(3600)
        beside.answered()

        assert beside.state.served_by == "process 1"
        assert file.read_bytes() == before
        assert len(door.knocks) == 1

    def test_it_never_signs_in(self, clock: FakeClock, door: Door, beside: Session) -> None:
        clock.advance(7200)

        with pytest.raises(LoginWithheld) as raised:
            beside.renew(beside.token())
        assert str(raised.value) == (
            "process 1 serves this account, and there is no session of it that works; "
            "it signs in by itself when it may, and this program never does beside it"
        )
        for _ in range(100):
            assert "process 1" in str(refused(beside))
            clock.advance(3600)
        assert len(door.knocks) == 1

    def test_it_takes_the_session_that_the_other_has_renewed_meanwhile(
        self, clock: FakeClock, door: Door, one: Session, beside: Session
    ) -> None:
        clock.advance(7200)
        old = beside.token()
        one.renew(one.token())

        assert beside.renew(old).identity == one.token().identity
        assert len(door.knocks) == 2

    def test_its_release_leaves_the_time_to_wait_that_the_other_has_set_meanwhile(
        self, tmp_path: Path, clock: FakeClock, door: Door, one: Session, beside: Session
    ) -> None:
        clock.advance(7200)
        one.forget()
        door.failure = CredentialsRejected("wrong")
        refused(one)

        beside.release()

        assert isinstance(refused(session(tmp_path, clock, door)), LoginWithheld)
        assert len(door.knocks) == 2

    def test_its_release_knows_that_the_clock_was_set(
        self, tmp_path: Path, clock: FakeClock, door: Door, one: Session, beside: Session
    ) -> None:
        one.pause(RateLimited("too many"))
        clock.jump(86_400)
        refused(one)

        beside.release()

        late = refused(session(tmp_path, clock, door))
        assert isinstance(late, RateLimited)
        assert late.until == clock.now() + timedelta(seconds=300)

    def test_its_release_reaches_the_other_before_anything_else_is_written(
        self, clock: FakeClock, door: Door, one: Session, beside: Session, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        one.forget()
        door.failure = CredentialsRejected("wrong")
        try_for(one, clock, 7200, step=300)
        door.failure = None

        beside.release()
        one.pause(RateLimited("too many"))
        clock.advance(900)

        assert one.token().identity["token"] == "5"
        assert [record.message for record in caplog.records].count("a person has released the brake") == 1


class TestTold:
    """What others learn of it: metrics, log, words; and what nobody may."""

    @pytest.fixture
    def metrics(self) -> SelfMetrics:
        return SelfMetrics()

    @pytest.fixture
    def shown(self, tmp_path: Path, clock: FakeClock, door: Door, metrics: SelfMetrics) -> Session:
        return session(tmp_path, clock, door, metrics=metrics)

    def brake(self, metrics: SelfMetrics) -> dict[str, float | None]:
        return {
            name: metrics.registry.get_sample_value(f"sems_portal_{name}")
            for name in (
                "credential_rejections",
                "login_blocked",
                "login_allowed_timestamp_seconds",
                "paused_until_timestamp_seconds",
            )
        }

    def sign_ins(self, metrics: SelfMetrics, outcome: str) -> float | None:
        return metrics.registry.get_sample_value("sems_portal_logins_total", {"outcome": outcome})

    def test_the_metrics_show_the_brake_from_the_start_to_the_release(
        self, tmp_path: Path, shown: Session, clock: FakeClock, door: Door, metrics: SelfMetrics
    ) -> None:
        door.failure = CredentialsRejected("wrong")
        try_for(shown, clock, 7200, step=300)
        after = SelfMetrics()
        again = session(tmp_path, clock, door, metrics=after)
        held = [self.brake(metrics), self.brake(after)]

        again.release()

        blocked = {
            "credential_rejections": 3.0,
            "login_blocked": 1.0,
            "login_allowed_timestamp_seconds": door.knocks[-1] + 480,
            "paused_until_timestamp_seconds": 0.0,
        }
        assert held == [blocked, blocked]
        assert self.brake(after) == blocked | {"credential_rejections": 0.0, "login_blocked": 0.0}
        assert self.sign_ins(metrics, "credentials_rejected") == 3.0

    def test_the_metrics_show_when_the_next_request_may_go_out(
        self, shown: Session, clock: FakeClock, metrics: SelfMetrics
    ) -> None:
        shown.token()
        shown.pause(RateLimited("too many"))

        assert self.sign_ins(metrics, "ok") == 1.0
        assert self.brake(metrics) == {
            "credential_rejections": 0.0,
            "login_blocked": 0.0,
            "login_allowed_timestamp_seconds": clock.now().timestamp() + 60,
            "paused_until_timestamp_seconds": clock.now().timestamp() + 300,
        }

    def test_the_metrics_show_a_disk_that_keeps_nothing_and_how_long_that_delays_a_sign_in(
        self, tmp_path: Path, clock: FakeClock, door: Door, metrics: SelfMetrics
    ) -> None:
        (tmp_path / "file").write_text("")

        session(tmp_path / "file", clock, door, metrics=metrics)

        assert metrics.registry.get_sample_value("sems_state_writable") == 0.0
        assert self.brake(metrics)["login_allowed_timestamp_seconds"] == clock.now().timestamp() + 60

    def test_the_identity_of_a_session_is_masked_when_it_begins_and_when_it_is_taken_up(
        self, tmp_path: Path, clock: FakeClock, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one = session(tmp_path, clock, door)
        one._sign_in = lambda: Token({"token": "t0ps3cret"}, "https://eu-gateway.semsportal.com", 0.0)
        one.token()
        begun = MASKS.masked("it said t0ps3cret")
        monkeypatch.setattr(MASKS, "_known", ())
        monkeypatch.setattr(MASKS, "_sessions", {})

        session(tmp_path, clock, door)

        assert begun == MASKS.masked("it said t0ps3cret") == "it said <secret>"

    def test_the_sessions_of_several_accounts_are_masked_side_by_side(
        self, tmp_path: Path, clock: FakeClock, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def masked(number: int) -> str:
            one = session(tmp_path / str(number), clock, door)
            one._sign_in = lambda: Token({"token": f"t0ps3cret-{number}"}, "https://x.example", 0.0)
            one.token()
            return MASKS.masked("t0ps3cret-0")

        begun = {masked(number) for number in range(4)}
        monkeypatch.setattr(MASKS, "_known", ())
        monkeypatch.setattr(MASKS, "_sessions", {})
        taken_up = {masked(number) for number in range(4)}

        assert begun == taken_up == {"<secret>"}

    def test_whether_there_is_a_session_can_be_asked_without_a_sign_in(
        self, one: Session, clock: FakeClock, door: Door
    ) -> None:
        before = one.is_open
        door.failure = ServerFault("HTTP 500")
        refused(one)
        failed = one.is_open
        clock.advance(120)
        door.failure = None
        one.token()
        during = one.is_open
        one.forget()

        assert (before, failed, during, one.is_open) == (False, False, True, False)
        assert len(door.knocks) == 2

    @pytest.mark.parametrize("failure", [ServerFault, Unreachable, RateLimited, CredentialsRejected, AgreementPending])
    def test_how_the_last_sign_in_ended_is_remembered(
        self, failure: type[errors.PortalError], tmp_path: Path, clock: FakeClock, door: Door
    ) -> None:
        door.failure = failure("no")
        refused(session(tmp_path, clock, door))

        assert session(tmp_path, clock, door).state.brake.outcome == failure.reason

    def test_whoever_is_done_lets_another_process_have_the_account(
        self, tmp_path: Path, clock: FakeClock, door: Door
    ) -> None:
        place = tmp_path / "lock"
        one = session(tmp_path, clock, door, account_lock=AccountLock(place))
        beside = session(tmp_path, clock, door, account_lock=AccountLock(place)).state.served_by

        one.close()

        assert beside.startswith("process ")
        after = session(tmp_path, clock, door, account_lock=AccountLock(place))
        assert after.state.served_by == ""
        after.close()

    def test_one_without_a_place_can_be_closed_as_well(self, one: Session) -> None:
        one.close()

        assert one.token().identity["token"] == "1"

    def test_a_block_is_told_with_its_cause_and_its_cure(self, one: Session, clock: FakeClock, door: Door) -> None:
        door.failure = CredentialsRejected("wrong")
        try_for(one, clock, 7200, step=300)

        assert str(refused(one)) == f"account or password rejected 3 times; no sign-in {CURE}"

    def test_the_log_tells_a_pause_once_and_how_long_it_lasts(
        self, one: Session, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        one.pause(RateLimited("too many"))
        [record] = caplog.records
        clock.advance(1)
        one.pause(RateLimited("too many"))

        assert caplog.records == [record]
        assert (record.levelname, record.message) == (
            "WARNING",
            "the portal asks for a pause; no request until it ends",
        )
        assert record.__dict__["until"] == "2026-09-24T12:05:00+00:00"
        assert record.__dict__["error"] == "too many"
        assert str(refused(one)) == "paused at the portal's request"

    def test_the_log_tells_the_life_of_a_session_and_the_third_rejection(
        self, one: Session, clock: FakeClock, door: Door, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        old = one.token()
        clock.advance(7200)
        door.failure = CredentialsRejected("wrong")

        with pytest.raises(CredentialsRejected):
            one.renew(old)
        try_for(one, clock, 7200, step=300)

        assert [(record.levelname, record.message) for record in caplog.records] == [
            ("INFO", "signed in"),
            ("INFO", "the portal ended the session"),
            ("ERROR", f"account or password rejected 3 times: no further sign-in {CURE}"),
        ]
        assert caplog.records[0].__dict__["gateway"] == "https://eu-gateway.semsportal.com/web/sems"
        assert caplog.records[1].__dict__["age_seconds"] == 7200

    @pytest.mark.parametrize("seconds, told", [(2.0, []), (-2.0, []), (2.5, [2.5]), (-2.5, [-2.5])])
    def test_the_log_tells_once_that_the_clock_was_set(
        self, seconds: float, told: list[float], one: Session, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        one.token()
        caplog.clear()

        clock.jump(seconds)
        one.token()
        one.token()

        assert [record.__dict__["seconds"] for record in caplog.records] == told

    def test_the_log_tells_of_each_setting_how_far_it_went(
        self, one: Session, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        one.token()
        caplog.clear()

        for seconds in (3600.0, -60.0):
            clock.jump(seconds)
            one.token()

        assert [(record.message, record.__dict__["seconds"]) for record in caplog.records] == [
            ("the clock was set, or stood still; the brake goes by the time that passed", seconds)
            for seconds in (3600.0, -60.0)
        ]
