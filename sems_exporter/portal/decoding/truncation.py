"""What a dialect has read, within the limits of what is kept, so that none of them can forget one."""

from dataclasses import replace
from typing import Any, TypeVar

from sems_exporter.model.diagnostics import Diagnostics, Limited
from sems_exporter.model.limits import (
    ALARMS_PER_STATION,
    BATTERIES_PER_STATION,
    DEVICES_PER_STATION,
    PARTS_PER_DEVICE,
    STATIONS_PER_ACCOUNT,
    TEXT_LENGTH,
)
from sems_exporter.model.plant import CHILDREN, Alarm, Station
from sems_exporter.model.schema import Entity, S
from sems_exporter.portal.interface import StationRef

T = TypeVar("T", bound=StationRef | Entity | Alarm)
ELLIPSIS = "…"
TEXTS = ("name", "model", "firmware", "timezone_name", "currency", "code")
MOST = {
    "inputs": (PARTS_PER_DEVICE, Limited.PARTS),
    "phases": (PARTS_PER_DEVICE, Limited.PARTS),
    "batteries": (BATTERIES_PER_STATION, Limited.BATTERIES),
}
"""Of the parts that an attribute holds; devices where it is not named."""


def refs(listed: tuple[StationRef, ...], findings: Diagnostics) -> tuple[StationRef, ...]:
    """No more stations than an account may have, with names that are not too long."""
    findings.limit(Limited.STATIONS, len(listed) - STATIONS_PER_ACCOUNT)
    return tuple(_texts(ref, findings) for ref in listed[:STATIONS_PER_ACCOUNT])


def station(read: Station, findings: Diagnostics) -> Station:
    """A station with as many devices, parts, alarms and letters as it may have."""
    kept = _within(read, findings)
    alarms = kept.alarms
    if alarms is None:
        return kept
    beyond = max(0, len(alarms) - ALARMS_PER_STATION)
    findings.limit(Limited.ALARMS, beyond)
    shown = tuple(_texts(alarm, findings) for alarm in alarms[:ALARMS_PER_STATION])
    return replace(kept, alarms=shown, alarms_unlisted=kept.alarms_unlisted + beyond)


def _within(scope: S, findings: Diagnostics) -> S:
    changed: dict[str, tuple[Entity, ...]] = {}
    for attribute, _ in CHILDREN[type(scope)]:
        parts: tuple[Entity, ...] = getattr(scope, attribute)
        most, kind = MOST.get(attribute, (DEVICES_PER_STATION, Limited.DEVICES))
        findings.limit(kind, len(parts) - most)
        new = tuple(_within(part, findings) for part in parts[:most])
        if len(new) < len(parts) or any(one is not other for one, other in zip(new, parts, strict=True)):
            changed[attribute] = new
    return _texts(replace(scope, **changed) if changed else scope, findings)  # type: ignore[arg-type] # parts only


def _texts(thing: T, findings: Diagnostics) -> T:
    """`thing` with texts that are not too long. An identity is cut where it comes in, and stays what it is."""
    long = {name: text for name in TEXTS if len(text := getattr(thing, name, None) or "") > TEXT_LENGTH}
    if not long:
        return thing
    findings.limit(Limited.TEXT, len(long))
    short: dict[str, Any] = {name: text[: TEXT_LENGTH - 1] + ELLIPSIS for name, text in long.items()}
    changed: T = replace(thing, **short)
    return changed
