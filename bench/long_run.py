"""A month of the program by itself: does the process grow.

The soak (bench/soak.py) asks whether all that is shown is true; the process it looks at also holds a portal and the
truth. Here the program runs in a process of its own, on a clock that is 3,000 times as fast as ours, and meets a fault
of the simulated portal every hour. Run it with `make long-run`; `make long-run ARGS="--days 2"` is shorter. It writes
long-run.csv and long-run.svg, and ends with 1 if the process grows or does not come back.
"""

import argparse
import csv
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean

from bench.curve import curves
from sems_exporter.simulator import SimulatedClock, demo_plants
from tests.e2e.hurried import SPEED
from tests.e2e.program import ANY_PORT, Program, running, until
from tests.faulty_portal.fault_types import Fault
from tests.faulty_portal.portal import FaultyPortal

ACCOUNT, PASSWORD = "owner@example.com", "correct horse"
FAULTS = [*(fault.value for fault in Fault if fault is not Fault.CODE), "code:100002", "code:GY0429", "code:Q4711"]
SECONDS = {"slow_headers": 2.0, "slow_drip": 0.6, "dripping_headers": 0.6}
"""Longer than the hurried program is patient."""
HOUR, LASTING = timedelta(hours=1), timedelta(minutes=25)
COMMAND = (sys.executable, "-m", "tests.e2e.hurried")
WARM_UP = 24
"""Hours after which caches are full, and each code path of a day has run."""
MOST_GROWTH = {"resident_mib": 5.0, "threads": 0.5, "descriptors": 0.5}
"""By how much the last quarter may be above the first one after the warm-up, on average.

The allocator may keep the room of the largest answer, which is 4 MiB; what creeps by 10 KiB an hour is more than that.
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """What the process of the exporter holds at the end of an hour, and the fault that it met.

    `peak_mib` is the most that it ever held.
    """

    hour: int
    fault: str
    up: int
    sign_ins: int
    resident_mib: float
    peak_mib: float
    threads: int
    descriptors: int


@contextmanager
def month(directory: Path, plants: int) -> Iterator[tuple[FaultyPortal, SimulatedClock, Program]]:
    """The portal, its clock, and the program that asks it on the same clock."""
    since = time.monotonic()
    clock = SimulatedClock(speed=SPEED)
    specs = demo_plants(plants, clock=clock)
    with FaultyPortal(specs, clock=clock, account=ACCOUNT, password=PASSWORD) as portal:
        settings = {
            "SEMS_ACCOUNT": ACCOUNT,
            "SEMS_PASSWORD": PASSWORD,
            "SEMS_LOGIN_URL": portal.login_url,
            "SEMS_STATE_DIR": str(directory),
            "SEMS_REQUESTS_PER_MINUTE": "120",
            "SEMS_INTERVAL": "10m",
            "HURRIED_SINCE": str(since),
        }
        with running("serve", ANY_PORT, command=COMMAND, **settings) as program:
            yield portal, clock, program


def waited(clock: SimulatedClock, instant: datetime) -> None:
    """Return when it is that time."""
    missing = (instant - clock.now()).total_seconds()
    threading.Event().wait(max(0.0, missing / SPEED))


def is_up(program: Program) -> bool:
    """Whether the last refresh worked; the scrape is also what a Prometheus would do."""
    status, text = program.get("/metrics", **{"Accept-Encoding": "identity"})
    return status == 200 and "\nsems_up 1.0\n" in text


def measured(number: int, fault: str, portal: FaultyPortal, program: Program, *, up: bool) -> Hour:
    """What the process holds now."""
    process = Path(f"/proc/{program.process.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return Hour(
        number,
        fault,
        int(up),
        portal.login_attempts,
        _mib(status["VmRSS"]),
        _mib(status["VmHWM"]),
        len(list((process / "task").iterdir())),
        len(list((process / "fd").iterdir())),
    )


def _mib(kilobytes: str) -> float:
    return round(int(kilobytes.removesuffix("kB")) / 1024, 2)


def hours(count: int, seed: int, directory: Path, plants: int) -> Iterator[Hour]:
    """So many hours with a fault each, and the one in which all is well again."""
    chance = random.Random(seed)
    with month(directory, plants) as (portal, clock, program):
        until(lambda: is_up(program))
        begin = clock.now()
        for number in range(count):
            fault = chance.choice(FAULTS)
            portal.play(fault, seconds=SECONDS.get(fault))
            waited(clock, begin + number * HOUR + LASTING)
            portal.heal()
            waited(clock, begin + (number + 1) * HOUR)
            yield measured(number, fault, portal, program, up=is_up(program))
            portal.forget_requests()
            # What the program logs is not kept, or this process would grow.
            program.forget_output()
        until(lambda: is_up(program))
        # Not asked again: at this speed a machine that is busy for a moment costs a refresh.
        yield measured(count, "", portal, program, up=True)


def growth(of: Sequence[Hour], what: str) -> float:
    """How far `what` is above its first quarter after the warm-up in the last one, on average."""
    after = [float(getattr(hour, what)) for hour in of[min(WARM_UP, len(of) // 4) :]]
    quarter = max(1, len(after) // 4)
    return fmean(after[-quarter:]) - fmean(after[:quarter])


def grown(of: Sequence[Hour]) -> list[str]:
    """What grew more than it may."""
    return [f"{what} grew by {growth(of, what):.2f}" for what, most in MOST_GROWTH.items() if growth(of, what) > most]


def curve(of: Sequence[Hour]) -> str:
    """The hours as a picture."""
    return curves(
        {
            "resident memory of the exporter, MiB": [hour.resident_mib for hour in of],
            "its peak so far, MiB": [hour.peak_mib for hour in of],
            "threads": [hour.threads for hour in of],
            "file descriptors": [hour.descriptors for hour in of],
            "sign-ins so far": [hour.sign_ins for hour in of],
        }
    )


def main() -> int:
    """Write long-run.csv and long-run.svg; 1 if anything grew."""
    parser = argparse.ArgumentParser(description="A month of the program by itself")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plants", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("build"))
    options = parser.parse_args()
    options.output.mkdir(exist_ok=True)
    begun, seen = time.monotonic(), list[Hour]()
    with tempfile.TemporaryDirectory() as directory, (options.output / "long-run.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([each.name for each in fields(Hour)])
        for hour in hours(24 * options.days, options.seed, Path(directory), options.plants):
            seen.append(hour)
            writer.writerow(astuple(hour))
            file.flush()
    (options.output / "long-run.svg").write_text(curve(seen))
    first, last = seen[0], seen[-1]
    print(f"{len(seen)} hours in {time.monotonic() - begun:.0f} s, {last.sign_ins} sign-ins")
    for what in MOST_GROWTH:
        print(f"{what}: {getattr(first, what)} -> {getattr(last, what)}, growth {growth(seen, what):+.2f}")
    print(f"at most {last.peak_mib} MiB")
    wrong = grown(seen)
    print("\n".join(wrong) or "nothing grew")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
