"""Thresholds of one's own: rules and dashboards follow them, and what cannot be is refused beforehand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from prometheus.build import EXAMPLES, RULES, made, routed
from prometheus.values import WrongValue, loaded

ROOT = Path(__file__).parents[1]


def own(folder: Path, text: str) -> Path:
    file = folder / "my-values.toml"
    file.write_text(text, "utf-8")
    return file


def alerts(text: str) -> dict[str, dict[str, str]]:
    groups = yaml.safe_load(text)["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] or [] if "alert" in rule}


def test_the_rules_are_what_their_source_makes_with_the_defaults() -> None:
    """A change is made in prometheus/source or prometheus/values.toml, and `make rules` writes the files."""
    for name, text in made(loaded()).items():
        assert (RULES / name).read_text("utf-8") == text
        assert "<<" not in text


def test_every_threshold_is_used() -> None:
    values = loaded()
    texts = "".join(path.read_text("utf-8") for path in (ROOT / "prometheus" / "source").iterdir())
    boards = (ROOT / "grafana" / "build" / "look.py").read_text("utf-8")

    assert [name for name in values.thresholds if f"<<{name}" not in texts and f'"{name}"' not in boards] == []


def test_own_thresholds_are_in_expression_duration_and_text(tmp_path: Path) -> None:
    file = own(
        tmp_path,
        'exporter_url = "https://solar.example/exporter/"\n[thresholds]\nbattery_charge_warning = 0.08\n'
        'battery_warning_for = "45m"\ninverter_hot_celsius = 70\n',
    )

    text = made(loaded(file))["alerts.yml"]

    assert "battery:sems_state_of_charge:ratio < 0.08\n        for: 45m" in text
    assert "for 45 minutes below 8 %" in text
    assert "for 30 minutes above 70 °C" in text
    assert "runbook_url: https://solar.example/exporter/runbooks/SemsPvLow\n" in text


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("name", ["SemsPvLow", "SemsExporterDown", "SemsBalanceBroken", "SemsPvZero"])
def test_an_alert_that_is_not_wanted_is_left_out_and_no_other(tmp_path: Path, name: str) -> None:
    """Also the first of its group, and the only one."""
    file = own(tmp_path, f'without = ["{name}"]\n')

    (tmp_path / "alerts.yml").write_text(made(loaded(file))["alerts.yml"], "utf-8")
    subprocess.run(["promtool", "check", "rules", tmp_path / "alerts.yml"], check=True, capture_output=True)
    assert alerts(made(loaded(file))["alerts.yml"]).keys() == alerts(made(loaded())["alerts.yml"]).keys() - {name}


@pytest.mark.parametrize(
    "text, said",
    [
        ("[thresholds]\nbattery_hot = 40\n", "battery_hot: no such threshold"),
        ('[thresholds]\nbattery_hot_celsius = "40"\n', "battery_hot_celsius: has to be a number"),
        ("[thresholds]\nbattery_hot_celsius = true\n", "battery_hot_celsius: has to be a number"),
        ("[thresholds]\nbattery_hot_celsius = nan\n", "battery_hot_celsius: has to be a number"),
        ("[thresholds]\nbattery_charge_warning = 8\n", "battery_charge_warning: is a share, from 0 to 1"),
        ("[thresholds]\nbattery_warning_for = 30\n", "battery_warning_for: has to be a duration"),
        ('[thresholds]\nbattery_warning_for = "soon"\n', "battery_warning_for: has to be a duration"),
        ("battery_hot_celsius = 40\n", "battery_hot_celsius: no such value"),
        ("thresholds = 3\n", "thresholds: has to be a table"),
        ('exporter_url = "solar.example"\n', "exporter_url: has to be an address"),
        ('without = "SemsPvLow"\n', "without: has to be a list"),
        ('without = ["SemsPvLo"]\n', "there is no alert SemsPvLo"),
        ("not toml", "is not valid TOML"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(tmp_path: Path, text: str, said: str) -> None:
    file, into = own(tmp_path, text), tmp_path / "rules"

    asked = [sys.executable, "-m", "prometheus.build", "--values", str(file), "--into", str(into)]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 2
    assert said in found.stderr
    assert "Traceback" not in found.stderr
    assert not into.exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongValue, match=r"absent\.toml cannot be read"):
        loaded(tmp_path / "absent.toml")


def test_dashboards_turn_red_where_alerts_fire(tmp_path: Path) -> None:
    file = own(tmp_path, "[thresholds]\nbattery_charge_warning = 0.07\n")

    made_boards = subprocess.run(
        [sys.executable, "-m", "grafana.build", "--into", tmp_path / "dashboards"],
        cwd=ROOT,
        env={**os.environ, "MONITORING_VALUES": str(file)},
        capture_output=True,
        check=False,
    )

    assert made_boards.returncode == 0, made_boards.stderr
    board = json.loads((tmp_path / "dashboards" / "battery.json").read_text("utf-8"))
    charge = next(panel for panel in board["panels"] if panel["title"] == "Charge")
    assert [step["value"] for step in charge["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [None, 0.07, 0.2]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yml")), ids=lambda path: path.stem)
def test_examples_have_the_routes_inhibitions_and_watchdog_of_the_whole(path: Path) -> None:
    """Taken as it is, an example tells of an outage once, not for every station."""
    text = path.read_text("utf-8")
    found, whole = yaml.safe_load(text), yaml.safe_load((EXAMPLES.parent / "alertmanager.yml").read_text("utf-8"))

    assert text == routed(text)
    assert (found["route"], found["inhibit_rules"]) == (whole["route"], whole["inhibit_rules"])
    assert [one["name"] for one in found["receivers"]] == [one["name"] for one in whole["receivers"]]
    assert len(found["receivers"][0]) == 2
