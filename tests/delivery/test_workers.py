"""What runs in the background for which settings."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

from sems_exporter.config.deliveries import load_deliveries
from sems_exporter.config.remote_write import load_remote_write
from sems_exporter.config.settings import Account, AccountSettings, FileSettings, ServerSettings
from sems_exporter.delivery.workers import workers
from sems_exporter.telemetry.redaction import Secret
from tests.delivery.remote_write.receiver import receiving
from tests.delivery.servers import dav_server
from tests.delivery.stations import known
from tests.e2e.program import ROOT, environment, until
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


def test_a_receiver_gets_its_samples_with_the_name_of_this_machine(tmp_path: Path) -> None:
    exporter, stop = known(home()), threading.Event()
    account = AccountSettings(Account("me@example.com", Secret("x"), "http://127.0.0.1/"), state_dir=tmp_path)

    def revision() -> object:
        stop.set()
        return 1

    with receiving() as receiver:
        settings = ServerSettings((account,), remote_write=load_remote_write([{"url": receiver.url}]))
        found = workers(settings, exporter.contents(), exporter.metrics, revision)
        sample, send = found.values()
        sample(stop)
        stop.clear()
        sending = threading.Thread(target=send, args=(stop,))
        sending.start()
        until(lambda: bool(receiver.messages))
        stop.set()
        sending.join()

    assert list(found) == ["remote write samples", "remote write 127.0.0.1"]
    [message] = receiver.messages
    assert message.count(f"{socket.gethostname()}:10736".encode()) == len(receiver.points)
    assert ('sems_station_pv_power_watts{station="plant-1"}', 5000.0) in [point[:2] for point in receiver.points]


def test_without_settings_nothing_is_even_imported() -> None:
    """What most people do not use costs them neither memory nor time."""
    asked = "import sys, sems_exporter.app, sems_exporter.cli.serve, sems_exporter.cli.commands; print(*sys.modules)"

    loaded = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=environment(), check=True, capture_output=True, text=True
    ).stdout.split()

    assert not ServerSettings(()).delivers
    assert "sems_exporter.app" in loaded
    assert [name for name in loaded if "deliver" in name or "remote_write" in name or name == "ftplib"] == []
