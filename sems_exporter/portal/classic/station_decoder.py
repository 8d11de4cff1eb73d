"""Answers of the classic portal, decoded one by one. Pure functions of JSON; what does not fit raises or is absent."""

from datetime import datetime

from sems_exporter import errors, protocol
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Alarm, Station, StationState
from sems_exporter.model.schema import with_values
from sems_exporter.portal.classic import (
    device_decoder,
    keys,
    month_energy,
    register_filter,
    station_values,
    time_formats,
)
from sems_exporter.portal.classic.device_decoder import Unit
from sems_exporter.portal.classic.display_texts import Document, document, flag, number, some
from sems_exporter.portal.classic.field_reader import Moment, fill
from sems_exporter.portal.classic.power_flow import power_flow
from sems_exporter.portal.classic.register_filter import Plant
from sems_exporter.portal.decoding import states
from sems_exporter.portal.decoding.field_mapping import Values
from sems_exporter.portal.decoding.json_shapes import objects, text
from sems_exporter.portal.interface import StationRef

__all__ = ["monitor", "power_flow", "station_ids", "station_list"]

STORAGE_FLAGS = ("is_stored", "only_bps", "only_bpu")


def monitor(data: object, fetched_at: datetime, findings: Diagnostics, *, station_id: str | None = None) -> Station:
    """The station in the answer to a request for its monitor detail; `station_id` is the one that was asked for.

    Raises AnswerEmpty for a success that holds nothing, which is how migrated accounts are answered since 2026-09,
    and AnswerUnreadable for anything but an object that names a station.
    """
    body = _body(data, "monitor detail")
    info, listed = document(body.get("info")), objects(body.get("inverter"))
    if not any(text(info.get(key)) for key in ("powerstation_id", "stationname")) and not any(
        map(device_decoder.serial, listed)
    ):
        raise errors.AnswerEmpty("monitor detail: neither a station nor an inverter")
    identity = station_id or text(info.get("powerstation_id")) or _id_in(listed)
    if identity is None:
        raise errors.AnswerUnreadable("monitor detail: no station id")
    keys.meet("monitor", body, findings)
    keys.meet("info", info, findings)
    moment = Moment(fetched_at, time_formats.zone(info.get("time_span")), text(info.get("date_format")))
    plant = _plant(body, info, listed, findings)
    units = _units(listed, plant, moment, findings)
    north, east = _coordinates(info)
    station = Station(
        id=identity,
        fetched_at=fetched_at,
        name=text(info.get("stationname")),
        timezone=moment.zone,
        timezone_name=str(moment.zone) if moment.zone else None,
        currency=text(document(body.get("kpi")).get("currency")),
        state=_state(info, units, findings),
        data_timestamp=_taken(units),
        has_battery=_has_battery(units, plant),
        latitude=north,
        longitude=east,
        inverters=tuple(unit.inverter for unit in units),
        batteries=tuple(battery for unit in units for battery in unit.batteries),
        meters=tuple(unit.meter for unit in units if unit.meter),
        alarms=_alarms(units),
    )
    return station_values.complete(with_values(station, _sizes(info, findings)), units, body, plant, findings)


def _body(data: object, what: str) -> Document:
    if data is None or data in ({}, [], ""):
        raise errors.AnswerEmpty(f"{what}: success without data")
    if not isinstance(data, dict):
        raise errors.AnswerUnreadable(f"{what}: not an object")
    return data


def _id_in(listed: list[Document]) -> str | None:
    ids = (text(raw.get("pw_id")) or text(document(raw.get("invert_full")).get("powerstation_id")) for raw in listed)
    return next(filter(None, ids), None)


def _plant(body: Document, info: Document, listed: list[Document], findings: Diagnostics) -> Plant:
    flow, inverters = power_flow(body, findings), [device_decoder.registers_of(raw) for raw in listed]
    kit = document(body.get("homKit"))
    keys.meet("homKit", kit, findings)
    storage = (
        any(flag(info.get(key)) for key in STORAGE_FLAGS)
        or some(info.get("battery_capacity"))
        or flag(body.get("isShowBattery"))
        or bool(flow.battery)
    )
    shown = flag(body.get("hasPowerflow")) or flow.known
    home_kit = text(kit.get("sn"))
    if home_kit is None and any(map(register_filter.mirrors, inverters)):
        flow = flow.without_grid()
    included = month_energy.includes_today(document(body.get("kpi")), inverters)
    return Plant(flow, storage, shown, home_kit, len(listed) == 1, included)


