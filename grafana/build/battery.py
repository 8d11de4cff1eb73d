"""Battery: how full, how healthy, how warm, and what it may do."""

from collections.abc import Callable
from typing import Any

from sems_exporter.model.plant import DeviceState

from . import look
from .look import Json
from .page import Page, framed
from .panels import gauge, heatmap, lines, shades, stat, timeline
from .queries import RANGE, SCRAPED, Query, each, highest, increase, mean, named, state
from .texts import Text
from .tiles import BELOW

CAPACITY = each("sems_station_battery_capacity_joules")


def dashboard() -> Json:
    """The dashboard; its rows repeat for each station, so that batteries of equal names stay apart."""
    page = Page()
    page.row("$station", repeat="station")
    page.band(6, _charge_now(), _health_now(), _power_now(), _temperature_now(), _state_now(), widths=(4, 4, 6, 5, 5))
    page.band(8, _charge(), _power())
    page.band(8, _temperature(), _limits())
    page.band(8, _voltage(), _health())
    page.band(5, _efficiency(), _cycles(), _cycles_in_range(), _capacity())
    page.band(9, _heatmap())
    page.band(5, _states())
    text = "Charge, health, temperature, limits, cycles, efficiency and the charge heat map of each battery."
    return framed(
        "battery",
        "SEMS Battery",
        text,
        page,
        since="now-7d",
        devices=("battery",),
        having="sems_battery_info",
        alarms=True,
    )


def _shaded(colour: str, properties: Json) -> Json:
    return properties | {"color": shades(colour)}


def _of(metric: str, colour: str | None = None, legend: str = "{{title}}", properties: Json | None = None) -> Query:
    return Query(named(each(f"sems_battery_{metric}"), "battery"), legend, colour, properties or {})


def _over(
    metric: str, legend: str = "{{title}}", properties: Json | None = None, how: Callable[[str], str] = mean
) -> Query:
    """The same for a chart."""
    return Query(named(how(f"sems_battery_{metric}"), "battery"), legend, None, properties or {})


def _dial(title: str, text: str, query: Query, thresholds: Json) -> Json:
    return gauge(title, text, query, unit="percentunit", max=1, thresholds=thresholds, noValue=look.NOT_NOW)


def _lines(title: str, text: str, *queries: Query, unit: str, **more: Any) -> Json:
    return lines(title, text, *queries, unit=unit, noValue=look.NOT_IN_RANGE, **more)


def _number(title: str, text: str, *queries: Query, unit: str, **more: Any) -> Json:
    return stat(title, text, *queries, unit=unit, **{"noValue": look.NOT_NOW} | more)


def _charge_now() -> Json:
    text = Text(
        "State of charge now: below {low} is low, below {very_low} nearly empty.", low=look.LOW, very_low=look.VERY_LOW
    )
    return _dial(look.STATE_OF_CHARGE, text, _of("state_of_charge_ratio"), look.CHARGE)


def _health_now() -> Json:
    text = (
        "Usable capacity against a new battery, as its management says. Warranties often promise 70 % after ten years."
    )
    return _dial("Health", text, _of("state_of_health_ratio"), look.HEALTH)


def _power_now() -> Json:
    text = "Power into and out of the battery now; one of the two is 0."
    queries = (
        _of("charge_power_watts", look.BATTERY, "▲ in {{battery}}"),
        _of("discharge_power_watts", look.HOUSE, "▼ out {{battery}}"),
    )
    return _number("Power now", text, *queries, unit="watt", rows=True)


def _temperature_now() -> Json:
    text = "Temperature of the battery now. Lithium cells like 10 to 35 °C; below 5 °C they take charge only slowly."
    query, thresholds = _of("temperature_celsius"), look.BATTERY_TEMPERATURE
    return _number("Temperature now", text, query, unit="celsius", decimals=1, rows=True, thresholds=thresholds)


def _state_now() -> Json:
    text = "What the battery does, from the portal or from its powers."
    query = Query(named(state("battery", DeviceState), "battery"), "{{title}}")
    return _number("State", text, query, unit="none", rows=True, mappings=look.DEVICE_STATES)


def _charge() -> Json:
    text = Text(
        "State of charge over time. The dashed lines mark {very_low} and {low}.", very_low=look.VERY_LOW, low=look.LOW
    )
    query = _over("state_of_charge_ratio", properties=_shaded(look.BATTERY, {}))
    shown = {"min": 0, "max": 1, "thresholds": look.CHARGE}
    return _lines("Charge over time", text, query, unit="percentunit", fill=10, limits=True, **shown)


def _power() -> Json:
    text = "Above zero the battery delivers, below zero it is charged."
    queries = (
        _over("discharge_power_watts", "▼ out of {{title}}", _shaded(look.HOUSE, {"custom.fillOpacity": 20})),
        _over("charge_power_watts", "▲ into {{title}}", _shaded(look.BATTERY, BELOW | {"custom.fillOpacity": 20})),
    )
    return _lines("Power over time", text, *queries, unit="watt")


