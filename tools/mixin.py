"""Checks that the mixin for jsonnet has what stands in grafana/dashboards and prometheus/rules."""

import importlib
import json
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
FIELDS = "{ dashboards: m.grafanaDashboards, alerts: m.prometheusAlerts, rules: m.prometheusRules }"


def main() -> None:
    """End with what differs, if something does."""
    jsonnet = importlib.import_module("_jsonnet")  # of requirements/checks.txt, and without types
    mixin = ROOT / "deploy" / "mixin" / "mixin.libsonnet"
    try:
        found = json.loads(jsonnet.evaluate_snippet("mixin", f"local m = import '{mixin}'; {FIELDS}"))
    except RuntimeError as wrong:
        raise SystemExit(str(wrong)) from wrong
    boards = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
    rules = ROOT / "prometheus" / "rules"
    expected = {
        "dashboards": {f"sems-{path.name}": json.loads(path.read_text("utf-8")) for path in boards},
        "alerts": yaml.safe_load((rules / "alerts.yml").read_text("utf-8")),
        "rules": yaml.safe_load((rules / "recording.yml").read_text("utf-8")),
    }
    if differing := [name for name in expected if found[name] != expected[name]]:
        raise SystemExit(f"deploy/mixin/mixin.libsonnet has other {', '.join(differing)} than the files")


if __name__ == "__main__":
    main()
