"""Phone: tiles as wide as the screen."""

from . import look, tiles
from .look import Json
from .page import Page, framed
from .panels import bars, stat
from .queries import Query, total


def dashboard() -> Json:
    """The dashboard."""
    page = Page()
    page.band(3, tiles.verdict())
    page.band(5, tiles.grid())
    page.band(5, _pv_and_load())
    page.band(6, tiles.charge_dial())
    page.band(8, tiles.flow())
    page.band(8, tiles.today(bars))
    page.band(11, tiles.power_of_the_day(sky=False))
    page.band(3, tiles.oldest_data())
    return framed("phone", "SEMS Phone", "The station on a small screen: eight tiles, one below the other.", page)


def _pv_and_load() -> Json:
    text = f"PV power, and what the house consumes now. {tiles.SEVERAL}"
    queries = (
        Query(total(tiles.POWER.format("pv")), *tiles.FLOWS["pv"]),
        tiles.night("☾ PV"),
        Query(total(tiles.POWER.format("load")), *tiles.FLOWS["load"]),
    )
    return stat("PV and load", text, *queries, unit="watt", leads_to="inverter", noValue=look.NOT_NOW)
