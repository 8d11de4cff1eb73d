"""The alerting side: rules that load and fire as promised, on metrics that exist, each alert with a page for the owner.

What each alert does is shown in `prometheus/tests`, which promtool plays; here is what all of them have in common.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sems_exporter.exposition.families import all_families
from sems_exporter.telemetry.metrics import complete

ROOT = Path(__file__).parents[1]
PROMETHEUS = ROOT / "prometheus"
RUNBOOKS = ROOT / "sems_exporter" / "web" / "runbooks"
CASES = sorted((PROMETHEUS / "tests").glob("*.yml"))
ALERTMANAGERS = [PROMETHEUS / "alertmanager.yml", *sorted((PROMETHEUS / "alertmanager").glob("*.yml"))]
SEVERITIES = {"critical", "warning", "info"}
SCOPES = {"exporter", "data", "inverter", "device", "alarm", "pv", "string", "battery", "grid", "balance", "watchdog"}
WATCHDOG = "SemsWatchdog"
"""Fires always."""
CHAPTERS = ["What it means", "Look at first", "What to do", "When it is a false alarm", "Change it"]

Document = dict[str, Any]


def read(path: Path) -> Document:
    document: Document = yaml.safe_load(path.read_text())
    return document


def rules(name: str) -> list[Document]:
    return [rule for group in read(PROMETHEUS / "rules" / name)["groups"] for rule in group["rules"]]


RECORDING = rules("recording.yml")
ALERTS = rules("alerts.yml")
NAMES = sorted({alert["alert"] for alert in ALERTS})


def identity(rule: Document) -> str:
    return f"{named(rule)}-{rule['labels']['severity']}" if "alert" in rule else named(rule)


def expectations() -> Iterator[tuple[str, set[str]]]:
    """Each alert that a case looks for, with the severities that are to fire then."""
    for path in CASES:
        for case in read(path)["tests"]:
            for expected in case.get("alert_rule_test", []):
                yield expected["alertname"], {one["exp_labels"]["severity"] for one in expected["exp_alerts"]}


def own_names() -> Iterator[str]:
    """The names under which the exporter's own counters appear in queries."""
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    for metric in complete().registry.collect():
        yield from (metric.name + ending for ending in endings.get(metric.type, ("",)))


EXPOSED = {family.sample_name for family in all_families()} | set(own_names()) | {"up"}
RECORDED = {rule["record"] for rule in RECORDING}


def metrics_in(query: str) -> set[str]:
    """The metrics that a query, or a text with queries, names: those of the exporter and those with colons."""
    return set(re.findall(r"(?<![\w:'\"=~!|])(?:sems_\w+|\w+(?::\w+){2}|up(?=[ {]))(?![\w:])", query))


both_versions = pytest.mark.parametrize(
    "promtool",
    [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("promtool", "promtool3")],
)


@both_versions
def test_prometheus_accepts_configuration_and_rules(promtool: str) -> None:
    """The configuration loads, with the rules it names."""
    files = [*sorted((PROMETHEUS / "rules").glob("*.yml"))]

    subprocess.run([promtool, "check", "config", PROMETHEUS / "prometheus.yml"], check=True)
    subprocess.run([promtool, "check", "rules", "--lint-fatal", *files], check=True)

    assert {PROMETHEUS / name for name in read(PROMETHEUS / "prometheus.yml")["rule_files"]} == set(files)


@both_versions
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_rules_fire_when_they_should(path: Path, promtool: str, tmp_path: Path) -> None:
    """What the cases promise comes true."""
    write_needed_rules(path, tmp_path)
    # As text: PyYAML would read "0x60", sixty zeros to promtool, as a number.
    (tmp_path / path.name).write_text(path.read_text().replace("../rules/", ""))

    played = subprocess.run(
        [promtool, "test", "rules", tmp_path / path.name], capture_output=True, text=True, check=False
    )

    assert played.returncode == 0, played.stdout + played.stderr


@pytest.mark.needs("promtool")
def test_a_case_can_be_played_with_all_rules() -> None:
    """The cases are files that promtool takes as they are."""
    subprocess.run(["promtool", "test", "rules", PROMETHEUS / "tests" / "string-days.yml"], check=True)


def named(rule: Document) -> str:
    return str(rule.get("alert") or rule["record"])


def write_needed_rules(path: Path, folder: Path) -> None:
    """Write the rules that the case at `path` looks at, and those they rest on, to files of the same names in `folder`.

    promtool evaluates every rule at every step, also where a case has no data for it: two thirds of its time.
    """
    case = read(path)
    asked = {expected["alertname"] for test in case["tests"] for expected in test.get("alert_rule_test", [])}
    for test in case["tests"]:
        asked.update(*(metrics_in(expected["expr"]) for expected in test.get("promql_expr_test", [])))
    needed: list[Document] = []
    while len(needed) < len(needed := [rule for rule in [*RECORDING, *ALERTS] if named(rule) in asked]):
        asked.update(*(metrics_in(rule["expr"]) for rule in needed))
    for name in case["rule_files"]:
        groups = read(path.parent / name)["groups"]
        for group in groups:
            group["rules"] = [rule for rule in group["rules"] if rule in needed]
        (folder / Path(name).name).write_text(yaml.safe_dump({"groups": groups}))


