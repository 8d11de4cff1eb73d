"""The money of the stations in the store, written under the lease of the account that reads them."""

import errno
import json
import logging
from collections.abc import Callable
from dataclasses import asdict

from sems_exporter import errors
from sems_exporter.files import UNREADABLE
from sems_exporter.replicas.account_stores import Place
from sems_exporter.replicas.shared_store import StoreAway
from sems_exporter.tariffs.ledger import Ledger
from sems_exporter.tariffs.ledger_files import told

log = logging.getLogger(__name__)


class SharedMoney:
    """The ledger of each station; `place` finds where an account is kept."""

    def __init__(self, place: Callable[[str], Place]) -> None:
        self._place = place

    def load(self, station: str, account: str) -> Ledger | None:
        """The ledger, None where there is none; raises OSError where the store cannot be asked now."""
        try:
            _, (raw,) = self._place(account).read("money", station)
        except StoreAway as error:
            raise OSError(errno.EIO, str(error)) from error
        if raw is None:
            return None
        try:
            return told(json.loads(raw))
        except UNREADABLE as error:
            log.warning(
                "the money counted so far cannot be understood; counting begins anew",
                extra={"station": station, "error": type(error).__name__},
            )
            return None

    def save(self, station: str, account: str, ledger: Ledger) -> None:
        """Write it as a whole; raises OSError, and then the one before stays."""
        try:
            self._place(account).write("money", {station: json.dumps(asdict(ledger))})
        except (StoreAway, errors.LoginWithheld) as error:
            raise OSError(errno.EIO, str(error)) from error
