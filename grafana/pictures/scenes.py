"""What the pictures show: simulated plants that had some days with events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from grafana.simulated.days import as_history, exposed
from grafana.simulated.prometheus import holding
from sems_exporter.simulator import Alarm, Plant, SimulatedClock, demo_plants

from .rules import Evaluation, in_turn, rules

ZONE = "Europe/Amsterdam"
NOON = datetime(2026, 6, 21, 10, 46, tzinfo=UTC)
"""Not a multiple of five minutes: nobody scrapes at the very instant of midnight."""
HOME, ROOF = "Sunny Home", "Seaside Roof"
INSTANCE = "localhost:10736"
LOOKBACK = "15m"
FEW = 7
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Scene:
    """So many plants over so many hours until `now`, of whose last hours the portal was `away`."""

    name: str
    plants: int
    hours: float
    now: datetime = NOON
    away: float = 0


HOMES = Scene("homes", 3, 8 * 24)
FLEET = Scene("fleet", 12, 24)
WINTER_NIGHT = Scene("winter-night", 1, 28, datetime(2026, 12, 21, 2, 30, tzinfo=UTC))
ROOFS_NIGHT = Scene("roofs-night", 2, 26, datetime(2026, 6, 21, 13, 30, tzinfo=UTC))
OUTAGE = Scene("outage", 1, 30, away=6.5)
FIRST_DAY = Scene("first-day", 1, 2 / 3)
FORTY = Scene("forty", 40, 3)
EVENING = Scene("evening", 7, 26, datetime(2026, 6, 20, 18, 30, tzinfo=UTC))
SCENES = (HOMES, FLEET, WINTER_NIGHT, ROOFS_NIGHT, OUTAGE, FIRST_DAY, FORTY, EVENING)


def history(scene: Scene, state: Path) -> str:
    """The scene as an OpenMetrics text, with what rules would have made of it."""
    begin = scene.now - timedelta(hours=scene.hours)
    clock = SimulatedClock(begin, speed=0)
    plants = demo_plants(scene.plants, clock=clock)
    _happen(plants, scene)
    away = (scene.now - scene.away * HOUR, scene.now + HOUR) if scene.away else None
    instants = list(_instants(begin, scene))
    pages = exposed(plants, clock, instants, state, away=away)
    shown = as_history(pages, instance=INSTANCE).removesuffix("# EOF\n").splitlines()
    # Not the start of this process: for rules that would be after all this.
    lines = [line for line in shown if not line.startswith("process_start_time_seconds{")]
    lines += [f'up{{job="sems",instance="{INSTANCE}"}} 1 {instant.timestamp():.0f}' for instant in instants]
    with TemporaryDirectory() as work:
        added = lines
        for ready in [*in_turn(rules("recording.yml")), []]:
            # promtool refuses a file without samples, such as when rules had nothing to record.
            with holding(
                _text(added or lines[-1:]), Path(work), lookback=LOOKBACK
            ) as prometheus:  # beside what it holds already
                said = Evaluation(prometheus, scene.now)
                added = [line for rule in ready for line in said.recorded(rule)]
                lines += added
                if not ready:
                    lines += [line for rule in rules("alerts.yml") for line in said.fires(rule)]
    return _text(lines)


def _text(lines: Sequence[str]) -> str:
    return "\n".join([*lines, "# EOF\n"])


def _happen(plants: Sequence[Plant], scene: Scene) -> None:
    if len(plants) < 3 or scene is EVENING:
        return
    now = scene.now
    roof, barns = plants[1], plants[2]
    if scene.hours >= 24:
        barns.fail_inverter(now - 26 * HOUR, now - 23 * HOUR, "E-G3-0-12", "SIM5K0022")
    roof.alarms.append(Alarm("E-G3-0-9", "Prompt", "SIM5K0011", now - 3 * HOUR))
    if len(plants) > 5:
        plants[4].fail_inverter(now - 5 * HOUR, now + HOUR, "E-G3-0-12")


def _instants(begin: datetime, scene: Scene) -> Iterator[datetime]:
    """Every five minutes of a few plants' last day, else every ten; the first one is before the exporter asked."""
    instant = begin
    while instant <= scene.now:
        yield instant
        fine = scene.plants <= FEW and scene.now - instant <= timedelta(hours=26)
        instant += timedelta(minutes=5 if fine else 10)
