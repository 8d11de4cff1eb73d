"""A counter guard with a memory of its own, asked about single counters of a station."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.counter_guard import CounterGuard
from tests.homes import NOON

POLL = timedelta(minutes=5)


class Judge:
    """One counter guard with what it dropped, asked about single counters."""

    def __init__(self, zone: str | None = "Europe/Amsterdam", facts: Mapping[str, float] | None = None) -> None:
        self.quality = CounterGuard()
        self.zone = ZoneInfo(zone) if zone else None
        self.facts = facts or {}
        self.findings = Diagnostics()

    def dropped(self, reason: DropReason) -> int:
        return sum(count for (_, found), count in self.findings.dropped.items() if found is reason)

    def at(self, now: datetime, **values: object) -> Station:
        station = Station(id="plant-1", fetched_at=now, timezone=self.zone, has_battery=True)
        return self.quality.check(replace(station, **self.facts, **values), now, self.findings)  # type: ignore[arg-type]

    def total(self, now: datetime, value: float) -> float | None:
        return self.at(now, pv_energy=value).pv_energy

    def today(self, now: datetime, value: float) -> float | None:
        return self.at(now, pv_energy_today=value).pv_energy_today

    def totals(self, readings: Iterable[float]) -> list[float | None]:
        return [self.total(NOON + number * POLL, value) for number, value in enumerate(readings)]

    def restarted(self) -> "Judge":
        """A judge in a new process that found this one's memory on disk."""
        other = Judge(None, self.facts)
        other.zone, other.findings = self.zone, self.findings
        other.quality.remember(json.loads(json.dumps(self.quality.remembered())))
        return other


def local(zone: str | ZoneInfo, *moment: int, fold: int = 0) -> datetime:
    """An instant, given as the wall clock of `zone` shows it."""
    where = ZoneInfo(zone) if isinstance(zone, str) else zone
    year, month, day, hour, minute = moment
    return datetime(year, month, day, hour, minute, tzinfo=where, fold=fold).astimezone(UTC)
