"""One snapshot as JSON and in plain words, for `once` and `check`."""

from datetime import datetime
from typing import TypeAlias

from sems_exporter.freshness import Faded
from sems_exporter.measure import Scope, info_labels, measures
from sems_exporter.model import PARTS, Device, Station, identity

Json: TypeAlias = dict[str, "str | float | bool | list[Json] | Json"]


def as_json(stations: list[Faded], now: datetime) -> Json:
    """All stations as one JSON object; keys of numbers end with their unit, what is not known is left out."""
    return {
        "taken_at": now.isoformat(timespec="seconds"),
        "stations": [{**_scope(shown.station), "up": shown.up} for shown in stations],
    }


def _scope(scope: Scope) -> Json:
    kind = type(scope)
    found: Json = {kind.key: identity(scope)}
    found.update({name: text for name in info_labels(kind) if (text := getattr(scope, name)) is not None})
    if isinstance(scope, Device | Station):
        if scope.state is not None:
            found["state"] = scope.state.value
        if scope.data_timestamp is not None:
            found["data_timestamp"] = scope.data_timestamp.isoformat(timespec="seconds")
    for name, measure in measures(kind).items():
        if (value := getattr(scope, name)) is not None:
            found[f"{name}_{measure.unit}"] = value
    for attribute, _ in PARTS[kind]:
        if parts := getattr(scope, attribute):
            found[attribute] = [_scope(part) for part in parts]
    return found


def described(station: Station) -> list[str]:
    """What was found of a station, a line each."""
    lines = [f"Station {station.name or 'without a name'} ({station.id})"]
    lines.append(f"  time zone: {station.timezone_name or 'not given, so no times and no energies of today'}")
    state = station.state.value if station.state else "not given"
    when = f"{station.data_timestamp:%Y-%m-%d %H:%M} UTC" if station.data_timestamp else "no time given"
    lines.append(f"  state: {state}, data from {when}")
    lines.extend(_readings(station, "  "))
    for devices in (station.inverters, station.batteries, station.meters):
        for device in devices:
            name = " ".join(text for text in (device.model, device.name) if text)
            lines.append(f"  {device.noun} {device.id}{f' ({name})' if name else ''}: {_state(device)}")
            lines.extend(_readings(device, "    "))
    return lines


def _state(device: Device) -> str:
    return device.state.value if device.state else "state not given"


def _readings(scope: Scope, indent: str) -> list[str]:
    count = sum(getattr(scope, name) is not None for name in measures(type(scope)))
    return [f"{indent}{count} of {len(measures(type(scope)))} readings"]
