"""Inverter and strings: every input and phase, and what is out of line."""

from collections.abc import Callable
from typing import Any

from sems_exporter.model.plant import DeviceState

from . import look
from .look import Json
from .page import Page, framed
from .panels import lines, override, shades, stat, timeline
from .queries import KWH, Query, age, each, highest, mean, named, state

POWER = "sems_inverter_input_power_watts"
COLOURS = (look.SUN, look.EXPORT, look.HOUSE, look.BATTERY, look.IMPORT, look.IDLE)
PARTS = {f"{number}": COLOURS[(number - 1) % len(COLOURS)] for number in range(1, 13)}
PARTS |= {"L1": look.SUN, "L2": look.EXPORT, "L3": look.HOUSE}
SHADES = [override("byRegexp", f"/ {part}$/", {"color": shades(colour)}) for part, colour in PARTS.items()]
"""Equal inputs or phases of several inverters have shades of one colour; their names end in their number."""


def dashboard() -> Json:
    """The dashboard; its rows repeat for each station, so that inverters of equal names stay apart."""
    page = Page()
    page.row("$station", repeat="station")
    page.band(5, _state_now(), _power_now(), _temperature_now(), _today(), _age(), widths=(5, 5, 4, 5, 5))
    page.band(5, _states())
    page.band(9, _power(), _input_power())
    page.band(8, _share(), _imbalance())
    page.band(8, _input_voltage(), _input_current())
    page.band(8, _phase_voltage(), _phase_current())
    page.band(8, _temperature(), _frequency(), _reactive())
    text = "Power, voltage and current of every PV input and AC phase, imbalance, temperatures and states."
    return framed("inverter", "SEMS Inverter and strings", text, page, devices=("inverter",), alarms=True)


def _of(metric: str) -> Query:
    return Query(named(each(f"sems_inverter_{metric}"), "inverter"), "{{title}}")


def _over(metric: str, legend: str = "{{title}}", colour: str | None = None, how: Callable[[str], str] = mean) -> Query:
    """The same for a chart."""
    shown: Json = {"color": shades(colour)} if colour else {}
    return Query(named(how(f"sems_inverter_{metric}"), "inverter"), legend, None, shown)


def _per(part: str, metric: str, how: Callable[[str], str] = mean) -> Query:
    """A series for each input or phase. The name is of the inverter, so the join is by station and inverter."""
    return Query(named(how(f"sems_inverter_{part}_{metric}"), "inverter"), f"{{{{inverter}}}} {part} {{{{{part}}}}}")


def _parts(title: str, text: str, query: Query, *, unit: str, **more: Any) -> Json:
    """A chart with a line for each input or phase."""
    return lines(title, text, query, unit=unit, noValue=look.NOT_IN_RANGE, overrides=SHADES, beside=True, **more)


def _now(title: str, text: str, query: Query, *, unit: str, **more: Any) -> Json:
    """A number of this moment for each inverter, one below the other."""
    return stat(title, text, query, unit=unit, rows=True, **{"noValue": look.NOT_NOW} | more)


def _state_now() -> Json:
    text = "What the portal says of the inverter. Running or online is normal by day, waiting at night."
    query = Query(named(state("inverter", DeviceState), "inverter"), "{{title}}")
    return _now("State", text, query, unit="none", mappings=look.DEVICE_STATES)


def _power_now() -> Json:
    text = "AC output now, the battery's share included; negative while the inverter takes power in to charge."
    return _now("Output now", text, _of("ac_power_watts"), unit="watt", thresholds=look.steps(look.SUN))


def _temperature_now() -> Json:
    text = (
        "Temperature inside the inverter. Under a roof 70 °C are usual in summer; above 75 °C many reduce their output."
    )
    query, thresholds = _of("temperature_celsius"), look.INVERTER_TEMPERATURE
    return _now("Temperature now", text, query, unit="celsius", decimals=1, thresholds=thresholds)


def _today() -> Json:
    text = "PV energy since midnight at the station."
    query = Query(named(f"{each('sems_inverter_pv_energy_today_joules')} / {KWH}", "inverter"), "{{title}}", look.SUN)
    return _now("PV today", text, query, unit=look.KWH, decimals=1)


def _age() -> Json:
    text = "Time since the inverter's newest report. After 20 minutes its live values disappear."
    query = Query(named(age("inverter"), "inverter"), "{{title}}")
    return _now("Age of the data", text, query, unit="s", decimals=0, thresholds=look.AGE)


