"""What the figures were taken on, and the median of a measured piece of work."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path


def described() -> str:
    """Processor, cores, Python, and how busy the machine is with other things."""
    cpu = platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [
            line.partition(":")[2].strip()
            for line in information.read_text("utf-8").splitlines()
            if "model name" in line
        ]
        cpu = f"{cpu}, {names[0]}" if names else cpu
    busy = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, load {busy}"


def row(*cells: object) -> str:
    """One line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def head(*cells: str) -> str:
    """The first two lines of a table."""
    return f"{row(*cells)}\n{row(*['---'] * len(cells))}"


def cpu_of(work: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1000


def median_cpu(works: Iterable[Callable[[], object]]) -> float:
    """Milliseconds of CPU of the middle one of `works`."""
    return statistics.median(cpu_of(work) for work in works)
