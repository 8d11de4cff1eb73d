"""What the pictures show: simulated plants that had some days with events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from grafana.simulated.days import as_history, exposed
from sems_exporter.simulator import Alarm, Plant, SimulatedClock, demo_plants

ZONE = "Europe/Amsterdam"
NOW = datetime(2026, 6, 21, 10, 45, tzinfo=UTC)
HOME = "Sunny Home"


@dataclass(frozen=True, slots=True)
class Scene:
    """So many plants over so many days."""

    name: str
    plants: int
    days: int


HOMES = Scene("homes", 3, 8)
FLEET = Scene("fleet", 12, 1)
SCENES = (HOMES, FLEET)


def history(scene: Scene, state: Path) -> str:
    """The scene as an OpenMetrics text."""
    begin = NOW - timedelta(days=scene.days)
    clock = SimulatedClock(begin, speed=0)
    plants = demo_plants(scene.plants, clock=clock)
    _happen(plants)
    return as_history(exposed(plants, clock, _instants(begin), state), instance="localhost:10736")


def _happen(plants: Sequence[Plant]) -> None:
    roof, barns = plants[1], plants[2]
    hour = timedelta(hours=1)
    barns.fail_inverter(NOW - 26 * hour, NOW - 23 * hour, "E-G3-0-12", "SIM5K0022")
    roof.alarms.append(Alarm("E-G3-0-9", "Prompt", "SIM5K0011", NOW - 3 * hour))
    if len(plants) > 5:
        plants[4].fail_inverter(NOW - 5 * hour, NOW + hour, "E-G3-0-12")


def _instants(begin: datetime) -> Iterator[datetime]:
    """Every five minutes of the last day, every ten before; the first one is before the exporter asked."""
    instant = begin
    while instant <= NOW:
        yield instant
        instant += timedelta(minutes=5 if NOW - instant <= timedelta(hours=26) else 10)
