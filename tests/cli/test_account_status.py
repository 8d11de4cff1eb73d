"""What `check` says about the account's brake: what holds, since and until when, why, and how to release it."""

from datetime import UTC, datetime, timedelta

from sems_exporter.cli.account_status import standing
from sems_exporter.portal.session.account_state import AccountState
from sems_exporter.portal.session.login_throttle import LoginThrottle

NOW = datetime(2026, 9, 24, 12, 0, tzinfo=UTC)
THEN = NOW.timestamp()


def said(brake: LoginThrottle, after: float = 0.0, served_by: str = "", unsaved: str = "") -> list[str]:
    return standing(AccountState(None, brake, served_by, unsaved), NOW + timedelta(seconds=after))


def rejected(times: int) -> LoginThrottle:
    brake = LoginThrottle()
    for _ in range(times):
        brake = brake.attempting(THEN).rejected("credentials_rejected")
    return brake


def test_a_brake_that_holds_nothing_is_said_to_be_off() -> None:
    assert said(LoginThrottle()) == ["Brake: off; a sign-in is allowed whenever one is needed"]


def test_after_a_good_sign_in_the_next_has_to_wait_a_minute() -> None:
    [line] = said(LoginThrottle().attempting(THEN).signed_in(), 20)

    assert "allowed at 12:01:00 UTC (in 40 s)" in line
    assert "at least a minute lies between two sign-ins" in line


def test_a_failure_is_named_with_those_before() -> None:
    brake = LoginThrottle().attempting(THEN).failed("timeout").attempting(THEN).failed("server_fault")

    [line] = said(brake)

    assert "allowed at 12:04:00 UTC (in 240 s): the last one ended with server_fault, 2 failures in a row" in line


def test_after_a_release_the_wait_that_remains_is_explained() -> None:
    [line] = said(rejected(2).released())

    assert "(in 240 s): a wait set earlier is not over yet; neither a release nor another password shortens it" in line


def test_a_session_that_was_cut_short_is_named() -> None:
    [line] = said(LoginThrottle().attempting(THEN).signed_in().lasted(30), 30)

    assert "as if somebody else uses the account" in line


def test_rejections_come_with_the_tries_that_are_left() -> None:
    once, twice = said(rejected(1)), said(rejected(2))

    assert "rejected account or password 1 of 3 times (the last one at 12:00:00 UTC); 2 tries left" in once[0]
    assert "rejected account or password 2 of 3 times (the last one at 12:00:00 UTC); 1 try left" in twice[0]
    assert "the next sign-in" in twice[1]


def test_a_block_says_since_when_why_and_what_releases_it() -> None:
    [line] = said(rejected(3), 2 * 86_400)

    assert "no sign-in is sent any more since 2026-09-24 12:00:00 UTC" in line
    assert "rejected account or password 3 of 3 times" in line
    assert "another password releases the brake by itself" in line
    assert "sems-exporter check --release-brake" in line


def test_a_block_that_was_just_set_says_how_long_to_wait_even_after_a_release() -> None:
    [line] = said(rejected(3))

    assert line.endswith("the next sign-in is then allowed at 12:08:00 UTC (in 480 s)")


def test_sign_ins_that_the_program_died_under_are_not_called_rejected() -> None:
    brake = rejected(1).attempting(THEN).attempting(THEN)

    [line] = said(brake)

    assert "1 of 3 times and the program ended during 2 sign-ins, which may have been rejected as well" in line


def test_one_sign_in_that_the_program_died_under_is_the_reason_to_wait() -> None:
    lines = said(LoginThrottle().attempting(THEN))

    assert "the program ended during 1 sign-in, which may have been rejected as well" in lines[0]
    assert lines[-1].endswith("12:02:00 UTC (in 120 s): the program ended during the last sign-in")


def test_both_kinds_of_sign_in_cost_a_try() -> None:
    lines = said(rejected(1).attempting(THEN))

    assert "; 1 try left" in lines[0]


def test_a_pause_says_since_and_until_when_and_that_it_ends_by_itself() -> None:
    [line] = said(LoginThrottle().limited(THEN, None).limited(THEN + 300, None), 300)

    assert "no request is sent until 12:15:00 UTC (in 600 s)" in line
    assert '"too many requests" at 12:05:00 UTC, 2 times in a row' in line
    assert "It ends by itself" in line


def test_a_first_pause_is_none_in_a_row() -> None:
    [line] = said(LoginThrottle().limited(THEN, None))

    assert "in a row" not in line


def test_a_state_that_cannot_be_saved_names_the_setting() -> None:
    [line, _] = said(LoginThrottle().attempting(THEN).signed_in(), unsaved="/var/lib/sems: Read-only file system")

    assert "cannot be saved in /var/lib/sems: Read-only file system" in line
    assert "check, once and dump never sign in; make state_dir writable" in line


def test_beside_a_running_exporter_it_is_said_whose_session_this_is() -> None:
    lines = said(LoginThrottle(), served_by="process 4711 on pi")

    assert lines[0].startswith("Beside it: process 4711 on pi serves this account")


def test_beside_a_running_exporter_without_a_state_file_it_is_said_where_to_look_and_what_to_run() -> None:
    lines = said(LoginThrottle(), served_by="process 4711 on pi")

    assert lines[1] == (
        "Brake: not known, because process 4711 on pi has left nothing in the state directory. Its status page says "
        "what holds it back; if that is the brake, run: sems-exporter check --release-brake"
    )
