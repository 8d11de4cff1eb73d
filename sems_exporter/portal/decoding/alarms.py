"""Alarms that are active, whichever dialect tells them: how grave they are, and each of them once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sems_exporter.model.diagnostics import Diagnostics, DropReason, Unknown
from sems_exporter.model.plant import Alarm, AlarmLevel
from sems_exporter.portal.decoding import timestamps
from sems_exporter.portal.decoding.json_shapes import text


def believed(alarms: Iterable[Alarm], now: datetime, findings: Diagnostics) -> tuple[Alarm, ...]:
    """Each alarm of a device once, however many rows the portal spends on it, as the earliest of them began it.

    A beginning that has not come yet is none, and a row without a level tells of the alarm that another one grades.
    """
    levels: dict[tuple[str, str], AlarmLevel] = {}
    found: dict[tuple[str, str, AlarmLevel], Alarm] = {}
    for row in sorted(alarms, key=lambda each: each.level is AlarmLevel.UNKNOWN):
        graded, started_at = levels.setdefault((row.device, row.code), row.level), row.started_at
        if started_at is not None and started_at > now + timestamps.AHEAD:
            findings.drop("sems_alarm_start_timestamp_seconds", DropReason.BAD_TIME)
            started_at = None
        alarm = replace(row, level=graded if row.level is AlarmLevel.UNKNOWN else row.level, started_at=started_at)
        known = found.setdefault((alarm.device, alarm.code, alarm.level), alarm)
        if started_at and (known.started_at is None or started_at < known.started_at):
            found[alarm.device, alarm.code, alarm.level] = alarm
    return tuple(found.values())


def level(raw: object, findings: Diagnostics) -> AlarmLevel:
    """The level in texts like "Total_FaultLevel_alarm", whose casing varies."""
    name = text(raw) if isinstance(raw, str) else None
    if name is None:
        return AlarmLevel.UNKNOWN
    try:
        return AlarmLevel(name.rpartition("_")[2].lower())
    except ValueError:
        findings.meet(Unknown.STATUS, f"alarm level {name}")
        return AlarmLevel.UNKNOWN
