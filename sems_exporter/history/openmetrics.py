"""Series as OpenMetrics files, one a calendar month (UTC), family by family, as strictly as 1.0 wants it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sems_exporter.exposition import Format
from sems_exporter.exposition.text_format import head
from sems_exporter.files import Draft
from sems_exporter.history.series import Series

BATCH_LINES = 5000


def months(begin: float, end: float) -> list[tuple[int, int]]:
    """The months that hold a time, each from its first second to its last, the newest first.

    No file overlaps another, so that no blocks made of them do.
    """
    found = []
    first = datetime.fromtimestamp(end, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (first + timedelta(days=32)).replace(day=1)
    while after.timestamp() > begin:
        found.append((int(first.timestamp()), int(after.timestamp()) - 1))
        first, after = (first - timedelta(days=1)).replace(day=1), first
    return found


def write(folder: Path, begin: int, series: Sequence[Series], part: str = "") -> str | None:
    """Write the file of the month that begins then, and return its name; where there is nothing, remove it."""
    name = f"{datetime.fromtimestamp(begin, UTC):%Y-%m}{part}.om"
    if not any(each.samples for each in series):
        (folder / name).unlink(missing_ok=True)
        return None
    with Draft(folder / name) as draft:
        draft.keep_pieces(text(series))
    return name


def text(series: Sequence[Series]) -> Iterator[bytes]:
    """The series as OpenMetrics, in pieces."""
    by_family: dict[str, list[Series]] = {}
    for each in series:
        if each.samples:
            by_family.setdefault(each.family.name, []).append(each)
    for of_family in by_family.values():
        yield head(of_family[0].family, Format.OPENMETRICS).encode("utf-8", "replace")
        for each in of_family:
            yield from _lines(each)
    yield b"# EOF\n"


def _lines(series: Series) -> Iterable[bytes]:
    name = f"{series.family.sample_name}{{{series.labels}}}"
    lines = [f"{name} {series.samples[at]!r} {at}\n" for at in sorted(series.samples)]
    for first in range(0, len(lines), BATCH_LINES):
        yield "".join(lines[first : first + BATCH_LINES]).encode("utf-8", "replace")
