"""What the places promise that keep one account's state from one run to the next, and share it between processes.

`file_stores.py` makes those on files. Another place, such as a store on the network, implements these four protocols
and makes its own `AccountStores`. There a lock is a lease with an epoch that rises with each holder: the stores of one
bundle know the epoch of its lock, and what they write under an older one is refused by the other side. What was
refused is told where it matters: `RequestLedger.turn` is asked before each request, sign-ins too, and raises
LoginWithheld where this process does not hold the account any more, so nothing is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sems_exporter.portal.session.account_state import AccountState


class StateStore(Protocol):
    """Keeps the token and the login throttle of one account. No method raises; what fails costs a log line."""

    @property
    def place(self) -> str:
        """Name the place, for log lines."""

    @property
    def unsaved(self) -> str:
        """Say why the last state could not be saved, or was refused; "" where it was saved."""

    @property
    def is_gone(self) -> bool:
        """Tell whether somebody has deleted what was saved."""

    def load(self) -> AccountState:
        """Load the state of the last run; an empty one where there was none."""

    def news(self) -> AccountState | None:
        """Load what another process has saved since; None where there is nothing new."""

    def save(self, state: AccountState) -> None:
        """Save the state as a whole."""


class Lock(Protocol):
    """The place of the one process that signs in with an account. No method raises."""

    def acquire(self) -> str:
        """Take the place, and return "", or the name of who has it already."""

    def release(self) -> None:
        """Give the place up, if it was taken."""


class Ledger(Protocol):
    """What all processes of an account share while they run: requests sent of late, and the portal's pause."""

    @property
    def unshared(self) -> str:
        """Say why other processes do not learn of this one's requests; "" where they do."""

    def turn(self, due: Callable[[Sequence[float], float], float]) -> float:
        """Seconds to wait before asking again; 0.0 if a request may be sent now, which is then written down.

        `due` says how long to wait after requests at these instants, the oldest first, at the instant that follows.
        Raises LoginWithheld where another process holds the account by now.
        """

    def pause(self) -> tuple[float, float, int]:
        """Seconds that the pause still lasts, seconds since it began, and how many there were in a row."""

    def keep_pause(self, left: float, ago: float, pauses: int) -> None:
        """Write a pause down for all, unless a longer one is known."""

    def answered(self) -> None:
        """Note that a request went well: the next pause is short again."""


class TextStore(Protocol):
    """Keeps a text: what the counter rules know, or what the stations did in the last days."""

    @property
    def place(self) -> str:
        """Name the place, for log lines."""

    def load(self) -> str | None:
        """Load the text saved last; None where there is none. Raises OSError or ValueError where it cannot be read."""

    def save(self, text: str) -> None:
        """Save the text as a whole, or raise OSError and keep the one before."""


@dataclass(frozen=True, slots=True)
class AccountStores:
    """All places that keep something of one account. Without `curves` each start begins with an empty week."""

    state: StateStore
    lock: Lock
    ledger: Ledger
    counters: TextStore
    curves: TextStore | None = None
