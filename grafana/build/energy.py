"""Energy: what days, months and years brought, and what it was worth."""

from . import look, tiles
from .calendars import best_days, calendar, shares
from .look import Json
from .page import Page, framed
from .panels import lines, stat
from .queries import DAY, DAY_WITHOUT_ENDS, KWH, RANGE, Query, day_energy, each, increase, pick, total

SOURCES = ("pv", "grid_import", "battery_discharge")
SINKS = ("load", "grid_export", "battery_charge")
ALL_FLOWS = tuple(tiles.FLOWS)
MOST_DAYS = 62
"""Of points side by side; a year of them is a scribble."""
TOO_LONG = "no data, or a range of more than two months: see the bars by month"
BALANCE = (
    "Above zero what came from sun, grid and battery, below zero where it went. The house follows from the others, "
    "losses included, where the portal has no counter for it."
)
NO_INCOME = "none told by the portal"


def dashboard() -> Json:
    """The dashboard."""
    page = Page()
    page.band(4, tiles.today())
    page.band(4, _this_month())
    page.band(4, _since_commissioning(), _this_year(), widths=(20, 4))
    page.band(4, _in_range())
    page.band(10, _days())
    page.band(8, _shares(), _specific_yield())
    page.band(9, _months(), _years(), widths=(14, 10))
    page.band(8, _shares_by_month(), _shares_by_year(), widths=(14, 10))
    page.band(9, _two_years(), _best_days(), widths=(16, 8))
    page.band(4, tiles.self_sufficiency(), tiles.self_consumption(), _income_today(), _income())
    page.band(8, _income_by_day())
    text = "Energy today, this month, since commissioning, by day, month and year, self-sufficiency and income."
    return framed("energy", "SEMS Energy", text, page, since="now-30d", refresh="15m")


def _this_month() -> Json:
    text = f"Energies of the month at the station, as the portal counts them. {tiles.SEVERAL}"
    queries = tiles.energies("{}_energy_month_joules", ALL_FLOWS)
    return stat("This month", text, *queries, unit=look.KWH, decimals=0, noValue=look.NOT_NOW)


def _since_commissioning() -> Json:
    text = (
        "Energies since the plant was commissioned, from its lifetime counters: also of the years before "
        f"Prometheus. {tiles.SEVERAL}"
    )
    queries = tiles.energies("{}_energy_joules_total", ALL_FLOWS)
    return stat("Since commissioning", text, *queries, unit=look.KWH, decimals=0, noValue=look.NOT_NOW)


def _this_year() -> Json:
    text = "PV energy of the year as the inverters count it; nothing unless every inverter tells."
    year = each("sems_inverter_pv_energy_year_joules", within=("station",))
    inverters = each("sems_inverter_info", within=("station",))
    expr = f"sum({year}) / {KWH} and on () count({year}) == count({inverters})"
    return stat("PV this year", text, Query(expr, "PV", look.SUN), unit=look.KWH, decimals=0, noValue=look.NOT_NOW)


def _in_range() -> Json:
    text = (
        "Energy of the days below, from the lifetime counters. The load follows from the others, losses included, "
        f"where the portal has no counter for it. {tiles.SEVERAL}"
    )
    # Grafana sums up, so that the tile is what the bars show.
    queries = [Query(day_energy(flow), *tiles.FLOWS[flow], interval="1d") for flow in ALL_FLOWS]
    title = "In this range"
    return _daily(stat(title, text, *queries, unit=look.KWH, summed=True, decimals=1, noValue=look.NOT_IN_RANGE))


def _balance() -> list[Query]:
    above = [Query(day_energy(flow), *tiles.FLOWS[flow]) for flow in SOURCES]
    below = [Query(f"-{day_energy(flow)}", *tiles.FLOWS[flow]) for flow in SINKS]
    return above + below


def _days() -> Json:
    text = f"Energy of each day. {BALANCE} The last bar is the day so far."
    return calendar("Days", text, *_balance(), unit=look.KWH, form="ddd DD MMM", since=None, decimals=1)


def _two_years() -> Json:
    text = "PV energy of each month of this year, and beside it that of the same month a year before."
    before = f"sum({increase('pv', '[1d] offset 364d')}) / {KWH}"
    queries = (
        Query(before, "The year before", look.IDLE),
        Query(day_energy("pv"), "This year", look.SUN),
    )
    title = "PV by month beside the year before"
    return calendar(title, text, *queries, unit=look.KWH, form="MMM", since="now/y", stacked=False, decimals=0)


def _best_days() -> Json:
    text = "The ten days of the range on which PV gave most."
    return best_days("Best days", text, Query(day_energy("pv"), "PV"), unit=look.KWH, decimals=1)


def _months() -> Json:
    text = f"Energy of each month of the last twelve, whatever the time range. {BALANCE}"
    return calendar("Months", text, *_balance(), unit=look.KWH, form="YYYY-MM", since="now-11M/M", decimals=0)


def _years() -> Json:
    text = f"Energy of each year of the last five, as far back as Prometheus remembers. {BALANCE}"
    return calendar("Years", text, *_balance(), unit=look.KWH, form="YYYY", since="now-4y/y", decimals=0)


