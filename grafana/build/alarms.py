"""Alarms: what is wrong now, and what was."""

from sems_exporter.model.plant import AlarmLevel, DeviceState, StationState

from . import look, tiles
from .look import Json
from .page import Page, framed
from .panels import fixed, lines, stat, table, timeline
from .queries import SCRAPED, Query, alarms, named, pick, state
from .texts import read

LEVELS = {
    AlarmLevel.FAULT: ("! Faults", look.BAD, "Something does not work, and the device stopped or limits itself."),
    AlarmLevel.ALARM: ("▲ Alarms", look.ODD, "Something is out of its limits; look at it soon."),
    AlarmLevel.PROMPT: ("○ Prompts", look.EXPORT, "Something to know; often it passes by itself."),
    AlarmLevel.UNKNOWN: ("? Others", look.IDLE, "Of a level that the exporter does not know, or not listed singly."),
}
SEVERITIES = (("critical", "!", look.BAD), ("warning", "▲", look.ODD), ("info", "○", look.EXPORT))
ALARM = ("station", "device", "code", "level")
ONLY_STATION = ("station",)
NORMAL = "nothing unusual in this range, or the rules are not loaded"


def dashboard() -> Json:
    """The dashboard."""
    page = Page()
    page.band(4, *(_level(level) for level in LEVELS), tiles.silent_stations(), tiles.oldest_data())
    page.band(8, _list(), _alerts(), widths=(15, 9))
    page.band(6, _history())
    page.band(6, _count())
    page.band(6, _stations(), _inverters())
    page.band(6, _bits())
    text = "Active alarms of all stations by level, their history, and the states of stations and inverters."
    return framed("alarms", "SEMS Alarms", text, page, since="now-7d", fleet=True)


def _level(level: AlarmLevel) -> Json:
    title, colour, text = LEVELS[level]
    query = Query(f"sum({alarms('station', level=level)})", title)
    thresholds = look.steps(look.IDLE, (1, colour))
    return stat(
        title,
        f"Alarms of the level {level} that are active now. {text} Normal is 0.",
        query,
        unit="none",
        thresholds=thresholds,
        noValue=look.NOT_NOW,
    )


def _list() -> Json:
    text = (
        "Every active alarm, the latest first, with the device by its serial number and the code as the portal writes "
        "it. Empty is good. The portal lists at most twenty for a station."
    )
    info = f"max by ({', '.join(ALARM)}, name) ({pick('sems_alarm_info')})"
    start = f"max by ({', '.join(ALARM)}) ({pick('sems_alarm_start_timestamp_seconds')})"
    since = f"({info} * on ({', '.join(ALARM)}) group_left () {start}) * 1000 or {info} * 0"
    station = named(since, "station")
    columns = {"title": "Station", "level": "Level", "name": "Alarm", "code": "Code", "device": "Device"}
    levels: list[Json] = [
        {
            "type": "value",
            "options": {
                level.value: {"index": n, "text": read(f"{title.split()[0]} {level}"), "color": colour}
                for n, (level, (title, colour, _)) in enumerate(LEVELS.items())
            },
        }
    ]
    never: list[Json] = [{"type": "value", "options": {"0": {"index": 0, "text": read("not told")}}}]
    return table(
        "Active now",
        text,
        Query(station),
        columns=columns | {"Value": "Since"},
        looks={
            "Station": {"custom.minWidth": 110},
            "Alarm": {"custom.minWidth": 110},
            "Level": {"mappings": levels, "custom.cellOptions": {"type": "color-text"}, "custom.width": 90},
            "Code": {"custom.width": 100},
            "Device": {"custom.width": 120},
            "Since": {"unit": "dateTimeAsLocal", "mappings": never, "custom.width": 230},
        },
        sort=("Since", True),
        noValue="no active alarm",
    )


