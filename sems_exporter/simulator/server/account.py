"""The account behind every dialect, and its one live session."""

import hmac
import secrets
import threading
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from sems_exporter.simulator.plant.clock import SimulatedClock


class Account:
    """Who may sign in. Every new sign-in, in whatever dialect, ends the session before. Thread-safe."""

    def __init__(self, name: str, password: str, clock: SimulatedClock) -> None:
        """`anyone` may be set to let every name and password in; `skew` is how many seconds the portal's clock is off.

        `sessions` counts the sign-ins that succeeded.
        """
        self.name, self.password = name, password
        self.anyone = False
        self.skew = 0.0
        self.sessions = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._kind = ""
        self._session: Mapping[str, Any] | None = None

    @property
    def uid(self) -> str:
        """The user id."""
        return str(uuid5(NAMESPACE_URL, self.name))

    def admits(self, name: object, secret: object, expected: str) -> bool:
        """Tell whether `name` is the account's and `secret` is `expected`."""
        right = hmac.compare_digest(str(secret).encode(), expected.encode())
        return self.anyone or (right and name == self.name)

    def timestamp(self) -> float:
        """What the portal's clock says, in seconds since the epoch."""
        return self._clock.now().timestamp() + self.skew

    def begin(self, kind: str, session: Mapping[str, Any]) -> dict[str, Any]:
        """Make `session` the live one of `kind`, and return a copy."""
        with self._lock:
            self._kind, self._session = kind, session
            self.sessions += 1
        return dict(session)

    def session(self, kind: str) -> Mapping[str, Any] | None:
        """The live session if it is of `kind`."""
        with self._lock:
            return self._session if self._kind == kind else None

    def revoke(self) -> None:
        """Take back the sign-in that just succeeded."""
        with self._lock:
            self._session = None
            self.sessions -= 1

    def end(self, *kinds: str) -> None:
        """Forget the live session, or only one of these kinds."""
        with self._lock:
            if not kinds or self._kind in kinds:
                self._session = None


def new_token() -> str:
    """A fresh session token."""
    return secrets.token_hex(16)


def new_uuid() -> str:
    """A fresh id as the portal writes it."""
    return str(uuid4())
