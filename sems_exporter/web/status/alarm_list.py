"""The alarms of a station that are active now, gravest first."""

from datetime import datetime

from sems_exporter.model.plant import Alarm, AlarmLevel, Station
from sems_exporter.web.status.badges import icon
from sems_exporter.web.status.figures import name
from sems_exporter.web.status.moments import clock

MOST_LISTED = 20
_GRAVEST_FIRST = (AlarmLevel.FAULT, AlarmLevel.ALARM, AlarmLevel.UNKNOWN, AlarmLevel.PROMPT)


def alarm_list(station: Station, now: datetime) -> str:
    """A notice for each active alarm; nothing where there is none, or none is known."""
    alarms = sorted(station.alarms or (), key=lambda alarm: _GRAVEST_FIRST.index(alarm.level))
    shown = "".join(_notice(alarm, station, now) for alarm in alarms[:MOST_LISTED])
    if len(alarms) > MOST_LISTED:
        shown += f'<p class="notice warn">{icon("alert")}<span>and {len(alarms) - MOST_LISTED} more</span></p>'
    if station.alarms_unlisted:
        more = f"{station.alarms_unlisted} {'more ' if alarms else ''}active alarm(s) that the portal does not list."
        shown += f'<p class="notice warn">{icon("alert")}<span>{more}</span></p>'
    return shown


def _notice(alarm: Alarm, station: Station, now: datetime) -> str:
    tone = "bad" if alarm.level is AlarmLevel.FAULT else "warn"
    level = "alarm" if alarm.level is AlarmLevel.UNKNOWN else alarm.level.value
    since = f", since {clock(alarm.started_at, station.timezone, now)}" if alarm.started_at is not None else ""
    what = f"{name(alarm.name)} ({name(alarm.code)})" if alarm.name else name(alarm.code)
    return (
        f'<p class="notice {tone}">{icon("alert")}<span><strong>{level.capitalize()}:</strong> {what}, '
        f"{name(alarm.device)}{since}</span></p>"
    )
