"""Portal numbers and codes into attributes, by rows: one row a key. Shared by the dialects.

Pure: what is odd goes into the findings.
"""

from typing import Any

from sems_exporter.model.diagnostics import Diagnostics, DropReason, Unknown
from sems_exporter.model.schema import Entity, Measure, Role, family, measures
from sems_exporter.portal.decoding import states
from sems_exporter.portal.decoding.plausibility import flaw
from sems_exporter.portal.decoding.quantities import NotANumber, NotAUnit, Quantity, quantity, to_base
from sems_exporter.protocol.rows import FieldMapping, Sign

Values = dict[str, Any]
"""Numbers in base units, and words of enumerations, by attribute."""


def assign(
    values: Values, scope: type[Entity], row: FieldMapping, raw: object, *, unit: object = None, findings: Diagnostics
) -> None:
    """Write `raw` where `row` says, as a word or in base units; nothing where the portal says nothing or nonsense."""
    if raw is None or (row.last and row.attribute in values):
        return
    if findings.traces:
        values.update(_traced(scope, row, raw, unit, findings))
        return
    if row.codes is not None:
        if (word := states.word(raw, scope, row.attribute, row.codes, findings)) is not None:
            values[row.attribute] = word
        return
    try:
        flawed = _put(values, measures(scope)[row.attribute], row, quantity(raw, unit))
    except NotANumber:
        flawed = DropReason.UNREADABLE
    except NotAUnit as error:
        flawed = DropReason.UNIT
        findings.meet(Unknown.UNIT, error)
    if flawed is not None:
        findings.drop(family(scope, row.attribute).sample_name, flawed)


def _traced(scope: type[Entity], row: FieldMapping, raw: object, unit: object, findings: Diagnostics) -> Values:
    """What `assign` writes; `findings` are told of each attribute, or why there is none."""
    told: Values = {}
    own = Diagnostics()
    assign(told, scope, row, raw, unit=unit, findings=own)
    for kind, detail in own.details:
        findings.meet(kind, detail)
    for name, value in told.items():
        findings.read(family(scope, name), row.code, raw, unit or row.unit, value)
    for metric, reason in own.dropped:
        findings.read(family(scope, row.attribute), row.code, raw, unit or row.unit, reason)
        findings.drop(metric, reason)
    return told


def _put(values: Values, measure: Measure, row: FieldMapping, found: Quantity | None) -> DropReason | None:
    if found is None:
        return None
    number = to_base(found, measure.unit, row.unit)
    size = number if row.sign is Sign.PLAIN else abs(number)
    if (flawed := flaw(measure, found.number, size)) is not None:
        return flawed
    if row.sign is Sign.SPLIT:
        values[row.attribute], values[row.opposite] = max(0.0, number), max(0.0, -number)
    else:
        values[row.attribute] = size
    return None


def merge(
    values: Values,
    told: Values,
    contradicted: set[str],
    scope: type[Entity],
    findings: Diagnostics,
    *,
    last: bool = False,
) -> None:
    """Add to `values` what one more place has `told` of the same thing.

    Places that say the same are as good as one. Where they differ nobody knows which is right, so that the value goes
    into `contradicted` and is absent; but a lifetime of 0 is nothing beside a real one, and a `last` row only fills.
    """
    for name, value in told.items():
        known = values.get(name)
        if name in contradicted or (last and known is not None):
            continue
        if known is None or known == value:
            values[name] = value
        elif measures(scope)[name].role is Role.LIFETIME and 0.0 in (known, value):
            values[name] = max(known, value)
        else:
            del values[name]
            contradicted.add(name)
            findings.drop(family(scope, name).sample_name, DropReason.CONTRADICTED)


def assign_all(
    values: Values, scope: type[Entity], rows: dict[str, FieldMapping], document: dict[str, Any], findings: Diagnostics
) -> None:
    """Write every key of a flat `document` that `rows` knows, in its own case or, where that is missing, in another."""
    spelt = {key.lower(): key for key in document}
    for key, row in sorted(rows.items(), key=lambda item: item[1].last):
        raw = document.get(key if key in document else spelt.get(key.lower(), key))
        assign(values, scope, row, raw, findings=findings)
