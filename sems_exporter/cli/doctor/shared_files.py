"""The rules and dashboards that belong to this version: in the package where it was installed, else in the checkout."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from sems_exporter.cli.doctor.http_api import mapping, objects, text

PACKAGE = Path(__file__).parents[2]
PLACES = {
    "rules": (PACKAGE / "share" / "rules", PACKAGE.parent / "prometheus" / "rules"),
    "dashboards": (PACKAGE / "share" / "dashboards", PACKAGE.parent / "grafana" / "dashboards"),
}
_VARIABLE = re.compile(r"\$\{?[a-z_]+\}?")
TIMES = {"$__rate_interval": "5m", "$__range": "1d", "$__interval": "1m"}
"""What Grafana puts in place of these for a day on an ordinary screen."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a dashboard, as Grafana sends it with everything selected."""

    panel: str
    expr: str


def folder(kind: str) -> Path:
    """Where the `rules` or `dashboards` of this version are."""
    installed, checkout = PLACES[kind]
    return installed if installed.is_dir() else checkout


@cache
def rules() -> dict[str, list[str]]:
    """The expressions of each rule by its name; an alert may have several."""
    found = defaultdict(list)
    for file in sorted(folder("rules").glob("*.yml")):
        for group in objects(mapping(yaml.safe_load(file.read_text("utf-8"))).get("groups")):
            for rule in objects(group.get("rules")):
                found[text(rule.get("record") or rule.get("alert"))].append(text(rule.get("expr")))
    return dict(found)


@cache
def dashboards() -> dict[str, list[Query]]:
    """The queries of each dashboard by its title."""
    found = {}
    for file in sorted(folder("dashboards").glob("*.json")):
        dashboard = mapping(json.loads(file.read_text("utf-8")))
        variables = objects(mapping(dashboard.get("templating")).get("list"))
        typed = {text(each.get("name")): text(each.get("query")) for each in variables if each.get("type") == "textbox"}
        found[text(dashboard.get("title"))] = list(_queries(dashboard, typed))
    return found


def _queries(part: dict[str, object], typed: dict[str, str]) -> Iterator[Query]:
    """The queries of all panels, with what stands in a text box at first in place of its variable."""
    for panel in objects(part.get("panels")):
        for target in objects(panel.get("targets")):
            yield Query(text(panel.get("title")), _filled(text(target.get("expr")), typed))
        yield from _queries(panel, typed)


def _filled(expr: str, typed: dict[str, str]) -> str:
    for name, value in [*TIMES.items(), *((f"${name}", value) for name, value in typed.items())]:
        expr = expr.replace(name, value)
    return _VARIABLE.sub(".+", expr)
