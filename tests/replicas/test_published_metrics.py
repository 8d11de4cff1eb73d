"""Whichever replica is scraped, an account's counters go on."""

from prometheus_client.registry import Collector

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.replicas.published_metrics import PublishedMetrics
from sems_exporter.telemetry.metrics import AccountMetrics


def value(metrics: Collector, name: str, **labels: str) -> float | None:
    found = [one for family in metrics.collect() for one in family.samples if (one.name, one.labels) == (name, labels)]
    return found[0].value if found else None


class Replica:
    def __init__(self) -> None:
        self.own = AccountMetrics()
        self.shown = PublishedMetrics(self.own)


def told(by: Replica, *to: Replica) -> None:
    document = by.shown.document()
    for one in to:
        one.shown.publish(document)


def test_counters_go_on_from_one_holder_to_the_next_and_back() -> None:
    first, second = Replica(), Replica()
    counts = []
    for holder in (first, second, first):
        holder.shown.begin()
        holder.own.login("ok")
        holder.own.refreshed(1.0, 5.0, up=True)
        told(holder, first, second)
        counts.append(
            [value(one.shown, "sems_portal_logins_total", outcome="ok") for one in (first, second)]
            + [value(second.shown, "sems_refresh_duration_seconds_count")]
        )

    assert counts == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]


def test_what_the_holder_has_not_told_yet_is_shown_nowhere() -> None:
    holder = Replica()
    holder.shown.begin()
    told(holder, holder)

    holder.own.login("ok")

    assert value(holder.shown, "sems_portal_logins_total", outcome="ok") == 0
    assert value(holder.own, "sems_portal_logins_total", outcome="ok") == 1


def test_labels_that_a_replica_has_not_met_go_on_as_well() -> None:
    first, second = Replica(), Replica()
    findings = Diagnostics()
    findings.drop("sems_pv_power_watts", DropReason.SENTINEL)
    first.shown.begin()
    first.own.findings(findings)
    told(first, first, second)
    labels = {"metric": "sems_pv_power_watts", "reason": DropReason.SENTINEL.value}
    assert value(second.shown, "sems_values_dropped_total", **labels) == 1

    second.shown.begin()
    told(second, first, second)
    assert value(first.shown, "sems_values_dropped_total", **labels) == 1
    second.own.findings(findings)
    told(second, first, second)

    assert value(first.shown, "sems_values_dropped_total", **labels) == 2


def test_gauges_are_as_the_holder_told_them_last() -> None:
    first, second = Replica(), Replica()
    first.shown.begin()
    first.own.refreshed(1.0, 77.0, up=True, stations=3)
    told(first, second)

    assert value(second.shown, "sems_stations") == 3
    assert value(second.shown, "sems_refresh_last_success_timestamp_seconds") == 77
    assert value(Replica().shown, "sems_state_writable") == 1
