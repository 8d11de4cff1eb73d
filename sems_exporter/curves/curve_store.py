"""The curves and weeks, kept from one run to the next, so that a restart does not begin with an empty day."""

import json
import logging
from datetime import datetime, timedelta

from sems_exporter.clock import Clock
from sems_exporter.curves.curve import KEPT_SECONDS, Curve
from sems_exporter.curves.memory import STEPS, CurveMemory
from sems_exporter.files import UNREADABLE
from sems_exporter.model.limits import STATIONS_PER_ACCOUNT
from sems_exporter.portal.session.state_store import TextStore

log = logging.getLogger(__name__)

VERSION = 1
LEAST_SECONDS = 900.0
BYTES_PER_SECOND = 1500.0
"""That the disk takes on average where a text is so long that it takes longer than `LEAST_SECONDS`."""


class CurveStore:
    """Loads and saves what `memory` holds in `kept`, if there is one. What fails costs a line in the log only."""

    def __init__(self, kept: TextStore | None, memory: CurveMemory, clock: Clock) -> None:
        self._kept = kept
        self._memory = memory
        self._clock = clock
        self._saved_at = clock.now()
        self._every = LEAST_SECONDS
        self._saved_changes = 0

    def save_if_due(self) -> None:
        """Save it if it has changed, and the disk may be asked again."""
        if abs(self._clock.now() - self._saved_at) >= timedelta(seconds=self._every):
            self.save()

    def save(self) -> None:
        """Save it anew, if anything has changed."""
        changes, now = self._memory.changes + self._memory.weeks.changes, self._clock.now()
        if self._kept is None or changes == self._saved_changes:
            return
        self._saved_at, self._saved_changes = now, changes
        document = {
            "version": VERSION,
            "step": self._memory.step,
            "stations": self._memory.kept(),
            "weeks": self._memory.weeks.kept(now),
        }
        text = json.dumps(document, separators=(",", ":"))
        self._every = max(LEAST_SECONDS, len(text) / BYTES_PER_SECOND)
        try:
            self._kept.save(text)
        except OSError as error:
            log.debug("the day's curves cannot be saved", extra={"error": error.strerror})

    def recall(self) -> None:
        """Let the memory go on from what the last run has saved."""
        if self._kept is None:
            return
        try:
            text = self._kept.load()
            if text is not None:
                document, now = json.loads(text), self._clock.now()
                curves = _curves(document, now)
                self._memory.weeks.restore(document.get("weeks", {}), now)
                self._memory.restore(curves)
        except (OSError, *UNREADABLE) as error:
            log.warning(
                "the day's curves cannot be read; starting without them",
                extra={"path": self._kept.place, "error": type(error).__name__},
            )


def _curves(document: dict[str, object], now: datetime) -> dict[str, Curve]:
    """The curves of a document; those that have ended too long ago, or in the future, are left out."""
    step, stations = document["step"], document["stations"]
    if document["version"] != VERSION or step not in [each for _, each in STEPS] or not isinstance(step, int):
        raise ValueError("another form")
    if not isinstance(stations, dict) or len(stations) > STATIONS_PER_ACCOUNT:
        raise ValueError("not a map of stations")
    latest = int(now.timestamp()) // step
    kept = range(latest - KEPT_SECONDS // step + 1, latest + 1)
    return {
        station: Curve.decoded(step, int(newest), text)
        for station, (newest, text) in stations.items()
        if newest in kept
    }
