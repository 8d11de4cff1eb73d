"""Money: what energy costs, earns and saves, by day, month and year, and what it costs now."""

from . import look
from .calendars import calendar
from .look import Json
from .page import Page, framed
from .panels import fixed, lines, stat
from .queries import DAY, KWH, RANGE, Query, each, named, pick
from .texts import read
from .tiles import FLOWS

COUNTERS = {
    "cost": "sems_station_grid_import_cost_total",
    "credit": "sems_station_grid_import_credit_total",
    "revenue": "sems_station_grid_export_revenue_total",
    "charge": "sems_station_grid_export_charge_total",
    "savings": "sems_station_self_consumption_savings_total",
    "standing": "sems_station_standing_charge_total",
}
INFO = "sems_station_tariff_info"
PAID, EARNED, SAVED = ("cost", "charge", "standing"), ("revenue", "credit"), ("savings",)
NO_TARIFF = "no tariff in the settings"
YEAR_BEFORE = "[1d] offset 363d"
"""The day that begins at the step, 52 weeks before, so that weekdays stand beside weekdays."""
INVESTMENT = "investment"
ONE_CURRENCY = "With stations of several currencies selected there is nothing: their sum would be none."


def dashboard() -> Json:
    """The dashboard."""
    page = Page(variables=[_investment()])
    page.band(5, _price("import"), _price("export"), _over("Today", "now/d"), widths=(6, 6, 12))
    page.band(5, _over("This month", "now/M"), _over("This year", "now/y"))
    page.band(9, _prices())
    page.band(9, _days())
    page.band(9, _months(), _years(), widths=(14, 10))
    page.band(9, _months_compared())
    page.band(4, _saved_so_far(), _paid_back(), _years_left())
    page.band(4, _without_price(), _estimated(), _known_until())
    text = "What energy costs, earns and saves under the tariffs of the exporter's settings."
    return framed("money", "SEMS Money", text, page, since="now-7d")


def _investment() -> Json:
    text = "What the plant cost, in the currency of its tariff."
    return {
        "type": "textbox",
        "name": INVESTMENT,
        "label": read("Investment"),
        "description": read(text),
        "query": "10000",
        "current": {"selected": False, "text": "10000", "value": "10000"},
        "options": [{"selected": True, "text": "10000", "value": "10000"}],
        "hide": 0,
        "skipUrlSync": False,
    }


AT_BEGIN = {
    f"increase({{}}{DAY})": "last_over_time({}[1h])",
    f"increase({{}}{YEAR_BEFORE})": "last_over_time({}[1h] offset 364d)",
    f"increase({{}}{RANGE})": "last_over_time({}[1h] offset $__range)",
}
"""What a counter stood at when the span of such an increase began."""


def _part(name: str, change: str) -> str:
    """What one counter says by station; 0 where a station has a tariff and not this counter.

    A standing charge steps at midnight, often between the last scrape of a day and the first of the next, where no
    increase of either day sees it: there the heights at both ends are compared.
    """
    none = each(INFO, change=_seen(change))
    metric = COUNTERS[name]
    found = each(metric, change=change)
    if name == "standing" and change in AT_BEGIN:
        risen = f"clamp_min({each(metric, change=_seen(change))} - {each(metric, change=AT_BEGIN[change])}, 0)"
        found = f"{risen} or {found}"
    return f"({found} or 0 * {none})"


def _seen(change: str) -> str:
    """The same time for an info series, which is there or not."""
    return change.replace("increase(", "last_over_time(")


def _sum(names: tuple[str, ...], change: str) -> str:
    return " + ".join(_part(name, change) for name in names)


def _by_currency(amounts: str, change: str) -> str:
    """Amounts by station, summed up by the currency that their tariff has or had."""
    labels = f"topk by (station) (1, max by (station, currency) ({_seen(change).format(pick(INFO))}))"
    return f"sum by (currency) (({amounts}) * on (station) group_left (currency) {labels})"


def _of_one_currency(amounts: str, change: str) -> str:
    currencies = f"count(count by (currency) ({_seen(change).format(pick(INFO))})) == 1"
    return f"sum({amounts}) and on () ({currencies})"


