"""What runs in the background where the settings want anything delivered, each in a thread of its own."""

import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from sems_exporter.config.settings import ServerSettings
from sems_exporter.delivery.contents import Contents
from sems_exporter.delivery.files import LocalFiles, places
from sems_exporter.delivery.remote_write.sampler import Sampler
from sems_exporter.delivery.remote_write.target import Target
from sems_exporter.delivery.schedule import SENDING_SHARE, Schedule
from sems_exporter.delivery.sending import Sender
from sems_exporter.exposition import Format
from sems_exporter.telemetry.metrics import SelfMetrics

Worker = Callable[[threading.Event], None]
QUEUES = "remote_write"
"""In the state directory."""
JOB = "sems"


def workers(
    settings: ServerSettings, contents: Contents, metrics: SelfMetrics, revision: Callable[[], object]
) -> Mapping[str, Worker]:
    """The work by the name of its thread; each ends when its event is set.

    `revision` differs after each refresh, and is None before the first has ended.
    """
    found = _files_and_servers(settings, contents, metrics, revision)
    if settings.remote_write and settings.accounts:
        folder = settings.accounts[0].state_dir / QUEUES
        found |= _remote_write(settings, contents, metrics, folder, lambda: revision() is not None)
    return found


def _files_and_servers(
    settings: ServerSettings, contents: Contents, metrics: SelfMetrics, revision: Callable[[], object]
) -> dict[str, Worker]:
    found: dict[str, Worker] = {}
    local = [kind.value for kind in places(settings.files)]
    names = [*local, *(target.name for target in settings.deliveries)]
    if not names:
        return found
    counted = metrics.of_deliveries(names)
    if settings.files:
        schedule = Schedule(revision, contents.until, contents.clock)
        found["files"] = LocalFiles(settings.files, contents, counted, schedule, contents.clock).run
    for target in settings.deliveries:
        schedule = Schedule(revision, contents.until, contents.clock, share=SENDING_SHARE)
        found[f"send {target.name}"] = Sender(target, contents, counted, schedule, contents.clock).run
    return found


def _remote_write(
    settings: ServerSettings, contents: Contents, metrics: SelfMetrics, folder: Path, is_ready: Callable[[], bool]
) -> dict[str, Worker]:
    counted = metrics.of_remote_write([one.name for one in settings.remote_write])
    labels = {"job": JOB, "instance": instance(settings.listen_address)}
    targets = [Target(one, labels, folder, counted, contents.clock) for one in settings.remote_write]

    def exposition() -> bytes:
        return contents.exposition.body(Format.TEXT, compressed=False) or b""

    sampler = Sampler(exposition, targets, folder, is_ready, contents.clock)
    return {"remote write samples": sampler.run, **{f"remote write {one.name}": one.run for one in targets}}


def instance(listen_address: str) -> str:
    """What Prometheus would call this exporter, were it to scrape it by the name of this machine."""
    return f"{socket.gethostname()}:{listen_address.rpartition(':')[2]}"
