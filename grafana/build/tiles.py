"""Panels that stand on more than one dashboard."""

from collections.abc import Callable, Iterable
from typing import cast

from sems_exporter.model.plant import StationState

from . import look
from .look import Json
from .panels import bars, gauge, lines, stat
from .queries import KWH, SCRAPED, Query, age, alarms, dark, each, mean, named, pick, state, total
from .texts import Text, read

POWER = "sems_station_{}_power_watts"
BELOW: Json = {"custom.transform": "negative-Y"}
SEVERAL = "With several stations selected, this is their sum."


FLOWS = {
    "pv": ("☀ PV", look.SUN),
    "load": ("⌂ Load", look.HOUSE),
    "grid_import": ("▼ Import", look.IMPORT),
    "grid_export": ("▲ Export", look.EXPORT),
    "battery_charge": ("▮ Charge", look.BATTERY),
    "battery_discharge": ("▮ Discharge", look.BATTERY),
}
"""What energy does at a plant, in the words and colours of every dashboard."""


def measured(*, battery: bool = True, meter: bool = True) -> list[str]:
    """The flows of a plant with or without a battery, and with or without a meter."""
    return [flow for flow in FLOWS if flow == "pv" or (meter and (battery or not flow.startswith("battery")))]


VERDICT: list[Json] = [
    {
        "type": "range",
        "options": {"from": start, "to": end, "result": {"index": index, "text": read(text), "color": colour}},
    }
    for index, (start, end, text, colour) in enumerate(
        (
            (0, 0.5, "● all well", look.GOOD),
            (1, 9, "▲ an alert fires", look.ODD),
            (10, 99, "! alarm", look.BAD),
            (100, 999, "✕ not read", look.BAD),
            (1000, 9999, "✕ portal away", look.BAD),
        )
    )
]


def strip() -> tuple[Json, ...]:
    """Whether all is well, and if not, what is wrong and since when."""
    return verdict(), station_state(), active_alarms(), firing_alerts(), oldest_data(), latest_refresh()


STRIP_WIDTHS = (5, 5, 3, 3, 4, 4)


def verdict() -> Json:
    """The gravest of what is not well."""
    text = (
        "The gravest of: the portal cannot be reached, the station cannot be read, an alarm stands, an alert of "
        "warning or critical fires. The tiles beside it tell more, and since when."
    )
    silent = f"count({each('sems_station_up')} == 0)"
    alarm = f"count({alarms('station')} > 0)"
    alert = f"count({firing('warning|critical')})"
    parts = [
        f"{weight} * ((({count}) > bool 0) or vector(0))" for weight, count in ((100, silent), (10, alarm), (1, alert))
    ]
    # Of a station that is not there at all nothing is well.
    known = f"count({each('sems_station_up')})"
    expr = f"1000 * (min({pick('sems_up')}) == bool 0) + {' + '.join(parts)} and on () {known}"
    query = Query(expr, "All well?")
    return stat("All well?", text, query, unit="none", mappings=VERDICT, leads_to="alarms", noValue="not known")


def firing(severities: str = ".+") -> str:
    """Alerts that fire about the selected stations or about the exporter."""
    chosen = f'alertname=~"Sems.+",alertstate="firing",severity=~"{severities}",station=~"$station|"'
    return f"ALERTS{{{SCRAPED},{chosen}}}"


def firing_alerts() -> Json:
    """How many alerts fire."""
    text = (
        "Alerts of Prometheus that fire about the station or the exporter, but for those of severity info. Normal is 0."
    )
    # Where a rule has recorded something, the rules are loaded, and none fires.
    loaded = f"0 * count({pick('station:sems_account:info')})"
    query = Query(f"count({firing('warning|critical')}) or {loaded}", "Alerts")
    return stat(
        "Alerts",
        text,
        query,
        unit="none",
        thresholds=look.ANY_IS_ODD,
        leads_to="alarms",
        noValue="rules not loaded",
    )


def latest_refresh() -> Json:
    """When the portal last gave something."""
    text = "Time since the exporter last read something from the portal. Normal is below 5 minutes."
    latest = f"min({pick('sems_refresh_last_success_timestamp_seconds')} > 0)"
    query = Query(f"clamp_min(time() - {latest}, 0)", "Portal")
    return stat(
        "Portal read",
        text,
        query,
        unit="s",
        decimals=0,
        thresholds=look.AGE,
        leads_to="exporter",
        noValue="never yet",
    )


