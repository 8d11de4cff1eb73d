"""What the counter rules know, from one run to the next."""

from pathlib import Path

from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.polling.counter_store import CounterStore
from sems_exporter.portal.session.file_stores import LARGEST_COUNTERS, TextFile
from tests.clocks import FakeClock
from tests.homes import NOON

COUNTERS = 42_000
"""Of a thousand homes with inverter, battery and meter."""


def test_a_restart_finds_the_memory_of_a_fleet(tmp_path: Path) -> None:
    memory, clock = TextFile(tmp_path / "counters.json", LARGEST_COUNTERS), FakeClock(NOON)
    before, after = CounterGuard(), CounterGuard()
    before.remember({f"station/{number}/pv_energy": {"good": float(number)} for number in range(COUNTERS)})
    CounterStore(memory, before, clock).save()

    CounterStore(memory, after, clock)

    assert len(after.remembered()) == COUNTERS
