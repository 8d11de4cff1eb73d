"""Samples into lines. Those of a sample are the same in both formats; only what stands above a family differs."""

from enum import StrEnum

from sems_exporter.exposition.families import all_families
from sems_exporter.exposition.samples import collect
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


def fragments(shown: StationView) -> list[bytes]:
    """The lines of one station, for each family; nothing where a family has none of it."""
    samples = collect([shown])
    return [
        _bytes(
            "".join([f"{found.sample_name}{{{sample.labels}}} {sample.value!r}\n" for sample in samples[found.name]])
        )
        if found.name in samples
        else b""
        for found in families()
    ]


def _bytes(text: str) -> bytes:
    # JSON can hold half a character, UTF-8 cannot.
    return text.encode("utf-8", "replace")
