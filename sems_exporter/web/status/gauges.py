"""Half-round gauges as inline SVG, drawn with presentation attributes only: the policy forbids inline styles."""

import math
from collections.abc import Sequence

from sems_exporter.model.plant import Station
from sems_exporter.model.schema import family
from sems_exporter.pipeline.sun import TWILIGHT
from sems_exporter.web.status.badges import icon
from sems_exporter.web.status.figures import figure, marks, reading
from sems_exporter.web.status.language import marked, short, tr

_ARC = 'd="M13 60A47 47 0 0 1 107 60" pathLength="100"'
_LEAST_SCALE = 1000.0
"""Watts."""
_DIALS = {
    "pv_power": ("pv", marked("PV")),
    "load_power": ("load", marked("Load")),
    "battery_state_of_charge": ("battery", marked("Battery")),
}


def gauges(station: Station) -> str:
    """PV, load and, where there is one, the battery."""
    dials = _pv(station) + _load(station)
    return f'<div class="gauges">{dials}{_battery(station) if has_battery(station) else ""}</div>'


def has_battery(station: Station) -> bool:
    """Tell whether to show a battery: as the portal says, else if anything of one was seen."""
    if station.has_battery is not None:
        return station.has_battery
    return bool(station.batteries) or station.battery_state_of_charge is not None


def dial_scale(value: float) -> float:
    """The end of the scale of a dial: the next of 1, 2 or 5 times a power of ten, at least 1 kW.

    A scale does not move with every cloud.
    """
    return _next_round(value, (1, 2, 5, 10))


def chart_scale(most: float) -> float:
    """The end of the scale of a picture, in finer steps, at least 1 kW: rest looks like rest."""
    return _next_round(most, (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0))


def _next_round(value: float, steps: Sequence[float]) -> float:
    least = max(value, _LEAST_SCALE)
    decade = 10.0 ** math.floor(math.log10(least))
    return next(step * decade for step in steps if step * decade >= least)


def _pv(station: Station) -> str:
    full = _full_scale(station)
    detail = (
        tr("of {power}", power=f"{scale_text(full)}p") if station.installed_power else _span(station.pv_power, full)
    )
    return _dial(station, "pv_power", full, detail)


def _is_night(station: Station) -> bool:
    """Tell whether it is so dark at a station that no module gives anything."""
    return station.sun_elevation is not None and station.sun_elevation < TWILIGHT


def _load(station: Station) -> str:
    load, full = station.load_power or 0.0, _full_scale(station)
    full = full if load <= full else dial_scale(load)
    return _dial(station, "load_power", full, _span(station.load_power, full))


def _full_scale(station: Station) -> float:
    # One scale for PV and load where it suffices: two arcs side by side are read as a comparison.
    return station.installed_power or dial_scale(max(station.pv_power or 0.0, station.load_power or 0.0))


def _span(value: float | None, full: float) -> str:
    return "" if value is None else f"0 – {scale_text(full)}"


def scale_text(full: float) -> str:
    """The end of a scale: 5000 -> "5 kW"."""
    return f"{short(round(full / 1000, 2))} kW"


def _battery(station: Station) -> str:
    return _dial(station, "battery_state_of_charge", 1.0, _battery_flow(station))


def _battery_flow(station: Station) -> str:
    if station.battery_charge_power:
        return f"{icon('up')}{tr('charging')} <b>{figure(station, 'battery_charge_power')}</b>"
    if station.battery_discharge_power:
        return f"{icon('down')}{tr('discharging')} <b>{figure(station, 'battery_discharge_power')}</b>"
    if station.battery_charge_power is None or station.battery_discharge_power is None:
        return f"– {tr('power unknown')}"
    return f"{tr('idle')} <b>{figure(station, 'battery_charge_power')}</b>"


def _dial(station: Station, attribute: str, full: float, detail: str) -> str:
    kind, title = _DIALS[attribute][0], tr(_DIALS[attribute][1])
    value: float | None = getattr(station, attribute)
    # The portal leaves out PV power that nobody expects.
    sign, word = ("☾", tr("night")) if attribute == "pv_power" and _is_night(station) else ("–", tr("unknown"))
    spoken, arc, centre = f"{title}: {word}", "", f'<text class="unknown" x="60" y="51">{sign}</text>'
    below = f'<text class="unit" x="60" y="67">{word}</text>'
    if value is not None:
        number, unit = reading(value, family(Station, attribute).unit)
        share = min(max(value / full, 0.0), 1.0) * 100
        spoken = f"{title}: {number} {unit}"
        if unit != "%":
            spoken += f", {share:.0f} % {tr('of {power}', power=scale_text(full))}"
        # A round cap would show a dot even at nothing.
        arc = f'<path class="arc" {_ARC} stroke-dasharray="{share:.1f} 200"/>' if share >= 0.5 else ""
        centre = f'<text class="number" x="60" y="51" {marks(station, attribute)}>{number}</text>'
        below = f'<text class="unit" x="60" y="67">{unit}</text>'
    return (
        f'<figure class="gauge {kind}"><figcaption>{title}</figcaption>'
        f'<svg viewBox="0 0 120 72" role="img" aria-label="{spoken}">'
        f'<path class="track" {_ARC}/>{arc}{centre}{below}</svg>'
        f'<p class="detail">{detail}</p></figure>'
    )
