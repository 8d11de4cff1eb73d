"""The token and the brake of one account in one small file of mode 0600."""

import json
import logging
import os
from pathlib import Path

from sems_exporter.config.settings import Account
from sems_exporter.files import UNREADABLE, read_private, write_private
from sems_exporter.portal.session.account_state import AccountState, StateCodec, account_digest
from sems_exporter.portal.session.login_throttle import LONGEST_SPACING, LoginThrottle

log = logging.getLogger(__name__)


class StateFile:
    """Reads and writes the state of one account; a file that cannot be read or written costs a warning only.

    `lock_path` is the file of the account's lock, `ledger_path` that of its requests. They do not depend on the
    sign-in address: two regions are one account.
    """

    def __init__(self, directory: Path, account: Account) -> None:
        self.path = directory / f"account-{account_digest(account.login_url, account.name)}.json"
        self.lock_path = directory / f"account-{account_digest(account.name.casefold())}.lock"
        self.ledger_path = self.lock_path.with_suffix(".requests")
        self._codec = StateCodec(account.password)
        self._on_disk: str | None = None
        self.unsaved = ""

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self.path)

    @property
    def is_gone(self) -> bool:
        """Tell whether somebody has deleted what was written."""
        return self._on_disk is not None and not self.unsaved and not os.path.lexists(self.path)

    def load(self) -> AccountState:
        """The state of the last run; rejections are forgotten when the password has changed since."""
        try:
            return self._parsed(self._read())
        except FileNotFoundError:
            return AccountState()
        except (OSError, *UNREADABLE) as error:
            log.warning(
                "the state file cannot be read; starting without it",
                extra={"path": str(self.path), "error": type(error).__name__},
            )
            # When the last sign-in was is lost; it was not after the file was written.
            return AccountState(brake=LoginThrottle(next_login_at=self._written_at() + LONGEST_SPACING))

    def news(self) -> AccountState | None:
        """Load what another process has written since this one read or wrote; None if there is nothing to be read."""
        before = self._on_disk
        try:
            text = self._read()
            return None if text == before else self._parsed(text)
        except (OSError, *UNREADABLE):
            return None

    def save(self, state: AccountState) -> None:
        """Replace the file as a whole."""
        text = json.dumps(self._codec.document(state))
        try:
            write_private(self.path, text)
        except OSError as error:
            why = error.strerror or type(error).__name__
            if not self.unsaved:
                log.warning(
                    "the state cannot be saved, so a restart will sign in again; make state_dir writable, "
                    "or room on its disk",
                    extra={"path": str(self.path), "error": why},
                )
            self.unsaved = f"{self.path.parent}: {why}"
            return
        if self.unsaved:
            log.info("the state can be saved again", extra={"path": str(self.path)})
        self._on_disk, self.unsaved = text, ""

    def _read(self) -> str:
        self._on_disk = read_private(self.path)
        return self._on_disk

    def _parsed(self, text: str) -> AccountState:
        return self._codec.state(json.loads(text))

    def _written_at(self) -> float:
        try:
            return self.path.lstat().st_mtime
        except OSError:
            return 0.0
