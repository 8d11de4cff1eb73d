"""Measurements that a user's file declares, read by the rules of all others."""

from collections.abc import Mapping
from typing import Any

from sems_exporter.model.diagnostics import Diagnostics, DropReason, Unknown
from sems_exporter.model.schema import Extra
from sems_exporter.portal.decoding.plausibility import flaw
from sems_exporter.portal.decoding.quantities import NotANumber, NotAUnit, quantity, to_base
from sems_exporter.protocol.extras import ExtraField


def measured(field: ExtraField, raw: object, unit: object, findings: Diagnostics) -> Extra | None:
    """The measurement of `field` in base units; None where the portal says nothing or nonsense."""
    measure, flawed, value = field.family.measure, None, 0.0
    try:
        found = quantity(raw, unit)
        if found is None or measure is None:
            return None
        value = to_base(found, measure.unit, field.unit)
        flawed = flaw(measure, found.number, value)
    except NotANumber:
        flawed = DropReason.UNREADABLE
    except NotAUnit as error:
        flawed = DropReason.UNIT
        findings.meet(Unknown.UNIT, error)
    if findings.traces:
        findings.read(field.family, "", raw, unit or field.unit, flawed or value)
    if flawed is not None:
        findings.drop(field.family.name, flawed)
        return None
    return Extra(field.family, value)


def measured_all(
    fields: Mapping[str, ExtraField], document: Mapping[str, Any], findings: Diagnostics
) -> tuple[Extra, ...]:
    """The measurements of a flat document, whose keys may be in any case."""
    if not fields:
        return ()
    told = ((fields[key.lower()], raw) for key, raw in document.items() if key.lower() in fields)
    return tuple(found for field, raw in told if (found := measured(field, raw, None, findings)) is not None)