def grid() -> Json:
    """Import and export side by side."""
    text = f"Power taken from and fed into the grid now. One of the two is 0. {SEVERAL}"
    queries = [Query(total(POWER.format(flow)), *FLOWS[flow]) for flow in ("grid_import", "grid_export")]
    made = stat("Grid", text, *queries, unit="watt", leads_to="energy", noValue=look.NOT_NOW)
    made["options"] = {**cast("Json", made["options"]), "text": {"titleSize": 18, "valueSize": 48}}
    return made


def flow(*, battery: bool = True) -> Json:
    """The directed flows."""
    text = (
        "What comes in from PV, battery and grid, and where it goes, on one scale. The bars above add up to those "
        f"below, but for losses. {SEVERAL}"
    )
    order = ("pv", "battery_discharge", "grid_import", "load", "battery_charge", "grid_export")
    names = ("☀ PV →", "▮ Discharge →", "▼ Import →", "→ ⌂ Load", "→ ▮ Charge", "→ ▲ Export")
    shown = measured(battery=battery)
    queries = [
        Query(total(POWER.format(flow)), name, FLOWS[flow][1])
        for flow, name in zip(order, names, strict=True)
        if flow in shown
    ]
    queries[1:1] = [night("☾ PV →")]
    return bars("Energy flow now", text, *queries, unit="watt", noValue=look.NOT_NOW)


def night(legend: str) -> Query:
    """What stands in place of PV power that the portal leaves out because it is night."""
    return Query(dark(), legend, look.IDLE, {"mappings": look.words({0: ("☾ 0 W", look.IDLE)})})


def _dial(title: str, text: str, metric: str, limit: str, colour: str, *instead: Query) -> Json:
    queries = Query(total(metric), title, colour), Query(limit, "max"), *instead
    made = gauge(title, text, *queries, unit="watt", leads_to="inverter", noValue=look.NOT_NOW)
    mapping = {"fieldName": read("max"), "handlerKey": "max", "reducerId": "last"}
    of_first: Json = {"id": "byFrameRefID", "options": "A"}
    options: Json = {"configRefId": "B", "mappings": [mapping], "applyTo": of_first}
    return made | {"transformations": [{"id": "configFromData", "options": options}]}


def sun_dial() -> Json:
    """PV power against what is installed."""
    metric = POWER.format("pv")
    text = (
        f"PV power now. The dial ends at the installed power, or at the week's peak where that is not known. {SEVERAL}"
    )
    limit = f"{total('sems_station_installed_power_watts')} or {total(metric, 'max_over_time({}[7d])')}"
    return _dial("☀ PV", text, metric, limit, look.SUN, night("☀ PV"))


def house_dial() -> Json:
    """Consumption against its peak."""
    metric = POWER.format("load")
    text = (
        "Power that the house consumes now. The dial ends at the highest value of the last seven days, at the rated "
        f"power of the inverters, or at 3 kW, whichever is the most. {SEVERAL}"
    )
    peak = f'label_replace({total(metric, "max_over_time({}[7d])")}, "of", "peak", "", "")'
    rated = f'label_replace({total("sems_inverter_rated_power_watts")}, "of", "rated", "", "")'
    return _dial("⌂ Load", text, metric, f"clamp_min(max({peak} or {rated}), 3000)", look.HOUSE)


def charge_dial() -> Json:
    """State of charge of each station."""
    text = Text(
        "State of charge of all batteries of a station: below {low} is low, below {very_low} nearly empty. A dial per "
        "station.",
        low=look.LOW,
        very_low=look.VERY_LOW,
    )
    query = Query(named(each("sems_station_battery_state_of_charge_ratio"), "station"), "{{title}}")
    return gauge(
        "▮ Battery",
        text,
        query,
        unit="percentunit",
        max=1,
        thresholds=look.CHARGE,
        leads_to="battery",
        noValue=look.NOT_NOW,
    )


def today(maker: Callable[..., Json] = stat, *, battery: bool = True, meter: bool = True) -> Json:
    """The energies of the day."""
    text = f"Energies since midnight at the station. They start anew with the first report after midnight. {SEVERAL}"
    return maker(
        "Energy today",
        text,
        *energies("{}_energy_today_joules", measured(battery=battery, meter=meter)),
        unit=look.KWH,
        decimals=1,
        noValue=look.NOT_NOW,
    )


def energies(metric: str, flows: Iterable[str]) -> list[Query]:
    """The portal's own energies of a day, a month, or since commissioning, in kWh."""
    return [Query(f"{total(f'sems_station_{metric.format(flow)}')} / {KWH}", *FLOWS[flow]) for flow in flows]


