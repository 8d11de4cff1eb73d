"""A dashboard around its panels: grid, variables, links, annotations."""

from dataclasses import dataclass, field
from urllib.parse import quote

from .look import BAD, Json
from .panels import SOURCE
from .queries import SCRAPED, pick, titled
from .texts import TAG, read

WIDTH = 24
SHOWN, HIDDEN = 0, 2
ALL: Json = {"selected": True, "text": ["All"], "value": ["$__all"]}
REFRESH_ON_TIME = 2
"""A query variable is asked again whenever the time range changes."""


@dataclass(slots=True)
class Page:
    """Panels are placed from left to right in bands, and bands from top to bottom.

    `variables` are those that it has beside the ones of all dashboards.
    """

    panels: list[Json] = field(default_factory=list)
    variables: list[Json] = field(default_factory=list)
    _y: int = 0
    _last_id: int = 0
    _folded: list[Json] | None = None
    _below: int = 0

    def band(self, height: int, *panels: Json, widths: tuple[int, ...] = ()) -> None:
        """Place `panels` side by side, of equal width unless said otherwise."""
        x = 0
        for panel, width in zip(panels, widths or (WIDTH // len(panels),) * len(panels), strict=True):
            self._add(panel, x, width, height)
            x += width
        self._y += height

    def row(self, title: str, repeat: str | None = None) -> None:
        """Begin a row; with `repeat` there is one for each value of that variable."""
        self._unfold()
        row: Json = {"type": "row", "title": read(title), "collapsed": False, "panels": []}
        self._add(row | ({"repeat": repeat} if repeat else {}), 0, WIDTH, 1)
        self._y += 1

    def folded(self, title: str) -> None:
        """Begin a row that a click opens; the bands that follow are in it, and the next row is right below it."""
        self._unfold()
        panels: list[Json] = []
        self._add({"type": "row", "title": read(title), "collapsed": True, "panels": panels}, 0, WIDTH, 1)
        self._folded = panels
        self._y += 1
        self._below = self._y

    def _unfold(self) -> None:
        if self._folded is not None:
            self._folded, self._y = None, self._below

    def _add(self, panel: Json, x: int, width: int, height: int) -> None:
        place = {"x": x, "y": self._y, "w": width, "h": height}
        self._last_id += 1
        target = self.panels if self._folded is None else self._folded
        target.append(panel | {"id": self._last_id, "gridPos": place})


def framed(  # noqa: PLR0913 - all but the first four are given by name
    name: str,
    title: str,
    description: str,
    page: Page,
    *,
    since: str = "now-24h",
    refresh: str = "1m",
    devices: tuple[str, ...] = (),
    having: str = "",
    fleet: bool = False,
    alarms: bool = False,
    scrapers: int = HIDDEN,
) -> Json:
    """The whole dashboard; `devices` are the further variables it has, `alarms` marks them in the charts.

    It is about the first station until another is chosen, or about all where it is for a `fleet`. `having` leaves out
    stations without a series of that name.
    """
    return {
        "id": None,
        "uid": f"sems-{name}",
        "title": read(title),
        "description": read(description),
        "tags": [TAG, "solar"],
        "schemaVersion": 42,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "browser",
        "time": {"from": since, "to": "now"},
        "refresh": refresh,
        "timepicker": {"refresh_intervals": ["1m", "5m", "15m", "1h"]},
        "fiscalYearStartMonth": 0,
        "weekStart": "",
        "links": [_siblings(), *([] if fleet else _spans(name))],
        "annotations": {"list": [_alarm_marks()] if alarms else []},
        "templating": {
            "list": [
                _source(),
                _values("job", "Job", "label_values(sems_up, job)", scrapers),
                _values("instance", "Exporter", 'label_values(sems_up{job=~"$job"}, instance)', scrapers),
                _named("station", having, everything=fleet),
                *(_named(scope, everything=True) for scope in devices),
                *page.variables,
            ]
        },
        "panels": page.panels,
    }


def _siblings() -> Json:
    return {
        "type": "dashboards",
        "title": "SEMS",
        "tags": [TAG],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": False,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _spans(name: str) -> list[Json]:
    """Links to the same dashboard over the spans that people ask for."""
    spans = (
        ("Today", "now/d", "now/d"),
        ("Yesterday", "now-1d/d", "now-1d/d"),
        ("Week", "now-7d", "now"),
        ("Month", "now/M", "now"),
        ("Year", "now/y", "now"),
    )
    return [
        {
            "type": "link",
            "title": read(title),
            "url": f"/d/sems-{name}?from={quote(begin, safe='')}&to={quote(end, safe='')}",
            "tags": [],
            "asDropdown": False,
            "includeVars": True,
            "keepTime": False,
            "targetBlank": False,
            "icon": "clock-nine",
            "tooltip": "",
        }
        for title, begin, end in spans
    ]


def _alarm_marks() -> Json:
    return {
        "name": read("Alarms"),
        "datasource": SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": BAD,
        "expr": f"{pick('sems_alarm_start_timestamp_seconds', within=('station',))} * 1000",
        "useValueForTime": "on",
        "step": "60s",
        "titleFormat": read("Alarm {{code}}"),
        "textFormat": read("{{device}}, {{level}}"),
        "tagKeys": "level",
    }


def _source() -> Json:
    return {
        "type": "datasource",
        "name": "datasource",
        "label": read("Data source"),
        "description": read("The Prometheus that scrapes the exporter."),
        "query": "prometheus",
        "regex": "",
        "current": {},
        "hide": SHOWN,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
        "skipUrlSync": False,
    }


def _values(name: str, label: str, query: str, hide: int, regex: str = "", *, everything: bool = True) -> Json:
    kind = {"qryType": 3 if query.startswith("query_result") else 1}
    return {
        "type": "query",
        "name": name,
        "label": read(label),
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"} | kind,
        "regex": regex,
        "multi": True,
        "includeAll": everything,
        "allValue": ".+" if everything else "",
        "current": ALL if everything else {},
        "hide": hide,
        "options": [],
        "refresh": REFRESH_ON_TIME,
        "skipUrlSync": False,
        "sort": 1,
    }


def _named(scope: str, having: str = "", *, everything: bool) -> Json:
    """A variable that shows names and holds ids; `having` leaves out stations without such a series."""
    chosen = "" if scope == "station" else ',station=~"$station"'
    owners = f" and on (station) {having}{{{SCRAPED}}}" if having else ""
    series = f"topk by ({scope}) (1, max by ({scope}, name) (sems_{scope}_info{{{SCRAPED}{chosen}}}{owners}))"
    regex = f'/[{{,]\\s*title="\\s*(?<text>[^"]+)|[{{,]\\s*{scope}="(?<value>[^"]+)/g'
    return _values(
        scope, scope.capitalize(), f"query_result({titled(series, scope)})", SHOWN, regex, everything=everything
    )
