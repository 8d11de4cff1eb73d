"""Portal numbers into attributes, by the rows of a table. Pure: what is odd goes into the findings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sems_exporter.findings import Dropped, Findings, Unknown
from sems_exporter.measure import Scope, family, measures
from sems_exporter.plausible import flaw
from sems_exporter.portal.semsplus.factors import PASSED_OVER, Address, Row, Sign, Table, address
from sems_exporter.portal.values import NotANumber, NotAUnit, quantity, to_base

Values = dict[str, float]


@dataclass(slots=True)
class Reading:
    """What the factors of one device said: its own values, and those of its parts by part and index."""

    own: Values = field(default_factory=dict)
    parts: dict[tuple[str, str], Values] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.own or self.parts)

    def of(self, where: Address) -> Values:
        """The values that `where` points at."""
        return self.parts.setdefault((where.part, where.index), {}) if where.part else self.own


def put(values: Values, scope: type[Scope], row: Row, raw: object, *, unit: object = None, findings: Findings) -> None:
    """Write `raw` where `row` says, in base units; nothing is written where the portal says nothing or nonsense."""
    if row.last and row.attribute in values:
        return
    measure = measures(scope)[row.attribute]
    name = family(scope, row.attribute).sample_name
    try:
        found = quantity(raw, unit)
        if found is None:
            return
        number = to_base(found, measure.unit, row.unit)
    except NotANumber:
        findings.drop(name, Dropped.UNREADABLE)
        return
    except NotAUnit as error:
        findings.drop(name, Dropped.UNIT)
        findings.meet(Unknown.UNIT, error)
        return
    size = number if row.sign is Sign.PLAIN else abs(number)
    if reason := flaw(measure, abs(found.number), size):
        findings.drop(name, reason)
        return
    values[row.attribute] = size if row.sign is not Sign.SPLIT else max(0.0, number)
    if row.sign is Sign.SPLIT:
        values[row.opposite] = max(0.0, -number)


def put_all(
    values: Values, scope: type[Scope], rows: dict[str, Row], document: dict[str, Any], findings: Findings
) -> None:
    """Write every key of a flat `document` that `rows` knows."""
    for key, row in sorted(rows.items(), key=lambda item: item[1].last):
        put(values, scope, row, document.get(key), findings=findings)


def fill(reading: Reading, groups: object, table: Table, findings: Findings) -> None:
    """Add the factors of a telemetry or telecounting answer to `reading`."""
    found = []
    for factor in factors(groups):
        where = address(factor["code"], table)
        scope, rows = (
            table.parts.get(where.part, (table.scope, table.rows)) if where.part else (table.scope, table.rows)
        )
        row = rows.get(where.name)
        if row is not None and bool(where.part) == bool(where.index) and (not where.part or where.part in table.parts):
            found.append((row, scope, where, factor))
        elif not PASSED_OVER.fullmatch(where.name):
            findings.meet(Unknown.FACTOR, f"{table.scope.scope} {factor['code']}")
    for row, scope, where, factor in sorted(found, key=lambda item: item[0].last):
        put(reading.of(where), scope, row, factor.get("data"), unit=factor.get("unit"), findings=findings)


def factors(groups: object) -> Iterator[dict[str, Any]]:
    """The factors of all groups that have a code; whatever is shaped otherwise is passed over."""
    for group in groups if isinstance(groups, list) else ():
        inner = group.get("factors") if isinstance(group, dict) else None
        for factor in inner if isinstance(inner, list) else ():
            if isinstance(factor, dict) and isinstance(factor.get("code"), str):
                yield factor
