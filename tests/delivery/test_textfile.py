"""The file for node exporter's textfile collector."""

from prometheus_client.parser import text_string_to_metric_families

from sems_exporter.delivery.textfile import textfile
from sems_exporter.exposition import Format, Renderer
from sems_exporter.store import StationStore
from sems_exporter.telemetry.metrics import SelfMetrics
from tests.clocks import FakeClock
from tests.delivery.stations import LIMITS
from tests.homes import NOON, home


def exposed() -> str:
    clock, metrics = FakeClock(NOON), SelfMetrics()
    snapshots = StationStore(clock, LIMITS)
    snapshots.put(home(name='Home "process_x"\n# HELP process_y'))
    body = Renderer(snapshots, metrics.registry, clock).body(Format.TEXT, compressed=False)
    assert body is not None
    return body.decode()


def test_what_node_exporter_has_itself_is_left_out_and_all_else_stays() -> None:
    """Of two families of one name the scrape of node exporter fails as a whole."""
    whole = {one.name: one.samples for one in text_string_to_metric_families(exposed())}

    kept = {one.name: one.samples for one in text_string_to_metric_families(textfile(exposed()).decode())}

    assert "process_cpu_seconds" in whole
    assert kept == {name: samples for name, samples in whole.items() if name.startswith("sems_")}
    assert {"sems_up", "sems_station_pv_power_watts", "sems_refresh_duration_seconds"} <= kept.keys()


def test_no_sample_has_a_time_stamp_and_nothing_is_openmetrics() -> None:
    text = textfile(exposed()).decode()

    samples = [sample for one in text_string_to_metric_families(text) for sample in one.samples]
    assert all(sample.timestamp is None and sample.exemplar is None for sample in samples)
    assert "# EOF" not in text
    assert "# UNIT" not in text
