"""What age does to values: live ones go when nobody vouches for them any more, and "today" ends at midnight.

Pure functions of a station and an instant, so that they hold at every scrape, even if the poller has stopped.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sems_exporter.measure import PERIODS, Role, Scope, begins, filled, measures
from sems_exporter.model import Device, DeviceState, Path, Station, mapped


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
    snapshot_ends = station.fetched_at + timedelta(seconds=limits.snapshot_max_age)
    ends = [snapshot_ends]
    up = now < snapshot_ends
    midnight = _midnight_after(station)
    if midnight is not None:
        ends.append(midnight)

    def aged(scope: Scope, _: Path) -> Scope:
        gone: set[Role] = set() if up else {Role.LIVE, *PERIODS}
        if midnight is not None and now >= midnight:
            gone.update(role for role in PERIODS if begins(role, midnight.date()))
        if isinstance(scope, Device | Station):
            ends_at = _data_end(scope, limits)
            if ends_at is not None:
                ends.append(ends_at)
            if (ends_at is not None and now >= ends_at) or _is_offline(scope):
                gone.add(Role.LIVE)
                scope = _without_live_parts(scope)
        return _without(scope, gone)

    shown = mapped(station, aged)
    return Faded(shown, up, min((end for end in ends if end > now), default=None))


def _data_end(scope: Device | Station, limits: Limits) -> datetime | None:
    taken = scope.data_timestamp or scope.fetched_at
    return None if taken is None else taken + timedelta(seconds=limits.data_max_age)


def _midnight_after(station: Station) -> datetime | None:
    if station.timezone is None:
        return None
    local = station.fetched_at.astimezone(station.timezone)
    return datetime.combine(local.date() + timedelta(days=1), time(0), station.timezone)


def _is_offline(scope: Scope) -> bool:
    # The station's own status says "offline" while its meter reports (seen 2026-09), so only devices count.
    return isinstance(scope, Device) and scope.state is DeviceState.OFFLINE


def _without_live_parts(scope: Scope) -> Scope:
    if isinstance(scope, Station):
        return scope

    def bare(part: Scope, _: Path) -> Scope:
        return _without(part, {Role.LIVE})

    return mapped(scope, bare)


def _without(scope: Scope, roles: set[Role]) -> Scope:
    gone = [name for name, measure in measures(type(scope)).items() if measure.role in roles]
    present = [name for name in gone if getattr(scope, name) is not None]
    return filled(scope, dict.fromkeys(present)) if present else scope
