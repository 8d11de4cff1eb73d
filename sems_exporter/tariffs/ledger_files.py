"""Ledgers on disk: a file for each station, so that money and the reading it was counted to are written as one."""

import json
import logging
import math
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from sems_exporter.files import UNREADABLE, read_private, write_private
from sems_exporter.tariffs.ledger import Ledger, Mark

log = logging.getLogger(__name__)

FOLDER = "money"
"""In the state directory."""
SPOILED_SUFFIX = ".unreadable"
"""Ends the name that a file gets which cannot be understood, so that it can be looked at."""
LONGEST_ID_IN_NAME = 150
LATEST_UNIX_TIME = 2.0**33
"""Unix time that no reading was taken at."""


class Ledgers(Protocol):
    """Keeps the ledger of each station."""

    def load(self, station: str, account: str) -> Ledger | None:
        """The ledger, None where there is none; raises OSError where it is there and cannot be read now."""

    def save(self, station: str, account: str, ledger: Ledger) -> None:
        """Write it as a whole; raises OSError, and then the one before stays."""


class LedgerFiles:
    """The ledgers in the folder `money` of a state directory, by the ids of the stations alone."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / FOLDER

    def path(self, station: str) -> Path:
        """The file of a station; its id comes from the portal, so it can name no other folder."""
        return self._folder / f"station-{quote(station, safe='')[:LONGEST_ID_IN_NAME]}.json"

    def load(self, station: str, account: str = "") -> Ledger | None:  # noqa: ARG002 - other places need it
        """The ledger, None where there is none; raises OSError where it is there and cannot be read now.

        What cannot be understood is put aside, and counting begins anew.
        """
        path = self.path(station)
        try:
            return told(json.loads(read_private(path)))
        except FileNotFoundError:
            return None
        except UNREADABLE as error:
            log.warning(
                "the money counted so far cannot be understood; counting begins anew",
                extra={"path": f"{path}{SPOILED_SUFFIX}", "error": type(error).__name__},
            )
            with suppress(OSError):
                path.replace(f"{path}{SPOILED_SUFFIX}")
            return None

    def save(self, station: str, account: str, ledger: Ledger) -> None:  # noqa: ARG002 - likewise
        """Write it as a whole; raises OSError, and then the file before stays."""
        write_private(self.path(station), json.dumps(asdict(ledger)))

    def zones(self) -> list[str]:
        """The time zones of the stations that were counted here."""
        found = set()
        for path in sorted(self._folder.glob("station-*.json")):
            with suppress(OSError, *UNREADABLE):
                found.add(told(json.loads(read_private(path))).zone)
        return sorted(found - {""})


def told(document: dict[str, object]) -> Ledger:
    """The ledger that a file tells; raises one of UNREADABLE where it is none."""
    ledger = Ledger(**document)  # type: ignore[arg-type]
    marks = {use: Mark(**mark) for use, mark in ledger.marks.items()}  # type: ignore[arg-type]
    whole = [*ledger.money.values(), *ledger.energy.values(), *ledger.today.values(), ledger.debt]
    numbers = [number for mark in marks.values() for number in (mark.energy, mark.at, mark.changed)]
    moments = [number for mark in marks.values() for number in (mark.at, mark.changed)]
    texts = [ledger.currency, ledger.charged_to, ledger.day, ledger.zone, *(mark.basis for mark in marks.values())]
    fit = all(type(number) is int and number >= 0 for number in whole)
    fit = fit and all(type(number) in (int, float) and math.isfinite(number) for number in numbers)
    fit = fit and all(0 <= moment < LATEST_UNIX_TIME for moment in moments)
    if not (fit and all(isinstance(text, str) for text in texts)):
        raise ValueError("something else stands where a number or a text should")
    if ledger.charged_to:
        date.fromisoformat(ledger.charged_to)
    return Ledger(**{**document, "marks": marks})  # type: ignore[arg-type]
