"""Stations as JSON, for `once --format json` and for programs that ask the web server."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from sems_exporter.model.plant import CHILDREN, Alarm, Device, Station, label_value
from sems_exporter.model.schema import PREFIX, Entity, enumerations, info_labels, measures
from sems_exporter.pipeline.staleness import StationView

Json: TypeAlias = dict[str, "str | float | bool | list[Json] | Json"]


def as_json(stations: Sequence[StationView], now: datetime) -> Json:
    """All stations as one JSON object; keys of numbers end with their unit, what is not known is left out."""
    return {"taken_at": now.isoformat(timespec="seconds"), "stations": [of_station(shown) for shown in stations]}


def of_station(shown: StationView) -> Json:
    """One of them."""
    return {**_scope(shown.station), "up": shown.up}


def written(document: object, indent: int | None = None) -> str:
    """`document` as JSON that can be encoded, whatever halves of characters the portal's texts hold."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    # What UTF-8 lacks, JSON spells in just this way.
    return text.encode("utf-8", "backslashreplace").decode()


def _scope(scope: Entity) -> Json:
    kind = type(scope)
    found: Json = {kind.key: label_value(scope)}
    found.update({name: text for name in info_labels(kind) if (text := getattr(scope, name)) is not None})
    found.update({name: word.value for name in enumerations(kind) if (word := getattr(scope, name)) is not None})
    if isinstance(scope, Device | Station) and scope.data_timestamp is not None:
        found["data_timestamp"] = scope.data_timestamp.isoformat(timespec="seconds")
    for name, measure in measures(kind).items():
        if (value := getattr(scope, name)) is not None:
            found["_".join(part for part in (name, measure.unit) if part)] = value
    found.update({extra.family.name.removeprefix(f"{PREFIX}_"): extra.value for extra in scope.extras})
    for attribute, _ in CHILDREN[kind]:
        if children := getattr(scope, attribute):
            found[attribute] = [_scope(child) for child in children]
    if isinstance(scope, Station) and scope.alarms is not None:
        found["alarms"] = [_alarm(alarm) for alarm in scope.alarms]
    return found


def _alarm(alarm: Alarm) -> Json:
    found: Json = {"device": alarm.device, "code": alarm.code, "level": alarm.level.value}
    if alarm.name is not None:
        found["name"] = alarm.name
    if alarm.started_at is not None:
        found["started_at"] = alarm.started_at.isoformat(timespec="seconds")
    return found
