"""Panels as Grafana's JSON has them. Only kinds that are part of Grafana itself."""

from collections.abc import Mapping, Sequence

from .look import IDLE, Json, steps
from .queries import Query
from .texts import read

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
LAST: Json = {"calcs": ["last"], "fields": "", "values": False}
SUM: Json = LAST | {"calcs": ["sum"]}
TOOLTIP: Json = {"mode": "multi", "sort": "none"}
REFS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def panel(  # noqa: PLR0913 - all but the first four are given by name
    kind: str,
    title: str,
    description: str,
    queries: Sequence[Query],
    *,
    unit: str,
    options: Json,
    fields: Json,
    custom: Json | None = None,
    overrides: list[Json] | None = None,
    instant: bool = False,
    columns: bool = False,
) -> Json:
    """A panel; `fields` are the defaults of its field configuration, `overrides` replace those of the queries."""
    field: Json = {"unit": unit, "thresholds": steps(IDLE), "color": {"mode": "thresholds"}}
    field |= {"custom": custom} if custom else {}
    how: Json = {"format": "table" if columns else "time_series", "instant": instant, "range": not instant}
    return {
        "type": kind,
        "title": read(title),
        "description": read(description),
        "datasource": SOURCE,
        "targets": [_target(ref, query) | how for ref, query in zip(REFS, queries, strict=False)],
        "fieldConfig": {
            "defaults": field | fields | {"noValue": read(str(fields.get("noValue", "no data")))},
            "overrides": _overrides(queries) if overrides is None else overrides,
        },
        "options": options,
    }


def _target(ref: str, query: Query) -> Json:
    target: Json = {
        "refId": ref,
        "datasource": SOURCE,
        "editorMode": "code",
        "expr": query.expr,
        "legendFormat": read(query.legend),
    }
    return target | ({"interval": query.interval} if query.interval else {})


def _overrides(queries: Sequence[Query]) -> list[Json]:
    found = []
    for ref, query in zip(REFS, queries, strict=False):
        look = {"color": fixed(query.colour)} if query.colour else {}
        if properties := look | query.look:
            found.append(override("byFrameRefID", ref, properties))
    return found


def override(matcher: str, wanted: str, properties: Mapping[str, object]) -> Json:
    """Properties for some of the fields."""
    listed = [{"id": key, "value": value} for key, value in properties.items()]
    return {"matcher": {"id": matcher, "options": wanted}, "properties": listed}


def fixed(colour: str) -> Json:
    """One colour whatever the value."""
    return {"mode": "fixed", "fixedColor": colour}


def shades(colour: str) -> Json:
    """Shades of one colour, for as many series as there are."""
    return {"mode": "shades", "fixedColor": colour}


def stat(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    text: str | None = None,
    rows: bool = False,
    summed: bool = False,
    leads_to: str = "",
    **fields: object,
) -> Json:
    """Numbers of this moment, side by side, or one below the other where `rows` gives long names more room.

    They are instant queries: a value that vanished must not stay on the screen. Where they are `summed`, they are the
    sums over the steps of the time range instead. A click on a number `leads_to` another dashboard.
    """
    several = len(queries) > 1 or "{{" in queries[0].legend
    options: Json = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
        "orientation": "horizontal" if rows else "auto",
        "reduceOptions": SUM if summed else LAST,
        "showPercentChange": False,
        "textMode": text or ("value_and_name" if several else "value"),
        "wideLayout": False,
    }
    if several:
        # Of their own, Grafana makes several numbers as small as the longest one has to be.
        options["text"] = {"titleSize": 14, "valueSize": 24}
    return panel(
        "stat",
        title,
        description,
        queries,
        unit=unit,
        options=options,
        instant=not summed,
        fields=_linked(leads_to) | fields,
    )


def _linked(dashboard: str) -> Json:
    if not dashboard:
        return {}
    url = f"/d/sems-{dashboard}?var-datasource=${{datasource}}&${{station:queryparam}}"
    return {"links": [{"title": read(f"Open {dashboard.capitalize()}"), "url": url}]}


def gauge(title: str, description: str, *queries: Query, unit: str, leads_to: str = "", **fields: object) -> Json:
    """Dials of this moment."""
    options: Json = {
        "barShape": "rounded",
        "barWidthFactor": 0.5,
        "minVizHeight": 75,
        "minVizWidth": 75,
        "orientation": "auto",
        "reduceOptions": LAST,
        "segmentCount": 1,
        "shape": "gauge",
        "showThresholdLabels": False,
        "showThresholdMarkers": True,
        "sizing": "auto",
    }
    shown = {"min": 0} | _linked(leads_to) | fields
    return panel("gauge", title, description, queries, unit=unit, options=options, instant=True, fields=shown)