def _states() -> Json:
    text = "What each inverter did when. At night waiting or offline is normal; a fault by day is not."
    query = Query(named(state("inverter", DeviceState), "inverter"), "{{title}}")
    return timeline("States over time", text, query, mappings=look.DEVICE_STATES, noValue="no states in this range")


def _power() -> Json:
    text = (
        "Power of the PV side and AC output. With a battery they differ by what goes into or comes out of it; without, "
        "the output is 2 to 5 % lower."
    )
    queries = (_over("pv_power_watts", "{{title}} PV", look.SUN), _over("ac_power_watts", "{{title}} AC", look.EXPORT))
    return lines("PV power and output", text, *queries, unit="watt", fill=8, noValue=look.NOT_IN_RANGE)


def _input_power() -> Json:
    text = "DC power of every MPPT input. Inputs of the same direction and size should run alike."
    return _parts("Power of the inputs", text, _per("input", "power_watts"), unit="watt", fill=8, min=0)


def _share() -> Json:
    text = (
        "Which part of an inverter's PV power each input gives, while it makes more than 100 W. Compare with the same "
        "hour of days before: a share that falls for good is shade, dirt or a fault."
    )
    whole = f"sum by (station, inverter) ({mean(POWER)})"
    expr = f"{mean(POWER)} / on (station, inverter) group_left () ({whole} > 100)"
    query = Query(named(expr, "inverter"), "{{inverter}} input {{input}}")
    return _parts("Share of each input", text, query, unit="percentunit", min=0, max=1)


def _imbalance() -> Json:
    text = (
        "How far the weakest input of an inverter lies below its strongest, as a ratio: 0 is even. Roofs in two "
        "directions swing over the day; equal strings stay close to 0. Only above 100 W."
    )
    by = "by (station, inverter)"
    strongest = f"max {by} ({mean(POWER)})"
    expr = f"(1 - min {by} ({mean(POWER)}) / ({strongest} > 100)) and (count {by} ({mean(POWER)}) > 1)"
    return lines(
        "Imbalance of the inputs",
        text,
        Query(named(expr, "inverter"), "{{title}}"),
        unit="percentunit",
        min=0,
        max=1,
        noValue="one input only, or too dark",
    )


def _input_voltage() -> Json:
    text = "DC voltage of every MPPT input. A step down that stays points to a lost module or a bypass diode."
    return _parts("Voltage of the inputs", text, _per("input", "voltage_volts"), unit="volt")


def _input_current() -> Json:
    text = (
        "DC current of every MPPT input. It follows the sun; one input far below its like has shade or a loose string."
    )
    return _parts("Current of the inputs", text, _per("input", "current_amperes"), unit="amp", min=0)


def _phase_voltage() -> Json:
    text = (
        "AC voltage of every phase. The dashed lines are the limits, by EN 50160 207 and 253 V on a 230 V grid; near "
        "the upper one inverters reduce their output or switch off."
    )
    query = _per("phase", "voltage_volts", highest)
    return _parts("Voltage of the phases", text, query, unit="volt", limits=True, thresholds=look.VOLTAGE)


def _phase_current() -> Json:
    text = "AC current of every phase, a magnitude. Three-phase inverters should load their phases alike."
    return _parts("Current of the phases", text, _per("phase", "current_amperes"), unit="amp", min=0)


def _temperature() -> Json:
    text = "Temperature inside the inverter over time. Above the dashed lines alerts tell of it."
    return lines(
        "Temperature over time",
        text,
        _over("temperature_celsius", how=highest),
        unit="celsius",
        limits=True,
        thresholds=look.INVERTER_TEMPERATURE,
        noValue=look.NOT_IN_RANGE,
    )


def _frequency() -> Json:
    text = "Grid frequency. Above the upper dashed line, usually 50.2 Hz, inverters must reduce their output."
    return lines(
        "Grid frequency",
        text,
        _over("grid_frequency_hertz"),
        unit="hertz",
        decimals=2,
        limits=True,
        thresholds=look.FREQUENCY,
        noValue=look.NOT_IN_RANGE,
    )


def _reactive() -> Json:
    text = "Reactive power, signed as the portal gives it. Near 0 unless the grid operator wants otherwise."
    return lines("Reactive power", text, _over("reactive_power_vars"), unit="voltampreact", noValue=look.NOT_IN_RANGE)
