"""What a table of the classic dialect can say of a key: where its value goes, or why it is not read."""

from dataclasses import dataclass
from enum import Enum

from sems_exporter.model.schema import Entity
from sems_exporter.portal.decoding.field_mapping import FieldMapping, magnitude, split


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


def to(scope: type[Entity], attribute: str, unit: str, part: str = "") -> Mapped:
    """A number whose sign, if any, belongs to the value. `unit` counts where the payload gives none."""
    return Mapped(scope, FieldMapping(attribute, unit), part)


def size(scope: type[Entity], attribute: str, unit: str, part: str = "") -> Mapped:
    """A number whose sign is noise, or tells a direction that other keys tell too."""
    return Mapped(scope, magnitude(attribute, unit), part)


def signed(
    scope: type[Entity], positive: str, negative: str, unit: str, part: str = "", *, last: bool = False
) -> Mapped:
    """A number whose sign is the direction."""
    return Mapped(scope, split(positive, negative, unit, last=last), part)


def stands_for(*keys: str) -> StandIn:
    """A key that holds the values of `keys`, with slashes between."""
    return StandIn(keys)
