"""Status codes into states: which code means what is each dialect's own."""

from collections.abc import Mapping
from typing import TypeVar

from sems_exporter.findings import Findings, Unknown
from sems_exporter.model import DeviceState, StationState
from sems_exporter.portal.shapes import code_of

S = TypeVar("S", StationState, DeviceState)


def station_state(raw: object, states: Mapping[str, StationState], findings: Findings) -> StationState | None:
    """The state that a station's status code names in `states`."""
    return _state(raw, states, StationState.UNKNOWN, "station", findings)


def device_state(raw: object, states: Mapping[str, DeviceState], findings: Findings) -> DeviceState | None:
    """The state that a device's status code names in `states`."""
    return _state(raw, states, DeviceState.UNKNOWN, "device", findings)


def _state(raw: object, states: Mapping[str, S], unknown: S, whose: str, findings: Findings) -> S | None:
    code = code_of(raw)
    if code is None:
        return None
    if code not in states:
        findings.meet(Unknown.STATUS, f"{whose} {code}")
    return states.get(code, unknown)
