"""Reading an account: all of its stations, or, where its budget does not allow that, as many as a slice of time does.

In rotation the account's list, which shows a hundred stations a call, is read every interval and keeps all of them
alive; the details of each station follow in turn.
"""

import random
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.config.settings import AccountSettings
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.process import process
from sems_exporter.polling.event_log import EventLog
from sems_exporter.polling.list_overviews import ListOverviews
from sems_exporter.polling.results import RefreshResult
from sems_exporter.polling.rotation import Rotation, need
from sems_exporter.polling.selection import Choice, Selection
from sems_exporter.portal import Portal, StationRef
from sems_exporter.store import StationStore
from sems_exporter.telemetry.metrics import AccountMetrics

JITTER = 0.05
SLICE = 60.0
"""Seconds of rotation after which a refresh ends, so that what the exporter says of itself stays fresh."""
LONGEST_ONCE = 900.0
"""Seconds for which a person may be kept waiting for all details."""
LIST_TIMES = (2, 3)
"""At least and preferably so many times as long as reading the list takes is the time from one to the next."""
MARGIN = 60.0
"""Seconds that a list should come before the stations of the last one count as down."""
MOST_UNREACHABLE_IN_A_ROW = 3
"""Stations in a row without a way to the portal after which the rest of a refresh is not tried."""
OF_LATE = 3
"""Intervals for which the list, where it cannot be read anew, still says that the account works."""
KEPT_DETAILS = timedelta(days=1)


