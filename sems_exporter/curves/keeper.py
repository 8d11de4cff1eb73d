"""What an account's poll loop does for the curves of its stations."""

from sems_exporter.clock import Clock
from sems_exporter.curves.curve_store import CurveStore
from sems_exporter.curves.day_so_far import DaySoFar
from sems_exporter.curves.memory import CurveMemory
from sems_exporter.curves.past_days import PastDays
from sems_exporter.portal import Portal
from sems_exporter.portal.session.state_store import TextStore
from sems_exporter.store import StationStore


class CurveKeeper:
    """Keeps the curves and weeks of one account in memory and in `kept`, and lets the portal fill what it missed.

    `memory` is one that has taken part already.
    """

    def __init__(
        self,
        portal: Portal,
        store: StationStore,
        clock: Clock,
        kept: TextStore | None = None,
        account: str = "",
        *,
        memory: CurveMemory | None = None,
    ) -> None:
        self._clock = clock
        self.memory = memory or CurveMemory(store, clock, account)
        self._store = CurveStore(kept, self.memory, clock)
        self._day = DaySoFar(portal, self.memory, store, clock)
        self._days = PastDays(portal, self.memory.weeks, store, clock)

    def begin(self) -> None:
        """Go on from the last run."""
        self._store.recall()

    def after_refresh(self, idle_seconds: float) -> None:
        """Save what has changed, now and then; while the account is idle, ask for one day or month more."""
        end = self._clock.monotonic() + idle_seconds
        while self._clock.monotonic() < end and (self._day.fill_one() or self._days.fill_one()):
            pass
        self._store.save_if_due()

    def end(self) -> None:
        """Save what has changed."""
        self._store.save()
