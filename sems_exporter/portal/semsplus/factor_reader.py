"""Factors of SEMS+ answers into attributes, by the rows of their table."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics, Limited, Unknown
from sems_exporter.model.limits import PARTS_PER_DEVICE, TEXT_LENGTH
from sems_exporter.model.schema import LASTING, PERIODS, Entity, Extra, Role, family
from sems_exporter.portal.decoding.extras import measured
from sems_exporter.portal.decoding.field_mapping import Values, assign, merge
from sems_exporter.portal.decoding.json_shapes import objects
from sems_exporter.portal.semsplus.factor_address import Address, address, row_of
from sems_exporter.protocol.extras import ExtraField
from sems_exporter.protocol.rows import FieldMapping
from sems_exporter.protocol.semsplus import Table

OWN = ("", "")
"""The part that is the device itself."""


@dataclass(slots=True)
class Reading:
    """What the factors of one device said: its own values, and those of its parts by part and index."""

    own: Values = field(default_factory=dict)
    parts: dict[tuple[str, str], Values] = field(default_factory=dict)
    contradicted: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    extras: dict[tuple[str, str], dict[str, Extra]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.own or any(self.parts.values()) or self.extras)

    @property
    def is_full(self) -> bool:
        """Tell whether there are as many parts as any device has."""
        return len(self.parts) >= PARTS_PER_DEVICE

    def lasting(self, scope: type[Entity]) -> "Reading":
        """Keep what stays true for long: the counters since commissioning, and what the device is."""
        return self._of(scope, LASTING)

    def without_live(self, scope: type[Entity]) -> "Reading":
        """Keep what is no value of the moment: sums and what the device is."""
        return self._of(scope, (*LASTING, *PERIODS))

    def _of(self, scope: type[Entity], roles: tuple[Role, ...]) -> "Reading":
        own = {name: extra for name, extra in self.extras.get(OWN, {}).items() if extra.family.role in roles}
        return Reading(
            {name: value for name, value in self.own.items() if family(scope, name).role in roles},
            extras={OWN: own} if own else {},
        )

    def extras_of(self, part: str, index: str) -> tuple[Extra, ...]:
        """What a user's file makes of the factors of a part, or of the device itself where there is none."""
        return tuple(self.extras.get((part, index), {}).values())

    def of(self, where: Address) -> Values:
        """The values that `where` points at."""
        return self.parts.setdefault((where.part, where.index), {}) if where.part else self.own

    def supplement(self, other: "Reading") -> None:
        """Take over from `other` what is not there yet."""
        self.own = {**other.own, **self.own}
        for key, values in other.parts.items():
            self.parts[key] = {**values, **self.parts.get(key, {})}
        for key, extras in other.extras.items():
            self.extras[key] = {**extras, **self.extras.get(key, {})}


class Place(NamedTuple):
    """What a factor code points at."""

    where: Address
    scope: type[Entity]
    row: FieldMapping | None
    extra: ExtraField | None = None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The codes of an answer, and those among them that nobody knows."""

    codes: frozenset[str]
    unknown: frozenset[str]


def fill(reading: Reading, groups: object, table: Table, findings: Diagnostics) -> Vocabulary:
    """Add the factors of a telemetry or telecounting answer to `reading`."""
    told, unknown = list(factors(groups)), list[str]()
    late: dict[str, list[tuple[Place, dict[str, Any]]]] = {}
    for factor in told:
        code: str = factor["code"]
        place = _place(code, table) if len(code) <= TEXT_LENGTH else None
        if place is None:
            unknown.append(code)
            findings.meet(Unknown.FACTOR, f"{table.scope.scope} {code}")
        elif place.row is not None:
            if place.row.last:
                late.setdefault(code.lower(), []).append((place, factor))
            else:
                _read(reading, place, [factor], findings)
        elif place.extra is not None:
            _read_extra(reading, place, factor, place.extra, findings)
    for same in late.values():
        _read(reading, same[0][0], [factor for _, factor in same], findings)
    findings.code = ""
    return Vocabulary(frozenset([factor["code"] for factor in told]), frozenset(unknown))


def _read(reading: Reading, place: Place, said: list[dict[str, Any]], findings: Diagnostics) -> None:
    """Add to `reading` what the factors of one code have `said`; where they differ among each other, nothing."""
    where, row = place.where, place.row
    if row is None or not _has_room(reading, where, findings) or (row.last and row.attribute in reading.of(where)):
        return
    contradicted = reading.contradicted.setdefault((where.part, where.index), set())
    values: Values = {} if row.last else reading.of(where)
    for factor in said:
        told: Values = {}
        # A row that only fills is for others, not for its own code in another case.
        alone = replace(row, last=False) if row.last else row
        if findings.traces:
            findings.code = factor["code"]
        assign(told, place.scope, alone, factor.get("data"), unit=factor.get("unit"), findings=findings)
        merge(values, told, contradicted, place.scope, findings)
    if row.last:
        merge(reading.of(where), values, contradicted, place.scope, findings, last=True)


def _read_extra(
    reading: Reading, place: Place, factor: dict[str, Any], extra: ExtraField, findings: Diagnostics
) -> None:
    where = place.where
    if findings.traces:
        findings.code = factor["code"]
    found = measured(extra, factor.get("data"), factor.get("unit"), findings)
    if found is not None and _has_room(reading, where, findings):
        reading.of(where)  # a part of which nothing else is known is there as well
        reading.extras.setdefault((where.part, where.index), {}).setdefault(extra.family.name, found)


def _has_room(reading: Reading, where: Address, findings: Diagnostics) -> bool:
    if not where.part or not reading.is_full or (where.part, where.index) in reading.parts:
        return True
    findings.limit(Limited.PARTS)
    return False


@lru_cache(maxsize=4096)
def _place(code: str, table: Table) -> Place | None:
    """Find where a code goes: without a row it is passed over on purpose; None where nobody knows it."""
    # A table belongs to one protocol, so that what another one has given is never taken.
    where = address(code, table)
    part, rows = table.parts.get(where.part, (table.scope, {})) if where.part else (table.scope, table.rows)
    row = row_of(rows, where.name) if bool(where.part) == bool(where.index) else None
    if row is not None and (code.lower() in table.bare_phase or (not where.part and where.name != code)):
        # A phase by its name is finer than one without, and tells of the whole device only in its own rounding.
        row = replace(row, last=True)
    extra = protocol.semsplus().extras.get(part, {}).get(where.name.lower()) if row is None else None
    if extra is not None and bool(where.part) == bool(where.index):
        return Place(where, part, None, extra)
    if row is not None or protocol.semsplus().passed_over.fullmatch(where.name):
        return Place(where, part, row)
    return None


def factors(data: object) -> Iterator[dict[str, Any]]:
    """The factors of an answer that have a code: in groups, as live values and counters are, or flat, as static facts.

    Whatever is shaped otherwise is passed over.
    """
    for group in _groups(data):
        inner = group.get("factors")
        for factor in objects(inner) if isinstance(inner, list) else (group,):
            if isinstance(factor.get("code"), str) and (factor is not group or "data" in group):
                yield factor


def _groups(data: object) -> list[dict[str, Any]]:
    """The groups of an answer, in a list or by name."""
    if isinstance(data, dict):
        return [group for value in data.values() for group in (objects(value) or objects([value]))]
    return objects(data)
