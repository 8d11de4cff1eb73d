"""Which trusted energies of a station are counted as money."""

from datetime import datetime

from sems_exporter.model.plant import Station
from sems_exporter.pipeline.rise_bounds import rate
from sems_exporter.pipeline.staleness import measured_at
from sems_exporter.tariffs.ledger import EXPORT, IMPORT, SELF, Reading, Total
from sems_exporter.tariffs.tariff import Tariff


def reading(station: Station, tariff: Tariff, now: datetime) -> Reading:
    """The lifetime energies that `tariff` has a price for, at the instant that the portal says they are from.

    What has no lifetime counter is not counted: energies of a day begin anew unseen, and what is missed at midnight
    nobody can tell.
    """
    totals: dict[str, Total] = {}
    bought, fed_in, used = station.grid_import_energy, station.grid_export_energy, _self_used(station)
    if tariff.imported and bought is not None:
        totals[IMPORT] = Total(bought, rate=rate(station, "grid_import_energy", station))
    if tariff.exported and fed_in is not None:
        totals[EXPORT] = Total(fed_in, rate=rate(station, "grid_export_energy", station))
    if tariff.imported and used is not None:
        totals[SELF] = used
    return Reading(min(measured_at(station) or station.fetched_at, now), totals)


def _self_used(station: Station) -> Total | None:
    """Energy that the house did not have to buy; it falls while a battery is charged from the grid.

    Consumption less import, or, as SEMS+ has no counter for the house, what it follows from: sun and battery less
    export.
    """
    bought, fed_in, sun = station.grid_import_energy, station.grid_export_energy, station.pv_energy
    most = rate(station, "load_energy", station)
    if station.load_energy is not None and bought is not None:
        return Total(station.load_energy - bought, "load", most)
    if sun is None or fed_in is None:
        return None
    charge, discharge = station.battery_charge_energy, station.battery_discharge_energy
    if charge is not None and discharge is not None:
        return Total(sun - fed_in + discharge - charge, "sun and battery", most)
    return None if station.has_battery else Total(sun - fed_in, "sun", most)
