"""Login discipline: one session per account, few sign-ins, and a brake that outlives the process."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sems_exporter import errors
from sems_exporter.clock import Clock, Steady
from sems_exporter.portal.session.account_state import AccountState, Token
from sems_exporter.portal.session.login_throttle import (
    LONGEST_SPACING,
    MANY_REPLACED,
    MOST_REJECTIONS,
    SHORT_LIFE,
    SPACING,
    UNANSWERED,
    LoginThrottle,
)
from sems_exporter.portal.session.request_ledger import RequestLedger
from sems_exporter.portal.session.state_store import Ledger, Lock, StateStore
from sems_exporter.telemetry.metrics import AccountMetrics
from sems_exporter.telemetry.redaction import MASKS

log = logging.getLogger(__name__)

RELEASE = "until the password changes or a person runs: sems-exporter check --release-brake"
ROUNDING = 0.1
"""Seconds by which two reckonings of one pause may differ."""
PARALLEL_SECONDS = 30.0
"""Limits that come within so many seconds answer requests that were under way together, and are told once."""
NOTICED = 2.0
"""Seconds that the clock has to be off the time that passed to count as set."""


class Session:
    """Hands out the account's token, and signs in when there is none that works.

    `sign_in` sends exactly one sign-in and returns the token or raises. Safe for parallel callers: several
    rejections of one token cause one sign-in. Where another process has the `account_lock`,
    this one only reads what that one keeps: it neither signs in nor writes, but for what a person releases.

    In here time is steady: a clock that is set while the program runs neither opens the brake nor locks it. On disk
    are instants of the clock, because they are all that a restart has to go by.
    """

    def __init__(  # noqa: PLR0917 - what a session stands on
        self,
        sign_in: Callable[[], Token],
        file: StateStore,
        clock: Clock,
        metrics: AccountMetrics,
        account_lock: Lock | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self._sign_in = sign_in
        self._file = file
        self._clock = Steady(clock)
        self._metrics = metrics
        self._account_lock = account_lock
        self._ledger = ledger or RequestLedger(None, clock)
        self._lock = threading.Lock()
        self._ahead = self._noticed = 0.0
        self._served_by = account_lock.acquire() if account_lock else ""
        self._state = self._loaded()
        self._keep(self._state)
        if file.unsaved:
            self._go_slow()

    @property
    def state(self) -> AccountState:
        """The token and the brake as they are now; the brake's instants are the clock's."""
        brake = self._shared(self._state.brake).moved(self._clock.ahead())
        return AccountState(
            self._state.token,
            brake,
            served_by=self._served_by,
            unsaved=self._file.unsaved,
            unshared=self._ledger.unshared,
        )

    @property
    def is_open(self) -> bool:
        """Tell whether there is a session, as far as we know."""
        return self._state.token is not None

    def token(self) -> Token:
        """The token in use, or a new one; raises RateLimited, LoginWithheld or the failure of the sign-in."""
        with self._lock:
            self._follow_clock()
            self._raise_if_paused_by_any()
            self._raise_if_doubted()
            return self._state.token or self._renewed()

    def renew(self, rejected: Token) -> Token:
        """A token other than the `rejected` one, by signing in unless somebody has done so meanwhile.

        A session that never worked is no reason for that: raises LoginWithheld, and it is tried again later.
        """
        with self._lock:
            self._follow_clock()
            self._raise_if_paused_by_any()
            if self._state.token is rejected:
                if self._is_doubtful(rejected):
                    self._keep(replace(self._state, brake=self._state.brake.doubted(self._clock.now())))
                self._raise_if_doubted()
                self._end(rejected)
            return self._state.token or self._renewed()

    def pause(self, limit: errors.RateLimited) -> None:
        """The portal said "too many requests": nothing is sent for the whole account for a while."""
        with self._lock:
            self._follow_clock()
            before = self._shared(self._state.brake)
            self._keep(replace(self._state, brake=before.limited(self._clock.now(), limit.retry_after)))
            if self._state.brake.paused_until > before.paused_until + PARALLEL_SECONDS:
                until = datetime.fromtimestamp(self.state.brake.paused_until, UTC).isoformat(timespec="seconds")
                log.warning(
                    "the portal asks for a pause; no request until it ends", extra={"until": until, "error": str(limit)}
                )

    def raise_if_paused(self) -> None:
        """Raise RateLimited while nothing may be sent, whoever was told so; to be asked right before each request."""
        self._raise_if_pausing(self._shared(self._state.brake))

    def answered(self) -> None:
        """A request went well."""
        with self._lock:
            self._follow_clock()
            before = self._state.brake
            brake = before.answered()
            if brake is not before:
                self._keep(replace(self._state, brake=brake))
            if before.pauses:
                self._ledger.answered()

    def forget(self) -> None:
        """Give the token up, because it belongs to a dialect that is not spoken any more."""
        with self._lock:
            self._keep(replace(self._state, token=None))

    def release(self) -> None:
        """Forget rejected credentials and failures, on behalf of a person; the process that signs in finds it there."""
        with self._lock:
            state = self._loaded() if self._served_by else self._state
            self._state = replace(state, brake=state.brake.released())
            self._save()
            self._show()

    def correct(self) -> None:
        """What was refused was asked in a way that the portal has left: the next try may come as soon as any may."""
        with self._lock:
            if not self._served_by:
                self._keep(replace(self._state, brake=self._state.brake.corrected()))

    def close(self) -> None:
        """Let another process have the account."""
        if self._account_lock:
            self._account_lock.release()

    def _shared(self, brake: LoginThrottle) -> LoginThrottle:
        """`brake` with the pause that another process of the account was asked for, if that lasts longer."""
        left, ago, pauses = self._ledger.pause()
        now = self._clock.now()
        if left <= brake.pause_left(now) + ROUNDING:
            return brake
        return replace(brake, paused_until=now + left, paused_at=now - ago, pauses=max(pauses, brake.pauses))

    def _raise_if_paused_by_any(self) -> None:
        brake = self._shared(self._state.brake)
        if brake is not self._state.brake:
            self._keep(replace(self._state, brake=brake))
        self._raise_if_pausing(brake)

    def _raise_if_pausing(self, brake: LoginThrottle) -> None:
        if left := brake.pause_left(self._clock.now()):
            raise errors.RateLimited("paused at the portal's request", until=self._instant(left))

    def _is_doubtful(self, rejected: Token) -> bool:
        """Tell whether it has been refused from the start, and may yet come good: after several sign-ins, it does."""
        age = self._clock.now() - rejected.issued_at
        return not (self._served_by or self._state.brake.answers) and age < LONGEST_SPACING

    def _raise_if_doubted(self) -> None:
        brake = self._state.brake
        if self._state.token and brake.refused and (left := brake.login_wait(self._clock.now())):
            until = self._instant(left)
            raise errors.LoginWithheld(
                "the portal refuses the session that it has just given, as it does after several sign-ins, to a clock "
                f"that is off, or in another region; it is tried again at {until:%Y-%m-%d %H:%M:%S} UTC",
                until=until,
            )

    def _loaded(self) -> AccountState:
        """Load what was saved, on the steady clock."""
        state, now = self._file.load().moved(-self._clock.ahead()), self._clock.now()
        brake = state.brake.bounded(now)
        if brake != state.brake:
            log.warning("the brake was written by a clock that was ahead; the times to wait are bounded anew")
        if state.token is None:
            return replace(state, brake=brake)
        MASKS.learn_session(self._file.place, state.token.identity)
        return AccountState(replace(state.token, issued_at=min(state.token.issued_at, now)), brake)

    def _go_slow(self) -> None:
        """Wait as if a sign-in had just been sent: a restart forgets what cannot be saved, and may be one of many."""
        soonest = max(self._state.brake.next_login_at, self._clock.now() + SPACING)
        self._state = replace(self._state, brake=replace(self._state.brake, next_login_at=soonest))
        self._show()

    def _end(self, rejected: Token) -> None:
        life = self._clock.now() - rejected.issued_at
        log.info("the portal ended the session", extra={"age_seconds": round(life)})
        if life < SHORT_LIFE and self._state.brake.answers:
            self._metrics.replaced()
        if not self._served_by:
            self._keep(replace(self._state, token=None, brake=self._state.brake.lasted(life)))
            return
        found = self._loaded()
        renewed = found.token is not None and found.token.identity != rejected.identity
        self._state = found if renewed else replace(found, token=None)

    def _renewed(self) -> Token:
        self._raise_if_withheld()
        before = self._state.brake
        self._keep(replace(self._state, brake=before.attempting(self._clock.now())))
        # What has no name is a fault of ours; it leaves here as it came.
        token: Token | None = None
        brake = self._state.brake.failed("internal")
        try:
            token = replace(self._sign_in(), issued_at=self._clock.now())
            brake = self._state.brake.signed_in()
        except (errors.Stopping, errors.LoginWithheld):  # before it was sent
            brake = before
            raise
        except errors.PortalError as error:
            brake = self._failed(error)
            raise
        finally:
            self._keep(AccountState(token, brake))
        MASKS.learn_session(self._file.place, token.identity)
        self._metrics.login("ok")
        log.info("signed in", extra={"gateway": token.gateway})
        return token

    def _failed(self, error: errors.PortalError) -> LoginThrottle:
        """The brake after a sign-in that failed so."""
        self._metrics.login(error.reason)
        brake = self._state.brake
        if isinstance(error, errors.Unreachable):
            return brake.unreached(error.reason, str(error))
        if isinstance(error, errors.RateLimited):
            failed = brake.failed(error.reason, str(error))
            return self._shared(failed).limited(self._clock.now(), error.retry_after)
        if not isinstance(error, errors.CredentialsRejected):
            return brake.failed(error.reason, str(error))
        brake = brake.rejected(error.reason, str(error))
        if brake.blocked:
            log.error("account or password rejected %d times: no further sign-in %s", brake.rejections, RELEASE)
        return brake

    def _follow_clock(self) -> None:
        """Write the brake anew where the file is gone, or the clock was set, so that its instants mean the same."""
        ahead = self._clock.ahead()
        if not self._served_by and self._file.is_gone:
            log.warning("the state file is gone; it is written again", extra={"path": self._file.place})
            self._keep(self._state)
        if abs(ahead - self._noticed) > NOTICED:
            log.info(
                "the clock was set, or stood still; the brake goes by the time that passed",
                extra={"seconds": ahead - self._noticed},
            )
            self._noticed = ahead
        if abs(ahead - self._ahead) > NOTICED:
            self._keep(self._state)

    def _raise_if_withheld(self) -> None:
        if self._served_by:
            raise errors.LoginWithheld(
                f"{self._served_by} serves this account, and there is no session of it that works; "
                "it signs in by itself when it may, and this program never does beside it"
            )
        self._take_release()
        brake = self._state.brake
        if brake.blocked:
            raise errors.LoginWithheld(f"{refusals(brake)}; no sign-in {RELEASE}")
        if left := brake.login_wait(self._clock.now()):
            until = self._instant(left)
            allowed = f"the next sign-in is allowed at {until:%Y-%m-%d %H:%M:%S} UTC"
            raise errors.LoginWithheld("; ".join(filter(None, (self._reason(), allowed))), until=until)

    def _reason(self) -> str:
        """Say what keeps the next sign-in waiting; "" where it is only the usual spacing."""
        brake = self._state.brake
        if self._file.unsaved:
            return f"the state cannot be saved in {self._file.unsaved}"
        said = f" ({brake.said})" if brake.said else ""
        if brake.rejections:
            return f"account or password rejected {brake.rejections} of {MOST_REJECTIONS} times{said}"
        if brake.failures and brake.outcome not in ("", "ok", UNANSWERED):
            return f"the last sign-in failed with {brake.outcome}{said}"
        return "another client takes the session over again and again" if brake.replaced >= MANY_REPLACED else ""

    def _keep(self, state: AccountState) -> None:
        self._state, now = state, self._clock.now()
        if left := state.brake.pause_left(now):
            self._ledger.keep_pause(left, now - state.brake.paused_at, state.brake.pauses)
        if not self._served_by:
            self._save()
        self._show()

    def _save(self) -> None:
        self._take_release()
        ahead = self._clock.ahead()
        self._file.save(self._state.moved(ahead))
        self._metrics.state_writable(ok=not self._file.unsaved)
        if not self._file.unsaved:
            self._ahead = ahead

    def _take_release(self) -> None:
        """Do as a person wants who ran `check --release-brake` beside this process."""
        brake = self._state.brake
        # Read at any time: what was released before a sign-in must not be found only after it.
        news = self._file.news()
        if news is not None and news.brake.is_released and not brake.is_released:
            log.info("a person has released the brake")
            self._state = replace(self._state, brake=brake.released())

    def _show(self) -> None:
        brake = self.state.brake
        self._metrics.brake(brake.next_login_at, brake.paused_until, brake.rejections, blocked=brake.blocked)

    def _instant(self, left: float) -> datetime:
        """The clock's instant in `left` seconds."""
        return datetime.fromtimestamp(self._clock.now() + self._clock.ahead() + left, UTC)


def refusals(brake: LoginThrottle) -> str:
    """Say what stands against the account."""
    rejected = f"account or password rejected {brake.rejections} times"
    if not brake.unanswered:
        return rejected
    return f"{rejected}, and {brake.unanswered} sign-ins cut off by the end of the program, which may have been too"
