"""Reads one captured answer with the decoder of its call, as flat readings by name.

A capture is a file that `sems-exporter dump` wrote, with one of its `answers` left: which call it was, and the answer.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import CHILDREN, Battery, Inverter, Meter, label_value
from sems_exporter.model.schema import Entity, Role, enumerations, info_labels, measures
from sems_exporter.portal.classic import station_decoder as classic
from sems_exporter.portal.http.envelope import HttpResponse, parse_envelope
from sems_exporter.portal.semsplus import (
    alarms,
    device_kinds,
    device_lists,
    ev_chargers,
    factor_reader,
    past_decoder,
    station_decoder,
)
from sems_exporter.protocol.semsplus import Kind, Table

Capture = dict[str, Any]
Readings = dict[str, object]
FOLDER = Path(__file__).parent

OF_KIND: Mapping[Kind, type[Entity]] = {
    Kind.INVERTER: Inverter,
    Kind.METER: Meter,
    Kind.SYSTEM: Battery,
    Kind.RACK: Battery,
}
ENTITIES: Mapping[str, type[Entity]] = {
    name: OF_KIND[kind] for name, kind in protocol.semsplus().kinds.items() if kind in OF_KIND
}
"""Entity that a device of a type is, as `deviceType` in the path names it."""


def load(name: str) -> Capture:
    """The one answer in the file `name`, with the instant it was taken at."""
    dump = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    if len(dump["answers"]) != 1:
        raise ValueError(f"{name} has {len(dump['answers'])} answers; leave the one that its readings are from")
    return {**dump["answers"][0], "taken_at": datetime.fromisoformat(dump["taken_at"])}


def read(capture: Capture) -> tuple[Readings, Diagnostics]:
    """All readings of a capture, in base units, and what was odd about it.

    Values of a device are named by attribute ("ac_power"), those of a part with its index before ("MPPT 1 voltage"),
    those of a list with the id before ("SN-0001 state").
    """
    if capture["endpoint"] not in READERS:
        raise ValueError(f"no reader for answers of {capture['endpoint']!r}: add one to READERS in {__file__}")
    response = HttpResponse(capture["status"], json.dumps(capture["answer"]).encode())
    diagnostics = Diagnostics()
    data = parse_envelope(response, capture["taken_at"]).data
    return _plain(READERS[capture["endpoint"]](data, capture, diagnostics)), diagnostics


def _plain(found: Mapping[str, object]) -> Readings:
    """Readings as a person writes them: what is missing is left out, states and instants are words."""
    return {
        name: value.value if isinstance(value, Enum) else value.isoformat() if isinstance(value, datetime) else value
        for name, value in found.items()
        if value is not None
    }


def _below(prefix: str, readings: Mapping[str, object]) -> Readings:
    return {f"{prefix} {name}": value for name, value in readings.items()}


def _listed(rows: Iterable[Any], *attributes: str) -> Readings:
    """These attributes of each row, and its values where it has any."""
    found: Readings = {}
    for row in rows:
        found |= _below(row.id, {name: getattr(row, name) for name in attributes} | getattr(row, "values", {}))
    return found


def _factors(data: Any, capture: Capture, diagnostics: Diagnostics) -> Readings:
    reading = factor_reader.Reading()
    entity = ENTITIES[parse_qs(urlsplit(capture["path"]).query)["deviceType"][0]]
    factor_reader.fill(reading, data, protocol.semsplus().tables[entity], diagnostics)
    found: Readings = {**reading.own}
    for (part, index), values in reading.parts.items():
        found |= _below(f"{part} {index}", values)
    return found


def _table(capture: Capture) -> Table:
    device_type = parse_qs(urlsplit(capture["path"]).query)["deviceType"][0]
    if device_type == "EV_CHARGER":
        return protocol.semsplus().charger
    # A dongle tells of the inverter that it connects.
    return protocol.semsplus().tables[ENTITIES.get(device_type, Inverter)]


def _information(data: Any, capture: Capture, diagnostics: Diagnostics) -> Readings:
    told = device_lists.information(data, _table(capture), diagnostics)
    named = ("name", "model", "firmware", "communication_mode", "communication_firmware")
    return {**{name: getattr(told, name) for name in named}, **told.values}


def _charger_model(data: Any, _: Capture, diagnostics: Diagnostics) -> Readings:
    model = ev_chargers.model(data, diagnostics)
    return {"model": model.name, **model.values}


def _curve(data: Any, _: Capture, diagnostics: Diagnostics) -> Readings:
    """The points of each minute, as "2026-06-10T12:00:00 pv_power"."""
    curves = past_decoder.curves(data, diagnostics)
    return {f"{at.isoformat()} {name}": value for name, points in curves.items() for at, value in points}


def _day_energies(data: Any, _: Capture, diagnostics: Diagnostics) -> Readings:
    found: Readings = {}
    for day, values in past_decoder.day_energies(data, diagnostics).items():
        found |= _below(day.isoformat(), values)
    return found


def _statistics(role: Role) -> Callable[[Any, Capture, Diagnostics], Readings]:
    def reader(data: Any, capture: Capture, diagnostics: Diagnostics) -> Readings:
        day = date.fromisoformat(capture["body"]["startTime"][:10])
        return {**station_decoder.statistics(data, role, day, diagnostics).values}

    return reader


def _info(data: Any, _: Capture, diagnostics: Diagnostics) -> Readings:
    info = station_decoder.info(data, diagnostics)
    return {"name": info.name, "timezone": info.zone_name, "rated_power": info.rated_power, **info.values}


def _flow(data: Any, _: Capture, diagnostics: Diagnostics) -> Readings:
    flow = station_decoder.flow(data, diagnostics)
    return {"state": flow.state, "refresh_time": flow.refresh_time, **flow.values}


def _income(data: Any, _: Capture, diagnostics: Diagnostics) -> Readings:
    income = station_decoder.income(data, diagnostics)
    return {"currency": income.currency, **income.values}


def _charger(decode: Callable[[Any, Diagnostics], ev_chargers.Told]) -> Callable[[Any, Capture, Diagnostics], Readings]:
    def reader(data: Any, _: Capture, diagnostics: Diagnostics) -> Readings:
        told = decode(data, diagnostics)
        return {"state": told.state, **told.values}

    return reader


def _alarms(data: Any, _: Capture, diagnostics: Diagnostics) -> Readings:
    found: Readings = {}
    for alarm in alarms.page(data, diagnostics).listed:
        named = {name: getattr(alarm, name) for name in ("level", "name", "started_at")}
        found |= _below(f"{alarm.device} {alarm.code}", named)
    return found


def _entity(entity: Entity) -> Readings:
    """All that has a value in an entity of the model and in its parts."""
    declared = {*measures(type(entity)), *enumerations(type(entity)), *info_labels(type(entity)), "data_timestamp"}
    found: Readings = {each.name: getattr(entity, each.name) for each in fields(entity) if each.name in declared}
    for attribute, _ in CHILDREN[type(entity)]:
        for part in getattr(entity, attribute):
            found |= _below(f"{type(part).label} {label_value(part)}", _entity(part))
    return found


READERS: Mapping[str, Callable[[Any, Capture, Diagnostics], Readings]] = {
    "stations": lambda data, _, diagnostics: _listed(
        station_decoder.page(data, diagnostics).stations,
        *("name", "state", "timezone_name", "installed_power", "pv_power", "pv_energy_today"),
    ),
    "info": _info,
    "flow": _flow,
    "devices": lambda data, _, diagnostics: _listed(
        device_lists.listed(data, diagnostics), "type", "name", "state", "subtype", "parent"
    ),
    "batteries": lambda data, _, diagnostics: _listed(
        device_lists.batteries(data, "INVERTER", diagnostics), "type", "name", "state"
    ),
    "telemetry": _factors,
    "telecounting": _factors,
    "information": _information,
    "dongle": _information,
    "shape": lambda data, _, __: {"inverter": device_kinds.looks_like_inverter(data)},
    "related": lambda data, _, __: dict.fromkeys(sorted(device_lists.related(data)), "related"),
    "statistics": _statistics(Role.DAY),
    "statistics_month": _statistics(Role.MONTH),
    "statistics_year": _statistics(Role.YEAR),
    "production": _income,
    "curve": _curve,
    "day_energies": _day_energies,
    "alarms": _alarms,
    "alarm_statistics": lambda data, _, __: {"active": alarms.statistics(data).unlisted},
    "chargers": lambda data, _, diagnostics: _listed(ev_chargers.listed(data, diagnostics), "name", "state"),
    "charger": _charger(ev_chargers.detail),
    "charger_model": _charger_model,
    "last_charge": _charger(ev_chargers.last_charge),
    "monitor": lambda data, capture, diagnostics: _entity(classic.monitor(data, capture["taken_at"], diagnostics)),
    "classic_ids": lambda data, _, __: dict.fromkeys(classic.station_ids(data), "listed"),
    "classic_stations": lambda data, _, diagnostics: _listed(
        classic.station_list(data, diagnostics), "name", "state", "installed_power"
    ),
}
"""How the answers of each call are read, in both dialects; the names are those of the dump."""
