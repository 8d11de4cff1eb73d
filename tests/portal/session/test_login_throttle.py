"""When the brake allows a sign-in or a request."""

import math

import pytest

from sems_exporter.portal.session.login_throttle import LoginThrottle

NOW = 1_790_000_000.0


def after_failures(count: int) -> LoginThrottle:
    brake = LoginThrottle()
    for _ in range(count):
        brake = brake.attempting(NOW).failed("server_fault")
    return brake


def after_rejections(count: int) -> LoginThrottle:
    brake = LoginThrottle()
    for _ in range(count):
        brake = brake.attempting(NOW).rejected("credentials_rejected")
    return brake


def test_a_fresh_account_may_sign_in_at_once() -> None:
    assert LoginThrottle().login_wait(NOW) == 0
    assert LoginThrottle().pause_left(NOW) == 0
    assert not LoginThrottle().blocked


@pytest.mark.parametrize(
    "failures, wait", [(0, 60), (1, 120), (2, 240), (3, 480), (4, 900), (5, 900), (50, 900), (5000, 900)]
)
def test_each_failed_sign_in_doubles_the_wait_up_to_a_quarter_of_an_hour(failures: int, wait: float) -> None:
    brake = after_failures(failures)

    assert brake.attempting(NOW).signed_in().login_wait(NOW) == wait


def test_a_sign_in_counts_as_failed_until_its_answer_is_known() -> None:
    """The process may die under it."""
    trying = LoginThrottle().attempting(NOW)

    assert (trying.failures, trying.unanswered, trying.outcome) == (1, 1, "unanswered")
    assert trying.login_wait(NOW) == 120


@pytest.mark.parametrize("end", ["signed_in", "unreached"])
def test_a_session_or_no_way_to_the_portal_leaves_the_shortest_wait(end: str) -> None:
    trying = LoginThrottle().attempting(NOW)

    ended = trying.signed_in() if end == "signed_in" else trying.unreached("unreachable")

    assert ended.is_released
    assert ended.login_wait(NOW + 20) == 40


def test_a_sign_in_that_worked_keeps_the_spacing_and_forgets_rejections() -> None:
    brake = after_rejections(2).attempting(NOW).signed_in()

    assert (brake.rejections, brake.blocked, brake.outcome) == (0, False, "ok")
    assert brake.login_wait(NOW) == 240


def test_a_session_that_lasted_half_an_hour_makes_the_spacing_short_again() -> None:
    brake = after_failures(3).attempting(NOW).signed_in()

    assert brake.lasted(1800).attempting(NOW).signed_in().login_wait(NOW) == 60
    assert brake.lasted(1799).attempting(NOW).signed_in().login_wait(NOW) == 900


def test_a_short_session_lengthens_the_wait_that_is_already_running() -> None:
    brake = LoginThrottle().attempting(NOW).signed_in()

    assert brake.login_wait(NOW + 20) == 40
    assert brake.lasted(20).login_wait(NOW + 20) == 100


def test_three_rejections_in_a_row_block_and_two_do_not() -> None:
    brake = after_rejections(2)

    assert not brake.blocked
    assert brake.attempting(NOW).rejected("credentials_rejected").blocked
    assert not brake.attempting(NOW).signed_in().attempting(NOW).rejected("credentials_rejected").blocked


def test_sign_ins_that_the_process_died_under_count_as_rejected() -> None:
    """Nobody saw the answers, and a crash loop must not become a series of wrong passwords."""
    brake = after_rejections(1).attempting(NOW).attempting(NOW)

    assert brake.blocked
    assert not brake.failed("server_fault").blocked
    assert not brake.signed_in().blocked


def test_a_release_lifts_the_block_but_not_the_spacing_or_a_pause() -> None:
    brake = after_rejections(3).limited(NOW, None)

    released = brake.released()

    assert released.is_released
    assert not released.blocked
    assert released.login_wait(NOW) == brake.login_wait(NOW) > 0
    assert released.pause_left(NOW) == 300
    assert released.attempting(NOW).signed_in().login_wait(NOW) == 60


@pytest.mark.parametrize(
    "retry_after, pause",
    [
        (None, 300),
        (-60, 300),
        (0, 300),
        (10, 300),
        (301, 301),
        (3600, 3600),
        (86_400, 3600),
        (1e300, 3600),
        (math.inf, 3600),
        (-math.inf, 300),
        (math.nan, 300),
    ],
)
def test_a_pause_lasts_at_least_five_minutes_and_at_most_an_hour(retry_after: float | None, pause: float) -> None:
    assert LoginThrottle().limited(NOW, retry_after).pause_left(NOW) == pause


