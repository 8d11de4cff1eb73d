"""Keys of a block into attributes, by the entries of its table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import TimeZone
from sems_exporter.model.schema import Entity, Role, family, measures
from sems_exporter.portal.decoding.field_mapping import Values, assign
from sems_exporter.portal.decoding.quantities import NotANumber, quantity
from sems_exporter.protocol.entries import Block, Mapped

Parts = dict[tuple[type[Entity], str], Values]
"""Values by scope and, for MPPT inputs and phases, by part."""
BITS = 32
ALL_SET = frozenset({2**16 - 1, 2**BITS - 1})


def fill(block: Block, document: dict[str, Any], findings: Diagnostics) -> Parts:
    """The values of all keys of `document` that `block` maps to attributes."""
    parts: Parts = {}
    rows = ((key, entry) for key, entry in block.items() if isinstance(entry, Mapped))
    for key, entry in sorted(rows, key=lambda item: item[1].row.last):
        values = parts.setdefault((entry.scope, entry.part), {})
        assign(values, entry.scope, entry.row, document.get(key), findings=findings)
    return parts


def register(raw: object, scope: type[Entity], attribute: str, findings: Diagnostics) -> int | None:
    """A register of at most 32 bits, or None where the portal says nothing; all bits set means "not available".

    Seen in 2021 on an inverter without a battery, with every warning there is.
    """
    name = f"sems_{scope.scope}_{attribute}"
    try:
        found = quantity(raw)
    except NotANumber:
        findings.drop(name, DropReason.UNREADABLE)
        return None
    if found is None:
        return None
    number = found.number
    if not number.is_integer() or not 0 <= number < 2**BITS:
        findings.drop(name, DropReason.OUT_OF_RANGE)
        return None
    if number in ALL_SET:
        findings.drop(name, DropReason.SENTINEL)
        return None
    return int(number)


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer came in, the zone of its plant, and the format that its account wants dates in, if it is known."""

    now: datetime
    zone: TimeZone | None
    date_format: str | None = None


def drop_past_periods(
    values: Values, scope: type[Entity], taken: datetime | None, moment: Moment, findings: Diagnostics
) -> None:
    """Remove what a device counted in an earlier day or month: it last reported then, so it tells nothing of this one.

    The portal keeps showing those counters until the device reports again.
    """
    if taken is None or moment.zone is None:
        return
    then, today = taken.astimezone(moment.zone).date(), moment.now.astimezone(moment.zone).date()
    over = {Role.DAY: then != today, Role.MONTH: then.replace(day=1) != today.replace(day=1)}
    for attribute in list(values):
        if over.get(measures(scope)[attribute].role) and values[attribute] > 0:
            del values[attribute]
            findings.drop(family(scope, attribute).sample_name, DropReason.REPLAY)
