"""A month of trouble in some minutes: does anything grow or leak, and has each warning a cause.

The whole exporter runs against the simulated portal on a clock that nobody waits for. Every hour it meets a fault of
the table that the tests play (tests/e2e/faults), drawn by a seeded chance, and is scraped in between. Run it with
`make soak`; `make soak ARGS="--days 2"` is shorter. It writes soak.csv and soak.svg, and ends with 1 if anything is
wrong. What the process of the exporter needs is measured by itself: see bench/long_run.py.
"""

import argparse
import csv
import gc
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.curve import curves
from sems_exporter.exposition import self_metrics
from sems_exporter.simulator.plant import plant
from tests.e2e.faults import checks, plants
from tests.e2e.faults.row import Row
from tests.e2e.faults.table import TABLE
from tests.e2e.faults.world import PATIENCE, Shape, World
from tests.serving import Stage, served

START = datetime(2026, 6, 1, 0, 0, 20, tzinfo=UTC)
SHAPE = Shape(start=START, before=timedelta(days=1), interval=600.0)
HOUR = 3600.0
LASTING = 1500.0
MINUTES = 24 * 60
"""Of a day, which the plants remember, so that the truth of its instants need not be worked out from the beginning."""
REMEMBERED = 2
"""Hours for which a fault may still explain a warning: so long a refusal is remembered, or another dialect spoken."""


@dataclass(frozen=True, slots=True)
class Hour:
    """The state of the process after one hour, and the fault that it met.

    `blocks` are those that Python has allocated, so they tell what is alive to the last object. They include the
    simulated portal, and what was true of its plants in the last day.
    """

    hour: int
    fault: str
    up: int
    sign_ins: int
    blocks: int
    threads: int
    descriptors: int


@dataclass(frozen=True, slots=True)
class Report:
    """The hours, and everything that should not have been."""

    hours: list[Hour]
    wrong: list[str]

    def curve(self) -> str:
        """The hours as a picture."""
        return curves(
            {
                "blocks that Python has allocated, thousands": [hour.blocks / 1000 for hour in self.hours],
                "threads": [hour.threads for hour in self.hours],
                "file descriptors": [hour.descriptors for hour in self.hours],
                "sign-ins so far": [hour.sign_ins for hour in self.hours],
            }
        )


def rows() -> list[Row]:
    """The faults that can befall an exporter that is running over plain HTTP; sun and calendar come by themselves."""
    found = [row for table in TABLE.values() for row in table]
    return [
        row for row in found if row.play is not plants.as_it_is and not row.shape.tls and row.shape.host == SHAPE.host
    ]


@contextmanager
def world(directory: Path) -> Iterator[World]:
    """The exporter, its portal and its web server."""
    stage = Stage()
    with pytest.MonkeyPatch.context() as patch, served(stage) as web, pytest.MonkeyPatch.context() as inner:
        patch.setattr(self_metrics, "MAX_AGE_SECONDS", 0.0)
        patch.setattr(plant, "_CHECKPOINTS", MINUTES)
        made = World(directory, SHAPE, web, lambda app: setattr(stage, "application", app), inner)
        try:
            yield made
        finally:
            made.close()


def measured(number: int, fault: str, made: World) -> Hour:
    """What the process holds now."""
    gc.collect()
    _join_handlers(made)
    return Hour(
        number,
        fault,
        int(made.value("sems_up") or 0),
        made.portal.login_attempts,
        sys.getallocatedblocks(),
        threading.active_count(),
        len(list(Path("/proc/self/fd").iterdir())),
    )


def _join_handlers(made: World) -> None:
    """Wait for the portal's threads of connections that are closed."""
    end = time.monotonic() + PATIENCE
    while made.portal.connections > 1 and time.monotonic() < end:
        threading.Event().wait(0.01)
    for thread in [thread for thread in threading.enumerate() if "process_request_thread" in thread.name]:
        thread.join(0.05)  # that of the connection which is kept goes on


def unexplained(line: str, recent: list[Row]) -> bool:
    """Whether no fault of the last hours accounts for a warning."""
    allowed = {word.partition(":")[2] for row in recent for word in row.moves.split()}
    reason = re.search(r"reason=(\w+)", line) or re.search(r"could not be read \((\w+)", line)
    if reason:
        return reason[1] not in allowed
    said = {
        "asks for a pause": "rate_limited",
        "no further sign-in": "credentials_rejected",
        "says something new": "unknown_code",
        "changed its protocol": "protocol_changed",
    }
    needed = next((outcome for words, outcome in said.items() if words in line), None)
    return needed not in allowed if needed else not any(row.says and row.says in line for row in recent)


def one_hour(made: World, row: Row, end: datetime) -> None:
    """A fault, its end, and the rest of the hour."""
    row.play(made)
    made.poll_for(min(row.lasts, LASTING))
    row.heal(made)
    made.poll_for(max(0.0, (end - made.clock.now()).total_seconds()))


def looked_at(made: World, recent: list[Row]) -> list[str]:
    """What was wrong in the last hour; forgets it afterwards."""
    wrong = [f"invented: {each}" for scrape in made.scrapes for each in checks.invented(made, scrape)]
    wrong += [f"fell: {each}" for each in checks.fallen(made)] + checks.harm(made)
    wrong += [f"told: {each}" for each in checks.told(made)]
    lines = [line for line in made.log.getvalue().splitlines() if "level=warn" in line or "level=error" in line]
    wrong += [f"unexplained: {line}" for line in lines if unexplained(line, recent)]
    made.forget()
    return wrong


def soak(hours: int, seed: int, directory: Path, note: Callable[[Hour], None] = lambda _: None) -> Report:
    """So many hours, each with a fault and noted at its end; Ctrl-C ends it early, with the hours so far."""
    chance = random.Random(seed)
    report, recent = Report([], []), list[Row]()
    faults = rows()
    with world(directory) as made, suppress(KeyboardInterrupt):
        made.poll()
        for number in range(hours):
            row = chance.choice(faults)
            recent = [*recent[-REMEMBERED:], row]
            one_hour(made, row, START + timedelta(hours=number + 1))
            report.wrong.extend(f"hour {number} ({row.name}): {each}" for each in looked_at(made, recent))
            report.hours.append(measured(number, row.name, made))
            note(report.hours[-1])
        made.poll_for(2 * HOUR)
        report.hours.append(measured(hours, "", made))
    return report


def main() -> int:
    """Write soak.csv and soak.svg; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="A month of trouble")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("build"))
    options = parser.parse_args()
    begun = time.monotonic()
    options.output.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, (options.output / "soak.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([each.name for each in fields(Hour)])

        def note(hour: Hour) -> None:
            writer.writerow(astuple(hour))
            file.flush()

        report = soak(24 * options.days, options.seed, Path(directory), note)
    (options.output / "soak.svg").write_text(report.curve())
    first, last = report.hours[0], report.hours[-1]
    print(f"{len(report.hours)} hours in {time.monotonic() - begun:.0f} s, {last.sign_ins} sign-ins")
    print(f"blocks of Python {first.blocks} -> {last.blocks}")
    print(f"threads {first.threads} -> {last.threads}, descriptors {first.descriptors} -> {last.descriptors}")
    print("\n".join(report.wrong) or "nothing wrong")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
