"""Where a code of the portal goes: rows as the files write them, and as the decoders use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from typing import NamedTuple

from sems_exporter.model.schema import Entity, enumerations, family, measures
from sems_exporter.protocol.shapes import ProtocolError, unknown
from sems_exporter.protocol.units import Units, spelt


class Sign(Enum):
    """What the sign of a portal number means."""

    PLAIN = "plain"
    """It belongs to the value."""
    MAGNITUDE = "magnitude"
    """None: the direction is told elsewhere."""
    SPLIT = "split"
    """It is the direction: positive fills `attribute`, negative fills `opposite`."""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """Where one code goes. `last` rows fill only what no other row has filled; `codes` are the words of a state."""

    attribute: str
    unit: str
    sign: Sign = Sign.PLAIN
    opposite: str = ""
    last: bool = False
    codes: Mapping[str, StrEnum] | None = None
    code: str = field(default="", compare=False)
    """The code itself, for who traces."""


Rows = dict[str, FieldMapping]


def split(positive: str, negative: str, unit: str) -> FieldMapping:
    """A row whose sign is the direction."""
    return FieldMapping(positive, unit, Sign.SPLIT, negative)


def magnitude(attribute: str, unit: str) -> FieldMapping:
    """A row whose sign is noise."""
    return FieldMapping(attribute, unit, Sign.MAGNITUDE)


class Row(NamedTuple):
    """A row as a file writes it; semsplus.toml tells what the keys mean."""

    to: str
    unit: str = ""
    negative: str = ""
    sign: str = "value"
    last: bool = False
    states: str = ""


States = dict[str, Mapping[str, StrEnum]]
"""Words by code, by the name of their table."""


def mapped(path: str, written: Mapping[str, Row], scope: type[Entity], units: Units, states: States) -> Rows:
    """The rows of a table for `scope`, at `path` of the file; raises ProtocolError."""
    return {
        code: replace(mapping(f"{path}.{code}", row, scope, units, states), code=code) for code, row in written.items()
    }


def mapping(path: str, row: Row, scope: type[Entity], units: Units, states: States) -> FieldMapping:
    """One row, at `path` of the file."""
    attribute = _attribute(f"{path}.to", row.to, scope)
    if row.states or attribute in enumerations(scope):
        if row.states not in states or attribute not in enumerations(scope):
            raise ProtocolError(f"{path}.states", f"belongs to a row for a state, and names one of {', '.join(states)}")
        return FieldMapping(attribute, "", last=row.last, codes=states[row.states])
    if row.sign not in ("value", "none"):
        raise ProtocolError(f"{path}.sign", 'has to be "value" or "none"')
    refuse_unit(f"{path}.unit", row.unit, measures(scope)[attribute].unit, units)
    if not row.negative:
        return FieldMapping(attribute, row.unit, Sign.MAGNITUDE if row.sign == "none" else Sign.PLAIN, last=row.last)
    opposite = _attribute(f"{path}.negative", row.negative, scope)
    if measures(scope)[opposite].unit != measures(scope)[attribute].unit:
        raise ProtocolError(f"{path}.negative", f"{opposite} is measured in another unit than {attribute}")
    return FieldMapping(attribute, row.unit, Sign.SPLIT, opposite, row.last)


def refuse_unit(path: str, unit: str, base: str, units: Units) -> None:
    """Raise ProtocolError where a row for a metric in `base` names no unit that its numbers may be in."""
    if not base or (base == "ratio" and not unit):
        return
    if spelt(unit) not in units.get(base, {}):
        raise ProtocolError(path, f"{unit!r} is no unit of {base}; there are {', '.join(units.get(base, {}))}")


def _attribute(path: str, name: str, scope: type[Entity]) -> str:
    """The attribute of `scope` that `name` is, or that the metric of this name shows."""
    known = {**measures(scope), **enumerations(scope)}
    if name in known:
        return name
    by_metric = {family(scope, attribute).sample_name: attribute for attribute in known}
    if name not in by_metric:
        shown = by_metric if name.startswith("sems_") else known
        raise ProtocolError(path, f"{name!r} is nothing that is measured of a {scope.noun}: {unknown(name, shown)}")
    return by_metric[name]


def words(path: str, written: Mapping[str, str], kind: type[StrEnum]) -> dict[str, StrEnum]:
    """The words of a table of states by code, in lower case as they are compared."""
    for code, word in written.items():
        if word not in list(kind):
            raise ProtocolError(f"{path}.{code}", f"{word!r} is no state; there are {', '.join(kind)}")
    return {code.lower(): kind(word) for code, word in written.items()}
