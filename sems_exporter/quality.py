"""A decoded station in, a trustworthy one out.

Counters that never fall, no yesterday after midnight, no battery that is not there. What is dropped is counted, with
its reason. Rules that need only the number itself are in `plausible`; what age does to values is in `freshness`.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time

from sems_exporter.findings import Dropped, Findings
from sems_exporter.measure import PERIODS, Role, Scope, begins, family, filled, measures
from sems_exporter.model import Path, Station, TimeZone, mapped

RESET_POLLS = 3
RESET_SECONDS = 1500.0
"""How long a counter has to stay low before it counts as restarted: longer than the portal's midnight disorder."""
RESET_SHARE = 0.5
"""A restart begins far down. A smaller fall is a correction, and Prometheus would add the whole lifetime for it."""
CORRECTION_SECONDS = 86400.0
REPLAY_UNTIL = time(0, 20)
"""Until then after midnight the portal may repeat the counters of the day before (seen since 2023-12)."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is remembered of one counter: its last good value and, while lower ones arrive, since when."""

    good: float
    period: str = ""
    low: float | None = None
    low_since: float = 0.0
    lows: int = 0

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


class Quality:
    """The rules that need memory. One instance for all stations of the process."""

    def __init__(self) -> None:
        self._tracks: dict[str, Track] = {}

    def check(self, station: Station, now: datetime, findings: Findings) -> Station:
        """`station` as far as it can be trusted."""
        return mapped(without_phantom_battery(station, findings), _Look(self._tracks, station.timezone, now, findings))

    def remembered(self) -> dict[str, dict[str, object]]:
        """The memory, fit for JSON."""
        return {key: asdict(track) for key, track in self._tracks.items()}

    def remember(self, tracks: object) -> None:
        """Take over the memory of an earlier run; raises TypeError or AttributeError where it is not one."""
        self._tracks = {str(key): Track(**track) for key, track in tracks.items()}  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at one station: changes each of its scopes to what can be trusted."""

    tracks: dict[str, Track]
    zone: TimeZone | None
    now: datetime
    findings: Findings

    def __call__(self, scope: Scope, path: Path) -> Scope:
        kept = {
            name: self._kept(type(scope), name, path, value)
            for name, measure in measures(type(scope)).items()
            if (measure.role is Role.LIFETIME or measure.role in PERIODS)
            and (value := getattr(scope, name)) is not None
        }
        return filled(scope, kept) if kept else scope

    def _kept(self, scope: type[Scope], name: str, path: Path, value: float) -> float | None:
        key, role = "/".join((*path, name)), measures(scope)[name].role
        track = self.tracks.get(key)
        if role is Role.LIFETIME:
            verdict = _lifetime(track, value, self.now)
        elif self.zone is None:
            # Without a zone nobody knows when midnight is, so the portal's word stands.
            verdict = Verdict(Track(value), value)
        else:
            verdict = _period(track, value, role, self.now.astimezone(self.zone))
        self.tracks[key] = verdict.track
        if verdict.reason:
            self.findings.drop(family(scope, name).sample_name, verdict.reason)
        return verdict.kept


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


def _period(track: Track | None, value: float, role: Role, local: datetime) -> Verdict:
    """Let a period value through unless it repeats the period before, or falls within its own."""
    early = local.time() < REPLAY_UNTIL
    new = Track(value, _name(role, local.date()))
    if track is None:
        if early and value > 0 and begins(role, local.date()):
            # Nobody can tell whether this is the new day or the old one once more.
            return Verdict(replace(new, period="before"), None, Dropped.REPLAY)
        return Verdict(new, value)
    if track.period == new.period:
        return _unless_fallen(track, new, local, shown_instead=None)
    repeats = value > 0 and (value == track.good or (early and value > track.good))
    return Verdict(track, None, Dropped.REPLAY) if repeats else Verdict(new, value)


def _unless_fallen(track: Track, new: Track, now: datetime, shown_instead: float | None) -> Verdict:
    if new.good >= track.good:
        return Verdict(new, new.good)
    fallen = track.fallen(new.good, now.timestamp())
    if fallen.restarted(now.timestamp()):
        return Verdict(new, new.good)
    return Verdict(fallen, shown_instead, Dropped.FELL)


def _name(role: Role, day: date) -> str:
    return day.isoformat()[: {Role.DAY: 10, Role.MONTH: 7, Role.YEAR: 4}[role]]


def without_phantom_battery(station: Station, findings: Findings) -> Station:
    """`station` without battery values where nothing else shows a battery: registers there read 400 % and 0 kWh."""
    energies = [name for name in measures(Station) if name.startswith("battery_") and "energy" in name]
    if station.has_battery or any(getattr(station, name) for name in energies):
        return station
    if station.battery_state_of_charge is not None:
        findings.drop(family(Station, "battery_state_of_charge").sample_name, Dropped.NO_BATTERY)
    return filled(station, dict.fromkeys(("battery_state_of_charge", *energies)))
