"""Panels that stand on more than one dashboard."""

from collections.abc import Callable

from sems_exporter.model.plant import StationState

from . import look
from .look import Json
from .panels import bars, gauge, lines, shades, stat
from .queries import KWH, Query, age, alarms, dark, each, mean, named, state, total

POWER = "sems_station_{}_power_watts"
BELOW: Json = {"custom.transform": "negative-Y"}
SEVERAL = "With several stations selected, this is their sum."


def grid_import() -> Json:
    """Power that the grid delivers."""
    text = f"Power taken from the grid now; 0 while the plant covers everything. {SEVERAL}"
    return stat(
        "▼ From the grid",
        text,
        Query(total(POWER.format("grid_import")), "From the grid", look.IMPORT),
        unit="watt",
        noValue=look.NOT_NOW,
    )


def grid_export() -> Json:
    """Power that goes to the grid."""
    text = f"Power fed into the grid now; 0 while the house needs everything. {SEVERAL}"
    return stat(
        "▲ To the grid",
        text,
        Query(total(POWER.format("grid_export")), "To the grid", look.EXPORT),
        unit="watt",
        noValue=look.NOT_NOW,
    )


def flow() -> Json:
    """Six directed flows."""
    text = (
        "What comes in from sun, battery and grid, and where it goes, on one scale. The three bars above add up to the "
        f"three below, but for losses. {SEVERAL}"
    )
    flows = (
        ("☀ Sun →", "pv", look.SUN),
        ("▮ Battery →", "battery_discharge", look.BATTERY),
        ("▼ Grid →", "grid_import", look.IMPORT),
        ("→ ⌂ House", "load", look.HOUSE),
        ("→ ▮ Battery", "battery_charge", look.BATTERY),
        ("→ ▲ Grid", "grid_export", look.EXPORT),
    )
    queries = [Query(total(POWER.format(metric)), name, colour) for name, metric, colour in flows]
    queries[1:1] = [night("☾ Sun →")]
    return bars("Energy flow now", text, *queries, unit="watt", noValue=look.NOT_NOW)


def night(legend: str) -> Query:
    """What stands in place of PV power that the portal leaves out because it is night."""
    return Query(dark(), legend, look.IDLE, {"mappings": look.words({0: ("☾ 0 W", look.IDLE)})})


def _dial(title: str, text: str, metric: str, limit: str, colour: str, *instead: Query) -> Json:
    queries = Query(total(metric), title, colour), Query(limit, "max"), *instead
    made = gauge(title, text, *queries, unit="watt", noValue=look.NOT_NOW)
    mapping = {"fieldName": "max", "handlerKey": "max", "reducerId": "last"}
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
    return _dial("☀ Sun", text, metric, limit, look.SUN, night("☀ Sun"))


def house_dial() -> Json:
    """Consumption against its peak."""
    metric = POWER.format("load")
    text = (
        "Power that the house consumes now. The dial ends at the highest value of the last seven days, at the rated "
        f"power of the inverters, or at 3 kW, whichever is the most. {SEVERAL}"
    )
    peak = f'label_replace({total(metric, "max_over_time({}[7d])")}, "of", "peak", "", "")'
    rated = f'label_replace({total("sems_inverter_rated_power_watts")}, "of", "rated", "", "")'
    return _dial("⌂ House", text, metric, f"clamp_min(max({peak} or {rated}), 3000)", look.HOUSE)


def charge_dial() -> Json:
    """State of charge of each station."""
    text = (
        f"State of charge of all batteries of a station: below {look.LOW} is low, below {look.VERY_LOW} nearly empty. "
        "A dial per station."
    )
    query = Query(named(each("sems_station_battery_state_of_charge_ratio"), "station"), "{{title}}")
    return gauge(
        "▮ Battery charge", text, query, unit="percentunit", max=1, thresholds=look.CHARGE, noValue=look.NOT_NOW
    )


def today(maker: Callable[..., Json] = stat) -> Json:
    """The six energies of the day."""
    text = f"Energies since midnight at the station. They start anew with the first report after midnight. {SEVERAL}"
    energies = (
        ("☀ Sun", "pv", look.SUN),
        ("⌂ House", "load", look.HOUSE),
        ("▼ From the grid", "grid_import", look.IMPORT),
        ("▲ To the grid", "grid_export", look.EXPORT),
        ("→ ▮ Into battery", "battery_charge", look.BATTERY),
        ("▮ → Out of battery", "battery_discharge", look.BATTERY),
    )
    queries = [
        Query(f"{total(f'sems_station_{metric}_energy_today_joules')} / {KWH}", name, colour)
        for name, metric, colour in energies
    ]
    return maker("Energy today", text, *queries, unit=look.KWH, decimals=1, noValue=look.NOT_NOW)


