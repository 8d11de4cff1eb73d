"""The alarms of a station that are active now, gravest first."""

from datetime import datetime

from sems_exporter.model.plant import Alarm, AlarmLevel, Station
from sems_exporter.web.status.badges import icon
from sems_exporter.web.status.figures import name
from sems_exporter.web.status.language import marked, tr
from sems_exporter.web.status.moments import clock

MOST_LISTED = 20
_GRAVEST_FIRST = {
    AlarmLevel.FAULT: marked("fault"),
    AlarmLevel.ALARM: marked("alarm"),
    AlarmLevel.UNKNOWN: marked("alarm"),
    AlarmLevel.PROMPT: marked("prompt"),
}
"""The levels and their words."""


def alarm_list(station: Station, now: datetime) -> str:
    """A notice for each active alarm; nothing where there is none, or none is known."""
    ranks = list(_GRAVEST_FIRST)
    alarms = sorted(station.alarms or (), key=lambda alarm: ranks.index(alarm.level))
    shown = "".join(_notice(alarm, station, now) for alarm in alarms[:MOST_LISTED])
    if len(alarms) > MOST_LISTED:
        shown += _more(tr("and {number} more", number=len(alarms) - MOST_LISTED))
    if station.alarms_unlisted:
        shown += _more(tr("Active alarms that the portal does not list: {number}", number=station.alarms_unlisted))
    return shown


def _more(text: str) -> str:
    return f'<p class="notice warn">{icon("alert")}<span>{text}</span></p>'


def _notice(alarm: Alarm, station: Station, now: datetime) -> str:
    tone = "bad" if alarm.level is AlarmLevel.FAULT else "warn"
    level = tr(_GRAVEST_FIRST[alarm.level])
    since = "" if alarm.started_at is None else clock(alarm.started_at, station.timezone, now)
    since = since and f", {tr('since {time}', time=since)}"
    what = f"{name(alarm.name)} ({name(alarm.code)})" if alarm.name else name(alarm.code)
    return (
        f'<p class="notice {tone}">{icon("alert")}<span><strong>{level[:1].upper()}{level[1:]}:</strong> {what}, '
        f"{name(alarm.device)}{since}</span></p>"
    )
