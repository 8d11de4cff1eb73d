"""The dashboards as grafana.com wants them: `python -m tools.grafana_com`, into build/grafana.com.

Such a file asks for its data source when somebody imports it, and names what it needs. What it asks for becomes the
first choice of the dashboard's own variable, so that several data sources can still be chosen from.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BOARDS, TARGET = ROOT / "grafana" / "dashboards", ROOT / "build" / "grafana.com"
INPUT = "DS_PROMETHEUS"
PANELS = {
    "barchart": "Bar chart",
    "bargauge": "Bar gauge",
    "gauge": "Gauge",
    "heatmap": "Heatmap",
    "stat": "Stat",
    "state-timeline": "State timeline",
    "table": "Table",
    "timeseries": "Time series",
}
"""What Grafana calls the kinds of panels."""
Json = dict[str, Any]


def published(board: Json, grafana: str) -> Json:
    """A dashboard for the import dialogue of Grafana, made with that version of it."""
    source: Json = {"name": INPUT, "label": "Prometheus", "description": "The Prometheus that scrapes the exporter."}
    source |= {"type": "datasource", "pluginId": "prometheus", "pluginName": "Prometheus"}
    chosen = f"${{{INPUT}}}"
    variables = [
        one | {"current": {"selected": False, "text": chosen, "value": chosen}} if one["type"] == "datasource" else one
        for one in board["templating"]["list"]
    ]
    needs: list[Json] = [
        {"type": "grafana", "id": "grafana", "name": "Grafana", "version": grafana},
        {"type": "datasource", "id": "prometheus", "name": "Prometheus", "version": "1.0.0"},
        *({"type": "panel", "id": kind, "name": PANELS[kind], "version": ""} for kind in _kinds(board["panels"])),
    ]
    head: Json = {"__inputs": [source], "__elements": {}, "__requires": needs}
    return head | board | {"id": None, "templating": {"list": variables}}


def _kinds(panels: list[Json]) -> list[str]:
    nested = [one for panel in panels for one in (panel, *panel.get("panels", []))]
    return sorted({one["type"] for one in nested} - {"row"})


def version_of_compose() -> str:
    """The version of Grafana that Compose starts, for which the dashboards are made."""
    found = re.search(r"image: grafana/grafana:([\d.]+)", (ROOT / "docker-compose.yml").read_text("utf-8"))
    if found is None:
        raise SystemExit("docker-compose.yml names no version of Grafana")
    return found[1]


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(prog="python -m tools.grafana_com", description=__doc__)
    parser.add_argument("--dashboards", type=Path, default=BOARDS, help="folder with the dashboards")
    parser.add_argument("--into", type=Path, default=TARGET, help="folder for the files")
    asked = parser.parse_args()
    boards = sorted(asked.dashboards.glob("*.json"))
    if not boards:
        parser.exit(2, f"{asked.dashboards} has no dashboards\n")
    asked.into.mkdir(parents=True, exist_ok=True)
    for path in boards:
        made = published(json.loads(path.read_text("utf-8")), version_of_compose())
        (asked.into / f"sems-{path.name}").write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(f"- {asked.into} has {len(boards)} dashboards")


if __name__ == "__main__":
    main()