def _units(listed: list[Document], plant: Plant, moment: Moment, findings: Diagnostics) -> list[Unit]:
    found: dict[str, Unit] = {}
    for raw in listed:
        serial = device_decoder.serial(raw)
        if serial and serial not in found:
            found[serial] = device_decoder.unit(raw, serial, plant, moment, findings)
    return list(found.values())


def _state(info: Document, units: list[Unit], findings: Diagnostics) -> StationState | None:
    """Read the state, except of a plant that waits for inverters that have never reported."""
    said = station_state(info.get("status"), findings)
    silent = bool(units) and all(unit.offline and unit.inverter.data_timestamp is None for unit in units)
    return StationState.OFFLINE if silent and said is StationState.WAITING else said


def station_state(raw: object, findings: Diagnostics) -> StationState | None:
    """The state that a station's status code names."""
    return states.station_state(raw, protocol.classic().station_states, findings)


def _taken(units: list[Unit]) -> datetime | None:
    """The newest report of a device. `info.time` is the time of our request, which says nothing about the data."""
    return max((unit.inverter.data_timestamp for unit in units if unit.inverter.data_timestamp), default=None)


def _has_battery(units: list[Unit], plant: Plant) -> bool | None:
    if any(unit.batteries for unit in units) or plant.flow.battery:
        return True
    if not units and plant.storage and "battery_state_of_charge" in plant.flow.values:
        return True
    return None if plant.storage or any(unit.claims_battery for unit in units) else False


def _coordinates(info: Document) -> tuple[float | None, float | None]:
    """Degrees. 0/0, in the sea off Ghana, is what the portal writes for a plant without a place."""
    north, east = number(info.get("latitude")), number(info.get("longitude"))
    if north is None or east is None or (not north and not east) or abs(north) > 90 or abs(east) > 180:
        return None, None
    return north, east


def _sizes(info: Document, findings: Diagnostics) -> Values:
    known = {key: raw for key, raw in info.items() if number(raw) != 0}
    return fill(protocol.classic().blocks["info"], known, findings).get((Station, ""), {})


def _alarms(units: list[Unit]) -> tuple[Alarm, ...] | None:
    told = [unit.alarms for unit in units if unit.alarms is not None]
    return tuple(alarm for alarms in told for alarm in alarms) if told else None


def station_ids(data: object) -> tuple[str, ...]:
    """The ids of the account's stations: the answer is one id as a bare text, or a list of them."""
    if data is None or data in ({}, [], ""):
        raise errors.AnswerEmpty("station ids: success without data")
    listed = data if isinstance(data, list) else [data]
    if not all(isinstance(item, str) for item in listed):
        raise errors.AnswerUnreadable("station ids: neither a text nor a list of them")
    found = tuple(dict.fromkeys(filter(None, map(text, listed))))
    if not found:
        raise errors.AnswerEmpty("station ids: no id")
    return found


def station_list(data: object, findings: Diagnostics) -> tuple[StationRef, ...]:
    """The stations on one page of the account's list. `record`, the portal's count, has been seen to be too high."""
    body = _body(data, "station list")
    if body.get("list") is None:
        raise errors.AnswerEmpty("station list: no list")
    if not isinstance(body["list"], list):
        raise errors.AnswerUnreadable("station list: not a list")
    refs: dict[str, StationRef] = {}
    for row in objects(body["list"]):
        identity = text(row.get("powerstation_id"))
        if identity:
            ref = StationRef(
                id=identity,
                name=text(row.get("stationname")),
                state=station_state(row.get("status"), findings),
                installed_power=_sizes({"capacity": row.get("capacity")}, findings).get("installed_power"),
            )
            refs.setdefault(identity, ref)
    return tuple(refs.values())
