"""What is told of an account by its own metrics, the same on every replica: as the one that polls it has told last.

Each replica counts what it does itself. What a scrape gets must not fall when it comes to another one, so the counters
go on from what was published before, by whichever replica that was.
"""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.registry import Collector

Sample = tuple[str, tuple[tuple[str, str], ...]]
"""Name and labels."""
Values = dict[Sample, float]
ADDING_UP = ("counter", "histogram")
ENDINGS = ("_total", "_bucket", "_sum", "_count")
"""End the names of their samples."""


class PublishedMetrics(Collector):
    """Shows `own`, what this process counts and measures, with the values that were published."""

    def __init__(self, own: Collector) -> None:
        self._own = own
        self._published: Values | None = None
        self._before: Values = {}

    def collect(self) -> Iterator[Metric]:
        """The families with what was published; as they begin, where nothing was."""
        published = self._published
        if published is None:
            yield from self._own.collect()
            return
        left = dict(published)
        families = list(self._own.collect())
        for family in families:
            family.samples = [
                sample._replace(value=left.pop(_sample(sample.name, sample.labels), 0.0)) for sample in family.samples
            ]
        # Of labels that this process has not met itself.
        for (name, labels), value in left.items():
            for family in families:
                if name in (family.name, f"{family.name}_total"):
                    family.add_sample(name, dict(labels), value)
        yield from families

    def begin(self) -> None:
        """Count on from what was published: from now on it is this process that publishes."""
        self._before = {}
        for family in self._own.collect():
            if family.type in ADDING_UP:
                for one in family.samples:
                    self._before[_sample(one.name, one.labels)] = one.value
        for sample, value in (self._published or {}).items():
            self._before[sample] = self._before.get(sample, 0.0) - value

    def document(self) -> list[tuple[str, dict[str, str], float]]:
        """What is to be published now; zeros are left out."""
        found = []
        for family in self._own.collect():
            adds_up = family.type in ADDING_UP
            for one in family.samples:
                before = self._before.get(_sample(one.name, one.labels), 0.0) if adds_up else 0.0
                if value := one.value - before:
                    found.append((one.name, dict(one.labels), value))
        met = {_sample(name, labels) for name, labels, _ in found}
        unmet = ((sample, -before) for sample, before in self._before.items() if sample not in met and before < 0)
        found += [(name, dict(labels), value) for (name, labels), value in unmet if name.endswith(ENDINGS)]
        return found

    def publish(self, document: list[tuple[str, dict[str, str], float]]) -> None:
        """Show these from now on."""
        self._published = {_sample(name, labels): float(value) for name, labels, value in document}


def _sample(name: str, labels: dict[str, str]) -> Sample:
    return name, tuple(sorted(labels.items()))
