"""The exporter's metrics about itself."""

import re

from prometheus_client import CollectorRegistry, generate_latest

from sems_exporter import errors
from sems_exporter.exposition.families import all_families
from sems_exporter.model.diagnostics import Diagnostics, DropReason, Limited, Unknown
from sems_exporter.telemetry.metrics import INTERNAL, SelfMetrics


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_what_can_happen_is_there_at_zero_before_it_happens() -> None:
    """`increase()` does not see a series that begins at 1."""
    registry = SelfMetrics().registry

    assert value(registry, "sems_portal_logins_total", outcome="ok") == 0.0
    assert value(registry, "sems_portal_logins_total", outcome="credentials_rejected") == 0.0
    for kind in Unknown:
        assert value(registry, "sems_portal_unknown_total", kind=kind.value) == 0.0
    for limited in Limited:
        assert value(registry, "sems_portal_limited_total", kind=limited.value) == 0.0
    for leaf in errors.leaves(errors.PortalError):
        assert value(registry, "sems_refresh_failures_total", reason=leaf.reason) == 0.0
    assert value(registry, "sems_refresh_failures_total", reason=INTERNAL) == 0.0


def test_requests_are_there_for_every_outcome_of_a_known_endpoint() -> None:
    metrics = SelfMetrics()

    metrics.endpoints(("flow",))

    for outcome in ("ok", "timeout", "rate_limited", "session_rejected", "empty"):
        assert value(metrics.registry, "sems_portal_requests_total", endpoint="flow", outcome=outcome) == 0.0


def test_requests_and_the_time_they_took_add_up() -> None:
    metrics = SelfMetrics()

    metrics.request("flow", "ok", 0.5)
    metrics.request("flow", "timeout", 10.0)
    metrics.request("flow", "ok", -1.0)

    assert value(metrics.registry, "sems_portal_requests_total", endpoint="flow", outcome="ok") == 2.0
    assert value(metrics.registry, "sems_portal_request_seconds_total", endpoint="flow") == 10.5


def test_findings_become_counters() -> None:
    metrics, findings = SelfMetrics(), Diagnostics()
    findings.drop("sems_station_pv_power_watts", DropReason.SENTINEL)
    findings.meet(Unknown.FACTOR, "abc")
    findings.limit(Limited.ALARMS, 7)
    findings.limit(Limited.DEVICES, 0)

    metrics.findings(findings)
    metrics.findings(findings)

    labels = {"metric": "sems_station_pv_power_watts", "reason": "sentinel"}
    assert value(metrics.registry, "sems_values_dropped_total", **labels) == 2.0
    assert value(metrics.registry, "sems_portal_unknown_total", kind="factor") == 2.0
    assert value(metrics.registry, "sems_portal_limited_total", kind="alarms") == 14.0
    assert value(metrics.registry, "sems_portal_limited_total", kind="devices") == 0.0


def test_a_failed_refresh_keeps_the_instant_of_the_last_good_one() -> None:
    metrics = SelfMetrics()
    metrics.refreshed(1.0, 5000.0, up=True, stations=2)

    metrics.refreshed(1.0, 6000.0, up=False)

    assert value(metrics.registry, "sems_up") == 0.0
    assert value(metrics.registry, "sems_refresh_last_success_timestamp_seconds") == 5000.0
    assert value(metrics.registry, "sems_stations") == 2.0
    assert value(metrics.registry, "sems_refresh_duration_seconds_count") == 2.0


def test_the_brake_is_visible() -> None:
    metrics = SelfMetrics()

    metrics.brake(100.0, 200.0, 3, blocked=True)

    assert value(metrics.registry, "sems_portal_login_allowed_timestamp_seconds") == 100.0
    assert value(metrics.registry, "sems_portal_paused_until_timestamp_seconds") == 200.0
    assert value(metrics.registry, "sems_portal_credential_rejections") == 3.0
    assert value(metrics.registry, "sems_portal_login_blocked") == 1.0


def test_two_exporters_in_one_process_do_not_share_counters() -> None:
    first, second = SelfMetrics(), SelfMetrics()

    first.login("ok")

    assert value(second.registry, "sems_portal_logins_total", outcome="ok") == 0.0


def test_own_names_follow_the_rules_and_clash_with_no_family_of_the_model() -> None:
    own = {family.name for family in SelfMetrics().registry.collect()}

    assert not own & {found.name for found in all_families()}
    for name in own:
        assert name.startswith(("sems_", "process_"))
        assert not re.search(r"kwh|kilo|percent|millis|minutes|_ms\b", name)


def test_the_account_of_the_plain_settings_has_no_label() -> None:
    metrics = SelfMetrics()

    metrics.of("").login("ok")

    assert value(metrics.registry, "sems_portal_logins_total", outcome="ok") == 1.0
    about_none = metrics.of_account("")
    assert about_none is not None
    assert "sems_portal_logins" not in {family.name for family in about_none.collect()}


def test_every_series_of_a_named_account_carries_its_name_and_starts_at_zero() -> None:
    plain = {sample.name for family in SelfMetrics().of("").collect() for sample in family.samples}
    metrics = SelfMetrics(["north", "south"])

    for name in ("north", "south"):
        alone = metrics.of_account(name)
        assert alone is not None
        samples = [sample for family in alone.collect() for sample in family.samples]
        assert {sample.name for sample in samples} == plain
        assert {sample.labels["account"] for sample in samples} == {name}
        assert value(metrics.registry, "sems_portal_logins_total", outcome="ok", account=name) == 0.0


def test_accounts_count_apart_and_each_family_is_exposed_once() -> None:
    metrics = SelfMetrics(["north", "south"])
    metrics.of("north").login("ok")
    metrics.of("south").endpoints(("flow",))

    text = generate_latest(metrics.registry).decode()

    assert value(metrics.registry, "sems_portal_logins_total", outcome="ok", account="north") == 1.0
    assert value(metrics.registry, "sems_portal_logins_total", outcome="ok", account="south") == 0.0
    assert value(metrics.registry, "sems_portal_logins_total", outcome="ok") is None
    assert text.count("# TYPE sems_portal_logins_total counter") == 1
    assert text.count("# TYPE sems_build_info gauge") == 1
    assert "_created" not in text


def test_what_concerns_the_process_carries_no_account() -> None:
    metrics = SelfMetrics(["north"])

    metrics.web_fault()

    assert value(metrics.registry, "sems_web_faults_total") == 1.0
