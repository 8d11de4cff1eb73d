"""What a session needs of the place that keeps its account's state, and of the lock beside it."""

from typing import Protocol

from sems_exporter.portal.session.state_file import AccountState


class StateStore(Protocol):
    """Keeps the state of one account from one run to the next. No method raises; what fails costs a log line."""

    @property
    def place(self) -> str:
        """Name the place, for log lines."""

    @property
    def unsaved(self) -> str:
        """Say why the last state could not be saved; "" where it was."""

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
    """The place of the one process that signs in with an account."""

    def take(self) -> str:
        """Take the place, and return "", or the name of who has it already."""

    def leave(self) -> None:
        """Give the place up, if it was taken."""
