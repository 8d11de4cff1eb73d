"""The families of an exposition as live metrics behind prometheus_client's own server: live.py FILE PORT."""

import sys
import threading
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, start_http_server
from prometheus_client.parser import text_string_to_metric_families


def registered(text: str) -> CollectorRegistry:
    """A registry with a gauge or a counter for each sample of `text`."""
    registry = CollectorRegistry(auto_describe=False)
    for family in text_string_to_metric_families(text):
        names = sorted({name for sample in family.samples for name in sample.labels})
        kind = Counter if family.type == "counter" else Gauge
        metric = kind(family.name, family.documentation, names, registry=registry)
        for sample in family.samples:
            child = metric.labels(*(sample.labels.get(name, "") for name in names))
            child.inc(sample.value)
    return registry


if __name__ == "__main__":
    disable_created_metrics()  # type: ignore[no-untyped-call]
    start_http_server(int(sys.argv[2]), "127.0.0.1", registered(Path(sys.argv[1]).read_text("utf-8")))
    threading.Event().wait()
