"""Home: one look that answers whether all is well, and what is going on."""

from . import money, tiles
from .look import Json
from .page import Page, framed


def dashboard() -> Json:
    """The dashboard for a plant with meter and battery, or with what there is of them."""
    return _home("home", "SEMS Home", battery=True, meter=True)


def without_battery() -> Json:
    """The dashboard for a plant without a battery: not with panels that stay empty."""
    return _home("home-without-battery", "SEMS Home without battery", battery=False, meter=True)


def without_meter() -> Json:
    """The dashboard for a plant of which nothing but PV is measured."""
    return _home("home-without-meter", "SEMS Home without meter", battery=False, meter=False)


def _home(name: str, title: str, *, battery: bool, meter: bool) -> Json:
    page = Page()
    page.band(3, *tiles.strip(), widths=tiles.STRIP_WIDTHS)
    if meter:
        page.band(5, tiles.grid())
        dials = (tiles.sun_dial(), tiles.house_dial(), *([tiles.charge_dial()] if battery else []))
        page.band(8, tiles.flow(battery=battery), *dials, widths=(24 - 5 * len(dials), *(5 for _ in dials)))
        page.band(4, tiles.today(battery=battery), money.today(), widths=(16, 8))
    else:
        page.band(6, tiles.sun_dial(), tiles.today(meter=False))
    page.band(11, tiles.power_of_the_day(battery=battery, meter=meter))
    if meter:
        page.band(4, tiles.self_sufficiency(), tiles.self_consumption())
    text = "Whether all is well, import and export, the flow of energy, today's energies and the power of the day."
    return framed(name, title, text, page, alarms=True)
