"""What Alertmanager holds back because something else explains it: the real program, with the project's own file."""

import json
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.alarm_chain import FILES, Webhook, alertmanager
from tests.e2e.program import OPENER, PATIENCE, Program, until

HOME = {"station": "home"}
ROOF = {"station": "roof"}
INVERTER = HOME | {"inverter": "INV1"}
NORTH, SOUTH = {"account": "north"}, {"account": "south"}
Labels = dict[str, str]
GROUPS = yaml.safe_load((FILES / "rules" / "alerts.yml").read_text("utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]


@dataclass(frozen=True)
class Case:
    """An alert that stands, and another that it explains or does not."""

    cause: str
    of: Labels
    other: str
    at: Labels
    held_back: bool = True

    def __str__(self) -> str:
        return f"{self.cause} {self.of} {'explains' if self.held_back else 'is no reason for'} {self.other} {self.at}"


CASES = [
    Case("SemsExporterDown", {}, "SemsLoginFailing", {}),
    Case("SemsExporterDown", {}, "SemsBatteryLow", HOME | {"battery": "BAT1"}),
    Case("SemsLoginFailing", {}, "SemsRefreshFailing", {}),
    Case("SemsLoginFailing", {}, "SemsStationNotRead", HOME),
    Case("SemsLoginFailing", {}, "SemsPvZero", HOME),
    Case("SemsLoginFailing", NORTH, "SemsRefreshFailing", NORTH),
    Case("SemsLoginFailing", NORTH, "SemsRefreshFailing", SOUTH, held_back=False),
    Case("SemsLoginFailing", NORTH, "SemsStationNotRead", HOME | NORTH),
    Case("SemsLoginFailing", NORTH, "SemsStationNotRead", ROOF | SOUTH, held_back=False),
    Case("SemsLoginFailing", NORTH, "SemsPvZero", ROOF, held_back=False),
    Case("SemsStationNotRead", HOME | NORTH, "SemsPvZero", HOME),
    Case("SemsStationDataOld", HOME, "SemsInverterOffline", INVERTER),
    Case("SemsStationDataOld", HOME, "SemsInverterOffline", ROOF | {"inverter": "INV2"}, held_back=False),
    Case("SemsInverterOffline", INVERTER, "SemsStringDead", INVERTER | {"input": "1"}),
    Case("SemsInverterOffline", INVERTER, "SemsStringDead", HOME | {"inverter": "INV2", "input": "1"}, held_back=False),
    Case(
        "SemsInverterFault",
        INVERTER | {"device": "INV1"},
        "SemsAlarmActive",
        HOME | {"device": "INV1", "level": "fault"},
    ),
    Case(
        "SemsInverterFault",
        INVERTER | {"device": "INV1"},
        "SemsAlarmActive",
        HOME | {"device": "BAT1", "level": "fault"},
        held_back=False,
    ),
    Case("SemsGridOutage", HOME, "SemsInverterOffline", INVERTER),
    Case("SemsBatteryLowInOutage", HOME | {"battery": "BAT1"}, "SemsBatteryLow", HOME | {"battery": "BAT1"}),
]


def alert(name: str, labels: Labels, instance: str) -> dict[str, Labels]:
    """The alert with the labels that its rule gives it, as Prometheus sends it."""
    rule = next(rule for rule in RULES if rule["alert"] == name)
    return {"labels": {"alertname": name, "job": "sems", "instance": instance} | rule["labels"] | labels}


@pytest.fixture
def manager() -> Iterator[Program]:
    nobody = Webhook()
    nobody.address = "http://127.0.0.1:9/"
    with tempfile.TemporaryDirectory(prefix="sems-exporter-test-") as name, alertmanager(Path(name), nobody) as found:
        yield found


@pytest.mark.needs("prometheus-alertmanager")
def test_what_follows_from_something_else_is_held_back(manager: Program) -> None:
    """And nothing beyond: another account, station, inverter or device is told of."""
    cases = {f"exporter-{number}": case for number, case in enumerate(CASES)}
    post(manager, [alert(case.cause, case.of, instance) for instance, case in cases.items()])
    post(manager, [alert(case.other, case.at, instance) for instance, case in cases.items()])
    expected = {instance for instance, case in cases.items() if case.held_back}

    until(lambda: held_back(manager, cases) >= expected)

    wrong = held_back(manager, cases) ^ expected
    assert [str(cases[instance]) for instance in wrong] == []


def held_back(manager: Program, cases: dict[str, Case]) -> set[str]:
    """The instances whose second alert Alertmanager holds back."""
    _, text = manager.get("/api/v2/alerts")
    return {
        instance
        for one in json.loads(text)
        if one["status"]["inhibitedBy"]
        and one["labels"]["alertname"] == cases[instance := one["labels"]["instance"]].other
        and one["labels"].items() >= cases[instance].at.items()
    }


def post(manager: Program, alerts: list[dict[str, Labels]]) -> None:
    request = urllib.request.Request(
        f"{manager.address}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    with OPENER.open(request, timeout=PATIENCE) as response:
        assert response.status == 200