def _price(way: str) -> Json:
    names = {"import": ("▼ Price from the grid", look.IMPORT), "export": ("▲ Price to the grid", look.EXPORT)}
    title, colour = names[way]
    text = "Price of a kilowatt hour now, for each station. Nothing while it is not known: the last one is never kept."
    query = Query(named(f"{each(f'sems_station_grid_{way}_price_per_joule')} * {KWH}", "station"), "{{title}}", colour)
    return stat(title, text, query, unit="none", decimals=4, noValue=NO_TARIFF)


def today() -> Json:
    """Paid, earned and saved since midnight, for Home."""
    return _over("Money today", "now/d")


def _over(title: str, since: str) -> Json:
    text = (
        "As far as Prometheus remembers: paid for energy from the grid, standing charges included, received "
        "for energy fed in, and saved, which is what the self-used energy would have cost. For each currency."
    )
    change = f"increase({{}}{RANGE})"
    queries = [
        Query(_by_currency(_sum(names, change), change), f"{word} {{{{currency}}}}", colour)
        for word, names, colour in (
            ("Paid", PAID, look.IMPORT),
            ("Earned", EARNED, look.EXPORT),
            ("Saved", SAVED, look.BATTERY),
        )
    ]
    made = stat(title, text, *queries, unit="none", decimals=2, noValue=NO_TARIFF)
    return made | {"timeFrom": since, "hideTimeOverride": True}


def _prices() -> Json:
    text = (
        "Price of a kilowatt hour from and to the grid, as it was. Green were the hours that belonged to the cheapest "
        "fifth of the 24 hours up to then. The prices to come are not here: `sems-exporter tariff` prints a day's. A "
        "gap is a time whose price nobody told."
    )
    metric = "sems_station_grid_import_price_per_joule"
    bought = f"{each(metric)} * {KWH}"
    sold = f"{each('sems_station_grid_export_price_per_joule')} * {KWH}"
    limit = each(metric, change="quantile_over_time(0.2, {}[1d])")
    # Where the price never changes no hour is cheap.
    cheapest = f"({each(metric)} <= {limit}) and {each(metric)} < {each(metric, change='max_over_time({}[1d])')}"
    from_zero: dict[str, object] = {"custom.axisSoftMin": 0}  # and from below it where prices are negative
    cheap = from_zero | {"custom.lineWidth": 0, "custom.fillOpacity": 60, "color": fixed(look.BATTERY)}
    queries = [
        Query(named(f"({cheapest}) * {KWH}", "station"), "Cheap for its day {{title}}", None, cheap),
        Query(named(bought, "station"), "▼ {{title}}", look.IMPORT, from_zero),
        Query(named(sold, "station"), "▲ {{title}}", look.EXPORT, from_zero),
    ]
    return lines("Prices", text, *queries, unit="none", decimals=4, noValue=NO_TARIFF)


def _bars(change: str) -> list[Query]:
    """What was saved and earned above zero, what was paid below."""
    return [
        Query(_of_one_currency(_sum(SAVED, change), change), "Saved", look.BATTERY),
        Query(_of_one_currency(_sum(EARNED, change), change), "Earned", look.EXPORT),
        Query(f"-({_of_one_currency(_sum(PAID, change), change)})", "Paid", look.IMPORT),
    ]


def _days() -> Json:
    text = f"Money of each day: above zero what was saved and earned, below what was paid. {ONE_CURRENCY}"
    queries = _bars(f"increase({{}}{DAY})")
    return calendar(
        "Money by day", text, *queries, unit="none", form="ddd DD MMM", since=None, decimals=2, noValue=NO_TARIFF
    )


def _months() -> Json:
    text = f"Money of each month of the last twelve, whatever the time range. {ONE_CURRENCY}"
    queries = _bars(f"increase({{}}{DAY})")
    return calendar("Money by month", text, *queries, unit="none", form="YYYY-MM", since="now-11M/M", noValue=NO_TARIFF)


