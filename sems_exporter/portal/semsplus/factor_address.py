"""What a factor code points at: the device itself, an MPPT input or a phase, and the row of its table.

Codes with an index stand in the tables without it: "MPPT-2:Ppv" is row "Ppv" of part "MPPT", "PHASE-A:Vac" row "Vac" of
part "PHASE", "vBackupPhA" row "vBackup" of part "PHASE". Case makes no difference: meters write "fac" where inverters
write "Fac".
"""

import re
from dataclasses import dataclass, replace

from sems_exporter import protocol
from sems_exporter.protocol.rows import FieldMapping
from sems_exporter.protocol.semsplus import Table

_INDEXED = re.compile(r"(MPPT|PHASE)[-_]?(\d{1,3}|[A-Z]|L[1-3]):(\w+)", re.IGNORECASE)
_SUFFIXED = re.compile(r"([a-z]Backup)Ph([A-Z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A factor code taken apart: `part` and `index` are empty for the device itself."""

    part: str
    index: str
    name: str


def address(code: str, table: Table) -> Address:
    """Tell where `code` belongs: the device itself, an MPPT input or a phase."""
    return Address("PHASE", "L1", code) if code.lower() in table.bare_phase else _indexed(code)


def row_of(rows: dict[str, FieldMapping], name: str) -> FieldMapping | None:
    """The row of `name`, in whatever case; one in another case only fills what is missing."""
    if name in rows:
        return rows[name]
    other = next((row for known, row in rows.items() if known.lower() == name.lower()), None)
    return other and replace(other, last=True)


def _indexed(code: str) -> Address:
    phases = protocol.semsplus().phases
    if (match := _INDEXED.fullmatch(code)) and (match[2].isdigit() or match[2].upper() in phases):
        part, index, name = match[1].upper(), match[2].upper(), match[3]
        if part == "PHASE" and name.lower() == "fac":
            # All phases have one frequency, which belongs to the device.
            return Address("", "", name)
        if part == "PHASE":
            return Address(part, phases.get(index, ""), name)
        return Address(part, str(int(index)) if index.isdigit() else "", name)
    if (match := _SUFFIXED.fullmatch(code)) and match[2].upper() in phases:
        return Address("PHASE", phases[match[2].upper()], match[1])
    return Address("", "", code)