class Reader:
    """Reads one account into the snapshots. `progress` tells how many of how many stations a refresh has read.

    `stop` ends what takes long without a request.
    """

    def __init__(
        self,
        portal: Portal,
        snapshots: StationStore,
        metrics: AccountMetrics,
        guard: CounterGuard,
        settings: AccountSettings,
        *,
        clock: Clock,
        event_log: EventLog,
        chance: random.Random,
    ) -> None:
        self._portal = portal
        self._snapshots = snapshots
        self._metrics = metrics
        self._guard = guard
        self._clock = clock
        self._settings = settings
        self._event_log = event_log
        self._chance = chance
        self._selection = Selection(settings.stations, settings.exclude_stations)
        self._rotation = Rotation(settings.requests_per_minute, chance)
        self._overviews = ListOverviews(settings.name)
        # Another process may have read the account until now, and then its snapshots are there already.
        known = (snapshot.details for snapshot in snapshots.snapshots(settings.name))
        self._details = {one.id: one for one in known if one.details_timestamp is not None}
        self._failing: dict[str, errors.PortalError] = {}
        self._failed_last: set[str] = set()
        self._size = 0
        self._list_began = clock.monotonic()
        self._list_period = 0.0
        self.progress = (0, 0)
        self.stop = threading.Event()

    @property
    def rotates(self) -> bool:
        """Tell whether there are more stations than the budget can read within an interval."""
        return self._rotation.round_seconds(self._size) > self._settings.interval

    def all_stations(self, outcome: RefreshResult, findings: Diagnostics) -> Iterable[StationRef]:
        """List every station, or only some where a person would have to wait too long for all to be read."""
        chosen = self._chosen(self._portal.stations(findings), outcome)
        if self._rotation.round_seconds(self._size) <= LONGEST_ONCE:
            return self._failed_last_at_the_end(chosen)
        return self._in_turn(chosen, outcome, findings)

    def due(self, outcome: RefreshResult, findings: Diagnostics) -> Iterable[StationRef]:
        """List every station if the budget allows to read them, else show all of them and list those that are due."""
        began, rotated = self._clock.monotonic(), self.rotates
        chosen = self._chosen(self._overview(findings) if rotated else self._portal.stations(findings), outcome)
        if not rotated:
            self._plan_list(began)
        if self.rotates:
            return self._in_turn(chosen, outcome, findings)
        return self._failed_last_at_the_end(chosen)

    def read(self, refs: Iterable[StationRef], outcome: RefreshResult, findings: Diagnostics) -> None:
        """Read the details of each station in turn; raises what concerns the whole account."""
        for ref in refs:
            self.progress = (len(outcome.tried), self._size)
            began = self._clock.now()
            outcome.tried.add(ref.id)
            self._failing.pop(ref.id, None)
            # One that ends a refresh by a fault of ours comes after all others next time.
            self._failed_last.add(ref.id)
            try:
                self._read_station(ref, outcome, findings)
            except errors.PortalError:
                self._failed_last.discard(ref.id)
                raise
            self._failed_last.discard(ref.id)
            latest = self._details.get(ref.id)
            outcome.new += latest is not None and latest.fetched_at >= began
            self._rotation.has_read(ref.id, began.timestamp(), self._clock.now().timestamp())
        outcome.earlier = dict(self._failing)
        self._failing |= {key: error.bare() for key, error in outcome.by_station.items() if key in outcome.tried}
        self._metrics.budget(self._settings.requests_per_minute, self._rotation.round_seconds(self._size))

    def _failed_last_at_the_end(self, chosen: dict[str, StationRef]) -> list[StationRef]:
        return sorted(chosen.values(), key=lambda ref: ref.id in self._failed_last)

    def _in_turn(
        self, chosen: dict[str, StationRef], outcome: RefreshResult, findings: Diagnostics
    ) -> Iterable[StationRef]:
        """Show all stations as the list has them, and return those whose details are due, within a slice of time."""
        self._show_overviews(chosen.values(), outcome, findings)
        needs = {key: need(self._overviews.of(key)) for key in chosen}
        now = self._clock.now().timestamp()
        for key in self._failed_last & chosen.keys():
            self._rotation.pass_over(key, now)
        self._failed_last.clear()
        order = self._rotation.order(needs, now)
        return self._for_a_slice(chosen[key] for key in order)

    def _overview(self, findings: Diagnostics) -> tuple[StationRef, ...]:
        """The account's list, anew every interval, or less often where reading it takes much of the budget."""
        began = self._clock.monotonic()
        if began - self._list_began < self._list_period:
            return self._portal.overview(findings, anew=False)
        try:
            return self._portal.overview(findings, anew=True)
        finally:
            self._plan_list(began)

    def _plan_list(self, began: float) -> None:
        took = self._clock.monotonic() - began
        interval = self._settings.interval * self._chance.uniform(1, 1 + JITTER)
        # From the first row of one list to the showing of the next, which may have to wait for a station's details.
        besides = took + self._rotation.round_seconds(1)
        snapshot_max_age = self._snapshots.limits.snapshot_max_age
        least, preferred = (times * took for times in LIST_TIMES)
        period = max(interval, least, min(preferred, snapshot_max_age - besides - MARGIN))
        if period + besides > snapshot_max_age:
            self._event_log.say_once(
                "reading the list of stations takes so much of the budget that they count as down in between; "
                "allow more requests_per_minute or a longer snapshot_max_age"
            )
        self._list_began, self._list_period = began, period

    def _for_a_slice(self, refs: Iterable[StationRef]) -> Iterator[StationRef]:
        """At least one station, and no more when the slice is over or the list is due."""
        now = self._clock.monotonic()
        slice_ends, list_due = now + SLICE, self._list_began + self._list_period
        end = min(slice_ends, list_due) if list_due > now else slice_ends
        for ref in refs:
            yield ref
            if self._clock.monotonic() >= end:
                return

    def _chosen(self, listed: tuple[StationRef, ...], outcome: RefreshResult) -> dict[str, StationRef]:
        """The stations to read: selected by the settings, and read through no other account."""
        self._snapshots.keep_only((ref.id for ref in listed), self._settings.name)
        choice = self._selection.of(listed)
        self._complain(choice, outcome)
        taken = {entry.station for entry in self._snapshots.catalogue() if entry.account != self._settings.name}
        chosen = {ref.id: ref for ref in choice.stations if ref.id not in taken}
        elsewhere = len(choice.stations) - len(chosen)
        if elsewhere:
            self._event_log.say_once("some stations of this account are read through another account of this exporter")
        self._metrics.selected(elsewhere=elsewhere, unmatched=len(choice.missing) + len(choice.excluding_nothing))
        outcome.stations, self._size = len(choice.stations), len(chosen)
        self._details = {key: station for key, station in self._details.items() if key in chosen}
        self._failing = {key: error for key, error in self._failing.items() if key in chosen}
        self._overviews.keep_only(set(chosen))
        return chosen

    def _complain(self, choice: Choice, outcome: RefreshResult) -> None:
        for word in choice.missing:
            outcome.by_station[word] = errors.StationUnknown(
                f"stations: {word!r} is not a station of this account; it has {choice.examples}"
            )
            self._metrics.failure(errors.StationUnknown.reason)
        for word in choice.excluding_nothing:
            self._event_log.say_once(f"exclude_stations: {word!r} leaves out no station of this account")

    def _show_overviews(self, refs: Iterable[StationRef], outcome: RefreshResult, findings: Diagnostics) -> None:
        of_late = self._clock.now() - timedelta(seconds=OF_LATE * self._settings.interval)
        for ref in refs:
            if self.stop.is_set():
                raise errors.Stopping("the exporter is stopping")
            outcome.overviews += ref.seen_at is not None and ref.seen_at >= of_late
            details = self._details.get(ref.id)
            seen = self._overviews.renewed(ref, details, findings)
            if seen is None:
                continue
            if details is not None and seen.fetched_at - details.fetched_at < KEPT_DETAILS:
                self._snapshots.put(details, seen)
            else:
                self._snapshots.put(seen)

    def _read_station(self, ref: StationRef, outcome: RefreshResult, findings: Diagnostics) -> None:
        try:
            station = self._portal.read(ref, findings)
        except errors.WHOLE_ACCOUNT:
            raise
        except errors.PortalError as error:
            self._failed(ref, error, outcome)
            return
        outcome.read += 1
        self._keep(station, findings)
        cut_short, findings.cut_short = findings.cut_short, None
        if isinstance(cut_short, errors.WHOLE_ACCOUNT):
            raise cut_short
        if cut_short is None:
            outcome.unreachable_in_a_row = 0
        else:
            self._failed(ref, cut_short, outcome)

    def _failed(self, ref: StationRef, error: errors.PortalError, outcome: RefreshResult) -> None:
        self._metrics.failure(error.reason)
        outcome.by_station[ref.id] = error
        outcome.unreachable_in_a_row = outcome.unreachable_in_a_row + 1 if isinstance(error, errors.ON_THE_WAY) else 0
        if outcome.unreachable_in_a_row >= MOST_UNREACHABLE_IN_A_ROW:
            raise error

    def _keep(self, station: Station, findings: Diagnostics) -> None:
        dated = replace(station, details_timestamp=station.fetched_at.timestamp())
        details = process(dated, self._guard, self._clock.now(), findings, self._settings.name)
        self._details[station.id] = details
        self._snapshots.put(details, self._overviews.of(station.id) if self.rotates else None)
