"""What age does to values: live ones go when nobody vouches for them any more, and "today" ends at midnight.

Pure functions of a station and an instant, so that they hold at every scrape, even if the poller has stopped.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from sems_exporter.measure import PERIODS, Role, Scope, begins, filled, measures, registers
from sems_exporter.model import Device, DeviceState, Path, Station, TimeZone, mapped


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: how old a report of the plant, and how old our own look at it, may be."""

    data_max_age: float
    snapshot_max_age: float


@dataclass(frozen=True, slots=True)
class Faded:
    """A station as it may be shown; `up` tells whether our look at it is recent, `until` when this changes next."""

    station: Station
    up: bool
    until: datetime | None


def faded(station: Station, now: datetime, limits: Limits) -> Faded:
    """`station` without the values that are too old at `now`."""
    if station.overview is not None:
        return _overseen(replace(station, overview=None), station.overview, now, limits)
    age = _Age(now, limits, station.timezone)
    up = now < station.fetched_at + timedelta(seconds=limits.snapshot_max_age)

    def aged(scope: Scope, _: Path) -> Scope:
        if not isinstance(scope, Device | Station):
            return scope
        gone = age.gone(scope) if up else {Role.LIVE, *PERIODS}
        if Role.LIVE in gone and isinstance(scope, Device):
            scope = mapped(scope, lambda part, _: _without(part, {Role.LIVE}))
        return _without(scope, gone)

    shown = mapped(station, aged)
    age.ends.append(station.fetched_at + timedelta(seconds=limits.snapshot_max_age))
    return Faded(shown, up, min((end for end in age.ends if end > now), default=None))


@dataclass(slots=True)
class _Age:
    """Which roles have ended for a device or a station, and the instants at which more of them will."""

    now: datetime
    limits: Limits
    zone: TimeZone | None
    ends: list[datetime] = field(default_factory=list)

    def gone(self, scope: Device | Station) -> set[Role]:
        """The roles whose values are not true any more."""
        # The station's own status says "offline" while its meter reports (seen 2026-09), so only devices count.
        offline = isinstance(scope, Device) and scope.state is DeviceState.OFFLINE
        gone = {Role.LIVE} if offline else set[Role]()
        if scope.fetched_at is None:
            return gone
        if self._over((scope.data_timestamp or scope.fetched_at) + timedelta(seconds=self.limits.data_max_age)):
            gone.add(Role.LIVE)
        if self._over(scope.fetched_at + timedelta(seconds=self.limits.snapshot_max_age)):
            gone.update((Role.LIVE, *PERIODS))
        if self.zone is not None:
            day = scope.fetched_at.astimezone(self.zone).date() + timedelta(days=1)
            if self._over(datetime.combine(day, time(0), self.zone)):
                gone.update(role for role in PERIODS if begins(role, day))
        return gone

    def _over(self, end: datetime) -> bool:
        self.ends.append(end)
        return self.now >= end


def _without(scope: Scope, roles: set[Role]) -> Scope:
    gone = [name for name, measure in measures(type(scope)).items() if measure.role in roles]
    if Role.LIVE in roles:
        gone += registers(type(scope))
    present = [name for name in gone if getattr(scope, name) is not None]
    return filled(scope, dict.fromkeys(present)) if present else scope


def _overseen(details: Station, seen: Station, now: datetime, limits: Limits) -> Faded:
    """A station in rotation: its details while they are young, and after that only what the list has said since.

    Values of two instants never stand side by side. Either look keeps the station up.
    """
    patience = timedelta(seconds=limits.snapshot_max_age)
    alive_until = max(details.fetched_at, seen.fetched_at) + patience
    if now >= alive_until:
        return faded(details, now, limits)
    end = (details.data_timestamp or details.fetched_at) + timedelta(seconds=limits.data_max_age)
    if now >= end:
        return faded(_instead(details, seen), now, limits)
    if seen.fetched_at > details.fetched_at:
        # A state and an alarm are told by themselves. That there is none, only the station's own answer tells.
        alarms = details.alarms if seen.alarms is None else seen.alarms
        details = replace(details, state=seen.state or details.state, alarms=alarms)
    # Nobody looked at the devices since, so it is the age of their data that counts.
    patient = Limits(limits.data_max_age, max(limits.data_max_age, limits.snapshot_max_age))
    young = faded(details, now, patient)
    ends = [moment for moment in (young.until, end, alive_until) if moment is not None]
    return Faded(young.station, young.up, min(ends))


def _instead(details: Station, seen: Station) -> Station:
    """What the list says in place of details that are too old; what lasts is kept."""
    gone = {Role.LIVE, *PERIODS}

    def lasting(scope: Scope, _: Path) -> Scope:
        # What a device was some hours ago, asleep perhaps, it need not be now.
        bare = replace(scope, state=None) if isinstance(scope, Device) else scope
        return _without(bare, gone)

    kept = mapped(details, lasting)
    passing = [name for name, measure in measures(Station).items() if measure.role in gone]
    told = filled(kept, {name: getattr(seen, name) for name in passing})
    return replace(
        told,
        fetched_at=seen.fetched_at,
        data_timestamp=seen.data_timestamp,
        state=seen.state,
        alarms=seen.alarms,
        alarms_unlisted=0,
    )
