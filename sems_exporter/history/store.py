"""What a store that speaks Prometheus' API holds of a station: its labels, its series, how long it keeps them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import requests

from sems_exporter.errors import StartError
from sems_exporter.history.archive import Json
from sems_exporter.history.reckoning import Hole

PATIENCE_SECONDS = 60.0
CELL = 300
"""Seconds: a hole is a time in which Prometheus shows nothing, and it shows a sample for five minutes."""
CHUNK = 8000 * CELL
"""Prometheus gives no more than 11,000 points a series at once."""
SEEN = "30d"
"""How long ago a target may have been scraped last, and still be the one to go on."""
LASTING = "sems_station_up|sems_station_installed_power_watts"
"""What a station has of the live and of the imported, without labels of its own beside the station."""
UNIT_SECONDS = {"y": 365 * 86400.0, "w": 7 * 86400.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
NOT_A_TARGET = frozenset({"__name__", "station"})

Labels: TypeAlias = Mapping[str, str]
Points: TypeAlias = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """One series of an answer."""

    labels: dict[str, str]
    points: Points


class Store:
    """A Prometheus, or what speaks like one, at `url`. Every method raises StartError that says what does not work."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False

    def check(self) -> None:
        """See that it is there."""
        self._get("/api/v1/query", query="vector(1)")

    def retention_seconds(self) -> float | None:
        """For how long it keeps samples; None where it does not say."""
        try:
            flags = self._get("/api/v1/status/flags")
        except StartError:
            return None
        told = flags.get("storage.tsdb.retention.time") if isinstance(flags, dict) else None
        seconds = duration_seconds(told) if isinstance(told, str) else None
        # 0s stands for the default where no size is set either.
        return 15 * 86400.0 if seconds == 0 else seconds

    def target(self, station: str) -> tuple[dict[str, str], int]:
        """The labels that scraping gives the station's series, and how many targets show it; none where none does."""
        selector = selected(LASTING, {"station": station})
        found = self.at(None, selector) or self.at(None, f"last_over_time({selector}[{SEEN}])")
        targets = {tuple(sorted((n, t) for n, t in each.labels.items() if n not in NOT_A_TARGET)) for each in found}
        return dict(min(targets, default=())), len(targets)

    def at(self, instant: float | None, query: str) -> list[StoredSeries]:
        """The series of a query at an instant, now where none is given."""
        when = {} if instant is None else {"time": f"{instant:.3f}"}
        return _series(self._get("/api/v1/query", query=query, **when))

    def holes(self, names: Sequence[str], labels: Labels, begin: int, end: int) -> dict[str, list[Hole]]:
        """Of each series name the times between `begin` and `end` in which the store has nothing."""
        points: dict[str, Points] = {name: [] for name in names}
        for first in range(begin - begin % CELL, end + 1, CHUNK):
            last = min(first + CHUNK - CELL, end - end % CELL)
            query = selected("|".join(names), labels)
            found = self._get("/api/v1/query_range", query=query, start=str(first), end=str(last), step=str(CELL))
            for each in _series(found):
                if each.labels.get("__name__", "") in points:
                    points[each.labels["__name__"]] += each.points
        return {
            name: [self._exact(name, labels, hole) for hole in _holes(sorted(found), begin, end)]
            for name, found in points.items()
        }

    def _exact(self, name: str, labels: Labels, hole: Hole) -> Hole:
        """The hole of a counter with the very first sample after it; five minutes on it may have counted already."""
        if hole.after is None or not name.endswith("_total"):
            return hole
        at = hole.after[0]
        found = self.at(at, f"{selected(name, labels)}[{CELL}s]")
        first = min((point for each in found for point in each.points if point[0] > at - CELL), default=hole.after)
        return replace(hole, after=first)

    def _get(self, path: str, **parameters: str) -> Json:
        try:
            # A form, because a selector of all names is longer than some servers let an address be.
            answer = (
                self._session.post(f"{self.url}{path}", data=parameters, timeout=PATIENCE_SECONDS)
                if parameters
                else self._session.get(f"{self.url}{path}", timeout=PATIENCE_SECONDS)
            )
            document = answer.json()
        except requests.JSONDecodeError as error:
            raise StartError(f"prometheus: {self.url} does not speak Prometheus' API") from error
        except (requests.RequestException, ValueError) as error:
            raise StartError(f"prometheus: {self.url} cannot be reached: {reason(error)}") from error
        if not isinstance(document, dict) or document.get("status") != "success":
            told = document.get("error") if isinstance(document, dict) else None
            raise StartError(f"prometheus: {self.url} refuses: {str(told or answer.status_code)[:200]}")
        found: Json = document.get("data")
        return found


def selected(names: str, labels: Labels) -> str:
    """A selector of series by a pattern of their names, and by labels."""
    wanted = [f'__name__=~"{names}"', *(f"{name}={quoted(text)}" for name, text in labels.items())]
    return f"{{{','.join(wanted)}}}"


def quoted(text: str) -> str:
    """A text as PromQL has it."""
    return '"' + text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") + '"'


def _holes(points: Points, begin: int, end: int) -> Iterator[Hole]:
    if not points:
        yield Hole(begin - 1, end)
        return
    first, last = points[0], points[-1]
    if first[0] - CELL >= begin:
        yield Hole(begin - 1, first[0] - CELL, None, first)
    for (left, before), after in pairwise(points):
        if after[0] - left > CELL:
            yield Hole(left, after[0] - CELL, before, after)
    if end > last[0]:
        yield Hole(last[0], end, last[1])


def _series(data: Json) -> list[StoredSeries]:
    """The series in the data of an answer; what is of another shape is not there."""
    result = data.get("result") if isinstance(data, dict) else None
    found = []
    for each in result if isinstance(result, list) else []:
        if isinstance(each, dict) and isinstance(each.get("metric"), dict):
            values = each["values"] if "values" in each else [each.get("value")]
            labels = {str(name): str(text) for name, text in each["metric"].items()}  # type: ignore[union-attr]
            points = [(float(v[0]), float(v[1])) for v in values if isinstance(v, list)]  # type: ignore[union-attr,arg-type]
            found.append(StoredSeries(labels, points))
    return found


def duration_seconds(text: str) -> float | None:
    """The seconds of a duration of Prometheus, such as 15d or 1y6w; None for anything else."""
    if not re.fullmatch(r"(\d+(ms|[ywdhms]))+", text):
        return None
    return sum(int(number) * UNIT_SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|[ywdhms])", text))


def reason(error: Exception) -> str:
    """Why in a few words; the message of requests holds addresses of objects."""
    inner = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__  # type: ignore[assignment]
    return getattr(inner, "strerror", None) or type(error).__name__
