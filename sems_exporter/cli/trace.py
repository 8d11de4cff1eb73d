"""How each metric came to be: by which call and code, from which number and unit; and what was refused, and why.

It listens to the readers of the answers, which tell it of each value, so that there is no second table.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from sems_exporter.cli.terminal import legible
from sems_exporter.model.diagnostics import Diagnostics, DropReason, Unknown
from sems_exporter.model.plant import CHILDREN, Station
from sems_exporter.model.schema import PREFIX, Entity, Family, enumerations, family, measures

LONGEST_RAW = 40
ANY_DEVICE = f"{PREFIX}_…_"
"""How the metric of something begins that a list tells of devices of every kind."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one code: a metric and its value, or why there is none."""

    code: str
    raw: str
    metric: str
    became: str


@dataclass(slots=True)
class Trace(Diagnostics):
    """Diagnostics that remember where each value came from, call by call."""

    traces: ClassVar[bool] = True
    calls: dict[str, list[Line]] = field(default_factory=dict)
    metrics: set[str] = field(default_factory=set)
    told: Counter[tuple[str, DropReason]] = field(default_factory=Counter)
    here: str = ""

    def asked(self, endpoint: str, about: str) -> None:
        """What comes now is of this answer."""
        self.here = f"{endpoint} {about}"
        self.calls.setdefault(self.here, [])

    def read(self, family: Family, code: str, raw: object, unit: object, became: object) -> None:
        """Remember a value, or why it was refused."""
        refused = isinstance(became, DropReason)
        if isinstance(became, DropReason):
            self.told[family.sample_name, became] += 1
        metric = family.sample_name if family.scope.scope else f"{ANY_DEVICE}{family.attribute}"
        self.metrics.add(metric)
        words = f"refused: {became}" if refused else f"{became}"
        self._add(Line(self.code or code, _shown(raw, unit), metric, words))

    def meet(self, kind: Unknown, detail: object) -> None:
        """Remember what nobody knows."""
        Diagnostics.meet(self, kind, detail)
        self._add(Line(str(detail), "", "", f"not known ({kind.value})"))

    def _add(self, line: Line) -> None:
        self.calls.setdefault(self.here, []).append(line)


def _shown(raw: object, unit: object) -> str:
    text = f"{raw}"[:LONGEST_RAW]
    return f"{text} {unit}" if isinstance(unit, str) and unit and unit not in text else text


def lines(trace: Trace, stations: list[Station]) -> list[str]:
    """A line for each code, below its call, and then what the exporter made itself or held back."""
    found = []
    for call, said in trace.calls.items():
        if said:
            found.append(f"  {call or 'by rules of their own'}")
            found += [f"    {_line(line)}" for line in said]
    told = {name.removeprefix(ANY_DEVICE) for name in trace.metrics if name.startswith(ANY_DEVICE)}
    names = {name for station in stations for name in _names(station)} - trace.metrics
    made = sorted(name for name in names if name.rpartition("_")[2] not in told)
    if made:
        found.append("  made by the exporter of these, or read by a rule of its own")
        found += [f"    {name}" for name in made]
    # What was refused while it was read has its line above.
    held = [(metric, reason, count - trace.told[metric, reason]) for (metric, reason), count in trace.dropped.items()]
    if any(count > 0 for *_, count in held):
        found.append("  held back by what the exporter remembers, or by other values")
        found += [f"    {metric}: {reason}, {count} times" for metric, reason, count in held if count > 0]
    return [legible(line) for line in found]


def _line(line: Line) -> str:
    metric = f"{line.metric} " if line.metric else ""
    return f"{line.code}: {line.raw} -> {metric}{line.became}" if line.raw else f"{line.code}: {line.became}"


def _names(scope: Entity) -> Iterator[str]:
    """The metrics that `scope` and its parts have."""
    kind = type(scope)
    for name in (*measures(kind), *enumerations(kind)):
        if getattr(scope, name) is not None:
            yield family(kind, name).sample_name
    yield from (extra.family.name for extra in scope.extras)
    for attribute, _ in CHILDREN[kind]:
        for part in getattr(scope, attribute):
            yield from _names(part)