def _temperature() -> Json:
    text = "Temperature of the battery and, where its management tells, of its warmest and coldest cell."
    dashes: Json = {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}}
    queries = (
        _over("temperature_celsius", how=highest),
        _over("cell_temperature_max_celsius", "{{title}} warmest cell", dashes, highest),
        _over("cell_temperature_min_celsius", "{{title}} coldest cell", dashes),
    )
    return lines(
        "Temperature over time",
        text,
        *queries,
        unit="celsius",
        limits=True,
        thresholds=look.BATTERY_TEMPERATURE,
        noValue=look.NOT_IN_RANGE,
    )


def _limits() -> Json:
    text = (
        "Current of the battery (a magnitude), and the highest that its management allows now. A limit near 0 means "
        "full, empty, too cold or too hot."
    )
    dashes: Json = {"custom.lineStyle": {"fill": "dash", "dash": [8, 6]}}
    dots: Json = {"custom.lineStyle": {"fill": "dot", "dash": [2, 6]}}
    queries = (
        _over("current_amperes", "{{title}} current", _shaded(look.IDLE, {"custom.fillOpacity": 20})),
        _over("charge_current_limit_amperes", "{{title}} charge limit", _shaded(look.BATTERY, dashes)),
        _over("discharge_current_limit_amperes", "{{title}} discharge limit", _shaded(look.HOUSE, dots)),
    )
    return _lines("Current and limits", text, *queries, unit="amp", min=0)


def _voltage() -> Json:
    text = "Voltage of the battery. It follows the charge; a dip under load that grows over months is a sign of ageing."
    return _lines("Voltage", text, _over("voltage_volts"), unit="volt")


def _health() -> Json:
    text = "Health over time; choose a range of months. A loss of 1 to 3 % a year is normal."
    query, thresholds = _over("state_of_health_ratio"), look.HEALTH
    return _lines("Health over time", text, query, unit="percentunit", limits=True, max=1, thresholds=thresholds)


def _efficiency() -> Json:
    text = (
        "Energy out of the batteries over energy into them in the time range, corrected for the difference in charge "
        "between its ends. Shown once three full charges went in; 85 to 95 % is normal."
    )
    out, into = increase("battery_discharge", RANGE), increase("battery_charge", RANGE)
    charge = "sems_station_battery_state_of_charge_ratio"
    gained = f"({each(charge)} - {each(charge, change='{} offset $__range')}) * {CAPACITY}"
    expr = f"({out} + {gained}) / ({into} > 3 * {CAPACITY})"
    query = Query(named(expr, "station"), "{{title}}")
    return stat(
        "Round-trip efficiency",
        text,
        query,
        unit="percentunit",
        decimals=0,
        max=1,
        thresholds=look.steps(look.BAD, (0.7, look.ODD), (0.8, look.GOOD)),
        noValue="needs some days of charge",
    )


def _cycles() -> Json:
    text = "Energy out of the batteries since commissioning over their capacity. Makers promise 6,000 and more."
    expr = f"{each('sems_station_battery_discharge_energy_joules_total')} / {CAPACITY}"
    return stat(
        "Full cycles so far",
        text,
        Query(named(expr, "station"), "{{title}}", look.BATTERY),
        unit="none",
        decimals=0,
        noValue=look.NOT_NOW,
    )


def _cycles_in_range() -> Json:
    text = "Full cycles in the time range. Up to one a day is normal for a home."
    expr = f"{increase('battery_discharge', RANGE)} / {CAPACITY}"
    return stat(
        "Full cycles in this range",
        text,
        Query(named(expr, "station"), "{{title}}", look.BATTERY),
        unit="none",
        decimals=1,
        noValue=look.NOT_IN_RANGE,
    )


def _capacity() -> Json:
    text = "Nominal capacity of all batteries of the station, as the portal has it."
    query = Query(named(f"{CAPACITY} / 3.6e6", "station"), "{{title}}", look.BATTERY)
    return _number("Capacity", text, query, unit=look.KWH, decimals=1, noValue="not known to the portal")


def _heatmap() -> Json:
    text = (
        "A column for each day, a cell for each tenth of charge: the darker or lighter it stands out, the more quarter "
        "hours the battery spent there. Much time at the very top or bottom ages it. With several batteries, "
        "their sum; racks are left out, because their system has them already."
    )
    racks = f'sems_battery_info{{{SCRAPED}, system!=""}}'
    systems = f"{each('sems_battery_state_of_charge_ratio')} unless on (station, battery) {racks}"
    # Full belongs to the uppermost cell: the one above it would lie outside the panel. Tenths of a per cent, because a
    # ratio of 0.7 is a little less in binary, and would fall into the cell below.
    expr = f"clamp_max(round(100 * ({systems}), 0.1), 99.9)"
    return heatmap("Charge heat map", text, Query(expr, "{{battery}}", interval="15m"))


def _states() -> Json:
    text = "What each battery did when."
    query = Query(named(state("battery", DeviceState), "battery"), "{{title}}")
    return timeline("States over time", text, query, mappings=look.DEVICE_STATES, noValue=look.NOT_IN_RANGE)
