"""Phone: eight tiles as wide as the screen."""

from . import look, tiles
from .look import Json
from .page import Page, framed
from .panels import bars, stat
from .queries import Query, total


def dashboard() -> Json:
    """The dashboard."""
    page = Page()
    page.band(4, _grid())
    page.band(5, _house())
    page.band(6, tiles.charge_dial())
    page.band(8, tiles.flow())
    page.band(8, tiles.today(bars))
    page.band(11, tiles.power_of_the_day(sky=False))
    page.band(3, tiles.active_alarms())
    page.band(3, tiles.oldest_data())
    return framed("phone", "SEMS Phone", "The station on a small screen: eight tiles, one below the other.", page)


def _grid() -> Json:
    text = f"Power taken from and fed into the grid now. One of the two is 0. {tiles.SEVERAL}"
    queries = (
        Query(total(tiles.POWER.format("grid_import")), "▼ From the grid", look.IMPORT),
        Query(total(tiles.POWER.format("grid_export")), "▲ To the grid", look.EXPORT),
    )
    return stat("Grid", text, *queries, unit="watt", noValue=look.NOT_NOW)


def _house() -> Json:
    text = f"PV power, and what the house consumes now. {tiles.SEVERAL}"
    queries = (
        Query(total(tiles.POWER.format("pv")), "☀ Sun", look.SUN),
        tiles.night("☀ Sun"),
        Query(total(tiles.POWER.format("load")), "⌂ House", look.HOUSE),
    )
    return stat("Sun and house", text, *queries, unit="watt", noValue=look.NOT_NOW)