def _alerts() -> Json:
    text = (
        "Alerts of Prometheus that fire now, by the rules of this project; the exporter has a page for each at "
        "/runbooks/. Alerts about the exporter have no station. Empty is good, if the rules are loaded."
    )
    firing = f'ALERTS{{{SCRAPED},alertname=~"Sems.+",alertstate="firing",station=~"$station|"}}'
    by = "alertname, severity, account, station, inverter, battery"
    alert = f"max by ({by}) ({firing})"
    query = Query(f"{named(alert, 'station')} or on ({by}) {alert}")
    severities: list[Json] = [
        {
            "type": "value",
            "options": {
                severity: {"index": n, "text": read(f"{sign} {severity}"), "color": colour}
                for n, (severity, sign, colour) in enumerate(SEVERITIES)
            },
        }
    ]
    return table(
        "Alerts that fire",
        text,
        query,
        columns={"severity": "Severity", "alertname": "Alert", "title": "Station", "account": "Account"},
        looks={"Severity": {"mappings": severities, "custom.cellOptions": {"type": "color-text"}, "custom.width": 104}},
        sort=("Severity", False),
        noValue="no alert",
    )


def _history() -> Json:
    text = "When each alarm was active, by the serial number of its device, with its level. Empty is good."
    labels = f"{', '.join(ALARM)}, name"
    levels = [f"{pick('sems_alarm_info', level=level)} * {number}" for number, level in enumerate(LEVELS, 1)]
    query = Query(f"max by ({labels}) ({' or '.join(levels)})", "{{device}} {{code}} {{name}}")
    texts = {
        number: (f"{LEVELS[level][0].split()[0]} {level}", LEVELS[level][1]) for number, level in enumerate(LEVELS, 1)
    }
    return timeline("Alarms over time", text, query, mappings=look.words(texts), noValue="no alarm in this range")


def _count() -> Json:
    text = "Active alarms over time, by level. Empty is good."
    some = "station:sems_alarms_active:some"
    queries = [
        Query(f"sum(max by (station) ({pick(some, level=level)}))", title, colour, {"custom.lineWidth": 0})
        for level, (title, colour, _) in LEVELS.items()
    ]
    title, empty = "Alarms by level", "no alarm in this range, or the rules are not loaded"
    return lines(title, text, *queries, unit="none", fill=80, stacked=True, min=0, up_to=4, decimals=0, noValue=empty)


def _stations() -> Json:
    text = "When a station was neither running, waiting nor offline, as it is by day or by night. Empty is good."
    metric = "station:sems_state:unusual"
    parts = [f"{pick(metric, state=one)} * {number}" for number, one in enumerate(StationState)]
    query = Query(f"max by (station, name) ({' or '.join(parts)})", "{{name}}")
    return timeline("Unusual states of stations", text, query, mappings=look.STATION_STATES, noValue=NORMAL)


def _inverters() -> Json:
    text = "When an inverter was faulty, shut down, in maintenance or in an unknown state. Empty is good."
    expr = state("inverter", DeviceState, within=ONLY_STATION, metric="inverter:sems_state:unusual")
    query = Query(expr, "{{inverter}}")
    return timeline("Unusual states of inverters", text, query, mappings=look.DEVICE_STATES, noValue=NORMAL)


def _bits() -> Json:
    text = (
        "Bits that are set in the fault register of an inverter or the warning and alarm registers of a battery, "
        "counting from 0. Their meaning is not documented, but a technician may ask for them. Empty is good."
    )
    fault = f"max by (station, inverter, bit) ({pick('sems_inverter_fault_bit', within=ONLY_STATION)})"
    battery = [
        f"label_replace(max by (station, battery, bit) ({pick(f'sems_battery_{kind}_bit', within=ONLY_STATION)}), "
        f'"register", "{kind}", "", "")'
        for kind in ("warning", "alarm")
    ]
    everything = f'{" or ".join(battery)} or label_replace({fault}, "register", "fault", "", "")'
    columns = {"title": "Station", "inverter": "Inverter", "battery": "Battery", "register": "Register", "bit": "Bit"}
    return table(
        "Bits that are set",
        text,
        Query(named(everything, "station")),
        columns=columns,
        looks={"Bit": {"color": fixed(look.BAD)}},
        noValue="no bit is set",
    )
