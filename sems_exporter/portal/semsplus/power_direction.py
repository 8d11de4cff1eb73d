"""Which way the power of grid and battery flows: by its sign, and where the portal's arrows differ, by what adds up.

Captures of 2026-09 have signs, and arrows that agree with them; one client's notes of 2026 call the same numbers
magnitudes. The arrows are `flows`: from each source to its sinks.
"""

from typing import Any

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import Station
from sems_exporter.model.schema import family
from sems_exporter.portal.decoding.field_mapping import Values

GRID = ("grid_export_power", "grid_import_power")
BATTERY = ("battery_discharge_power", "battery_charge_power")
LITTLE = 5.0
SHARE = 0.01
"""Watts, or the share of what the house takes, by which powers that add up may be off."""


def settled(values: Values, arrows: object, findings: Diagnostics) -> Values:
    """The powers of a flow, each direction as sign and arrow agree, or else as the powers add up, or else absent."""
    doubtful = [pair for pair, key in ((GRID, "pGrid"), (BATTERY, "pBat")) if _differs(values, pair, key, arrows)]
    if not doubtful or _adds_up(values):
        return values
    turned = values | {one: values[other] for pair in doubtful for one, other in (pair, pair[::-1])}
    if _adds_up(turned):
        return turned
    for pair in doubtful:
        findings.drop(family(Station, pair[0]).sample_name, DropReason.DIRECTION)
    gone = {name for pair in doubtful for name in pair}
    return {name: value for name, value in values.items() if name not in gone}


def _differs(values: Values, pair: tuple[str, str], key: str, arrows: object) -> bool:
    """Tell whether a power flows against its arrow. The first of a pair flows out of the battery, or into the grid."""
    signed: float = values.get(pair[0], 0.0) - values.get(pair[1], 0.0)
    body: dict[str, Any] = arrows if isinstance(arrows, dict) else {}
    gives = bool(body.get(key))
    takes = any(key in sinks for sinks in body.values() if isinstance(sinks, list))
    if gives == takes or not signed:
        return False
    return (signed > 0) != (takes if pair is GRID else gives)


def _adds_up(values: Values) -> bool:
    """Tell whether sources are sinks. What a flow leaves out is nothing here, though not for anybody else."""
    load: float | None = values.get("load_power")
    if load is None:
        return False
    discharge, charge = (values.get(name, 0.0) for name in BATTERY)
    export, bought = (values.get(name, 0.0) for name in GRID)
    made = values.get("pv_power", 0.0) + values.get("third_party_power", 0.0)
    off: float = made + discharge - charge + bought - export - load
    return abs(off) <= max(LITTLE, SHARE * load)
