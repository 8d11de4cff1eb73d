"""Sign-ins without a portal: what they answer is set by the test, and each one is counted."""

from pathlib import Path

from sems_exporter.config.settings import Account
from sems_exporter.errors import SemsError
from sems_exporter.portal.session.account_state import Token
from sems_exporter.portal.session.lock import AccountLock
from sems_exporter.portal.session.session import Session
from sems_exporter.portal.session.state_file import StateFile
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import Secret
from tests.clocks import FakeClock

URL = "https://semsplus.goodwe.com/web/sems/sems-user/api/v1/auth/cross-login"


class Door:
    """Stands where the portal's sign-in stands. `failure` is what it answers, None for a new session."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.failure: SemsError | None = None
        self.knocks: list[float] = []

    def sign_in(self) -> Token:
        """One sign-in."""
        now = self._clock.now().timestamp()
        self.knocks.append(now)
        if self.failure is not None:
            raise self.failure
        number = str(len(self.knocks))
        return Token({"uid": "u", "token": number}, "https://eu-gateway.semsportal.com/web/sems", now)


def account(password: str = "secret", name: str = "me@example.com") -> Account:
    """An account with `password`."""
    return Account(name, Secret(password), URL)


class Occupied(AccountLock):
    """The place of the process that serves the account, as a second process finds it."""

    def __init__(self) -> None:
        super().__init__(Path("account.lock"))

    def acquire(self) -> str:
        """Taken already."""
        return "process 1"


def session(
    directory: Path,
    clock: FakeClock,
    door: Door,
    password: str = "secret",
    account_lock: AccountLock | None = None,
    *,
    metrics: SelfMetrics | None = None,
) -> Session:
    """A session as a start of the program makes it, on the state that is in `directory`."""
    return Session(door.sign_in, StateFile(directory, account(password)), clock, metrics or SelfMetrics(), account_lock)
