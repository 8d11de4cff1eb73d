"""The exposition as one would write it in ten lines, and what every body of the exporter is compared with."""

from collections.abc import Iterable, Iterator

from sems_exporter.exposition import Format
from sems_exporter.exposition.families import all_families
from sems_exporter.exposition.samples import Sample, collect
from sems_exporter.model.schema import Family, Kind
from sems_exporter.pipeline.staleness import StationView


def rendered(stations: Iterable[StationView], wanted: Format) -> str:
    """The exposition of `stations` in the order of accounts and ids, without the closing line of OpenMetrics."""
    samples = collect(sorted(stations, key=lambda shown: (shown.account, shown.station.id))).by_family
    return "".join(
        line for found in all_families() if found.name in samples for line in _lines(found, samples[found.name], wanted)
    )


def _lines(found: Family, samples: list[Sample], wanted: Format) -> Iterator[str]:
    openmetrics = wanted is Format.OPENMETRICS
    name = found.name if openmetrics else found.sample_name
    yield f"# HELP {name} {found.help}\n"
    yield f"# TYPE {name} {'gauge' if found.kind is Kind.INFO and not openmetrics else found.kind}\n"
    if openmetrics and found.unit:
        yield f"# UNIT {name} {found.unit}\n"
    for sample in samples:
        yield f"{found.sample_name}{{{sample.labels}}} {sample.value!r}\n"
