"""Public holidays, which some tariffs price like Sundays; `holidays`, an extra of the package, knows them."""

from datetime import date
from functools import lru_cache
from typing import Protocol


class Holidays(Protocol):
    """The public holidays of one place."""

    def __contains__(self, day: object, /) -> bool:
        """Tell whether `day` is one."""


class Missing(Exception):
    """The library is not installed, or knows no such place; the text says which."""


@lru_cache(maxsize=64)
def of(place: str) -> Holidays:
    """The holidays of a country and region such as "DE-BY"; raises Missing."""
    try:
        import holidays  # noqa: PLC0415 - an extra
    except ImportError:
        raise Missing("needs the library holidays: pip install 'sems-exporter[holidays]'") from None
    country, _, region = place.partition("-")
    try:
        # In the language of the code, not of the machine: only the dates matter.
        found: Holidays = holidays.country_holidays(country, subdiv=region or None)
    except (NotImplementedError, ValueError):
        raise Missing(f"{place!r} is no country and region such as DE-BY that the library holidays knows") from None
    return found


def is_holiday(place: str, day: date) -> bool:
    """Tell whether `day` is a public holiday there; never where `place` is ""."""
    return bool(place) and day in of(place)