def _years() -> Json:
    text = f"Money of each year of the last five, as far back as Prometheus remembers. {ONE_CURRENCY}"
    queries = _bars(f"increase({{}}{DAY})")
    return calendar("Money by year", text, *queries, unit="none", form="YYYY", since="now-4y/y", noValue=NO_TARIFF)


def _months_compared() -> Json:
    text = (
        "Paid less earned, by month of the last twelve, and the same a year before, where Prometheus remembers it. "
        f"Below zero more was earned than paid. {ONE_CURRENCY}"
    )
    queries = [
        Query(_bill(f"increase({{}}{DAY})"), "These twelve months", look.IMPORT),
        Query(_bill(f"increase({{}}{YEAR_BEFORE})"), "A year before", look.IDLE),
    ]
    title = "Bill by month, against the year before"
    return calendar(
        title, text, *queries, unit="none", form="YYYY-MM", since="now-11M/M", stacked=False, noValue=NO_TARIFF
    )


def _bill(change: str) -> str:
    return _of_one_currency(f"{_sum(PAID, change)} - ({_sum(EARNED, change)})", change)


def _gained(change: str = "{}") -> str:
    """What the plant brought so far: what was saved and earned, less what feeding in cost."""
    return f"{_sum((*SAVED, 'revenue'), change)} - {_part('charge', change)}"


def _saved_so_far() -> Json:
    text = (
        "What the plant has saved and earned since the exporter began to count, for each currency: savings by "
        "self-consumption and money for energy fed in."
    )
    query = Query(_by_currency(_gained(), "{}"), "{{currency}}", look.BATTERY)
    return stat("Saved so far", text, query, unit="none", decimals=0, noValue=NO_TARIFF)


def _paid_back() -> Json:
    text = f"Share of the investment, set at the top, that the plant has brought back so far. {ONE_CURRENCY}"
    query = Query(f"({_of_one_currency(_gained(), '{}')}) / ${INVESTMENT}", "Paid back", look.BATTERY)
    return stat("Paid back", text, query, unit="percentunit", decimals=1, noValue=NO_TARIFF)


def _years_left() -> Json:
    text = (
        "Years until the investment is paid back, if each is like the last 365 days. Nothing before Prometheus "
        f"remembers a year. {ONE_CURRENCY}"
    )
    a_year = "increase({}[365d])"
    left = f"(${INVESTMENT} - ({_of_one_currency(_gained(), '{}')}))"
    whole = f"count({each(INFO, change=f'last_over_time({{}}{YEAR_BEFORE})')}) > 0"
    years = f"clamp_min({left} / (({_of_one_currency(_gained(a_year), a_year)}) > 0), 0) and on () ({whole})"
    query = Query(years, "Years", look.BATTERY)
    return stat("Years until paid back", text, query, unit="none", decimals=1, noValue="not a year of history yet")


def _energy(title: str, metric: str, text: str) -> Json:
    queries = [
        Query(
            f"sum(max by (station) (increase({pick(metric, direction=way)}{RANGE}))) / {KWH}", FLOWS[f"grid_{way}"][0]
        )
        for way in ("import", "export")
    ]
    return stat(title, text, *queries, unit=look.KWH, decimals=1, thresholds=look.ANY_IS_ODD, noValue=NO_TARIFF)


def _without_price() -> Json:
    text = "Energy of the time range for which no price was known; it is in no amount. Normal is 0."
    return _energy("Energy without a price", "sems_station_unpriced_energy_joules_total", text)


def _estimated() -> Json:
    text = (
        "Energy of the time range that was read after more than an hour in which the price changed, and spread evenly "
        "over it. Normal is 0; much of it makes the amounts less exact."
    )
    return _energy("Estimated energy", "sems_station_estimated_energy_joules_total", text)


def _known_until() -> Json:
    text = "When the prices that are known end, for each tariff and direction. Fixed prices have no end."
    metric = "sems_tariff_known_until_timestamp_seconds"
    queries = [
        Query(f"max by (tariff) ({pick(metric, direction=way)}) * 1000", f"{sign} {{{{tariff}}}}")
        for way, sign in (("import", "▼"), ("export", "▲"))
    ]
    return stat("Prices are known until", text, *queries, unit="dateTimeAsLocal", noValue="no end in sight")
