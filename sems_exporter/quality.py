"""A decoded station in, a trustworthy one out.

Counters that never fall, no yesterday after midnight, no battery that is not there. What is dropped is counted, with
its reason. Rules that need only the number itself are in `plausible`; what age does to values is in `freshness`.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, tzinfo

from sems_exporter.findings import Dropped, Findings
from sems_exporter.measure import PERIODS, Role, Scope, begins, family, filled, measures, once
from sems_exporter.model import Device, Path, Station, mapped

RESET_POLLS = 3
RESET_SECONDS = 1500.0
"""How long a counter has to stay low before it counts as restarted: longer than the portal's midnight disorder."""
RESET_SHARE = 0.5
"""A restart begins far down. A smaller fall is a correction, and Prometheus would add the whole lifetime for it."""
CORRECTION_SECONDS = 86400.0
REPLAY_SECONDS = 1200.0
"""So long after midnight the portal may repeat the counters of the day before (seen since 2023-12)."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is remembered of one counter: its last good value and, while lower ones arrive, since when.

    `before` is the last good value of the period before the present one.
    """

    good: float
    period: str = ""
    low: float | None = None
    low_since: float = 0.0
    lows: int = 0
    before: float = 0.0

    def fallen(self, value: float, now: float) -> "Track":
        """`value` came in below the last good one."""
        if self.low is None or value < self.low:
            return replace(self, low=value, low_since=now, lows=1)
        return replace(self, low=value, lows=self.lows + 1)

    def restarted(self, now: float) -> bool:
        """Whether the low values have lasted long enough to be the truth."""
        if self.low is None or self.lows < RESET_POLLS:
            return False
        patience = RESET_SECONDS if self.low < self.good * RESET_SHARE else CORRECTION_SECONDS
        return now - self.low_since >= patience


@dataclass(frozen=True, slots=True)
class Day:
    """The station-local day of an instant, the names of its periods, and whether yesterday may still be replayed."""

    date: date
    zone: tzinfo | None
    names: dict[Role, str]
    early: bool

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


def _names(day: date) -> dict[Role, str]:
    text = day.isoformat()
    return {Role.DAY: text, Role.MONTH: text[:7], Role.YEAR: text[:4]}


class Quality:
    """The rules that need memory. One instance for all details of an account, and one for all rows of its list."""

    def __init__(self) -> None:
        self._tracks: dict[str, Track] = {}

    def check(self, station: Station, now: datetime, findings: Findings) -> Station:
        """`station` as far as it can be trusted."""
        day = None if station.timezone is None else Day.at(now.astimezone(station.timezone))
        return mapped(without_phantom_battery(station, findings), _Look(self._tracks, day, now, findings))

    def remembered(self) -> dict[str, dict[str, object]]:
        """The memory, fit for JSON."""
        return {key: asdict(track) for key, track in self._tracks.items()}

    def remember(self, tracks: object) -> None:
        """Take over the memory of an earlier run; raises AttributeError, TypeError or ValueError where it is none."""
        recalled = {str(key): Track(**track) for key, track in tracks.items()}  # type: ignore[attr-defined]
        for track in recalled.values():
            numbers = (track.good, track.low or 0.0, track.low_since, track.lows, track.before)
            if not all(isinstance(number, int | float) for number in numbers) or not isinstance(track.period, str):
                raise ValueError("something else stands where a number should")
        self._tracks = recalled


