"""What the rules of Prometheus would have recorded, and which alerts would fire, over a history that was never scraped.

Rules that hold on by their own last value begin anew at each step here, so what began by day ends at dusk.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from grafana.simulated.prometheus import Prometheus

RULES = Path(__file__).parents[2] / "prometheus" / "rules"
STEP = 300
SPAN = timedelta(hours=25)
SPANS = {"m": 60, "h": 3600, "d": 86400}
Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A Prometheus that is asked for what rules say, up to an instant."""

    prometheus: Prometheus
    now: datetime

    def _over_time(self, rule: Rule) -> dict[str, dict[float, str]]:
        """Values by time of each series, by its labels as text; a rule takes the names off, of which `or` has two."""
        end = self.now.timestamp()
        found: dict[str, dict[float, str]] = {}
        for series in self.prometheus.between(end - SPAN.total_seconds(), end, STEP, rule["expr"]):
            labels = {key: value for key, value in series["metric"].items() if key != "__name__"}
            found.setdefault(_labels(labels | rule.get("labels", {})), {}).update(
                (float(at), value) for at, value in series["values"]
            )
        return found

    def recorded(self, rule: Rule) -> Iterator[str]:
        """Lines of OpenMetrics for a recording rule."""
        for labels, values in self._over_time(rule).items():
            yield from (f"{rule['record']}{labels} {value} {at:.0f}" for at, value in sorted(values.items()))

    def fires(self, rule: Rule) -> Iterator[str]:
        """The lines by which Prometheus tells of an alert that fires at the end."""
        lasts = int(rule["for"][:-1]) * SPANS[rule["for"][-1]] if "for" in rule else 0
        own = _labels({"alertname": rule["alert"], "alertstate": "firing"})
        for labels, values in self._over_time(rule).items():
            since = end = self.now.timestamp()
            while since - STEP in values:
                since -= STEP
            if end in values and end - since >= lasts:
                together = f"{own[:-1]},{labels[1:]}"
                yield from (f"ALERTS{together} 1 {at:.0f}" for at in sorted(values) if at >= since + lasts)


def _labels(found: Mapping[str, str]) -> str:
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in found.values())
    return "{" + ",".join(f'{key}="{value}"' for key, value in zip(found, quoted, strict=True)) + "}"


def rules(name: str) -> list[Rule]:
    """The rules of a file."""
    groups = yaml.safe_load((RULES / name).read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def in_turn(recording: Sequence[Rule]) -> Iterator[list[Rule]]:
    """Recording rules, those first that ask for nothing recorded, then those that ask for them, and so on."""
    names = {rule["record"] for rule in recording}
    asks = {
        rule["record"]: set(re.findall(r"\w+(?::\w+){2}", rule["expr"])) & names - {rule["record"]}
        for rule in recording
    }
    known: set[str] = set()
    while known < names:
        ready = {name for name in names - known if asks[name] <= known}
        if not ready:
            raise ValueError(f"these rules ask for each other: {sorted(names - known)}")
        yield [rule for rule in recording if rule["record"] in ready]
        known |= ready
