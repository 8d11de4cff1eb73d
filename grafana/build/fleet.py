"""Fleet: many stations in one table."""

from sems_exporter.model.plant import StationState

from . import look, tiles
from .look import Json
from .page import Page, framed
from .panels import REFS, bars, lines, stat, table
from .queries import KWH, NOT_RECORDED, Query, age, alarms, each, named, pick, state, total
from .texts import Text, read

INSTALLED = each("sems_station_installed_power_watts")
INFO = each("sems_station_info")
FULL = Text("▮ Charge", "how full, in a narrow column")
WELL = look.words(
    {0: ("● well", look.GOOD), 2: ("✕ not read", look.BAD), 3: ("▲ alarm", look.ODD), 4: ("! fault", look.BAD)}
)
YIELD = f"{each('sems_station_full_load_time_today_seconds')} / 3600"


def dashboard() -> Json:
    """The dashboard."""
    page = Page()
    page.band(
        4,
        _count(),
        _running(),
        _power(),
        _energy(),
        tiles.active_alarms(),
        tiles.silent_stations(),
        _selection(),
        widths=(3, 3, 4, 4, 3, 4, 3),
    )
    page.band(12, _table())
    page.band(9, _yields(), _loads(), widths=(8, 16))
    text = "All stations in one table: state, power, specific yield, age of the data, alarms."
    return framed("fleet", "SEMS Fleet", text, page, fleet=True)


def _count() -> Json:
    text = "Stations selected above."
    return stat(
        "Stations",
        text,
        Query(f"count({each('sems_station_info')})", "Stations", look.EXPORT),
        unit="none",
        noValue="no station",
    )


def _running() -> Json:
    text = "Stations that the portal calls running now. At night it may be none."
    running = each("sems_station_state", state=StationState.RUNNING)
    return stat("Running", text, Query(f"sum({running})", "Running", look.EXPORT), unit="none", noValue=look.NOT_NOW)


def _power() -> Json:
    text = f"PV power of all selected stations now. {tiles.SEVERAL}"
    queries = Query(total(tiles.POWER.format("pv")), "", look.SUN), tiles.night("")
    return stat("☀ PV now", text, *queries, unit="watt", text="value", noValue=look.NOT_NOW)


def _energy() -> Json:
    text = "PV energy of all selected stations, each since midnight at its place."
    query = Query(f"{total('sems_station_pv_energy_today_joules')} / {KWH}", "PV", look.SUN)
    return stat("☀ PV today", text, query, unit=look.KWH, decimals=1, noValue=look.NOT_NOW)


def _selection() -> Json:
    text = (
        "Stations that another account of the same exporter reads, and words of `stations` and `exclude_stations` that "
        "no station answers to: of all accounts, whatever is selected above. The Exporter dashboard lists the accounts."
    )
    queries = (
        Query(f"sum({pick('sems_stations_elsewhere')})", "read elsewhere", look.EXPORT),
        Query(f"sum({pick('sems_stations_unmatched')})", "unmatched words"),
    )
    return stat("Selection", text, *queries, unit="none", rows=True, thresholds=look.ANY_IS_ODD, noValue=look.NOT_NOW)


