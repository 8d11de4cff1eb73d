"""What Grafana would ask Prometheus for each panel, and the answers."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from grafana.simulated.prometheus import Prometheus

Json = dict[str, Any]
SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
SCRAPE = 60
"""Seconds between two scrapes, as the provisioned data source says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The range and the step of a panel's queries."""

    begin: float
    end: float
    step: float

    @property
    def variables(self) -> Mapping[str, str]:
        """What Grafana knows by itself."""
        return {
            "__rate_interval": f"{max(self.step + SCRAPE, 4 * SCRAPE):.0f}s",
            "__range": f"{self.end - self.begin:.0f}s",
        }


def seconds(text: str) -> float:
    """How long `15m` is."""
    return int(text[:-1]) * SPANS[text[-1]]


def filled(expr: str, variables: Mapping[str, str]) -> str:
    """The expression with values for its variables."""
    for name in sorted(variables, key=len, reverse=True):
        expr = expr.replace(f"${name}", variables[name])
    return expr


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who looks: the viewer's now, time zone, and the Prometheus behind the dashboard."""

    prometheus: Prometheus
    now: datetime
    zone: str

    def answered(self, panel: Json, chosen: Mapping[str, str], since: str, width: float) -> Json:
        """A panel of so many pixels, with the answers to its queries by their letter."""
        range_begin, end = self._since(panel.get("timeFrom", since)).timestamp(), self.now.timestamp()
        points = panel.get("maxDataPoints") or width
        results: Json = {}
        steps: list[float] = [SCRAPE]
        for target in panel.get("targets", []):
            asked = self._asked(target, range_begin, end, points)
            steps.append(asked.step)
            expr = filled(target["expr"], {**chosen, **asked.variables})
            results[target["refId"]] = (
                self.prometheus.at(self.now, expr)
                if target["instant"]
                else self.prometheus.between(asked.begin, asked.end, asked.step, expr)
            )
        override = None if panel.get("hideTimeOverride") else panel.get("timeFrom")
        shown = {"from": range_begin, "to": end}
        return {"panel": panel, "results": results, "range": shown, "step": max(steps), "timeFrom": override}

    def _since(self, text: str) -> datetime:
        """What `now-7d`, `now-11M/M` or `now/d` means."""
        match = re.fullmatch(r"now(?:-(\d+)([smhdwMy]))?(?:/([dMy]))?", text)
        if match is None:
            raise ValueError(f"{text} is no beginning of a time range")
        number, unit, rounded = int(match[1] or 0), match[2] or match[3], match[3]
        local = self.now.astimezone(ZoneInfo(self.zone))
        if rounded == "d":
            return local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=number)
        if unit in SPANS:
            return local - timedelta(seconds=number * SPANS[unit])
        months = local.year * 12 + local.month - 1 - number * (12 if unit == "y" else 1)
        local = local.replace(year=months // 12, month=months % 12 + 1, day=1)
        local = local.replace(hour=0, minute=0, second=0, microsecond=0) if rounded else local
        return local.replace(month=1) if rounded == "y" else local

    def _asked(self, target: Json, begin: float, end: float, points: float) -> Asked:
        """The step is a round one, not below that of the query, and its multiples begin at the viewer's midnight."""
        least = seconds(target["interval"]) if "interval" in target else SCRAPE
        step = max(least, min((one for one in STEPS if one >= (end - begin) / points), default=86400))
        shift = self.now.astimezone(ZoneInfo(self.zone)).utcoffset()
        offset = shift.total_seconds() if shift else 0.0
        return Asked((begin + offset) // step * step - offset, (end + offset) // step * step - offset, step)


def laid_out(
    panels: Iterable[Json], stations: Mapping[str, str], chosen: Mapping[str, str]
) -> Iterator[tuple[Json, Mapping[str, str]]]:
    """The panels with the variables of each; a row that repeats, and what is under it, comes once a station."""
    listed = list(panels)
    repeats = [place for place, panel in enumerate(listed) if panel.get("repeat")]
    if not repeats:
        yield from ((panel, chosen) for panel in listed)
        return
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in listed)
    for number, (station, name) in enumerate(stations.items()):
        for panel in listed:
            place = {**panel["gridPos"], "y": panel["gridPos"]["y"] + number * height}
            yield (
                {**panel, "title": panel["title"].replace("$station", name), "gridPos": place},
                {**chosen, "station": station},
            )
