"""Devices: what a plant may have beside inverters and batteries, and the signs of a coming fault."""

from typing import Any

from sems_exporter.model.plant import DeviceState

from . import look, tiles
from .look import Json
from .page import Page, framed
from .panels import lines, stat
from .queries import KWH, Query, each, highest, mean, named, state

NONE = "no such device, or no data"


def dashboard() -> Json:
    """The dashboard; its rows repeat for each station, so that devices of equal names stay apart."""
    page = Page()
    page.row("$station", repeat="station")
    page.band(4, _charger_state(), _charger_power(), _session())
    page.band(8, _charging(), _others())
    page.band(8, _meter(), _meter_voltage())
    page.band(8, _backup(), _backup_voltage())
    page.band(8, _insulation(), _leakage())
    page.band(8, _cells(), _signal())
    text = "EV charger, heat pump, generator, meter, backup output, insulation, cells and the radio link."
    return framed("devices", "SEMS Devices", text, page, devices=("inverter", "battery"))


def _lines(title: str, text: str, *queries: Query, unit: str, **more: Any) -> Json:
    return lines(title, text, *queries, unit=unit, noValue=NONE, **more)


def _per(scope: str, metric: str, legend: str, colour: str | None = None, *, peaks: bool = False) -> Query:
    return Query(named((highest if peaks else mean)(f"sems_{metric}"), scope), legend, colour)


def _charger_state() -> Json:
    text = "What the EV charger does."
    query = Query(named(state("ev_charger", DeviceState), "ev_charger"), "{{title}}")
    return stat("EV charger", text, query, unit="none", mappings=look.DEVICE_STATES, noValue=NONE)


def _charger_power() -> Json:
    text = "Power into the vehicle now; nothing is told while none is charged."
    query = Query(named(each("sems_ev_charger_charging_power_watts"), "ev_charger"), "{{title}}", look.HOUSE)
    return stat("Charging power", text, query, unit="watt", noValue="no vehicle charges")


def _session() -> Json:
    text = "Energy of the charging session that is or was last under way."
    expr = f"{named(each('sems_ev_charger_session_energy_joules'), 'ev_charger')} / {KWH}"
    query = Query(expr, "{{title}}", look.HOUSE)
    return stat("Charging session", text, query, unit=look.KWH, decimals=1, noValue=NONE)


def _charging() -> Json:
    text = "Power into vehicles, and the limit that is set."
    queries = (
        # Power on top: most vehicles charge at the limit.
        _per("ev_charger", "ev_charger_charging_power_limit_watts", "{{title}} limit", look.IDLE),
        _per("ev_charger", "ev_charger_charging_power_watts", "{{title}}", look.HOUSE),
    )
    return _lines("EV charging", text, *queries, unit="watt", min=0)


def _others() -> Json:
    text = "What the station tells of EV chargers, heat pump, diesel generator and generators of other makers."
    parts = (
        ("EV charger", "ev_charger", look.HOUSE),
        ("Heat pump", "heat_pump", look.EXPORT),
        ("Generator", "generator", look.IMPORT),
        ("Other makers", "third_party", look.SUN),
    )
    queries = [Query(f"sum({mean(tiles.POWER.format(metric))})", name, colour) for name, metric, colour in parts]
    return _lines("Other consumers and sources", text, *queries, unit="watt")


def _meter() -> Json:
    text = "Power through each phase of the meter: import above zero, export below."
    queries = (
        _per("meter", "meter_phase_grid_import_power_watts", "{{meter}} import {{phase}}"),
        Query(
            named(mean("sems_meter_phase_grid_export_power_watts"), "meter"),
            "{{meter}} export {{phase}}",
            None,
            tiles.BELOW,
        ),
    )
    return _lines("Meter by phase", text, *queries, unit="watt", beside=True)


def _meter_voltage() -> Json:
    text = "Voltage of each phase at the meter; the dashed lines are the limits, by EN 50160 207 and 253 V on 230 V."
    query = _per("meter", "meter_phase_voltage_volts", "{{meter}} {{phase}}", peaks=True)
    return _lines("Voltage at the meter", text, query, unit="volt", limits=True, thresholds=look.VOLTAGE, beside=True)


def _backup() -> Json:
    text = "Power at the backup output, which goes on when the grid is out."
    query = _per("inverter", "inverter_backup_power_watts", "{{title}}", look.BATTERY)
    return _lines("Backup power", text, query, unit="watt", min=0)


def _backup_voltage() -> Json:
    text = "Voltage at the backup output; 0 where it is off."
    query = _per("inverter", "inverter_phase_backup_voltage_volts", "{{inverter}} {{phase}}")
    return _lines("Backup voltage", text, query, unit="volt", min=0, beside=True)


def _insulation() -> Json:
    text = "Resistance of the PV side to earth. It falls with rain; where it stays low, a cable lets water in."
    query = _per("inverter", "inverter_insulation_resistance_ohms", "{{title}}")
    return _lines("Insulation", text, query, unit="ohm", min=0)


def _leakage() -> Json:
    text = "Residual current. Some milliamperes are normal; inverters switch off at 30 mA steps."
    query = _per("inverter", "inverter_leakage_current_amperes", "{{title}}", peaks=True)
    return _lines("Leakage current", text, query, unit="amp", min=0)


def _cells() -> Json:
    text = "Highest and lowest cell of each battery. The further they drift apart, the less of it can be used."
    queries = (
        _per("battery", "battery_cell_voltage_max_volts", "{{title}} highest", peaks=True),
        _per("battery", "battery_cell_voltage_min_volts", "{{title}} lowest"),
    )
    return _lines("Cell voltages", text, *queries, unit="volt", decimals=3)


def _signal() -> Json:
    text = "Strength of the inverter's radio link; below -80 dBm it drops out."
    query = _per("inverter", "inverter_signal_strength_dbm", "{{title}}")
    return _lines("Radio link", text, query, unit="dBm")
