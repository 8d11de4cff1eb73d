"""Answers of the SEMS+ gateway about days that are over: power curves, and energies day by day. Pure functions."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sems_exporter import errors, protocol
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.model.schema import Role
from sems_exporter.portal.decoding import timestamps
from sems_exporter.portal.decoding.field_mapping import Values, assign, merge
from sems_exporter.portal.decoding.json_shapes import is_yes, objects, text
from sems_exporter.protocol.rows import FieldMapping

MINUTES_OF_A_WEEK = 7 * 24 * 60


def curves(data: object, findings: Diagnostics) -> dict[str, list[tuple[datetime, float]]]:
    """The points of each attribute, one a minute (capture of 2026-09-29).

    Items that nobody asked for come too and are passed over: `sell` and `buy` are energies. A point with `isCE` marks
    an edge and a point of null says nothing: neither is a value, 0 least of all.
    """
    known = protocol.semsplus()
    found: dict[str, list[tuple[datetime, float]]] = {}
    for item in _items(data, "curve"):
        name = str(item.get("item"))
        row = known.flow.get(name) if name in known.written.curve.items else None
        if row is None:
            continue
        read: dict[object, Values] = {}  # the same few numbers come again and again
        for point in objects(item.get("powerData")):
            at, power = _local(text(point.get("tp")) or ""), point.get("power")
            if at is None or not isinstance(power, int | float | str) or is_yes(point.get("isCE")):
                continue
            if power not in read:
                read[power] = _values(row, power, item.get("unit"), findings)
            for name, value in read[power].items():
                found.setdefault(name, []).append((at, value))
    return found


def day_energies(data: object, findings: Diagnostics) -> dict[date, Values]:
    """The energies of each date; an item without any data is left out of the answer, as is a date without a row."""
    found: dict[date, Values] = {}
    contradicted: dict[date, set[str]] = {}
    for item in _items(data, "day energies"):
        row = protocol.semsplus().statistics[Role.DAY].get(str(item.get("item")))
        if row is None:
            continue
        for entry in objects(item.get("statisticsList")):
            at = _local(text(entry.get("date")) or "")
            if at is not None and (values := _values(row, entry.get("val"), item.get("unit"), findings)):
                day = at.date()
                merge(found.setdefault(day, {}), values, contradicted.setdefault(day, set()), Station, findings)
    return found


def _items(data: object, what: str) -> list[dict[str, Any]]:
    """The items of an answer; one without anything in it tells of days before the plant, or of none that are kept."""
    if data is None or data in ({}, [], ""):
        return []
    if not isinstance(data, dict) or not isinstance(data.get("dataList") or [], list):
        raise errors.AnswerUnreadable(f"{what}: not an object with a list")
    return objects(data.get("dataList"))


@lru_cache(maxsize=2 * MINUTES_OF_A_WEEK)
def _local(raw: str) -> datetime | None:
    """A local time that can be read in one way only. All items of an answer have the same times."""
    readings = timestamps.written(raw)
    return readings[0].replace(tzinfo=None) if len(readings) == 1 else None


def _values(row: FieldMapping, raw: object, unit: object, findings: Diagnostics) -> Values:
    values: Values = {}
    assign(values, Station, row, raw, unit=unit, findings=findings)
    return values
