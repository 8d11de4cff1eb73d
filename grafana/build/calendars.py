"""Bars by day, month and year.

Grafana knows no bars of a month. The queries therefore ask for days, and Grafana's own transformations sum them up.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

from .look import Json
from .panels import TOOLTIP, fixed, override, panel
from .queries import Query
from .texts import read

DAY = read("Day")
NOON = 12 * 3_600_000
"""Milliseconds. The days on the other side of a change of the clocks begin an hour beside midnight, perhaps on the day
before: what a bar is called, its noon tells."""


def calendar(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    form: str,
    since: str | None,
    stacked: bool = True,
    **fields: object,
) -> Json:
    """Standing bars by day, month or year, as `form` writes them; `since` overrides the range of the dashboard.

    Series whose names are known beforehand are summed, and stacked unless they stand for the same; others, such as
    currencies, stand side by side.
    """
    known = not any("{{" in query.legend for query in queries)
    options: Json = {
        "barRadius": 0,
        "barWidth": 0.9,
        "fullHighlight": False,
        "groupWidth": 0.8,
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True},
        "orientation": "vertical",
        "showValue": "never",
        "stacking": "normal" if known and stacked else "none",
        "tooltip": TOOLTIP,
        "xField": DAY,
        "xTickLabelRotation": 0,
        "xTickLabelSpacing": 100,
    }
    made = panel(
        "barchart",
        title,
        description,
        [replace(query, interval="1d") for query in queries],
        unit=unit,
        options=options,
        custom={"fillOpacity": 85, "lineWidth": 0, "axisBorderShow": False},
        fields={"color": {"mode": "palette-classic"}} | fields,
        overrides=[override("byName", read(one.legend), {"color": fixed(one.colour)}) for one in queries if one.colour],
    )
    made["transformations"] = _by_time(form) + (_sums([query.legend for query in queries]) if known else [])
    # More points than days in five years, so that a step is never longer than a day.
    return made | {"maxDataPoints": 2000} | ({"timeFrom": since, "hideTimeOverride": True} if since else {})


def shares(
    title: str, description: str, *queries: tuple[str, Query, Query], form: str, since: str, colours: Iterable[str]
) -> Json:
    """Standing bars by month or year of parts of wholes, from the sums of both; each is a name, the part, the whole."""
    sums = [query for _, part, whole in queries for query in (part, whole)]
    names = [read(name) for name, _, _ in queries]
    made = calendar(
        title,
        description,
        *(replace(query, colour=None) for query in sums),
        unit="percentunit",
        form=form,
        since=since,
        stacked=False,
        min=0,
        max=1,
    )
    config = cast("Json", made["fieldConfig"])
    config["overrides"] = [
        override("byName", name, {"color": fixed(colour)}) for name, colour in zip(names, colours, strict=True)
    ]
    divided: list[Json] = [
        {
            "id": "calculateField",
            "options": {
                "mode": "binary",
                "alias": read(name),
                "binary": {"left": read(part.legend), "operator": "/", "right": read(whole.legend)},
            },
        }
        for name, part, whole in queries
    ]
    hidden: Json = {read(query.legend): True for query in sums}
    shown: Json = {"id": "organize", "options": {"excludeByName": hidden, "indexByName": {}, "renameByName": {}}}
    made["transformations"] = [*cast("list[Json]", made["transformations"]), *divided, shown]
    return made


def best_days(title: str, description: str, query: Query, *, unit: str, **fields: object) -> Json:
    """A table of the ten days with the highest values."""
    made = panel(
        "table",
        title,
        description,
        [replace(query, interval="1d")],
        unit=unit,
        options={"cellHeight": "sm", "showHeader": True, "sortBy": []},
        fields=fields,
        custom={"align": "auto", "cellOptions": {"type": "auto"}, "filterable": False},
    )
    made["transformations"] = [
        *_by_time("ddd DD MMM YYYY"),
        {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": read(query.legend), "desc": True}]}},
        {"id": "limit", "options": {"limitField": 10}},
    ]
    return made | {"maxDataPoints": 2000}


def _by_time(form: str) -> list[Json]:
    noon: Json = {"left": "Time", "operator": "+", "right": f"{NOON}"}
    as_time: Json = {"targetField": DAY, "destinationType": "time"}
    return [
        {"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}},
        {"id": "calculateField", "options": {"mode": "binary", "alias": DAY, "binary": noon}},
        {"id": "convertFieldType", "options": {"fields": {}, "conversions": [as_time]}},
        {"id": "formatTime", "options": {"timeField": DAY, "outputFormat": form, "useTimezone": True}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {DAY: 0}, "renameByName": {}}},
    ]


def _sums(names: Iterable[str]) -> list[Json]:
    summed: Json = {read(name): {"operation": "aggregate", "aggregations": ["sum"]} for name in names}
    return [
        {"id": "groupBy", "options": {"fields": {DAY: {"operation": "groupby", "aggregations": []}} | summed}},
        {"id": "renameByRegex", "options": {"regex": "(.*) \\(sum\\)", "renamePattern": "$1"}},
    ]
