"""What is written beside the series of the station itself, made of a whole past at once."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sems_exporter.history.past import Past
from sems_exporter.history.reckoning import Hole
from sems_exporter.model.schema import Family


@dataclass(frozen=True, slots=True)
class Column:
    """A series of all the past: its family, its labels beside the station's, and its values by instant, in order."""

    family: Family
    labels: str
    instants: Sequence[int]
    values: Sequence[float]

    @classmethod
    def of(cls, family: Family, labels: str, samples: Mapping[int, float]) -> "Column":
        """The column of these samples."""
        instants = sorted(samples)
        return cls(family, labels, array("q", instants), array("d", (samples[at] for at in instants)))

    def between(self, begin: int, end: int) -> dict[int, float]:
        """The samples from one instant to another, both included."""
        place = slice(bisect_left(self.instants, begin), bisect_right(self.instants, end))
        return dict(zip(self.instants[place], self.values[place], strict=True))


FindHoles = Callable[[Sequence[str], Mapping[str, str]], Mapping[str, list[Hole]]]
"""The times in which a store has nothing of the station's series of these names and further labels."""
Further = Callable[[Past, FindHoles, int], Iterable[Column]]
"""Makes further series of a past, within the holes that it finds, every so many seconds."""
