"""What happens to a plant beside sun and habits: failures, outages, batteries set by hand, and hours unheard."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sems_exporter.simulator.plant.battery import battery_watts, capacity_joules
from sems_exporter.simulator.plant.specs import PlantSpec


class Span(NamedTuple):
    """Steps from `first` up to and without `end`."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Disturbed:
    """What is wrong during one step: no grid, and the inverters (by place) that have failed."""

    grid_down: bool = False
    failed: frozenset[int] = frozenset()


UNDISTURBED = Disturbed()


@dataclass(slots=True)
class Disturbances:
    """Everything that was ordered for a plant, by step."""

    outages: list[Span] = field(default_factory=list)
    failures: list[tuple[int, Span]] = field(default_factory=list)
    levels: dict[int, float] = field(default_factory=dict)
    unheard: list[Span] = field(default_factory=list)

    def at(self, step: int) -> Disturbed:
        """What is wrong during a step."""
        if not self.outages and not self.failures:
            return UNDISTURBED
        return Disturbed(
            any(first <= step < end for first, end in self.outages),
            frozenset(index for index, (first, end) in self.failures if first <= step < end),
        )

    def heard(self, step: int) -> bool:
        """Tell whether the portal has kept the powers of a step."""
        return not any(first <= step < end for first, end in self.unheard)

    def stored(self, spec: PlantSpec, step: int, joules: list[float]) -> list[float]:
        """What the batteries hold at the start of a step, given what they would hold by themselves."""
        if step not in self.levels:
            return joules
        return [self.levels[step] * capacity_joules(battery) for battery in spec.batteries]


class Island(NamedTuple):
    """A plant without its grid: how much of the possible PV power it can use, its batteries, and what stays on."""

    pv_share: float
    battery_watts: list[float]
    load_watts: float


def island(
    spec: PlantSpec,
    stored: Sequence[float],
    pv_watts: Sequence[float],
    load: float,
    seconds: float,
    *,
    failed: frozenset[int],
) -> Island:
    """Balance a plant by itself: surplus without a place is not produced, load that nobody carries is off."""
    possible = sum(pv_watts)
    batteries = battery_watts(spec.inverters, stored, pv_watts, possible - load, seconds, failed=failed)
    too_much = possible + sum(batteries) - load
    share = 1.0 - too_much / possible if too_much > 0.0 and possible > 0.0 else 1.0
    return Island(share, batteries, min(load, possible + sum(batteries)))
