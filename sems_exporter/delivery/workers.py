"""What runs in the background where the settings want anything delivered, each in a thread of its own."""

import threading
from collections.abc import Callable, Mapping

from sems_exporter.config.settings import ServerSettings
from sems_exporter.delivery.contents import Contents
from sems_exporter.delivery.files import LocalFiles, places
from sems_exporter.delivery.schedule import Schedule
from sems_exporter.telemetry.metrics import SelfMetrics

Worker = Callable[[threading.Event], None]


def workers(
    settings: ServerSettings, contents: Contents, metrics: SelfMetrics, revision: Callable[[], object]
) -> Mapping[str, Worker]:
    """The work by the name of its thread; each ends when its event is set."""
    counted = metrics.of_deliveries([kind.value for kind in places(settings.files)])
    found: dict[str, Worker] = {}
    if settings.files:
        files = LocalFiles(settings.files, contents, counted, contents.clock)
        schedule = Schedule(revision, contents.until, contents.clock)
        found["files"] = lambda stop: files.run(schedule, stop)
    return found
