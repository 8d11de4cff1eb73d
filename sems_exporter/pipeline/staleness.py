"""What age does to values: live ones and states go when nobody vouches for them any more, "today" ends at midnight.

Pure functions of a station and an instant, so that they hold at every scrape, even if the poller has stopped.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from sems_exporter.model.plant import Device, DeviceState, Path, Station, StationState, TimeZone, transform
from sems_exporter.model.schema import (
    PERIODS,
    Entity,
    Role,
    S,
    begins,
    enumerations,
    measures,
    once,
    registers,
    with_values,
)

OFFLINE = (DeviceState.OFFLINE, StationState.OFFLINE)
PASSING = frozenset((Role.LIVE, *PERIODS))
"""The roles of what is not shown of a station that was not read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: how old a report of the plant, and how old our own look at it, may be."""

    data_max_age: float
    snapshot_max_age: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of a station: `details` as last read, and what the account's list says of it meanwhile.

    `overview` is None unless stations are too many to read all their details every time. Where only the list is known,
    that is the details.
    """

    details: Station
    overview: Station | None = None


@dataclass(frozen=True, slots=True)
class StationView:
    """A station as it may be shown; `up` tells whether our look at it is recent, `until` when this changes next."""

    station: Station
    up: bool
    until: datetime | None

    @property
    def account(self) -> str:
        """The account that reads the station; "" where accounts have no names."""
        return self.station.account or ""


def view(snapshot: Snapshot, now: datetime, limits: Limits) -> StationView:
    """Show a station from both looks at it, without the values that are too old at `now`."""
    if snapshot.overview is None:
        return apply_staleness(snapshot.details, now, limits)
    return _merge_overview(snapshot.details, snapshot.overview, now, limits)


def apply_staleness(station: Station, now: datetime, limits: Limits) -> StationView:
    """`station` without the values that are too old at `now`."""
    age = _Age(now, limits, station.timezone)
    up = now < station.fetched_at + timedelta(seconds=limits.snapshot_max_age)

    def aged(scope: Entity, _: Path) -> Entity:
        if not isinstance(scope, Device | Station):
            return scope
        roles = age.gone(scope) if up else PASSING
        names = _of_roles(type(scope), frozenset(roles))
        scope = _without_extras(scope, roles)
        if Role.LIVE in roles and isinstance(scope, Device):
            scope = transform(scope, _without_live_parts)
        return _without(scope, age.judged(scope, names) if up else names)

    shown = transform(station, aged)
    age.ends.append(station.fetched_at + timedelta(seconds=limits.snapshot_max_age))
    return StationView(shown, up, min((end for end in age.ends if end > now), default=None))


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
        if self._over((measured_at(scope) or scope.fetched_at) + timedelta(seconds=self.limits.data_max_age)):
            gone.add(Role.LIVE)
        if self._over(scope.fetched_at + timedelta(seconds=self.limits.snapshot_max_age)):
            gone.update(PASSING)
        if self.zone is not None:
            day = scope.fetched_at.astimezone(self.zone).date() + timedelta(days=1)
            if self._over(datetime.combine(day, time(0), self.zone)):
                gone.update(role for role in PERIODS if begins(role, day))
        return gone

    def judged(self, scope: Device | Station, gone: frozenset[str]) -> frozenset[str]:
        """The attributes that are `gone`, where those with an instant of their own are judged by that alone."""
        for name, declared in enumerations(type(scope)).items():
            at = told_at(scope, name) if declared.dated_by and declared.role is Role.LIVE else None
            if at is not None:
                ended = self._over(at + timedelta(seconds=self.limits.data_max_age))
                gone = gone | {name} if ended else gone - {name}
        return gone

    def _over(self, end: datetime) -> bool:
        self.ends.append(end)
        return self.now >= end


def measured_at(scope: Device | Station) -> datetime | None:
    """The instant that the values of `scope` are from, as well as anybody knows; None where it has none."""
    return scope.data_timestamp or scope.unchanged_since or scope.fetched_at


def told_at(scope: Device | Station, name: str) -> datetime | None:
    """The instant that an enumeration of `scope` is from, where it is another than that of the values beside it.

    That something is offline is true of the moment at which the portal says so, however old its data are: they are old
    because it is.
    """
    at: datetime | None = getattr(scope, enumerations(type(scope))[name].dated_by)
    return scope.fetched_at if at is None and getattr(scope, name) in OFFLINE else at


@once
def _of_roles(kind: type[Entity], roles: frozenset[Role]) -> frozenset[str]:
    """The attributes of `kind` that have one of these roles; registers are live."""
    found = {name: measure.role for name, measure in measures(kind).items()}
    found |= {name: enumeration.role for name, enumeration in enumerations(kind).items()}
    found |= dict.fromkeys(registers(kind), Role.LIVE)
    return frozenset(name for name, role in found.items() if role in roles)


def _without(scope: Entity, names: Iterable[str]) -> Entity:
    present = [name for name in names if getattr(scope, name) is not None]
    return with_values(scope, dict.fromkeys(present)) if present else scope


def _without_extras(scope: S, roles: Collection[Role]) -> S:
    """Remove measurements of a user's file whose roles have ended."""
    if not scope.extras or not roles:
        return scope
    return replace(scope, extras=tuple(extra for extra in scope.extras if extra.family.role not in roles))


def _without_live_parts(scope: Entity, _: Path) -> Entity:
    if isinstance(scope, Device):
        return scope
    return _without(_without_extras(scope, (Role.LIVE,)), _of_roles(type(scope), frozenset((Role.LIVE,))))


def _merge_overview(details: Station, seen: Station, now: datetime, limits: Limits) -> StationView:
    """A station in rotation: its details while they are young, and after that only what the list has said since.

    Values of two instants never stand side by side. Either look keeps the station up.
    """
    patience = timedelta(seconds=limits.snapshot_max_age)
    alive_until = max(details.fetched_at, seen.fetched_at) + patience
    if now >= alive_until:
        return apply_staleness(details, now, limits)
    end = (measured_at(details) or details.fetched_at) + timedelta(seconds=limits.data_max_age)
    if now >= end:
        return apply_staleness(_instead(details, seen), now, limits)
    if seen.fetched_at > details.fetched_at:
        # A state and an alarm are told by themselves. That there is none, only the station's own answer tells.
        alarms = details.alarms if seen.alarms is None else seen.alarms
        details = replace(details, alarms=alarms)
        if seen.state is not None:
            details = replace(details, state=seen.state, state_at=told_at(seen, "state") or measured_at(seen))
    # Nobody looked at the devices since, so it is the age of their data that counts.
    patient = Limits(limits.data_max_age, max(limits.data_max_age, limits.snapshot_max_age))
    young = apply_staleness(details, now, patient)
    ends = [moment for moment in (young.until, end, alive_until) if moment is not None]
    return StationView(young.station, young.up, min(ends))


def _instead(details: Station, seen: Station) -> Station:
    """Put what the list says in place of details that are too old; what lasts is kept."""
    # What a device was some hours ago, asleep perhaps, it need not be now.
    kept = transform(
        details, lambda scope, _: _without(_without_extras(scope, PASSING), _of_roles(type(scope), PASSING))
    )
    merged = with_values(kept, {name: getattr(seen, name) for name in _of_roles(Station, PASSING)})
    return replace(
        merged,
        fetched_at=seen.fetched_at,
        data_timestamp=seen.data_timestamp,
        unchanged_since=seen.unchanged_since,
        state_at=seen.state_at,
        alarms=seen.alarms,
        alarms_unlisted=0,
    )
