"""Login discipline: one session per account, few sign-ins, and a brake that outlives the process."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.portal.state import AccountState, StateFile, Token
from sems_exporter.selfmetrics import AccountMetrics

log = logging.getLogger(__name__)

RELEASE = "until the password changes or a person runs: sems-exporter check --release-brake"


class Session:
    """Hands out the account's token, and signs in when there is none that works.

    `sign_in` sends exactly one sign-in and returns the token or raises. Safe for parallel callers: several
    rejections of one token cause one sign-in.
    """

    def __init__(self, sign_in: Callable[[], Token], file: StateFile, clock: Clock, metrics: AccountMetrics) -> None:
        self._sign_in = sign_in
        self._file = file
        self._clock = clock
        self._metrics = metrics
        self._lock = threading.Lock()
        self._state = file.load()
        self._show()

    @property
    def state(self) -> AccountState:
        """The token and the brake as they are now."""
        return self._state

    @property
    def is_open(self) -> bool:
        """Whether there is a session, as far as we know."""
        return self._state.token is not None

    def token(self) -> Token:
        """The token in use, or a new one; raises RateLimited, LoginWithheld or the failure of the sign-in."""
        with self._lock:
            self._bound()
            self._raise_if_paused()
            return self._state.token or self._renewed()

    def renew(self, rejected: Token) -> Token:
        """A token other than the `rejected` one, by signing in unless somebody has done so meanwhile."""
        with self._lock:
            self._bound()
            self._raise_if_paused()
            if self._state.token is rejected:
                life = self._now() - rejected.issued_at
                log.info("the portal ended the session", extra={"age_seconds": round(life)})
                self._keep(replace(self._state, token=None, brake=self._state.brake.lasted(life)))
            return self._state.token or self._renewed()

    def pause(self, limit: errors.RateLimited) -> None:
        """The portal said "too many requests": nothing is sent for the whole account for a while."""
        with self._lock:
            self._bound()
            now = self._now()
            brake = self._state.brake
            if brake.pause_left(now) == 0:
                brake = brake.limited(now, limit.retry_after)
                self._keep(replace(self._state, brake=brake))
                log.warning(
                    "the portal asks for a pause; no request until it ends",
                    extra={"until": _text(brake.paused_until), "error": str(limit)},
                )

    def answered(self) -> None:
        """A request went well."""
        with self._lock:
            brake = self._state.brake.answered()
            if brake is not self._state.brake:
                self._keep(replace(self._state, brake=brake))

    def forget(self) -> None:
        """Give the token up, because it belongs to a dialect that is not spoken any more."""
        with self._lock:
            self._keep(replace(self._state, token=None))

    def release(self) -> None:
        """Forget rejected credentials and failures, on behalf of a person."""
        with self._lock:
            self._keep(replace(self._state, brake=self._state.brake.released()))

    def _renewed(self) -> Token:
        self._raise_if_withheld()
        self._keep(replace(self._state, brake=self._state.brake.attempting(self._now())))
        try:
            token = self._sign_in()
        except errors.PortalError as error:
            self._failed(error)
            raise
        self._metrics.login("ok")
        self._keep(AccountState(token, self._state.brake.signed_in()))
        log.info("signed in", extra={"gateway": token.gateway})
        return token

    def _failed(self, error: errors.PortalError) -> None:
        self._metrics.login(error.reason)
        brake = self._state.brake
        if isinstance(error, errors.CredentialsRejected):
            brake = brake.rejected()
        elif isinstance(error, errors.RateLimited):
            brake = brake.failed().limited(self._now(), error.retry_after)
        elif not isinstance(error, errors.Unreachable):
            # What never reached the portal cannot harm the account and keeps the shortest spacing.
            brake = brake.failed()
        self._keep(replace(self._state, brake=brake))
        if brake.blocked:
            log.error("account or password rejected %d times: no further sign-in %s", brake.rejections, RELEASE)

    def _bound(self) -> None:
        brake = self._state.brake.bounded(self._now())
        if brake is not self._state.brake:
            log.warning("the clock was set back; the brake is bounded anew")
            self._keep(replace(self._state, brake=brake))

    def _raise_if_paused(self) -> None:
        brake, now = self._state.brake, self._now()
        if left := brake.pause_left(now):
            raise errors.RateLimited("paused at the portal's request", until=datetime.fromtimestamp(now + left, UTC))

    def _raise_if_withheld(self) -> None:
        if self._state.brake.blocked and (now_on_disk := self._file.changed()):
            # A person may have released it meanwhile, with `check --release-brake` in a process of its own.
            self._state = replace(self._state, brake=now_on_disk.brake)
        brake, now = self._state.brake, self._now()
        if brake.blocked:
            raise errors.LoginWithheld(f"account or password rejected {brake.rejections} times; no sign-in {RELEASE}")
        if left := brake.login_wait(now):
            until = datetime.fromtimestamp(now + left, UTC)
            raise errors.LoginWithheld(f"the next sign-in is allowed at {until:%Y-%m-%d %H:%M:%S} UTC", until=until)

    def _keep(self, state: AccountState) -> None:
        self._state = state
        self._file.save(state)
        self._show()

    def _show(self) -> None:
        brake = self._state.brake
        self._metrics.brake(brake.next_login_at, brake.paused_until, brake.rejections, blocked=brake.blocked)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
