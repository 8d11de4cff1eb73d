"""Measurements that only a user's file knows: a gauge of its own for each."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from sems_exporter.model.plant import Battery, EvCharger, Inverter, Meter, MeterPhase, Phase, PvInput, Station
from sems_exporter.model.schema import EXTRA_PREFIX, PERIODS, Entity, Family, Kind, Measure, Role
from sems_exporter.protocol.rows import FieldMapping
from sems_exporter.protocol.shapes import ProtocolError
from sems_exporter.protocol.units import Units, base_of

SCOPES: Mapping[str, type[Entity]] = {
    each.scope: each for each in (Station, Inverter, PvInput, Phase, Battery, Meter, MeterPhase, EvCharger)
}
PARTS = (PvInput, Phase, MeterPhase)
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ENDINGS = ("total", "created", "info", "bucket", "count", "sum")
"""Last words by which the formats mean something."""
_LONGEST_HELP = 200


class ExtraRow(NamedTuple):
    """A further measurement as a file writes it; semsplus.toml tells what the keys mean."""

    name: str
    help: str
    unit: str = ""
    kind: str = "live"
    low: float = -1e12
    high: float = 1e12


class ExtraField(NamedTuple):
    """Where the number of a code goes: the family of its gauge, and the unit where the answer gives none."""

    family: Family
    unit: str


Extras = dict[type[Entity], dict[str, ExtraField]]
"""Further measurements by scope, and by code in lower case."""


def extras(
    path: str,
    written: Mapping[str, Mapping[str, ExtraRow]],
    units: Units,
    known: Mapping[type[Entity], Mapping[str, FieldMapping]],
) -> Extras:
    """The further measurements at `path` of a file, beside the codes that are `known`; raises ProtocolError."""
    found: Extras = {}
    names: set[str] = set()
    for scope_name, rows in written.items():
        if scope_name not in SCOPES:
            raise ProtocolError(f"{path}.{scope_name}", f"nothing is measured of it; there are {', '.join(SCOPES)}")
        scope = SCOPES[scope_name]
        read = {code.lower() for code in known.get(scope, {})}
        for code, row in rows.items():
            here = f"{path}.{scope_name}.{code}"
            if code.lower() in read:
                raise ProtocolError(here, "has a metric already; this is for what nobody has described")
            field = _field(here, scope, row, units)
            if field.family.name in names:
                raise ProtocolError(f"{here}.name", f"{row.name!r} is given twice")
            names.add(field.family.name)
            found.setdefault(scope, {})[code.lower()] = field
    return found


def _field(path: str, scope: type[Entity], row: ExtraRow, units: Units) -> ExtraField:
    if not _NAME.fullmatch(row.name) or row.name.rpartition("_")[2] in _ENDINGS or len(row.name) > 60:
        raise ProtocolError(
            f"{path}.name",
            "has to be words of small letters and digits joined by _, such as bus_voltage, and not end with "
            + ", ".join(_ENDINGS),
        )
    if row.kind not in [role.value for role in Role]:
        raise ProtocolError(f"{path}.kind", f"has to be one of {', '.join(role.value for role in Role)}")
    if issubclass(scope, PARTS) and Role(row.kind) in PERIODS:
        raise ProtocolError(f"{path}.kind", f"of a {scope.noun} nothing is kept for a day, month or year")
    if not row.help.strip() or len(row.help) > _LONGEST_HELP or not row.help.isprintable():
        raise ProtocolError(f"{path}.help", f"has to be a sentence of at most {_LONGEST_HELP} characters")
    if not (math.isfinite(row.low) and math.isfinite(row.high) and row.low < row.high):
        raise ProtocolError(f"{path}.low", "has to be below high")
    base = base_of(row.unit, units)
    if base is None:
        raise ProtocolError(f"{path}.unit", f"{row.unit!r} is no known unit; leave it out, or add it below [units]")
    name = "_".join(part for part in (EXTRA_PREFIX, scope.scope, row.name, base) if part)
    measure = Measure(Role(row.kind), base, row.help, row.low, row.high)
    return ExtraField(Family(name, Kind.GAUGE, base, row.help, row.name, scope, measure), row.unit)
