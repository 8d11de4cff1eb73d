"""The power flow of a plant: magnitudes without signs, and which way they go."""

from dataclasses import dataclass, replace
from itertools import product

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.portal.classic import keys
from sems_exporter.portal.classic.display_texts import Document, document, flag, some
from sems_exporter.portal.classic.field_reader import fill
from sems_exporter.portal.decoding.field_mapping import Values, assign
from sems_exporter.portal.decoding.json_shapes import code_of, is_no
from sems_exporter.protocol.rows import magnitude

ALMOST = 5.0
"""Watts by which a balance may be off: each power is rounded on its own."""
SHARE = 0.01
"""Or this share of the largest power."""
NOTICEABLE = 50.0
"""Watts that no rounding and no lag explains."""


@dataclass(frozen=True, slots=True)
class PowerFlow:
    """What the power flow says, as magnitudes in watts. None is unknown; `values` holds what needs no direction.

    `closed` tells that nothing else feeds in or draws, so that the powers balance; `imports`, that the portal says so
    too, in a way that is disputed and counts only beside another.
    """

    values: Values
    grid: float | None = None
    battery: float | None = None
    closed: bool = True
    imports: bool = False

    @property
    def known(self) -> bool:
        """Tell whether any power is in it. HomeKit plants answer with empty texts since 2026-09."""
        return self.grid is not None or self.battery is not None or bool(self.values)

    def without_grid(self) -> "PowerFlow":
        """The flow of a plant that measures nothing at the grid, where its load comes from, too."""
        values = {name: watts for name, watts in self.values.items() if name != "load_power"}
        return replace(self, values=values, grid=None)


NOTHING = PowerFlow({})


def power_flow(data: object, findings: Diagnostics) -> PowerFlow:
    """The flow in a monitor detail, or in an answer that holds the flow alone.

    Powers are texts like "2337(W)" and have no sign: in a capture of 2025-06 grid is "2337(W)" while that much is
    imported, and gridStatus has been seen the same for both directions.
    """
    around = document(data)
    body = document(around.get("powerflow"))
    if is_no(around.get("hasPowerflow")) or not body:
        return NOTHING
    keys.meet("powerflow", body, findings)
    values = fill(protocol.classic().blocks["powerflow"], body, findings).get((Station, ""), {})
    if not values.get("battery_state_of_charge"):
        # 0 also stands there where nothing is known of a battery.
        values.pop("battery_state_of_charge", None)
    if not flag(around.get("hasGenset")):
        values.pop("generator_power", None)
    return PowerFlow(
        values,
        _watts(body, "grid", "grid_import_power", findings),
        _watts(body, "bettery", "battery_charge_power", findings),
        not (some(body.get("genset")) or some(body.get("microGrid")) or flag(around.get("isEvCharge"))),
        code_of(body.get("loadStatus")) == "1",
    )


def _watts(body: Document, key: str, attribute: str, findings: Diagnostics) -> float | None:
    values: Values = {}
    assign(values, Station, magnitude(attribute, "W"), body.get(key), findings=findings)
    return values.get(attribute)


def directed(flow: PowerFlow, grid: float | None, battery: float | None) -> tuple[float | None, float | None]:
    """Power to the grid and out of the battery, negative the other way round, each None where its sign is unknown.

    `grid` and `battery` are what is known already. What is not follows from pv + discharge + import = load + charge +
    export, if only one direction makes that true. The direction that a battery tells was seen in one capture only, so
    that it yields where nothing but the other one balances.
    """
    grids, batteries = _ways(grid, flow.grid), _ways(battery, flow.battery)
    true = _balanced(flow, grids, batteries)
    if not true and battery is not None and abs(battery) > NOTICEABLE:
        true = _balanced(flow, grids, {-battery})
    if not true:
        return _only(grids), _only(batteries)
    return _only({way for way, _ in true}), _only({way for _, way in true})


def _balanced(flow: PowerFlow, grids: set[float], batteries: set[float]) -> list[tuple[float, float]]:
    """The ways that balance, if the powers of the flow can be balanced at all."""
    pv, load = flow.values.get("pv_power"), flow.values.get("load_power")
    if pv is None or load is None or not flow.closed:
        return []
    allowed = max(ALMOST, SHARE * max(pv, load, *map(abs, grids), *map(abs, batteries)))
    return [
        (to_grid, from_battery)
        for to_grid, from_battery in product(grids, batteries)
        if abs(pv + from_battery - to_grid - load) <= allowed
    ]


def _ways(known: float | None, size: float | None) -> set[float]:
    if known is not None:
        return {known}
    return set() if size is None else {size + 0.0, 0.0 - size}


def _only(ways: set[float]) -> float | None:
    return next(iter(ways)) if len(ways) == 1 else None
