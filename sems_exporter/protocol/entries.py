"""What a table of the classic dialect can say of a key: where its value goes, or why it is not read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from sems_exporter.model.plant import Battery, Inverter, Meter, MeterPhase, Phase, PvInput, Station
from sems_exporter.model.schema import Entity
from sems_exporter.protocol.rows import FieldMapping, Row, mapping
from sems_exporter.protocol.shapes import ProtocolError
from sems_exporter.protocol.units import Units

SCOPES: Mapping[str, type[Entity]] = {
    each.scope: each for each in (Station, Inverter, PvInput, Phase, Battery, Meter, MeterPhase)
}


class Reason(Enum):
    """Why a key is not read."""

    DUPLICATE = "the same as"
    DERIVED = "made by the portal from"
    MEANINGLESS = "says nothing about the plant"
    UNDOCUMENTED = "nobody has described it"
    IDENTITY = "an identity, of no use as a value"
    PERSONAL = "personal or secret"
    DISPLAY = "made for display"
    OTHER_PLANT_TYPE = "only for another kind of plant"
    UNRELIABLE = "seen to be wrong"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A number that goes to an attribute of `scope`; `part` names the MPPT input or the phase."""

    scope: type[Entity]
    row: FieldMapping
    part: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A key with a rule of its own; `use` is the metric it feeds or what it decides."""

    use: str


@dataclass(frozen=True, slots=True)
class StandIn:
    """A key that is read in place of others, where the block that holds those lacks them ("121.3V/0A" for two)."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A key that is not read. `word` names what it repeats, or says what is the matter."""

    reason: Reason
    word: str = ""


Entry = Mapped | Read | StandIn | Skipped
Block = dict[str, Entry]
"""One object of an answer: an entry for each of its keys."""


class WrittenEntry(NamedTuple):
    """An entry as a file writes it; classic.toml tells what the keys mean."""

    of: str = ""
    to: str = ""
    part: str = ""
    unit: str = ""
    negative: str = ""
    sign: str = "value"
    last: bool = False
    use: str = ""
    instead_of: tuple[str, ...] = ()
    skipped: str = ""
    word: str = ""


def block(path: str, written: Mapping[str, WrittenEntry], units: Units) -> Block:
    """The entries of a block, at `path` of the file; raises ProtocolError."""
    return {key: _entry(f"{path}.{key}", entry, units) for key, entry in written.items()}


def _entry(path: str, entry: WrittenEntry, units: Units) -> Entry:
    if sum(map(bool, (entry.to, entry.use, entry.instead_of, entry.skipped))) != 1:
        raise ProtocolError(path, "needs one of to, use, instead_of and skipped")
    if entry.use:
        return Read(entry.use)
    if entry.instead_of:
        return StandIn(entry.instead_of)
    if entry.skipped:
        reasons = {reason.name.lower(): reason for reason in Reason}
        if entry.skipped not in reasons:
            raise ProtocolError(f"{path}.skipped", f"has to be one of {', '.join(reasons)}")
        return Skipped(reasons[entry.skipped], entry.word)
    if entry.of not in SCOPES:
        raise ProtocolError(f"{path}.of", f"has to be one of {', '.join(SCOPES)}")
    row = Row(entry.to, entry.unit, entry.negative, entry.sign, entry.last)
    scope = SCOPES[entry.of]
    found = mapping(path, row, scope, units, {})
    return Mapped(scope, replace(found, code=path.rpartition(".")[2]), entry.part)
