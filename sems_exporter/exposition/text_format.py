"""Samples into lines. Those of a sample are the same in both formats; only what stands above a family differs."""

from dataclasses import dataclass
from enum import StrEnum

from sems_exporter.exposition.families import all_families
from sems_exporter.exposition.samples import Sample, collect
from sems_exporter.model.schema import Family, Kind, once
from sems_exporter.pipeline.staleness import StationView


class Format(StrEnum):
    """The exposition formats that are served, by content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@once
def families() -> tuple[Family, ...]:
    """Every family of the model, in the order of exposition."""
    return tuple(all_families())


@once
def heads(wanted: Format) -> tuple[bytes, ...]:
    """Write the lines above the samples of each family."""
    return tuple(_bytes(head(found, wanted)) for found in families())


def head(found: Family, wanted: Format) -> str:
    """Help, type and, in OpenMetrics, unit of a family."""
    openmetrics = wanted is Format.OPENMETRICS
    # Text 0.0.4 knows no info type, names counters by their samples, and does not escape quotes in a help text.
    name = found.name if openmetrics else found.sample_name
    kind = Kind.GAUGE if found.kind is Kind.INFO and not openmetrics else found.kind
    text = found.help.replace("\\", r"\\").replace("\n", r"\n")
    text = text.replace('"', r"\"") if openmetrics else text
    unit = f"# UNIT {name} {found.unit}\n" if openmetrics and found.unit else ""
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n{unit}"


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one station: those of each family of the model, and those that only a user's file declares."""

    known: list[bytes]
    extra: tuple[tuple[Family, bytes], ...] = ()


def lines(shown: StationView) -> Lines:
    """All lines of one station."""
    found = collect([shown])
    samples = found.by_family
    known = [_lines(family, samples[family.name]) if family.name in samples else b"" for family in families()]
    return Lines(known, tuple((family, _lines(family, samples[name])) for name, family in found.extra.items()))


def _lines(family: Family, samples: list[Sample]) -> bytes:
    return _bytes("".join([f"{family.sample_name}{{{sample.labels}}} {sample.value!r}\n" for sample in samples]))


def _bytes(text: str) -> bytes:
    # JSON can hold half a character, UTF-8 cannot.
    return text.encode("utf-8", "replace")
