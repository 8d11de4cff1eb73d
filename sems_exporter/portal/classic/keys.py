"""Every key of a classic monitor detail that has been seen: what becomes of it, by block.

The tables are in classic.toml; whatever is in none of them is new to us and gets counted.
"""

from typing import Any

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.model.schema import family
from sems_exporter.protocol.entries import Entry, Mapped, Read, Reason, StandIn


def meet(block: str, document: dict[str, Any], findings: Diagnostics) -> None:
    """Count the keys of `document` that the table of `block` does not know."""
    for key in document.keys() - protocol.classic().blocks[block].keys():
        findings.meet(Unknown.FIELD, f"{block} {key}")


def key_table() -> list[tuple[str, str, str]]:
    """All keys as (block, key, what becomes of it): the metrics it feeds, or the reason why it is not read."""
    return [
        (name, key, _fate(entry)) for name, block in protocol.classic().blocks.items() for key, entry in block.items()
    ]


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
