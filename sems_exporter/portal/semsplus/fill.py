"""Factors of SEMS+ answers into attributes, by the rows of their table."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sems_exporter.findings import Findings, Unknown
from sems_exporter.portal.rows import Values, put
from sems_exporter.portal.semsplus.factors import PASSED_OVER, Address, Table, address


@dataclass(slots=True)
class Reading:
    """What the factors of one device said: its own values, and those of its parts by part and index."""

    own: Values = field(default_factory=dict)
    parts: dict[tuple[str, str], Values] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.own or any(self.parts.values()))

    def of(self, where: Address) -> Values:
        """The values that `where` points at."""
        return self.parts.setdefault((where.part, where.index), {}) if where.part else self.own


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