def _share(title: str, text: str, metric: str, weight: str, colour: str, *, none: str) -> Json:
    """A ratio of today; of several stations the mean, weighted, or the plain one where nothing was weighed yet."""
    ratio, weights = each(f"sems_station_{metric}_today_ratio"), each(f"sems_station_{weight}_energy_today_joules")
    expr = f"sum({ratio} * {weights}) / (sum({weights} and {ratio}) > 0) or avg({ratio})"
    query = Query(expr, title, colour)
    return stat(title, text, query, unit="percentunit", decimals=0, leads_to="energy", noValue=none)


def self_sufficiency() -> Json:
    """The share of consumption that the plant covered."""
    text = (
        "Share of today's consumption that sun and battery covered; 100 % needs no grid. In the morning it still moves "
        "a lot. Several stations are weighted by their consumption."
    )
    return _share("Self-sufficiency today", text, "self_sufficiency", "load", look.BATTERY, none=look.NOT_NOW)


def self_consumption() -> Json:
    """The share of production used on the spot."""
    text = (
        "Share of today's production that was used on the spot, not fed into the grid. Several stations are weighted "
        "by their production."
    )
    none = "no PV yet, or no current data"
    return _share("Self-consumption today", text, "self_consumption", "pv", look.SUN, none=none)


def station_state() -> Json:
    """What the portal says of each station."""
    text = "What the portal says of the station as a whole. Running is normal by day, waiting at night."
    query = Query(named(state("station", StationState), "station"), "{{title}}")
    return stat(
        "Station", text, query, unit="none", mappings=look.STATION_STATES, leads_to="inverter", noValue=look.NOT_NOW
    )


def active_alarms() -> Json:
    """How many alarms stand."""
    text = (
        "Alarms that are active now at the selected stations, of all levels. Normal is 0; the Alarms dashboard lists "
        "them."
    )
    query = Query(f"sum({alarms('station', 'level')})", "Alarms")
    return stat(
        "Active alarms",
        text,
        query,
        unit="none",
        thresholds=look.ANY_IS_BAD,
        leads_to="alarms",
        noValue=look.NOT_NOW,
    )


def oldest_data() -> Json:
    """The age of the oldest data."""
    text = (
        "Time since the portal's newest report, of the station that reported longest ago. Normal is below 10 minutes; "
        "after 20 minutes the live values disappear rather than stand still."
    )
    return stat(
        "Age of the data",
        text,
        Query(f"max({age('station')})", "Age"),
        unit="s",
        decimals=0,
        thresholds=look.AGE,
        leads_to="exporter",
        noValue=look.NOT_NOW,
    )


def silent_stations() -> Json:
    """How many stations miss in the sums."""
    text = "Selected stations whose data are older than 20 minutes, so that the sums here lack them. Normal is 0."
    query = Query(f"count(({age('station')}) > 1200) or 0 * count({each('sems_station_info')})", "Stations")
    return stat("Stations left out", text, query, unit="none", thresholds=look.ANY_IS_ODD, noValue=look.NOT_NOW)


def power_of_the_day(*, sky: bool = True, battery: bool = True, meter: bool = True) -> Json:
    """All powers, charge and expectation over time."""
    text = (
        "Above zero what comes from PV, battery and grid, below zero what goes into battery and grid; the thick line "
        "is the load. Dashes: what a clear sky would give on flat modules, and on the right the state of charge. Gaps "
        "are times without trustworthy data."
    )
    axis: Json = {"unit": "percentunit", "min": 0, "max": 1, "custom.axisPlacement": "right", "custom.fillOpacity": 0}
    dashes: Json = {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}, "custom.fillOpacity": 0}
    looks: dict[str, Json] = {
        "pv": {"custom.fillOpacity": 25},
        "load": {"custom.fillOpacity": 0, "custom.lineWidth": 3},
        "grid_export": BELOW,
        "battery_charge": BELOW,
    }
    queries = []
    for flow in measured(battery=battery, meter=meter):
        expr = f"sum({mean(POWER.format(flow))})"
        name, colour = FLOWS[flow]
        queries.append(Query(f"{expr} or {dark()}" if flow == "pv" else expr, name, colour, looks.get(flow, {})))
    if battery:
        charge = f"avg({mean('sems_station_battery_state_of_charge_ratio')})"
        queries.append(Query(charge, "State of charge", look.BATTERY, axis | dashes))
    if sky:
        queries.append(Query(f"sum({mean('sems_station_clear_sky_power_watts')})", "Clear sky", look.SUN, dashes))
    return lines("Power of the day", text, *queries, unit="watt", fill=10, noValue=look.NOT_IN_RANGE)
