"""Energies of a station that the portal does not give: sums over its devices, of values that are trusted already.

Devices come and go: an inverter is replaced, or not listed for a while. The lifetime total goes on with what each
device adds to what it had, so that neither a device that leaves nor one that comes with a past makes a step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sems_exporter.model.plant import Device, Inverter, Station
from sems_exporter.model.schema import Entity, Role, measures, with_values

BY_BATTERY = ("battery_charge_energy", "battery_discharge_energy")
BY_METER = ("grid_import_energy", "grid_export_energy")
SPANS = ("", "_today", "_month")


@dataclass(frozen=True, slots=True)
class Sum:
    """The last value of each device that ever was part of a total, and what has to be added to them.

    `period` names the day or month that the values are of; "" for a lifetime.
    """

    parts: Mapping[str, float]
    offset: float = 0.0
    period: str = ""

    @property
    def total(self) -> float:
        """Return the total to show."""
        return max(0.0, self.offset + sum(self.parts.values()))


def totals(station: Station) -> Station:
    """`station` with the sums that the portal does not give, of devices of which nothing is remembered."""
    return filled_in(station, station, {}, {})


def filled_in(station: Station, told: Station, sums: dict[str, Sum], periods: Mapping[Role, str]) -> Station:
    """`station`, whose values are trusted, with the sums that are not in what the portal `told`; `sums` remembers them.

    A sum needs every device that has to do with it; the grid needs exactly one meter, because a second one may measure
    anything. What the portal told and nobody trusts stays absent.
    """
    found, untrusted = {}, _members(told)
    for name, members in _members(station).items():
        if getattr(told, name) is not None or not members:
            continue
        key = f"{Station.scope}/{station.id}/{name}"
        values = {f"{type(each).scope}/{each.id}": getattr(each, name) for each in members}
        role = measures(Station)[name].role
        known = sums.get(key)
        new = _counted(known, values) if role is Role.LIFETIME else _of_period(known, values, periods.get(role, ""))
        if new is None and role is Role.LIFETIME and any(getattr(each, name) is not None for each in untrusted[name]):
            # A new device says 0, which is not believed yet; what those before it counted is no less for that.
            new = known
        if new is not None:
            sums[key] = new
            found[name] = new.total
    return with_values(station, found) if found else station


def _counted(known: Sum | None, values: Mapping[str, float | None]) -> Sum | None:
    """The total with what devices have added since; of one that is silent now, that comes when it speaks again."""
    present = {key: value for key, value in values.items() if value is not None}
    if not present or (known is None and len(present) < len(values)):
        return None
    if known is None:
        return Sum(present)
    # A device that is new, or whose own counter began anew, adds nothing by that.
    steps = (min(0.0, value - known.parts[key]) if key in known.parts else value for key, value in present.items())
    return replace(known, parts={**known.parts, **present}, offset=known.offset - sum(steps))


def _of_period(known: Sum | None, values: Mapping[str, float | None], period: str) -> Sum | None:
    """The sum of a day or month, if every device that had a part in it so far tells its own."""
    present = {key: value for key, value in values.items() if value is not None}
    if len(present) < len(values):
        return None
    if period and known is not None and known.period == period and known.parts.keys() - present.keys():
        return None
    return Sum(present, period=period)


def _members(station: Station) -> dict[str, Sequence[Device]]:
    """The devices that each sum is made of; none where there is no sum."""
    batteries = BY_BATTERY if station.has_battery else ()
    grid: Sequence[Device] = station.meters or station.inverters
    generators = [inverter for inverter in station.inverters if not _is_without_pv(inverter)]
    return {
        **{f"pv_energy{span}": generators for span in SPANS},
        **{base + span: _storing(station, base + span) for base in batteries for span in SPANS},
        **{base + span: grid for base in BY_METER for span in SPANS if len(grid) == 1},
    }


def _is_without_pv(inverter: Inverter) -> bool:
    """Tell whether it only serves a battery: it tells its power, and knows neither an input nor any PV."""
    pv = (inverter.pv_power, *(getattr(inverter, f"pv_energy{span}") for span in SPANS))
    return inverter.ac_power is not None and not inverter.inputs and all(value is None for value in pv)


def _storing(station: Station, name: str) -> Sequence[Inverter]:
    """The inverters whose counter `name` belongs to the sum: those with a battery, all where nobody knows which.

    Beside a hybrid inverter there may be others for PV alone, which have no such counter.
    """
    owners = {battery.inverter for battery in station.batteries if battery.inverter is not None}
    if not owners:
        return station.inverters
    return [each for each in station.inverters if each.id in owners or _value(each, name) is not None]


def _value(scope: Entity, name: str) -> float | None:
    value: float | None = getattr(scope, name)
    return value