def _table() -> Json:
    text = (
        "A line for each station, those that are not well first; click a name for its Home dashboard. kWh/kWp is "
        "today's energy over installed power and compares plants of any size. Data age is that of the portal's newest "
        "report, Details that of the last look at its devices: after 20 minutes a fleet in rotation shows of a station "
        "what the account's list says, after a day only that. Self-suff. is the share of today's consumption that the "
        "plant covered. Empty cells are not known now."
    )
    power = tiles.POWER.format
    fault = f"{each('sems_station_state', state=StationState.FAULT)} == 1"
    alarm = f"{alarms('station')} > 0"
    well = f"4 * ({fault}) or 3 * (({alarm}) > bool 0) or 2 * ({each('sems_station_up')} == bool 0 > 0) or 0 * {INFO}"
    queries = (
        Query(well),
        Query(named(state("station", StationState), "station")),
        Query(f"sum by (station) ({alarms('station', 'level')})"),
        Query(age("station")),
        Query(f"clamp_min(time() - {each('sems_station_details_timestamp_seconds')}, 0)"),
        Query(each(power("pv"))),
        Query(INSTALLED),
        Query(YIELD),
        Query(f"{each('sems_station_pv_energy_today_joules')} / {KWH}"),
        Query(each("sems_station_battery_state_of_charge_ratio")),
        Query(each("sems_station_self_sufficiency_today_ratio")),
        Query(each(power("grid_import"))),
        Query(each(power("grid_export"))),
    )
    headings = [
        *("Well?", "State", "Alarms", "Data age", "Details", "☀ Now", "Installed", "kWh/kWp", "☀ Today"),
        *(FULL, "Self-suff.", "▼ Import", "▲ Export"),
    ]
    values = {f"Value #{ref}": heading for ref, heading in zip(REFS, headings, strict=False)}
    columns = {"title": "Station"} | values | {"station": "Id"}
    return table("All stations", text, *queries, columns=columns, looks=_looks(), sort=("Well?", True), noValue="–")


def _looks() -> dict[str, Json]:
    """Widths add up to a screen of 1,280 pixels, so that nobody has to scroll sideways to the alarms."""
    home: Json = {
        "title": read("Open Home"),
        "url": "/d/sems-home?var-datasource=${datasource}&var-station=${__data.fields.Id}",
    }
    # Not a cell with a gauge: Grafana draws one that is nearly empty where there is no battery.
    coloured: Json = {"custom.cellOptions": {"type": "color-text"}}
    watts: Json = {"unit": "watt", "custom.width": 80}
    share: Json = {"unit": "percentunit", "decimals": 0, "custom.width": 84}
    return {
        "Station": {"links": [home], "custom.minWidth": 140},
        "Well?": coloured | {"mappings": WELL, "custom.width": 90},
        "State": coloured | {"mappings": look.STATION_STATES, "custom.width": 110},
        "Alarms": coloured | {"thresholds": look.ANY_IS_BAD, "custom.width": 72},
        "Data age": coloured | {"unit": "s", "decimals": 0, "thresholds": look.AGE, "custom.width": 84},
        "Details": coloured | {"unit": "s", "decimals": 0, "thresholds": look.DETAILS_AGE, "custom.width": 84},
        "☀ Now": watts,
        "Installed": watts,
        "kWh/kWp": {"decimals": 2, "custom.width": 84},
        "☀ Today": {"unit": look.KWH, "decimals": 1, "custom.width": 88},
        FULL: coloured | share | {"thresholds": look.CHARGE, "mappings": look.UNKNOWN},
        "Self-suff.": share,
        "▼ Import": watts,
        "▲ Export": watts,
        # The first is what Grafana goes by before 12.2, the second what it goes by since.
        "Id": {"custom.hidden": True, "custom.hideFrom": {"viz": True, "legend": False, "tooltip": False}},
    }


def _yields() -> Json:
    text = (
        "Today's PV energy over installed power (kWh/kWp) of the ten stations that have least. Of plants near each "
        "other the one far below the rest deserves a look; where it is still morning it says nothing."
    )
    query = Query(f"sort({named(f'bottomk(10, {YIELD})', 'station')})", "{{title}}", look.SUN)
    return bars("Least specific yield today (kWh/kWp)", text, query, unit="none", decimals=2, noValue=look.NOT_NOW)


def _loads() -> Json:
    text = (
        "PV power over installed power of all stations of an exporter: plants of any size on one scale. Half of them "
        "are above the middle line, one in ten below the lowest. Above 80 % is rare."
    )
    queries = [
        Query(f"max by (instance) ({pick(f'job:sems_pv_power:ratio_of_installed_{quantile}')})", name, colour)
        for quantile, name, colour in (
            ("p90", "{{instance}}: one in ten is above", look.SUN),
            ("p50", "{{instance}}: half are above", look.HOUSE),
            ("p10", "{{instance}}: one in ten is below", look.IMPORT),
        )
    ]
    return lines("PV power over installed power", text, *queries, unit="percentunit", min=0, noValue=NOT_RECORDED)