def _daily(panel: Json) -> Json:
    """More points than days in five years, so that a step is never longer than a day."""
    return panel | {"maxDataPoints": 2000}


def _shares() -> Json:
    text = (
        "Self-sufficiency: share of consumption that the plant covered. Self-consumption: share of production used on "
        "the spot. One value a day, as of 23:00 or, where that is earlier, as of the station's own midnight; the last "
        "one is the day so far. Several stations are weighted. Of more than two months the bars by month below tell."
    )
    too_long = f"unless on () count_over_time(vector(1){RANGE[:-1]}:1d]) > {MOST_DAYS}"
    queries = [
        Query(f"{_share_of_day(ratio, weight)} {too_long}", name, colour, _points(), "1d")
        for ratio, weight, name, colour in (
            ("self_sufficiency", "load", "Self-sufficiency", look.BATTERY),
            ("self_consumption", "pv", "Self-consumption", look.SUN),
        )
    ]
    title = "Self-sufficiency and self-consumption"
    return _daily(lines(title, text, *queries, unit="percentunit", min=0, max=1, noValue=TOO_LONG))


def _shares_of(title: str, text: str, form: str, since: str) -> Json:
    """Of sums, because a mean of days would give a dull one the weight of a bright one."""
    load, pv = day_energy("load"), day_energy("pv")
    covered, used = (
        f"clamp_min({whole} - {day_energy(less)}, 0)" for whole, less in ((load, "grid_import"), (pv, "grid_export"))
    )
    return shares(
        title,
        text,
        ("Self-sufficiency", Query(covered, "Covered"), Query(load, "Load")),
        ("Self-consumption", Query(used, "Used on the spot"), Query(pv, "PV")),
        form=form,
        since=since,
        colours=(look.BATTERY, look.SUN),
    )


def _shares_by_month() -> Json:
    text = (
        "Self-sufficiency, the share of the load that did not come from the grid, and self-consumption, the share of "
        "PV energy that was not exported, of each month of the last twelve, whatever the time range."
    )
    return _shares_of("Self-sufficiency and self-consumption by month", text, "YYYY-MM", "now-11M/M")


def _shares_by_year() -> Json:
    text = "The same of each year of the last five, as far back as Prometheus remembers."
    return _shares_of("Self-sufficiency and self-consumption by year", text, "YYYY", "now-4y/y")


def _points() -> dict[str, object]:
    return {"custom.showPoints": "always", "custom.pointSize": 6}


def _share_of_day(ratio: str, weight: str) -> str:
    """Energy by energy, because both only grow until the station's midnight, and a ratio tells not when it is due."""
    whole = f"sems_station_{weight}_energy_today_joules"
    part = f"{each(f'sems_station_{ratio}_today_ratio')} * {each(whole)}"
    parts = f"max_over_time(({part})[22h:15m] offset -23h)"
    wholes = each(whole, change=f"max_over_time({{}}{DAY_WITHOUT_ENDS})")
    return f"sum({parts}) / (sum({wholes} and {parts}) > 0)"


def _specific_yield() -> Json:
    text = (
        "Energy of the sun for each kilowatt installed (kWh/kWp), day by day: the number to compare plants and years "
        "with. In Central Europe 5 to 6 is a clear day in June, below 1 a dull day in December."
    )
    installed = total("sems_station_installed_power_watts", "last_over_time({}[1d] offset -1d)")
    expr = f"{day_energy('pv')} / ({installed} / 1000)"
    query = Query(expr, "kWh/kWp", look.SUN, {"custom.barAlignment": 1}, "1d")
    return _daily(lines("Specific yield", text, query, unit="none", drawn="bars", fill=80, min=0, decimals=1))


def _in_currency(metric: str, change: str = "{}", when: str = "{}") -> str:
    """Money by currency; `when` finds the currency, of which a station has one even on the day it changes."""
    labels = f"topk by (station) (1, max by (station, currency) ({when.format(pick('sems_station_info'))}))"
    found = each(metric, change=change)
    return f"sum by (currency) ({found} * on (station) group_left (currency) {labels})"


def _income_of_day() -> str:
    best = f"max_over_time({{}}{DAY_WITHOUT_ENDS})"
    return _in_currency("sems_station_income_today", best, f"last_over_time({{}}{DAY})")


def _income_today() -> Json:
    text = "Income of today as the portal works it out from the tariff set there; a value for each currency."
    query = Query(_in_currency("sems_station_income_today"), "{{currency}}", look.HOUSE)
    return stat("Income today", text, query, unit="none", decimals=2, noValue=NO_INCOME)


def _income() -> Json:
    text = "Sum of the daily incomes over the time range of the dashboard, for each currency."
    # Grafana sums up: its days begin at the viewer's midnight, those of a subquery at that of Greenwich.
    query = Query(_income_of_day(), "{{currency}}", look.HOUSE, interval="1d")
    title = "Income in this range"
    return _daily(stat(title, text, query, unit="none", summed=True, decimals=2, noValue=NO_INCOME))


def _income_by_day() -> Json:
    text = "Income of each day as the portal works it out, for each currency. The last bar is the day so far."
    query = Query(_income_of_day(), "{{currency}}")
    return calendar(
        "Income by day", text, query, unit="none", form="ddd DD MMM", since=None, decimals=2, noValue=NO_INCOME
    )
