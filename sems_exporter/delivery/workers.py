"""What runs in the background where the settings want anything delivered, each in a thread of its own."""

import threading
from collections.abc import Callable, Mapping

from sems_exporter.config.settings import ServerSettings
from sems_exporter.delivery.contents import Contents
from sems_exporter.delivery.files import LocalFiles, places
from sems_exporter.delivery.schedule import WAITING, Schedule
from sems_exporter.delivery.sending import Sender
from sems_exporter.telemetry.metrics import SelfMetrics

Worker = Callable[[threading.Event], None]


def workers(
    settings: ServerSettings, contents: Contents, metrics: SelfMetrics, revision: Callable[[], object]
) -> Mapping[str, Worker]:
    """The work by the name of its thread; each ends when its event is set."""
    local = [kind.value for kind in places(settings.files)]
    counted = metrics.of_deliveries([*local, *(target.name for target in settings.deliveries)])
    found: dict[str, Worker] = {}
    if settings.files:
        schedule = Schedule(revision, contents.until, contents.clock)
        found["files"] = LocalFiles(settings.files, contents, counted, schedule, contents.clock).run
    for target in settings.deliveries:
        schedule = Schedule(revision, contents.until, contents.clock, share=WAITING)
        found[f"send {target.name}"] = Sender(target, contents, counted, schedule, contents.clock).run
    return found
