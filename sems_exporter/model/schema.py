"""How a metric is declared: one dataclass field that carries kind, unit, help and valid range.

Names, documentation, plausibility checks, age and exposition all follow from these declarations; `model` makes them.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from functools import cache
from typing import ClassVar, TypeVar, cast

PREFIX = "sems"
EXTRA_PREFIX = f"{PREFIX}_extra"
"""How the names of all measurements begin that a user's file declares, and of no others."""

F = TypeVar("F", bound=Callable[..., object])
S = TypeVar("S", bound="Entity")
E = TypeVar("E", bound=StrEnum)


def once(function: F) -> F:
    """`functools.cache` with the types kept; what it serves here has a handful of arguments."""
    return cast("F", cache(function))


class Kind(StrEnum):
    """Metric types as both exposition formats spell them."""

    GAUGE = "gauge"
    COUNTER = "counter"
    INFO = "info"


class Role(Enum):
    """How long a value stays true once the portal falls silent."""

    LIVE = "live"
    """An instantaneous value: gone with the device, or with age."""
    DAY = "day"
    """A sum since station-local midnight."""
    MONTH = "month"
    YEAR = "year"
    LIFETIME = "lifetime"
    """A counter: stays, and never falls."""
    STATIC = "static"
    """A property of the installation: stays."""


PERIODS = (Role.DAY, Role.MONTH, Role.YEAR)
LASTING = (Role.LIFETIME, Role.STATIC)


def begins(role: Role, day: date) -> bool:
    """Tell whether a period of this role begins with `day`."""
    return role is Role.DAY or (day.day == 1 and (role is Role.MONTH or day.month == 1))


@dataclass(frozen=True, slots=True)
class Measure:
    """The declaration of one metric: what it means, its unit and the range a true value lies in.

    `falls`: a sum of a period that the portal works out from others, some of which take away from it.
    """

    role: Role
    unit: str
    help: str
    low: float
    high: float
    sentinels: tuple[float, ...] = ()
    falls: bool = False


@dataclass(frozen=True, slots=True)
class Enumeration:
    """The declaration of a metric that is one of a closed list of words, which `help` names ("state").

    `unknown` has to be one of the words: it stands for every code that nobody has described. `dated_by` is the
    attribute that holds the instant it is from, where another answer tells it than the other values of its scope.
    """

    role: Role
    words: type[StrEnum]
    help: str
    dated_by: str = ""

    @property
    def unknown(self) -> StrEnum:
        """The word for a code that nobody has described."""
        return self.words("unknown")


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family as derived from a class and an attribute."""

    name: str
    kind: Kind
    unit: str
    help: str
    attribute: str
    scope: "type[Entity]"
    measure: Measure | None = None
    enumeration: Enumeration | None = None

    @property
    def role(self) -> Role | None:
        """Tell how long its values stay true; None where nothing of the kind is declared."""
        declared = self.measure or self.enumeration
        return None if declared is None else declared.role

    @property
    def sample_name(self) -> str:
        """The name samples carry: `_total` ends counters, `_info` ends infos."""
        return self.name + {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that is measured. Subclasses declare fields with the functions below."""

    scope: ClassVar[str] = ""
    label: ClassVar[str] = ""
    key: ClassVar[str] = "id"
    noun: ClassVar[str] = ""

    extras: "tuple[Extra, ...]" = dataclasses.field(default=(), kw_only=True)
    """Measurements that a user's file declares; they age as others do."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A measurement that a user's file declares: its family, which has a measure, and the value in base units."""

    family: Family
    value: float


def live(unit: str, text: str, low: float, high: float, *, sentinels: tuple[float, ...] = ()) -> float | None:
    """An instantaneous value in `unit` that lies within `low` and `high`."""
    return _declare(Measure(Role.LIVE, unit, text, low, high, sentinels))


def static(unit: str, text: str, low: float, high: float) -> float | None:
    """A property of the installation, such as rated power."""
    return _declare(Measure(Role.STATIC, unit, text, low, high))


def lifetime(unit: str, text: str, high: float) -> float | None:
    """A counter since commissioning, never falling."""
    return _declare(Measure(Role.LIFETIME, unit, text, 0.0, high))


def period(role: Role, unit: str, text: str, high: float, *, falls: bool = False) -> float | None:
    """A sum since the start of the station-local day, month or year; some may fall in the midst of it."""
    return _declare(Measure(role, unit, text, 0.0, high, falls=falls))


def info(text: str) -> str | None:
    """A text that becomes a label of the scope's `_info` series."""
    return cast("str | None", dataclasses.field(default=None, metadata={"info": text}))


def enumerated(words: type[E], text: str, *, role: Role = Role.LIVE, dated_by: str = "") -> E | None:
    """One of `words`: exposed as one series for each, 1 for the one that holds; the label is named as the attribute."""
    declared = Enumeration(role, words, text, dated_by)
    return cast("E | None", dataclasses.field(default=None, metadata={"enumeration": declared}))


def bits(text: str) -> int | None:
    """A register whose bits have meanings of their own: exposed raw, and as one series for each set bit."""
    return cast("int | None", dataclasses.field(default=None, metadata={"bits": text}))


def _declare(measure: Measure) -> float | None:
    # The dataclass decorator turns the field into an attribute of the annotated type.
    return cast("float | None", dataclasses.field(default=None, metadata={"measure": measure}))


@once
def measures(scope: type[Entity]) -> dict[str, Measure]:
    """The measures that `scope` declares, by attribute, in order of declaration."""
    return {
        f.name: f.metadata["measure"]
        for f in dataclasses.fields(scope)
        if isinstance(f.metadata.get("measure"), Measure)
    }


@once
def enumerations(scope: type[Entity]) -> dict[str, Enumeration]:
    """The enumerations that `scope` declares, by attribute, in order of declaration."""
    return {f.name: f.metadata["enumeration"] for f in dataclasses.fields(scope) if "enumeration" in f.metadata}


@once
def info_labels(scope: type[Entity]) -> dict[str, str]:
    """The texts of the `_info` series of `scope`, by attribute."""
    return {f.name: f.metadata["info"] for f in dataclasses.fields(scope) if "info" in f.metadata}


@once
def registers(scope: type[Entity]) -> dict[str, str]:
    """The bit registers of `scope` with their meaning, by attribute."""
    return {f.name: f.metadata["bits"] for f in dataclasses.fields(scope) if "bits" in f.metadata}


@once
def family(scope: type[Entity], attribute: str) -> Family:
    """The metric family of what is declared: `Battery.voltage` in volts is `sems_battery_voltage_volts`.

    A measure without a unit (a raw code, money in the station's currency) has none in its name, nor has an enumeration.
    """
    if (enumeration := enumerations(scope).get(attribute)) is not None:
        text = f"1 for the {enumeration.help} of the {scope.noun}, 0 for all others."
        name = f"{PREFIX}_{scope.scope}_{attribute}"
        return Family(name, Kind.GAUGE, "", text, attribute, scope, enumeration=enumeration)
    measure = measures(scope)[attribute]
    kind = Kind.COUNTER if measure.role is Role.LIFETIME else Kind.GAUGE
    name = "_".join(part for part in (PREFIX, scope.scope, attribute, measure.unit) if part)
    return Family(name, kind, measure.unit, measure.help, attribute, scope, measure)


def with_values(scope: S, values: Mapping[str, object]) -> S:
    """`scope` with `values` written to the measures and enumerations of these names."""
    return dataclasses.replace(scope, **values)  # type: ignore[arg-type] # the names say what fits
