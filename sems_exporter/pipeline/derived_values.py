"""What the portal does not say but its numbers do: shares, the residual, states, the sun. Sums are in `totals`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sems_exporter.model.plant import Battery, DeviceState, Inverter, Station
from sems_exporter.model.schema import Entity
from sems_exporter.pipeline.sun import clear_sky_power, elevation


def derived(station: Station, now: datetime) -> Station:
    """Add what follows from the trusted values of one instant, and where the sun stands at `now`."""
    height = _sun_elevation(station, now)
    peak, fed_in = station.installed_power, station.grid_export_energy_today
    used = _used_on_the_spot(station)
    return replace(
        station,
        inverters=tuple(_with_pv_power(inverter) for inverter in station.inverters),
        batteries=tuple(_with_state(battery) for battery in station.batteries),
        power_residual=_residual(station),
        sun_elevation=height,
        clear_sky_power=None if peak is None or height is None else clear_sky_power(peak, height),
        full_load_time_today=_ratio(station.pv_energy_today, peak),
        self_sufficiency_today=_share(used, station.load_energy_today),
        self_consumption_today=None if used is None or fed_in is None else _share(used, used + fed_in),
    )


def _sun_elevation(station: Station, now: datetime) -> float | None:
    if station.latitude is None or station.longitude is None:
        return None
    # Whole degrees: the curve of a day would otherwise tell the address, and the sun moves by less than one for it.
    return elevation(round(station.latitude), round(station.longitude), now)


def _used_on_the_spot(station: Station) -> float | None:
    """Joules of the plant's own energy that the house used today; both shares of today rest on it.

    As the portal counts it, else consumption less what the grid delivered to the house. What the grid put into the
    battery counts neither for nor against the plant, hence not simply consumption less import: at least what the
    battery took beyond the PV energy that stayed here came from the grid.
    """
    if station.self_consumption_energy_today is not None:
        return station.self_consumption_energy_today
    pv, load, charge = station.pv_energy_today, station.load_energy_today, station.battery_charge_energy_today
    fed_in, bought = station.grid_export_energy_today, station.grid_import_energy_today
    if not station.has_battery:
        charge = 0.0
    if pv is None or load is None or charge is None or fed_in is None or bought is None:
        return None
    from_grid = max(0.0, charge - (pv - fed_in))
    return min(load, max(0.0, load - bought + from_grid))


def _share(part: float | None, whole: float | None) -> float | None:
    ratio = _ratio(part, whole)
    return None if ratio is None else min(1.0, ratio)


def _ratio(part: float | None, whole: float | None) -> float | None:
    """`part` by `whole`; nothing by nothing is not known."""
    return part / whole if part is not None and whole else None


def _sum(scopes: Sequence[Entity], name: str) -> float | None:
    values = [getattr(scope, name, None) for scope in scopes]
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _residual(station: Station) -> float | None:
    """Sources minus sinks of the station; batteries count as 0 on a plant without any.

    What the portal makes of a generator's power among the others has never been captured.
    """
    if station.generator_power:
        return None
    silent = None if station.has_battery else 0.0
    sources = (
        station.pv_power,
        station.third_party_power or 0.0,
        station.grid_import_power,
        station.battery_discharge_power if station.battery_discharge_power is not None else silent,
    )
    sinks = (
        station.load_power,
        station.grid_export_power,
        station.battery_charge_power if station.battery_charge_power is not None else silent,
    )
    known = [value for value in (*sources, *sinks) if value is not None]
    if len(known) < len(sources) + len(sinks):
        return None
    # The portal rounds to hundredths of a watt; what is below is arithmetic, not physics.
    return round(sum(known[: len(sources)]) - sum(known[len(sources) :]), 2) + 0.0


def _with_pv_power(inverter: Inverter) -> Inverter:
    if inverter.pv_power is not None:
        return inverter
    return replace(inverter, pv_power=_sum(inverter.inputs, "power"))


def _with_state(battery: Battery) -> Battery:
    """SEMS+ tells a battery's state only in a list that is asked once an hour; its powers tell it at once.

    The words are those of the list, where a battery that stands by is "waiting". A state without an instant of its own
    goes with the powers that tell it (`staleness`).
    """
    if battery.state is not None or battery.charge_power is None or battery.discharge_power is None:
        return battery
    if battery.charge_power > 0:
        state = DeviceState.CHARGING
    else:
        state = DeviceState.DISCHARGING if battery.discharge_power > 0 else DeviceState.WAITING
    return replace(battery, state=state, state_at=None)