@once
def counters(scope: type[Scope]) -> tuple[str, ...]:
    """The attributes of `scope` that add up: over a lifetime, a day, a month or a year."""
    return tuple(name for name, measure in measures(scope).items() if measure.role in (Role.LIFETIME, *PERIODS))


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at one station: changes each of its scopes to what can be trusted."""

    tracks: dict[str, Track]
    day: "Day | None"
    now: datetime
    findings: Findings

    def __call__(self, scope: Scope, path: Path) -> Scope:
        changed: dict[str, float | None] = {}
        over = self._over(scope)
        for name in counters(type(scope)):
            value = getattr(scope, name)
            if value is not None and (kept := self._kept(type(scope), name, path, value, over)) != value:
                changed[name] = kept
        return filled(scope, changed) if changed else scope

    def _over(self, scope: Scope) -> frozenset[Role]:
        """The periods that the data of `scope` are from and that are over."""
        taken = scope.data_timestamp if isinstance(scope, Device | Station) else None
        return frozenset() if self.day is None or taken is None else self.day.over(taken)

    def _kept(self, scope: type[Scope], name: str, path: Path, value: float, over: frozenset[Role]) -> float | None:
        key, role = "/".join((*path, name)), measures(scope)[name].role
        if role in over and value > 0:
            # A plant that has not reported since cannot have earned anything since; 0 it can.
            self.findings.drop(family(scope, name).sample_name, Dropped.REPLAY)
            return None
        track = self.tracks.get(key)
        if track is not None and self._stands(track, value, role):
            return value
        if role is Role.LIFETIME:
            verdict = _lifetime(track, value, self.now)
        elif self.day is None:
            # Without a zone nobody knows when midnight is, so the portal's word stands.
            verdict = Verdict(Track(value), value)
        else:
            verdict = _period(track, value, role, self.day, self.now)
        self.tracks[key] = verdict.track
        if verdict.reason:
            self.findings.drop(family(scope, name).sample_name, verdict.reason)
        return verdict.kept

    def _stands(self, track: Track, value: float, role: Role) -> bool:
        """Whether the value is the last good one still, with nothing in question; so it is most of the night."""
        if value != track.good or track.low is not None:
            return False
        return role is Role.LIFETIME or (
            self.day is not None and not self.day.early and track.period == self.day.names[role]
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to remember of a counter, what to show of it, and why not what came in."""

    track: Track
    kept: float | None
    reason: Dropped | None = None


def _lifetime(track: Track | None, value: float, now: datetime) -> Verdict:
    """Hold a lifetime counter at its last good value until a fall proves to be a restart."""
    if track is None:
        return Verdict(Track(value), value)
    return _unless_fallen(track, Track(value), now, shown_instead=track.good)


def _period(track: Track | None, value: float, role: Role, day: Day, now: datetime) -> Verdict:
    """Let a period value through unless it repeats the period before, or falls within its own."""
    new = Track(value, day.names[role])
    if track is None or not track.period:
        if day.early and value > 0 and begins(role, day.date):
            # Nobody can tell whether this is the new day or the old one once more.
            return Verdict(replace(new, period="before"), None, Dropped.REPLAY)
        return Verdict(new, value)
    if track.period == new.period:
        if day.early and begins(role, day.date) and 0 < track.before <= value:
            # The new day had begun, and now the old one is repeated after all.
            return Verdict(track, None, Dropped.REPLAY)
        return _unless_fallen(track, Track(value, new.period, before=track.before), now, shown_instead=None)
    repeats = value > 0 and (value == track.good or (day.early and value > track.good))
    return (
        Verdict(track, None, Dropped.REPLAY) if repeats else Verdict(Track(value, new.period, before=track.good), value)
    )


def _unless_fallen(track: Track, new: Track, now: datetime, shown_instead: float | None) -> Verdict:
    if new.good >= track.good:
        return Verdict(new, new.good)
    fallen = track.fallen(new.good, now.timestamp())
    if fallen.restarted(now.timestamp()):
        return Verdict(new, new.good)
    return Verdict(fallen, shown_instead, Dropped.FELL)


def without_phantom_battery(station: Station, findings: Findings) -> Station:
    """`station` without battery values where nothing else shows a battery: they read 400 %, 0 kWh and 0 W."""
    energies = [name for name in counters(Station) if name.startswith("battery_")]
    if station.has_battery or any(getattr(station, name) for name in energies):
        return station
    if station.battery_state_of_charge is not None:
        findings.drop(family(Station, "battery_state_of_charge").sample_name, Dropped.NO_BATTERY)
    idle = not station.battery_charge_power and not station.battery_discharge_power
    powers = ("battery_charge_power", "battery_discharge_power") if idle else ()
    return filled(station, dict.fromkeys(("battery_state_of_charge", *energies, *powers)))