def test_pauses_double_until_a_request_goes_well() -> None:
    brake, now, lengths = LoginThrottle(), NOW, []
    for _ in range(6):
        brake = brake.limited(now, None)
        lengths.append(brake.pause_left(now))
        now += lengths[-1]

    assert lengths == [300, 600, 1200, 2400, 3600, 3600]
    assert brake.answered().limited(now, None).pause_left(now) == 300


def test_a_limit_within_a_pause_is_the_same_pause_and_can_only_make_it_longer() -> None:
    """Several requests may be under way when the portal loses its patience."""
    brake = LoginThrottle().limited(NOW, 600)

    assert brake.limited(NOW + 1, None) == brake
    longer = brake.limited(NOW + 1, 1200)
    assert (longer.pause_left(NOW + 1), longer.pauses) == (1200, 1)


def test_a_clock_that_was_years_ahead_locks_the_account_no_longer_than_a_sign_in_just_now() -> None:
    brake = LoginThrottle().attempting(NOW + 1e9).limited(NOW + 1e9, None)

    bounded = brake.bounded(NOW)

    # As long as if it had been sent just now: it was not sent later than that.
    assert bounded.login_wait(NOW) == 120
    assert bounded.pause_left(NOW) == 3600
    assert bounded.login_wait(NOW + 120) == 0
    assert bounded.pause_left(NOW + 3600) == 0
    assert (bounded.attempted_at, bounded.paused_at) == (NOW, NOW)


def test_bounding_leaves_a_brake_alone_that_the_rules_could_have_set() -> None:
    brake = after_failures(9).limited(NOW, 3600)

    assert brake.bounded(NOW) == brake


def test_a_brake_moves_with_the_clock_and_what_never_was_stays_so() -> None:
    brake = LoginThrottle().attempting(NOW)

    moved = brake.moved(3600)

    assert moved.login_wait(NOW + 3600) == brake.login_wait(NOW)
    assert (moved.attempted_at, moved.paused_until, moved.paused_at) == (NOW + 3600, 0, 0)
    assert moved.moved(-3600) == brake


@pytest.mark.parametrize(
    "ahead, bounded",
    [
        (LoginThrottle(next_login_at=1e9, paused_until=10.0), LoginThrottle(next_login_at=900.0, paused_until=10.0)),
        (LoginThrottle(next_login_at=10.0, paused_until=1e9), LoginThrottle(next_login_at=10.0, paused_until=3600.0)),
    ],
)
def test_one_instant_that_is_too_far_ahead_is_bounded_although_the_other_is_not(
    ahead: LoginThrottle, bounded: LoginThrottle
) -> None:
    assert ahead.bounded(0.0) == bounded


def test_a_release_does_not_make_the_next_pause_short_again() -> None:
    limited = LoginThrottle().limited(0.0, None).limited(1000.0, None)

    assert limited.released().limited(3000.0, None).pause_left(3000.0) == 1200


def test_a_second_good_answer_changes_nothing_that_would_have_to_be_saved() -> None:
    brake = LoginThrottle().answered()

    assert brake.answered() is brake


class TestCorrected:
    """A file says how the portal wants it now: what was refused before was asked in another way."""

    def test_the_next_sign_in_may_come_as_soon_as_after_a_good_one(self) -> None:
        brake = LoginThrottle()
        for attempt in range(4):
            brake = brake.attempting(1000.0 * attempt).failed("protocol_changed")

        assert brake.login_wait(3060.0) > 0
        assert brake.corrected().login_wait(3060.0) == 0
        assert brake.corrected().login_wait(3000.0) == 60.0

    @pytest.mark.parametrize("outcome", ["timeout", "server_fault", "rate_limited"])
    def test_what_the_way_or_the_portal_itself_failed_at_waits_on(self, outcome: str) -> None:
        brake = LoginThrottle(failures=4).attempting(0.0).failed(outcome)

        assert brake.corrected() == brake

    def test_rejected_credentials_and_a_pause_stay(self) -> None:
        brake = LoginThrottle().attempting(0.0).rejected("credentials_rejected").limited(0.0, 600.0)

        assert brake.corrected() == brake

    def test_a_session_that_was_refused_is_tried_again(self) -> None:
        brake = LoginThrottle(outcome="ok").doubted(0.0)

        assert brake.corrected().refused == 0