def bars(title: str, description: str, *queries: Query, unit: str, **fields: object) -> Json:
    """Lying bars of this moment on one scale."""
    options: Json = {
        "displayMode": "basic",
        "maxVizHeight": 32,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": LAST,
        "showUnfilled": True,
        "sizing": "manual",
        "text": {"titleSize": 14, "valueSize": 16},
        "valueMode": "text",
    }
    return panel(
        "bargauge", title, description, queries, unit=unit, options=options, instant=True, fields={"min": 0} | fields
    )


def lines(  # noqa: PLR0913 - all but the first two are given by name
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    fill: int = 0,
    stacked: bool = False,
    limits: bool = False,
    drawn: str = "line",
    beside: bool = False,
    up_to: float | None = None,
    overrides: list[Json] | None = None,
    **fields: object,
) -> Json:
    """Series over time. Gaps stay gaps: nothing is drawn where nothing was known.

    The legend is below, or `beside` the chart, where many series would take its place. The axis
    reaches `up_to` at least, so that little does not fill the panel.
    """
    custom: Json = {
        "axisBorderShow": False,
        "drawStyle": drawn,
        "fillOpacity": fill,
        "lineInterpolation": "linear" if drawn == "bars" else "stepAfter" if unit == "none" else "linear",
        "lineWidth": 0 if drawn == "bars" else 2,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
        "thresholdsStyle": {"mode": "dashed" if limits else "off"},
    }
    custom |= {} if up_to is None else {"axisSoftMax": up_to}
    options: Json = {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
        | ({"displayMode": "table", "placement": "right"} if beside else {}),
        "tooltip": TOOLTIP,
    }
    colour: Json = {"color": {"mode": "palette-classic"}}
    return panel(
        "timeseries",
        title,
        description,
        queries,
        unit=unit,
        options=options,
        custom=custom,
        fields=colour | fields,
        overrides=overrides,
    )


def timeline(title: str, description: str, *queries: Query, mappings: list[Json], **fields: object) -> Json:
    """States over time, in words."""
    options: Json = {
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom: Json = {"fillOpacity": 85, "lineWidth": 0, "spanNulls": False}
    return panel(
        "state-timeline",
        title,
        description,
        queries,
        unit="none",
        options=options,
        custom=custom,
        fields={"mappings": mappings} | fields,
    )


def heatmap(title: str, description: str, query: Query) -> Json:
    """How long a share in per cent, below 100, stood where, day by day."""
    options: Json = {
        "calculate": True,
        "calculation": {
            "xBuckets": {"mode": "size", "value": "1d"},
            "yBuckets": {"mode": "size", "value": "10", "scale": {"type": "linear"}},
        },
        "cellGap": 1,
        "cellValues": {"decimals": 0},
        "color": {"mode": "scheme", "scheme": "Blues", "scale": "linear", "steps": 32, "reverse": False, "exponent": 1}
        | {"fill": IDLE},
        "exemplars": {"color": IDLE},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "min": 0, "max": 100, "unit": "percent", "reverse": False},
    }
    custom: Json = {"scaleDistribution": {"type": "linear"}}
    made = panel("heatmap", title, description, [query], unit="percent", options=options, custom=custom, fields={})
    return made | {"maxDataPoints": 4000}


def table(
    title: str,
    description: str,
    *queries: Query,
    columns: Mapping[str, str],
    looks: Mapping[str, Mapping[str, object]] | None = None,
    sort: tuple[str, bool] | None = None,
    **fields: object,
) -> Json:
    """A table of this moment; `columns` maps labels and "Value #A" to headings in their order, all else is hidden."""
    order = {name: index for index, name in enumerate(columns)}
    headings = {heading: read(heading) for heading in columns.values()}
    options: Json = {
        "cellHeight": "sm",
        "showHeader": True,
        "sortBy": [{"displayName": headings[sort[0]], "desc": sort[1]}] if sort else [],
    }
    made = panel(
        "table",
        title,
        description,
        queries,
        unit="none",
        options=options,
        custom={"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True},
        instant=True,
        columns=True,
        fields=fields,
        overrides=[override("byName", headings[name], look) for name, look in (looks or {}).items()],
    )
    made["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {
            "id": "organize",
            "options": {
                "indexByName": order,
                "renameByName": {name: headings[heading] for name, heading in columns.items()},
                "excludeByName": {},
            },
        },
    ]
    return made
