"""Money of a past that was not counted as it went by: from lifetime energies, by the prices that were valid then."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from sems_exporter.model.money import Money
from sems_exporter.model.plant import Station, TimeZone
from sems_exporter.model.schema import with_values
from sems_exporter.tariffs.accountant import shown
from sems_exporter.tariffs.calendar import Calendar
from sems_exporter.tariffs.ledger import Ledger, advanced
from sems_exporter.tariffs.price_list import PriceList
from sems_exporter.tariffs.readings import reading
from sems_exporter.tariffs.tariff import Source, Tariff


def past_money(
    station: Station,
    energies: Iterable[tuple[datetime, Mapping[str, float]]],
    tariff: Tariff,
    zone: TimeZone,
    prices: Callable[[Source], PriceList],
) -> Iterator[tuple[datetime, Money]]:
    """Count the money of `station` from 0 on, and yield it for each instant, in order of time.

    `energies` are lifetime energies in joules by the names that a station has for them, such as grid_import_energy;
    what is not in them is not known then. Where `prices`, which gives what a source is known to have told, has none,
    energy is unpriced.
    """
    # Ratings bound what can have flowed; the readings of now are not those of then.
    bare = Station(
        id=station.id,
        fetched_at=station.fetched_at,
        timezone=zone,
        has_battery=station.has_battery,
        installed_power=station.installed_power,
        inverters=station.inverters,
    )
    calendar, ledger = Calendar(tariff, zone, prices), Ledger(tariff.currency)
    for instant, known in energies:
        then = with_values(replace(bare, fetched_at=instant, data_timestamp=instant), known)
        ledger = advanced(ledger, reading(then, tariff, instant), calendar)
        yield instant, shown(ledger, tariff)
