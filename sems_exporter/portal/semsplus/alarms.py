"""Active alarms: from the list of them, or, where that cannot be read, at least their number."""

from dataclasses import dataclass
from typing import Any

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics, Limited
from sems_exporter.model.limits import ALARMS_PER_STATION
from sems_exporter.model.plant import Alarm
from sems_exporter.portal.decoding import timestamps
from sems_exporter.portal.decoding.alarms import believed, level
from sems_exporter.portal.decoding.json_shapes import code_of, count, objects, text
from sems_exporter.portal.semsplus import endpoints
from sems_exporter.portal.semsplus.documents import document, listed
from sems_exporter.portal.semsplus.station_queries import StationQueries

RECOVERED = "1"


@dataclass(frozen=True, slots=True)
class Active:
    """The active alarms that are listed, and how many more there are."""

    listed: tuple[Alarm, ...]
    unlisted: int = 0


def active_alarms(questions: StationQueries, findings: Diagnostics) -> dict[str, Any]:
    """A station's active alarms as attributes, if the portal tells any number of them."""
    station = questions.station
    kept = questions.ask(endpoints.alarms(station), (), lambda data: page(data, findings))
    if kept is None:
        kept = questions.ask(endpoints.alarm_statistics(station), (), statistics)
    if kept is None:
        return {}
    active: Active = kept.value
    return {"alarms": believed(active.listed, kept.fetched_at, findings), "alarms_unlisted": active.unlisted}


def page(data: object, findings: Diagnostics) -> Active:
    """The alarms of one page that are still active (the portal's status 0; 1 is recovered).

    Where recovered ones are among them, nobody knows what those on further pages are.
    """
    rows, total = _rows(data)
    active = [row for row in rows if _is_active(row)]
    kept = active[:ALARMS_PER_STATION]
    findings.limit(Limited.ALARMS, len(active) - len(kept))
    listed = tuple(_alarm(row, findings) for row in kept)
    further = total - len(rows) if len(active) == len(rows) else 0
    return Active(listed, further + len(active) - len(kept))


@dataclass(frozen=True, slots=True)
class StationAlarms:
    """Active alarms of several stations by station id, and whether further pages follow."""

    by_station: dict[str, tuple[Alarm, ...]]
    more: bool


def page_of_many(data: object, number: int, findings: Diagnostics) -> StationAlarms:
    """Page `number`, counting from 1, of the alarms of several stations; each row names its station.

    Rows beyond the size of a page, which were not asked for, are left out.
    """
    rows, total = _rows(data)
    findings.limit(Limited.ALARMS, len(rows) - endpoints.PAGE_SIZE)
    found: dict[str, list[Alarm]] = {}
    for row in rows[: endpoints.PAGE_SIZE]:
        station = text(row.get("stationId"))
        if station and _is_active(row):
            found.setdefault(station, []).append(_alarm(row, findings))
    by_station = {station: tuple(alarms) for station, alarms in found.items()}
    return StationAlarms(by_station, bool(rows) and number * endpoints.PAGE_SIZE < total)


def _rows(data: object) -> tuple[list[dict[str, Any]], int]:
    """The rows of a page, and how many there are on all pages."""
    body = document(data, "alarms")
    rows = objects(listed(body, "dataList", "alarms"))
    return rows, max(len(rows), count(body.get("total")) or 0)


def _is_active(row: dict[str, Any]) -> bool:
    return code_of(row.get("status")) != RECOVERED


def statistics(data: object) -> Active:
    """The number of active alarms ("happened"; counts come as texts)."""
    happened = count(document(data, "alarm statistics").get("happened"))
    if happened is None:
        raise errors.AnswerUnreadable("alarm statistics: no number of active alarms")
    return Active((), happened)


def _alarm(row: dict[str, Any], findings: Diagnostics) -> Alarm:
    return Alarm(
        device=text(row.get("devicesn")) or "",
        code=text(row.get("warning_code")) or text(str(row.get("error_code") or "")) or "",
        level=level(row.get("alarmLevel"), findings),
        name=text(row.get("warningNameEn")),
        started_at=timestamps.epoch_milliseconds(row.get("happentime")),
    )
