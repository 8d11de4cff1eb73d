"""One station on the status page: flows, gauges, today's energies, devices and how old all that is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sems_exporter.model.plant import Station
from sems_exporter.model.schema import Role, measures
from sems_exporter.web.status.alarm_list import alarm_list
from sems_exporter.web.status.badges import badge, icon, state_badge
from sems_exporter.web.status.day import Day
from sems_exporter.web.status.day_chart import day_chart
from sems_exporter.web.status.device_tables import device_tables
from sems_exporter.web.status.figures import figure, identity, name
from sems_exporter.web.status.gauges import gauges
from sems_exporter.web.status.language import marked, tr
from sems_exporter.web.status.moments import ago, clock
from sems_exporter.web.status.money_tiles import money_tiles
from sems_exporter.web.status.week import WeekDay
from sems_exporter.web.status.week_chart import week_chart

_LIVE = tuple(attribute for attribute, measure in measures(Station).items() if measure.role is Role.LIVE)
_TODAY = (
    (marked("PV"), "pv_energy_today"),
    (marked("Load"), "load_energy_today"),
    (marked("Import"), "grid_import_energy_today"),
    (marked("Export"), "grid_export_energy_today"),
    (marked("Charge"), "battery_charge_energy_today"),
    (marked("Discharge"), "battery_discharge_energy_today"),
)
_OTHERS = (
    (marked("EV charger"), "ev_charger_power"),
    (marked("Heat pump"), "heat_pump_power"),
    (marked("Generator"), "generator_power"),
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a block shows beside the station itself: the time, since when data are old, and its latest days.

    In a `kiosk` it shows no tables: nobody unfolds them, or scrolls to them.
    """

    now: datetime
    max_age: float
    day: Day
    week: Sequence[WeekDay]
    kiosk: bool = False


def station_title(station: Station) -> str:
    """The name of the station, or its id where it has none."""
    return name(station.name or station.id)


def open_block(station: Station, anchor: str, around: Surroundings) -> str:
    """A station with all its figures in sight."""
    return (
        f'<article class="station" id="{anchor}" aria-labelledby="{anchor}-name" {identity(station)}>'
        f'<div class="head"><h2 id="{anchor}-name">{station_title(station)}</h2>{state_badge(station)}'
        f"{age(station, around.now, around.max_age)}</div>{_body(station, anchor, around)}</article>"
    )


def folded_block(station: Station, anchor: str, around: Surroundings) -> str:
    """A station folded to its name. Browsers unfold it when a link leads to the anchor within."""
    return (
        f'<details class="station" id="{anchor}-fold" {identity(station)}>'
        f'<summary class="head"><h2>{station_title(station)}</h2>{state_badge(station)}</summary>'
        f'<div class="anchor" id="{anchor}">{age(station, around.now, around.max_age)}'
        f"{_body(station, anchor, around)}</div></details>"
    )


def age(station: Station, now: datetime, max_age: float) -> str:
    """Say when the station's data are from, flagged as old beyond `max_age` seconds."""
    stamp = station.data_timestamp
    if stamp is None:
        return f'<p class="age">{tr("time of the data unknown, asked {ago}", ago=ago(station.fetched_at, now))}</p>'
    old = (now - stamp).total_seconds() > max_age
    flag = badge("alert", "warn", tr("old data"), "" if old else " hidden")
    return (
        f'<p class="age" data-metric="sems_station_data_timestamp_seconds" data-value="{stamp.timestamp()!r}">{flag}'
        f'<span class="when">{tr("data from {time}", time=clock(stamp, station.timezone, now))}, </span>'
        f"{ago(stamp, now, max_age)}</p>"
    )


def _body(station: Station, anchor: str, around: Surroundings) -> str:
    silent = all(getattr(station, attribute) is None for attribute in _LIVE)
    return (
        f'<div class="now">{alarm_list(station, around.now)}{_silent() if silent else ""}'
        f'<div class="flows">{_flow(station, "import", "down", marked("from the grid"))}'
        f"{_flow(station, 'export', 'up', marked('to the grid'))}</div>"
        f"{gauges(station)}{_tiles(tr('Also now'), _OTHERS, station)}{_tiles(tr('Energy today'), _TODAY, station)}"
        f'{money_tiles(station.money)}</div><div class="charts">'
        f"{day_chart(station, anchor, around.day, brief=around.kiosk)}"
        f"{week_chart(anchor, around.week, brief=around.kiosk)}</div>{'' if around.kiosk else device_tables(station)}"
    )


def _silent() -> str:
    return (
        f'<p class="notice warn">{icon("alert")}<span><strong>{tr("No recent data.")}</strong> '
        f"{tr('Live figures appear here once the portal delivers fresh ones.')}</span></p>"
    )


def _flow(station: Station, direction: str, shape: str, way: str) -> str:
    attribute = f"grid_{direction}_power"
    flowing = " flowing" if getattr(station, attribute) else ""
    return (
        f'<div class="flow {direction}{flowing}"><h3>{icon(shape)}{tr(direction.capitalize())}</h3>'
        f"<p>{figure(station, attribute)}</p><small>{tr(way)}</small></div>"
    )


def _tiles(title: str, tiles: tuple[tuple[str, str], ...], station: Station) -> str:
    known = "".join(
        f"<div><dt>{tr(label)}</dt><dd>{figure(station, attribute)}</dd></div>"
        for label, attribute in tiles
        if getattr(station, attribute) is not None
    )
    return f'<h3>{title}</h3><dl class="tiles">{known}</dl>' if known else ""
