"""Codes into the words of an enumeration: which code means what is each dialect's own."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.model.plant import Device, DeviceState, Station, StationState
from sems_exporter.model.schema import Entity, enumerations
from sems_exporter.portal.decoding.json_shapes import code_of

OFFLINE = (StationState.OFFLINE, DeviceState.OFFLINE)
AT_WORK = (
    StationState.RUNNING,
    *(DeviceState.ONLINE, DeviceState.RUNNING, DeviceState.CHARGING, DeviceState.DISCHARGING),
)
"""States in which some digit of the readings moves within minutes; a fault, or the night, may well stand still."""


def dated(
    state: StrEnum | None, told_at: datetime | None, taken: datetime | None, since: datetime | None
) -> datetime | None:
    """The instant that a state is from. `told_at` is the one of the answer that told it.

    No state is younger than the data it is about, which were `taken` then; only of something offline the newest news
    is that it is. Where nobody knows when they were taken and they have stood still `since`, nothing was at work.
    """
    if told_at is None or state in OFFLINE:
        return told_at
    limit = taken or (since if state in AT_WORK else None)
    return told_at if limit is None else min(told_at, limit)


def station_state(raw: object, states: Mapping[str, StrEnum], findings: Diagnostics) -> StationState | None:
    """The state that a station's status code names in `states`."""
    found = word(raw, Station, "state", states, findings)
    return found if isinstance(found, StationState) else None


def device_state(raw: object, states: Mapping[str, StrEnum], findings: Diagnostics) -> DeviceState | None:
    """The state that a device's status code names in `states`."""
    found = word(raw, Device, "state", states, findings)
    return found if isinstance(found, DeviceState) else None


def word(
    raw: object, scope: type[Entity], attribute: str, codes: Mapping[str, StrEnum], findings: Diagnostics
) -> StrEnum | None:
    """The word for the enumeration `attribute` of `scope` that `raw` names in `codes`, whose keys are lower case.

    None where the portal says nothing; `unknown`, and a finding, for a code that nobody has described.
    """
    code = code_of(raw)
    if code is None:
        return None
    if (found := codes.get(code.lower())) is not None:
        return found
    whose = "station" if scope is Station else "device"
    findings.meet(Unknown.STATUS, f"{whose} {code}" if attribute == "state" else f"{whose} {attribute} {code}")
    return enumerations(scope)[attribute].unknown
