"""Whether an alert reaches somebody: from Prometheus to Alertmanager, and from there to a person."""

from collections import defaultdict
from collections.abc import Iterator

import yaml
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from sems_exporter.cli.doctor.findings import Finding, few, good, note, problem
from sems_exporter.cli.doctor.http_api import Api, NoAnswer, mapping, objects, text

RECEIVER = "put one of prometheus/alertmanager/*.yml in the place of the receiver, then restart Alertmanager"


def sent(prometheus: Api, *, asks_alertmanager: bool) -> Iterator[Finding]:
    """Tell whether Prometheus hands its alerts on; raises NoAnswer."""
    found = mapping(prometheus.data("/api/v1/alertmanagers"))
    known = [text(one.get("url")).removesuffix("/api/v2/alerts") for one in objects(found.get("activeAlertmanagers"))]
    if not known:
        yield problem(
            "Prometheus knows no Alertmanager, so alerts show on its own page and reach nobody",
            'add to prometheus.yml: alerting: {alertmanagers: [{static_configs: [{targets: ["localhost:9093"]}]}]}',
        )
        return
    failed = sum(value for _, value in prometheus.series(ERRORS))
    if failed:
        yield problem(
            f"{failed:.0f} alerts could not be handed to Alertmanager in the last hour",
            f"see whether Prometheus reaches {few(known)}",
        )
    else:
        yield good(f"Prometheus hands alerts to {few(known)}")
    if not asks_alertmanager:
        yield note("whether they reach a person is not known", f"add --alertmanager {known[0]}")


ERRORS = "increase(prometheus_notifications_errors_total[1h]) > 0"
"""Known where Prometheus scrapes itself."""


def received(alertmanager: Api) -> Iterator[Finding]:
    """Tell whether Alertmanager hands on what it gets; raises NoAnswer."""
    status = mapping(alertmanager.json("/api/v2/status"))
    version = text(mapping(status.get("versionInfo")).get("version"))
    yield good(f"Alertmanager {version or 'of unknown version'} answers at {alertmanager.address}")
    yield from _receivers(text(mapping(status.get("config")).get("original")))
    yield from _deliveries(alertmanager)


def _receivers(config: str) -> Iterator[Finding]:
    try:
        document = mapping(yaml.safe_load(config))
    except yaml.YAMLError:
        yield note("the configuration of Alertmanager cannot be read, so its receivers are not known")
        return
    ways = {text(one.get("name")): _ways(one) for one in objects(document.get("receivers"))}
    route = mapping(document.get("route"))
    first = text(route.get("receiver"))
    silent = [name for name in _routed(route) if not ways.get(name)]
    if not ways.get(first):
        yield problem(f'what no other route takes goes to the receiver "{first}", which tells nobody', RECEIVER)
    else:
        yield good(f'the receiver "{first}" tells by {few(ways[first])}')
    if others := [name for name in silent if name != first]:
        yield note(f"some alerts go to receivers that tell nobody, which may be meant: {few(others)}")


def _routed(route: dict[str, object]) -> Iterator[str]:
    """The receivers of a route and of those below it."""
    if name := text(route.get("receiver")):
        yield name
    for below in objects(route.get("routes")):
        yield from _routed(below)


def _ways(receiver: dict[str, object]) -> list[str]:
    """How a receiver tells, in words such as email or webhook."""
    return [key.removesuffix("_configs") for key, found in receiver.items() if key.endswith("_configs") and found]


def _deliveries(alertmanager: Api) -> Iterator[Finding]:
    try:
        families = list(text_string_to_metric_families(alertmanager.text("/metrics")))
    except (NoAnswer, ValueError):
        yield note("how many messages Alertmanager has sent is not known, because its /metrics cannot be read")
        return
    counts = _counts(families)
    failed, told = counts["alertmanager_notifications_failed_total"], counts["alertmanager_notifications_total"]
    for way in sorted(failed):
        yield problem(
            f"messages by {way} have failed since Alertmanager was started",
            "its log says why (journalctl -u prometheus-alertmanager, or docker compose logs alertmanager)",
        )
    if told:
        yield good(f"Alertmanager has sent messages since its start by {few(told)}")
    else:
        yield note(
            "Alertmanager has sent no message since its start",
            f"try it: amtool alert add SemsTry severity=critical --alertmanager.url={alertmanager.address}",
        )


def _counts(families: list[Metric]) -> dict[str, set[str]]:
    """The ways (email, webhook) for which each counter of this name is not 0."""
    found: dict[str, set[str]] = defaultdict(set)
    for family in families:
        for sample in family.samples:
            if sample.value:
                found[sample.name].add(sample.labels.get("integration", ""))
    return found
