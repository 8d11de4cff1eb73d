"""Every key of a classic monitor detail that has been seen: what becomes of it, by block.

The tables are in `invert_full` and `field_tables`; whatever is in none of them is new to us and gets counted.
"""

from typing import Any

from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.model.schema import family
from sems_exporter.portal.classic import field_tables
from sems_exporter.portal.classic.entries import Block, Entry, Mapped, Read, Reason, StandIn
from sems_exporter.portal.classic.invert_full import ERROR, INVERT_FULL, PACK

BLOCKS: dict[str, Block] = {
    "monitor": field_tables.MONITOR,
    "info": field_tables.INFO,
    "kpi": field_tables.KPI,
    "powerflow": field_tables.POWERFLOW,
    "soc": field_tables.SOC,
    "homKit": field_tables.HOME_KIT,
    "energeStatisticsCharts": field_tables.CHARTS,
    "energeStatisticsTotals": field_tables.TOTALS,
    "inverter": field_tables.INVERTER,
    "d": field_tables.DISPLAY,
    "dict": field_tables.PAGE,
    "invert_full": INVERT_FULL,
    "more_batterys": PACK,
    "errors": ERROR,
}


def meet(block: str, document: dict[str, Any], findings: Diagnostics) -> None:
    """Count the keys of `document` that the table of `block` does not know."""
    for key in document.keys() - BLOCKS[block].keys():
        findings.meet(Unknown.FIELD, f"{block} {key}")


def key_table() -> list[tuple[str, str, str]]:
    """All keys as (block, key, what becomes of it): the metrics it feeds, or the reason why it is not read."""
    return [(name, key, _fate(entry)) for name, block in BLOCKS.items() for key, entry in block.items()]


def _fate(entry: Entry) -> str:
    match entry:
        case Mapped():
            attributes = filter(None, (entry.row.attribute, entry.row.opposite))
            return ", ".join(family(entry.scope, attribute).sample_name for attribute in attributes)
        case Read():
            return entry.use
        case StandIn():
            return f"stands in for {', '.join(entry.keys)} of invert_full"
        case _:
            joint = " " if entry.reason in (Reason.DUPLICATE, Reason.DERIVED) else ": "
            return joint.join(filter(None, (f"not read: {entry.reason.value}", entry.word)))
