"""Which MPPT inputs and AC phases an inverter has, and what its page shows of them; the others are sent too, as 0.0."""

import re
from collections.abc import Sequence
from itertools import cycle

from sems_exporter.portal.classic.display_texts import Document, document
from sems_exporter.portal.decoding.field_mapping import Values
from sems_exporter.portal.decoding.json_shapes import objects, text

_POINT = re.compile(r"(vpv|vac)(\d)", re.IGNORECASE)
_INPUT_ROW = re.compile(r"dcVandC(\d)")
PHASES_ROW = "acVacVol"
"""One voltage a phase, with slashes between."""


def rows(raw: Document) -> dict[str, str]:
    """Return what the device page shows, by key, with units: "234.0V", "306.1V/1.9A"."""
    page, found = document(raw.get("dict")), {}
    for row in (*objects(page.get("left")), *objects(page.get("right"))):
        key, value, unit = (text(row.get(name)) for name in ("key", "value", "unit"))
        if key and value:
            pairs = zip(value.split("/"), cycle((unit or "").split("/")), strict=False)
            found[key] = "/".join(f"{each}{its}" if text(each) else "" for each, its in pairs)
    return found


def listed(raw: Document, register: str) -> set[int]:
    """The numbers of the inputs ("vpv") or phases ("vac") that the portal has a display for, counting from 1.

    `points` lists the curves that can be drawn, `dict` the rows of the device page. A capture of 2025-06 has three
    inputs in both, and four in its registers.
    """
    names = [text(point.get("target_key")) or "" for point in objects(raw.get("points"))]
    found = {int(match[2]) for name in names if (match := _POINT.fullmatch(name)) and match[1].lower() == register}
    for key, value in rows(raw).items():
        if register == "vpv" and (match := _INPUT_ROW.fullmatch(key)):
            found.add(int(match[1]))
        if register == "vac" and key == PHASES_ROW:
            found.update(range(1, 1 + len(value.split("/"))))
    return found


def shown(known: dict[str, Values], displayed: set[int], names: Sequence[str]) -> list[str]:
    """Those of `names` that exist: the first, those that are displayed, and those that read anything but 0."""
    return [
        name
        for n, name in enumerate(names, 1)
        if known.get(name) and (n == 1 or n in displayed or any(known[name].values()))
    ]
