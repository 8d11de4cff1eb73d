"""Every field of the portal that is known, and the metric that carries it, or why none does; for the reference page."""

from sems_exporter.measure import Role, Scope, family
from sems_exporter.model import MeterPhase, Phase, PvInput, Station
from sems_exporter.portal.classic.keys import key_table
from sems_exporter.portal.rows import Row, Sign
from sems_exporter.portal.semsplus import factors

Entry = tuple[str, str, str]
"""Where a field stands, its name, and what becomes of it."""


def classic() -> list[Entry]:
    """All keys of the classic portal's monitor detail."""
    return key_table()


def semsplus() -> list[Entry]:
    """All codes and keys of SEMS+ that are read."""
    found = [
        *_entries("flow", Station, factors.FLOW),
        *_entries("stations/page", Station, factors.LISTED),
        *_entries("basic/info", Station, factors.INFO),
        *_entries("basic/info", Station, factors.RATED),
        *_entries("statistics, day", Station, factors.STATISTICS[Role.DAY]),
        *_entries("statistics, month", Station, factors.STATISTICS[Role.MONTH]),
        *_entries("statistics, year", Station, factors.YEAR),
        *_entries("production, day", Station, factors.PRODUCTION),
    ]
    for scope, table in factors.TABLES.items():
        found += _entries(f"factors of {scope.noun}", scope, table.rows)
    for part, scope, rows in (
        ("MPPT-n:", PvInput, factors.MPPT),
        ("PHASE-x:", Phase, factors.PHASE),
        ("PHASE-x: of a meter", MeterPhase, factors.METER_PHASE),
    ):
        found += _entries(f"factors {part}", scope, rows)
    return found


def _entries(where: str, scope: type[Scope], rows: dict[str, Row]) -> list[Entry]:
    return [(where, code, _carriers(scope, row)) for code, row in rows.items()]


def _carriers(scope: type[Scope], row: Row) -> str:
    name = family(scope, row.attribute).sample_name
    if row.sign is not Sign.SPLIT:
        return name
    return f"{name} where positive, {family(scope, row.opposite).sample_name} where negative"
