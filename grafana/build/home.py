"""Home: one look that answers what is going on."""

from . import money, tiles
from .look import Json
from .page import Page, framed


def dashboard() -> Json:
    """The dashboard."""
    page = Page()
    page.band(4, tiles.grid_import(), tiles.grid_export())
    page.band(9, tiles.flow(), tiles.sun_dial(), tiles.house_dial(), tiles.charge_dial(), widths=(9, 5, 5, 5))
    page.band(4, tiles.today(), money.today(), widths=(16, 8))
    page.band(11, tiles.power_of_the_day())
    page.band(
        4,
        tiles.self_sufficiency(),
        tiles.self_consumption(),
        tiles.station_state(),
        tiles.active_alarms(),
        tiles.oldest_data(),
        tiles.silent_stations(),
    )
    return framed(
        "home",
        "SEMS Home",
        "Import and export, the flow of energy, today's energies and the power of the day.",
        page,
        alarms=True,
    )
