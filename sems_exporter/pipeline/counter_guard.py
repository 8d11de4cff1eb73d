"""A decoded station in, a trustworthy one out.

Counters that never fall or leap, no yesterday after midnight, sums of trusted parts, no battery that is not there. What
is dropped is counted, with its reason. The rules for one counter are in `counters`; those that need only the number
itself in `plausibility`; what age does to values in `staleness`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, timedelta, tzinfo
from functools import partial

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import Battery, Device, DeviceState, Inverter, Path, Station, transform
from sems_exporter.model.schema import PERIODS, Entity, Role, S, begins, family, measures, once, with_values
from sems_exporter.pipeline.counters import (
    LATE_SECONDS,
    CounterState,
    Decision,
    Period,
    Reading,
    ended_unseen,
    lifetime,
    of_period,
    unjudged,
)
from sems_exporter.pipeline.rise_bounds import RUNNING_POWER, first_rate, night_rate, power_of, rate
from sems_exporter.pipeline.sun import is_dark
from sems_exporter.pipeline.totals import Sum, filled_in

REPLAY_SECONDS = 1200.0
"""So long after midnight the portal may repeat the counters of the day before (seen since 2023-12)."""
SUM = "sum/"
"""Begins the keys of sums among those of counters, in the memory on disk."""
RENAMED = {"low": "last", "low_since": "doubted_since", "lows": "doubts"}
"""Names of fields in the memory of earlier versions."""


@dataclass(frozen=True, slots=True)
class Day:
    """The station-local day of an instant, the names of its periods, and whether yesterday may still be replayed."""

    date: date
    zone: tzinfo | None
    names: dict[Role, str]
    young: bool

    @classmethod
    def at(cls, local: datetime) -> "Day":
        """The day of the local time `local`."""
        # Seconds that passed, not what the wall clock shows: in Santiago or Cairo a day of DST begins at 01:00.
        passed = local.timestamp() - datetime.combine(local.date(), time(0), local.tzinfo).timestamp()
        return cls(local.date(), local.tzinfo, _names(local.date()), passed < REPLAY_SECONDS)

    def over(self, taken: datetime) -> frozenset[Role]:
        """The periods that were over before this day began, where data were `taken` in them."""
        before = taken.astimezone(self.zone).date()
        names = _names(before)
        return frozenset(role for role in PERIODS if before < self.date and names[role] != self.names[role])

    def begin(self, role: Role) -> datetime:
        """Return the instant at which the period of this role began."""
        first = {Role.MONTH: self.date.replace(day=1), Role.YEAR: self.date.replace(month=1, day=1)}
        return datetime.combine(first.get(role, self.date), time(0), self.zone)

    def early(self, role: Role) -> bool:
        """Tell whether the period of this role has only just begun."""
        return self.young and begins(role, self.date)


def _names(day: date) -> dict[Role, str]:
    text = day.isoformat()
    return {Role.DAY: text, Role.MONTH: text[:7], Role.YEAR: text[:4]}


class CounterGuard:
    """The rules that need memory. One instance for all details of an account, and one for all rows of its list.

    `changes` counts what the memory has learnt.
    """

    def __init__(self) -> None:
        self._tracks: dict[str, CounterState] = {}
        self._sums: dict[str, Sum] = {}
        self.changes = 0

    def check(self, station: Station, now: datetime, findings: Diagnostics) -> Station:
        """`station` as far as it can be trusted, with the sums over its devices."""
        look = _Check(self._tracks, station, now, findings)
        # Parts come before the whole, so that the devices are trusted by the time they are summed.
        trusted = transform(without_phantom_battery(station, findings), look)
        day = look.day_of(station)
        summed = filled_in(trusted, station, self._sums, {} if day is None else day.names)
        self.changes += look.changes
        return summed

    def remembered(self) -> dict[str, dict[str, object]]:
        """The memory, fit for JSON."""
        sums = {SUM + key: _told(each) for key, each in self._sums.items()}
        return {key: _told(track) for key, track in self._tracks.items()} | sums

    def remember(self, memory: object) -> None:
        """Take over the memory of an earlier run; raises AttributeError, TypeError or ValueError where it is none."""
        tracks, sums = {}, {}
        for key, saved in memory.items():  # type: ignore[attr-defined]
            if key.startswith(SUM):
                sums[key.removeprefix(SUM)] = _sum(saved)
            else:
                tracks[key] = _track(saved)
        self._tracks, self._sums = tracks, sums


def _told(record: CounterState | Sum) -> dict[str, object]:
    """The fields that tell something; a fleet has hundreds of thousands of them."""
    saved = {field.name: (getattr(record, field.name), field.default) for field in fields(record)}
    return {name: value for name, (value, default) in saved.items() if value != default}


def _track(saved: Mapping[str, object]) -> CounterState:
    new = {RENAMED.get(name, name): value for name, value in saved.items()}
    if not saved.get("low", True):
        new.pop("last")
    track = CounterState(**new)  # type: ignore[arg-type]
    numbers = (track.good, track.before, track.doubts, track.doubted_since, track.foreign)
    known = [number for number in (track.at, track.seen, track.base, track.last) if number is not None]
    if not all(isinstance(number, int | float) for number in (*numbers, *known)) or not isinstance(track.period, str):
        raise ValueError("something else stands where a number should")
    return track


def _sum(saved: Mapping[str, object]) -> Sum:
    known = Sum(**saved)  # type: ignore[arg-type]
    if not all(isinstance(number, int | float) for number in (known.offset, *known.parts.values())):
        raise ValueError("something else stands where a number should")
    return known


@once
def counters(scope: type[Entity]) -> tuple[str, ...]:
    """The attributes of `scope` that add up: over a lifetime, a day, a month or a year."""
    return tuple(name for name, measure in measures(scope).items() if measure.role in (Role.LIFETIME, *PERIODS))


@dataclass(slots=True)
class _Check:
    """One look at one station: changes each of its scopes to what can be trusted."""

    tracks: dict[str, CounterState]
    station: Station
    now: datetime
    findings: Diagnostics
    changes: int = 0
    days: dict[datetime, Day] = field(default_factory=dict)

    def __call__(self, scope: Entity, path: Path) -> Entity:
        changed: dict[str, float | None] = {}
        instant, day = self._instant(scope), self.day_of(scope)
        reported = scope.data_timestamp if isinstance(scope, Device | Station) else None
        over = frozenset[Role]() if day is None or reported is None else day.over(reported)
        for name in counters(type(scope)):
            value = getattr(scope, name)
            if value is None:
                continue
            if value > 0 and measures(type(scope))[name].role in over:
                # A plant that has not reported since cannot have earned anything since; 0 it can.
                self.findings.drop(family(type(scope), name).sample_name, DropReason.REPLAY)
                changed[name] = None
            elif (kept := self._kept(scope, name, path, instant, day)) != value:
                changed[name] = kept
        return with_values(scope, changed) if changed else scope

    def day_of(self, scope: Entity) -> Day | None:
        """The local day in which the values of `scope` were asked for; None without a zone."""
        instant, zone = self._instant(scope), self.station.timezone
        if zone is not None and instant not in self.days:
            self.days[instant] = Day.at(instant.astimezone(zone))
        return self.days.get(instant)

    def _instant(self, scope: Entity) -> datetime:
        """Return when the portal gave the values of `scope`: a long read may end in another day than it began."""
        asked = scope.fetched_at if isinstance(scope, Device) else None
        return min(asked or self.station.fetched_at, self.now)

    def _measured(self, scope: Entity, role: Role, instant: datetime) -> float | None:
        """Return when what the counters of `scope` say was measured; None while the device is offline."""
        told = scope if isinstance(scope, Device | Station) else self.station
        if isinstance(told, Device) and told.state is DeviceState.OFFLINE:
            return None
        counted_at = told.counted_at if role is Role.LIFETIME else None
        instants = (instant, told.data_timestamp, told.unchanged_since, counted_at)
        return min(known for known in instants if known is not None).timestamp()

    def _kept(self, scope: Entity, name: str, path: Path, instant: datetime, day: Day | None) -> float | None:
        key, role, value = "/".join((*path, name)), measures(type(scope))[name].role, getattr(scope, name)
        track = self.tracks.get(key)
        measured = self._measured(scope, role, instant)
        if track is not None and _unchanged(track, value, role, day):
            track.at, track.seen = measured or track.at, instant.timestamp()
            return float(value)
        reading = Reading(value, instant.timestamp(), rate(scope, name, self.station), measured)
        verdict = self._verdict(track, reading, scope, name, day)
        self.tracks[key] = verdict.track
        self.changes += 1
        if verdict.reason:
            self.findings.drop(family(type(scope), name).sample_name, verdict.reason)
        return verdict.kept

    def _verdict(
        self, track: CounterState | None, reading: Reading, scope: Entity, name: str, day: Day | None
    ) -> Decision:
        role = measures(type(scope))[name].role
        if role is Role.LIFETIME:
            return lifetime(track, reading, _beside(scope, name))
        if day is None:
            # Without a zone nobody knows when midnight is, so the portal's word stands.
            return unjudged(reading)
        start = day.begin(role).timestamp()
        young = reading.taken < start + LATE_SECONDS
        estimate = first_rate if ended_unseen(track, start) else night_rate
        likely = estimate(scope, name, self.station) if young else reading.rate
        from_sun = name.startswith("pv_energy") or (name.startswith("grid_export") and not self.station.has_battery)
        dark = partial(self._dark, day.begin(role), self._instant(scope)) if from_sun else lambda: False
        falls = measures(type(scope))[name].falls
        runs = not young and (power_of(scope, name, self.station) or 0.0) >= RUNNING_POWER
        return of_period(track, reading, Period(day.names[role], start, day.early(role), likely, dark, falls, runs))

    def _dark(self, start: datetime, end: datetime) -> bool:
        where = (self.station.latitude, self.station.longitude)
        if where[0] is None or where[1] is None or end - start > timedelta(days=1):
            return False
        return is_dark(where[0], where[1], start, end)


def _unchanged(track: CounterState, value: float, role: Role, day: Day | None) -> bool:
    """Tell whether the value is the last good one still, with nothing in question; so it is most of the night."""
    if value != track.good or track.doubts:
        return False
    return role is Role.LIFETIME or (day is not None and not day.early(role) and track.period == day.names[role])


def _beside(scope: Entity, name: str) -> float:
    """The most that `scope` says of the same energy in a day, a month or a year."""
    spans = (getattr(scope, name + span, None) for span in ("_today", "_month", "_year"))
    return max((value for value in spans if value is not None), default=0.0)


def without_phantom_battery(station: Station, findings: Diagnostics) -> Station:
    """`station` without battery values where nothing shows a battery: they read 400 %, 0 kWh and 0 W."""
    if any(map(_is_empty, station.batteries)):
        felt = (_without_noughts(bay, measures(Battery)) if _is_empty(bay) else bay for bay in station.batteries)
        station = replace(station, batteries=tuple(felt))
    energies = [name for name in counters(Station) if name.startswith("battery_")]
    if station.has_battery or any(getattr(station, name) for name in energies):
        return station
    if station.battery_state_of_charge is not None:
        findings.drop(family(Station, "battery_state_of_charge").sample_name, DropReason.NO_BATTERY)
    idle = not station.battery_charge_power and not station.battery_discharge_power
    powers = ("battery_charge_power", "battery_discharge_power") if idle else ()
    station = with_values(station, dict.fromkeys(("battery_state_of_charge", *energies, *powers)))
    return replace(
        station,
        inverters=tuple(_without_noughts(each, counters(Inverter), "battery_") for each in station.inverters),
        batteries=tuple(_without_noughts(each, measures(Battery)) for each in station.batteries),
    )


def _is_empty(battery: Battery) -> bool:
    """Tell whether this is a bay without a battery: no voltage, and nothing else that is not 0."""
    return battery.voltage == 0 and not any(getattr(battery, name) for name in measures(Battery))


def _without_noughts(scope: S, names: Iterable[str], prefix: str = "") -> S:
    """`scope` without those of `names` that begin with `prefix` and are 0."""
    return with_values(scope, {name: None for name in names if name.startswith(prefix) and getattr(scope, name) == 0})
