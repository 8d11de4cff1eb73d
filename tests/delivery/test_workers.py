"""What runs in the background for which settings."""

import threading
from pathlib import Path

from sems_exporter.config.deliveries import load_deliveries
from sems_exporter.config.settings import FileSettings, ServerSettings
from sems_exporter.delivery.workers import workers
from tests.delivery.servers import dav_server
from tests.delivery.stations import known
from tests.homes import home


def test_files_and_each_target_have_a_worker_that_does_its_work_after_a_refresh(tmp_path: Path) -> None:
    exporter, stop = known(home()), threading.Event()

    def revision() -> object:
        # Each worker is to do its work once.
        stop.set()
        return 1

    with dav_server() as one, dav_server() as other:
        targets = [
            {"name": name, "url": f"http://127.0.0.1:{server.port}/x.json", "send": "json", "in_place": True}
            for name, server in (("one", one), ("other", other))
        ]
        settings = ServerSettings(
            (), files=FileSettings(json_file=tmp_path / "x.json"), deliveries=load_deliveries(targets)
        )
        found = workers(settings, exporter.contents(), exporter.metrics, revision)
        for run in found.values():
            stop.clear()
            run(stop)

    assert list(found) == ["files", "send one", "send other"]
    assert one.files["/x.json"] == other.files["/x.json"] == (tmp_path / "x.json").read_bytes()


def test_without_settings_nothing_runs() -> None:
    assert not ServerSettings(()).delivers
