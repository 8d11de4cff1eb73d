"""How an account stands, in plain words: what holds it back, since when and until when, why, and what to do."""

from datetime import UTC, datetime

from sems_exporter.portal.session.account_state import AccountState
from sems_exporter.portal.session.login_throttle import (
    MANY_REPLACED,
    MOST_REJECTIONS,
    SPACING,
    UNANSWERED,
    LoginThrottle,
)

HOW = "sems-exporter check --release-brake"


def standing(state: AccountState, now: datetime) -> list[str]:
    """Say what a person has to know about the account's session and brake, a line each."""
    lines = [*_surroundings(state), *_brake(state.brake, now.timestamp())]
    if state.served_by and not state.token and state.brake == LoginThrottle():
        lines.append(
            f"Brake: not known, because {state.served_by} has left nothing in the state directory. Its status page "
            f"says what holds it back; if that is the brake, run: {HOW}"
        )
    return lines or ["Brake: off; a sign-in is allowed whenever one is needed"]


def _surroundings(state: AccountState) -> list[str]:
    lines = []
    if state.served_by:
        lines.append(f"Beside it: {state.served_by} serves this account; its session was only read, never renewed")
    if state.unsaved:
        lines.append(
            f"State: cannot be saved in {state.unsaved}. A restart forgets session and brake, so that each start waits "
            "a minute before it signs in, and check, once and dump never sign in; make state_dir writable, "
            "or room on its disk"
        )
    if state.unshared and not state.unsaved:
        lines.append(
            f"Requests: cannot be counted in {state.unshared}. Other programs do not learn of them, nor of a pause "
            "that the portal asks for, and each start waits a minute before its first request; make state_dir writable"
        )
    return lines


def _brake(brake: LoginThrottle, now: float) -> list[str]:
    lines = []
    if brake.pause_left(now):
        lines.append(f"Brake: {_pause(brake, now)}")
    if brake.blocked:
        lines.append(f"Brake: {_block(brake, now)}")
        return lines
    if brake.rejections or brake.unanswered:
        lines.append(f"Brake: {_tries(brake, now)}")
    if brake.login_wait(now):
        lines.append(f"Brake: {_spacing(brake, now)}")
    return lines


def _pause(brake: LoginThrottle, now: float) -> str:
    again = f", {brake.pauses} times in a row" if brake.pauses > 1 else ""
    return (
        f'no request is sent until {_ahead(brake.paused_until, now)}, because the portal said "too many requests"'
        f"{_at(brake.paused_at, now)}{again}. It ends by itself; nothing releases it sooner"
    )


def _block(brake: LoginThrottle, now: float) -> str:
    wait = f"; the next sign-in is then allowed at {_ahead(brake.next_login_at, now)}" if brake.login_wait(now) else ""
    since = f" since {_text(brake.attempted_at, now)}" if brake.attempted_at else ""
    return (
        f"no sign-in is sent any more{since}, because {_against(brake)}. "
        f"Correct account or password: another password releases the brake by itself. If they were right all the time, "
        f"run: {HOW}{wait}"
    )


def _tries(brake: LoginThrottle, now: float) -> str:
    left = MOST_REJECTIONS - brake.rejections - brake.unanswered
    tries = "1 try" if left == 1 else f"{left} tries"
    last = f" (the last one{_at(brake.attempted_at, now)})" if brake.attempted_at else ""
    return f"{_against(brake)}{last}; {tries} left before sign-ins stop until a person acts"


def _against(brake: LoginThrottle) -> str:
    """Name what counts towards the block."""
    rejected = f"the portal rejected account or password {brake.rejections} of {MOST_REJECTIONS} times"
    cut_off = (
        f"the program ended during {brake.unanswered} sign-in{'s' if brake.unanswered > 1 else ''}, "
        "which may have been rejected as well"
    )
    return " and ".join(text for text, count in ((rejected, brake.rejections), (cut_off, brake.unanswered)) if count)


def _spacing(brake: LoginThrottle, now: float) -> str:
    if brake.refused:
        why = "the portal refuses the session that it has just given; that one is tried again first"
    elif brake.replaced >= MANY_REPLACED:
        why = f"another client of the account took {brake.replaced} sessions over; use an account of its own"
    elif not brake.failures and brake.login_wait(now) > SPACING:
        why = "a wait set earlier is not over yet; neither a release nor another password shortens it"
    elif not brake.failures:
        why = "at least a minute lies between two sign-ins"
    elif brake.outcome in ("", "ok"):
        why = "the session before did not last, as if somebody else uses the account"
    elif brake.outcome == UNANSWERED:
        why = "the program ended during the last sign-in"
    else:
        why = f"the last one ended with {brake.outcome}{f' ({brake.said})' if brake.said else ''}"
    row = f", {brake.failures} failures in a row" if brake.failures > 1 else ""
    return f"the next sign-in, should one be needed, is allowed at {_ahead(brake.next_login_at, now)}: {why}{row}"


def _at(instant: float, now: float) -> str:
    return f" at {_text(instant, now)}" if instant else ""


def _ahead(instant: float, now: float) -> str:
    return f"{_text(instant, now)} (in {instant - now:.0f} s)"


def _text(instant: float, now: float) -> str:
    """A time of the day, with the date if that is another one."""
    at, today = datetime.fromtimestamp(instant, UTC), datetime.fromtimestamp(now, UTC)
    return f"{at:%H:%M:%S} UTC" if at.date() == today.date() else f"{at:%Y-%m-%d %H:%M:%S} UTC"