def _share(title: str, text: str, metric: str, weight: str, colour: str) -> Json:
    """A ratio of today; of several stations the mean, weighted, or the plain one where nothing was weighed yet."""
    ratio, weights = each(f"sems_station_{metric}_today_ratio"), each(f"sems_station_{weight}_energy_today_joules")
    expr = f"sum({ratio} * {weights}) / (sum({weights} and {ratio}) > 0) or avg({ratio})"
    return stat(title, text, Query(expr, title, colour), unit="percentunit", decimals=0, noValue=look.NOT_NOW)


def self_sufficiency() -> Json:
    """The share of consumption that the plant covered."""
    text = (
        "Share of today's consumption that sun and battery covered; 100 % needs no grid. In the morning it still moves "
        "a lot. Several stations are weighted by their consumption."
    )
    return _share("Self-sufficiency today", text, "self_sufficiency", "load", look.BATTERY)


def self_consumption() -> Json:
    """The share of production used on the spot."""
    text = (
        "Share of today's production that was used on the spot, not fed into the grid. Several stations are weighted "
        "by their production."
    )
    return _share("Self-consumption today", text, "self_consumption", "pv", look.SUN)


def station_state() -> Json:
    """What the portal says of each station."""
    text = "What the portal says of the station as a whole. Running is normal by day, waiting at night."
    query = Query(named(state("station", StationState), "station"), "{{title}}")
    return stat("Station", text, query, unit="none", mappings=look.STATION_STATES, noValue=look.NOT_NOW)


def active_alarms() -> Json:
    """How many alarms stand."""
    text = (
        "Alarms that are active now at the selected stations, of all levels. Normal is 0; the Alarms dashboard lists "
        "them."
    )
    query = Query(f"sum({alarms('station', 'level')})", "Alarms")
    return stat("Active alarms", text, query, unit="none", thresholds=look.ANY_IS_BAD, noValue=look.NOT_NOW)


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
        noValue=look.NOT_NOW,
    )


def silent_stations() -> Json:
    """How many stations miss in the sums."""
    text = "Selected stations whose data are older than 20 minutes, so that the sums here lack them. Normal is 0."
    query = Query(f"count(({age('station')}) > 1200) or 0 * count({each('sems_station_info')})", "Stations")
    return stat("Stations left out", text, query, unit="none", thresholds=look.ANY_IS_ODD, noValue=look.NOT_NOW)


def power_of_the_day(*, sky: bool = True) -> Json:
    """All powers, charge and expectation over time."""
    text = (
        "Above zero what comes from sun, battery and grid, below zero what goes into battery and grid; the thick line "
        "is the house. Dashes: what a clear sky would give on flat modules, and on the right the state of charge. Gaps "
        "are times without trustworthy data."
    )
    axis: Json = {"unit": "percentunit", "min": 0, "max": 1, "custom.axisPlacement": "right", "custom.fillOpacity": 0}
    dashes: Json = {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}, "custom.fillOpacity": 0}
    charge = named(mean("sems_station_battery_state_of_charge_ratio"), "station")

    def power(name: str) -> str:
        return f"sum({mean(POWER.format(name))})"

    queries = [
        # First, because Grafana shades by position in the panel: the first few shades are seen well in both themes.
        Query(charge, "Charge {{title}}", None, axis | dashes | {"color": shades(look.BATTERY)}),
        Query(f"{power('pv')} or {dark()}", "☀ Sun", look.SUN, {"custom.fillOpacity": 25}),
        Query(power("load"), "⌂ House", look.HOUSE, {"custom.fillOpacity": 0, "custom.lineWidth": 3}),
        Query(power("grid_import"), "▼ From the grid", look.IMPORT),
        Query(power("battery_discharge"), "▮ → Out of battery", look.BATTERY),
        Query(power("grid_export"), "▲ To the grid", look.EXPORT, BELOW),
        Query(power("battery_charge"), "→ ▮ Into battery", look.BATTERY, BELOW),
    ]
    if sky:
        queries.append(Query(f"sum({mean('sems_station_clear_sky_power_watts')})", "Clear sky", look.SUN, dashes))
    return lines("Power of the day", text, *queries, unit="watt", fill=10, noValue=look.NOT_NOW)
