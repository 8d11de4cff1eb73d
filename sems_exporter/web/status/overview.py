"""Many stations at a glance: one row each, with a link to all that is known of the station."""

from collections.abc import Sequence
from datetime import datetime

from sems_exporter.model.plant import Station
from sems_exporter.web.status.badges import icon, state_badge
from sems_exporter.web.status.figures import figure, identity, unknown
from sems_exporter.web.status.gauges import has_battery
from sems_exporter.web.status.language import marked, number, tr
from sems_exporter.web.status.station_block import age, station_title

_HEADS = (
    (marked("Station"), ""),
    (marked("PV"), ""),
    (marked("Load"), ' class="spare"'),
    (marked("Grid"), ""),
    (marked("Battery"), ' class="spare"'),
)


def overview(stations: Sequence[tuple[str, Station]], now: datetime, max_age: float, *, count: int) -> str:
    """The table of these stations, given with where their link leads, "" where there is none, out of `count`."""
    heads = "".join(f'<th scope="col"{extra}>{tr(text)}</th>' for text, extra in _HEADS)
    rows = "".join(_row(link, station, now, max_age) for link, station in stations)
    return (
        f'<section class="overview"><table><caption>{tr("Stations: {number}", number=number(count, 0))}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def parts(page: int, pages: int) -> str:
    """Links to the other parts of a long overview; nothing where there is only one."""
    if pages == 1:
        return ""
    links = "".join(
        f'<a href="/?page={part}"{" aria-current=page" if part == page else ""}>{part}</a> '
        for part in range(1, pages + 1)
    )
    return f'<nav class="parts" aria-label="{tr("Parts of the overview")}">{links}</nav>'


def _row(link: str, station: Station, now: datetime, max_age: float) -> str:
    battery = figure(station, "battery_state_of_charge") if has_battery(station) else tr("none")
    title = station_title(station)
    named = f'<a href="{link}">{title}</a>' if link else f'<span class="title">{title}</span>'
    return (
        f'<tr {identity(station)}><th scope="row">{named}'
        f"{state_badge(station)}{age(station, now, max_age)}</th>"
        f'<td>{figure(station, "pv_power")}</td><td class="spare">{figure(station, "load_power")}</td>'
        f'<td>{_grid(station)}</td><td class="spare">{battery}</td></tr>'
    )


def _grid(station: Station) -> str:
    if station.grid_export_power:
        return f'{figure(station, "grid_export_power")}<small class="way export">{icon("up")}{tr("export")}</small>'
    if station.grid_import_power:
        return f'{figure(station, "grid_import_power")}<small class="way import">{icon("down")}{tr("import")}</small>'
    if station.grid_import_power is None or station.grid_export_power is None:
        return unknown()
    return f'{figure(station, "grid_import_power")}<small class="way">{tr("no flow")}</small>'