@pytest.mark.needs("amtool")
@pytest.mark.parametrize("path", ALERTMANAGERS, ids=lambda path: path.stem)
def test_alertmanager_accepts_its_configuration(path: Path) -> None:
    """The configuration and each example load."""
    subprocess.run(["amtool", "check-config", path], check=True)


@pytest.mark.parametrize("rule", [*RECORDING, *ALERTS], ids=identity)
def test_rules_ask_for_metrics_that_exist(rule: Document) -> None:
    """Every metric in an expression or annotation is exposed or recorded."""
    asked = metrics_in(rule["expr"]) | metrics_in(" ".join(rule.get("annotations", {}).values()))

    assert metrics_in(rule["expr"]) or named(rule) == WATCHDOG
    assert asked <= EXPOSED | RECORDED


def test_cases_use_metrics_that_exist() -> None:
    """No case rests on a series that the exporter does not have."""
    series = [row["series"] for path in CASES for case in read(path)["tests"] for row in case["input_series"]]

    assert {name for text in series for name in re.findall(r"^\w+", text)} <= EXPOSED


def test_recording_rules_are_named_by_level_metric_operation() -> None:
    """Names have three parts, and the middle one is one of ours."""
    assert [name for name in RECORDED if not re.fullmatch(r"[a-z_]+:sems_[a-z_]+:[a-z0-9_]+", name)] == []
    assert len(RECORDED) == len(RECORDING)


@pytest.mark.parametrize("alert", ALERTS, ids=identity)
def test_alerts_tell_what_where_and_what_to_do(alert: Document) -> None:
    """An alert has severity and scope from closed lists, and names its value and its page."""
    labels, annotations = alert["labels"], alert["annotations"]

    assert labels["severity"] in SEVERITIES
    assert labels["scope"] in SCOPES
    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert annotations["runbook_url"] == f"http://localhost:10736/runbooks/{alert['alert']}"
    assert alert["alert"].startswith("Sems")
    assert "$value" in annotations["description"] or alert["alert"] == "SemsExporterDown"


@pytest.mark.parametrize("alert", ALERTS, ids=identity)
def test_alerts_wait_for_the_second_answer(alert: Document) -> None:
    """The portal is asked every five minutes, so no alert believes a single answer."""
    if alert["alert"] == WATCHDOG:
        return
    number, unit = re.fullmatch(r"(\d+)([mhd])", alert["for"]).groups()  # type: ignore[union-attr]

    assert int(number) * {"m": 1, "h": 60, "d": 1440}[unit] >= 5


@pytest.mark.parametrize("alert", ALERTS, ids=identity)
def test_alerts_of_a_station_show_its_name(alert: Document) -> None:
    """Where an alert is about a station, the summary begins with its name, or its id if it has none."""
    about_station = alert["labels"]["scope"] not in {"exporter", "watchdog"}

    assert ("sems_station_info" in alert["annotations"]["summary"]) is about_station


@pytest.mark.parametrize("alert", ALERTS, ids=identity)
def test_alerts_are_seen_firing(alert: Document) -> None:
    """There is a case in which the alert fires, for each of its severities."""
    assert any(
        name == alert["alert"] and alert["labels"]["severity"] in severities for name, severities in expectations()
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name != WATCHDOG])
def test_alerts_are_seen_silent(name: str) -> None:
    """There is a case in which the alert does not fire."""
    assert any(name == looked_for and not severities for looked_for, severities in expectations())


def test_cases_look_for_alerts_that_exist() -> None:
    """A case for an alert that was renamed would pass for ever."""
    assert {name for name, _ in expectations()} == set(NAMES)


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    """Runbooks and alerts match one to one."""
    assert sorted(path.stem for path in RUNBOOKS.glob("*.md")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_pages_have_all_chapters(name: str) -> None:
    """A page says what the alert means, where to look, what to do, when to ignore it and how to change it."""
    text = (RUNBOOKS / f"{name}.md").read_text()
    severities = {alert["labels"]["severity"] for alert in ALERTS if alert["alert"] == name}
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]

    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == CHAPTERS
    assert set(re.findall(r"critical|warning|info", text.splitlines()[2])) == severities
    assert [link for link in links if not (RUNBOOKS / link).is_file()] == []


@pytest.mark.parametrize("name", NAMES)
def test_pages_name_metrics_that_exist(name: str) -> None:
    """What a page tells the owner to look at is there."""
    queries = re.findall(r"`([^`]+)`", (RUNBOOKS / f"{name}.md").read_text())

    assert {metric for query in queries for metric in metrics_in(query)} <= EXPOSED | RECORDED


def test_inhibitions_name_alerts_that_exist() -> None:
    """An inhibition by an alert that was renamed would do nothing."""
    inhibitions = read(PROMETHEUS / "alertmanager.yml")["inhibit_rules"]
    matchers = [m for rule in inhibitions for side in ("source_matchers", "target_matchers") for m in rule[side]]
    meant = {label: {value for m in matchers for value in _values(label, m)} for label in ("alertname", "scope")}

    assert meant["alertname"] <= set(NAMES)
    assert meant["scope"] <= SCOPES


def _values(label: str, matcher: str) -> list[str]:
    found = re.fullmatch(label + r'!?=~?"([^"]+)"', matcher)
    return found[1].split("|") if found else []
