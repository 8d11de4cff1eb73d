"""Homes to judge, fade and render: one with everything, and ways to make others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sems_exporter.model.plant import (
    CHILDREN,
    KWH,
    Battery,
    DeviceState,
    Inverter,
    Meter,
    MeterPhase,
    Phase,
    PvInput,
    Station,
    StationState,
)
from sems_exporter.model.schema import Entity

NOON = datetime(2026, 6, 10, 10, 0, tzinfo=UTC)
"""Twelve o'clock in Amsterdam."""
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def home(
    now: datetime = NOON, name: str | None = "Sunny Home", key: str = "plant-1", account: str | None = None
) -> Station:
    """A home read at `now`, whose report was a minute old then."""
    taken = now - timedelta(seconds=60)
    return Station(
        id=key,
        fetched_at=now,
        account=account,
        name=name,
        timezone_name="Europe/Amsterdam",
        timezone=AMSTERDAM,
        state=StationState.RUNNING,
        data_timestamp=taken,
        has_battery=True,
        pv_power=5000.0,
        load_power=700.5,
        grid_import_power=0.0,
        grid_export_power=2299.5,
        battery_charge_power=2000.0,
        battery_discharge_power=0.0,
        battery_state_of_charge=0.42,
        installed_power=6000.0,
        pv_energy=12_345.6 * KWH,
        pv_energy_today=17.5 * KWH,
        inverters=(
            Inverter(
                id="INV1",
                name="Garage",
                model="SIM6K-ET",
                firmware="1.02",
                state=DeviceState.RUNNING,
                data_timestamp=taken,
                fetched_at=now,
                ac_power=2900.0,
                temperature=41.5,
                rated_power=6000.0,
                pv_energy=12_345.6 * KWH,
                pv_energy_today=17.5 * KWH,
                pv_energy_month=180.0 * KWH,
                pv_energy_year=2100.0 * KWH,
                inputs=(
                    PvInput(number="1", power=3000.0, voltage=380.0, current=7.9),
                    PvInput(number="2", power=2000.0),
                ),
                phases=(Phase(name="L1", voltage=231.0), Phase(name="L2", voltage=229.9), Phase(name="L3")),
            ),
        ),
        batteries=(
            Battery(
                id="BAT1",
                inverter="INV1",
                data_timestamp=taken,
                fetched_at=now,
                state=DeviceState.CHARGING,
                state_of_charge=0.42,
                charge_power=2000.0,
                discharge_power=0.0,
            ),
        ),
        meters=(
            Meter(
                id="MTR1",
                data_timestamp=taken,
                fetched_at=now,
                state=DeviceState.ONLINE,
                grid_import_power=0.0,
                grid_export_power=2299.5,
                grid_import_energy=4000.0 * KWH,
                grid_export_energy=8000.0 * KWH,
                phases=(MeterPhase(name="L1", grid_export_power=2299.5, grid_import_power=0.0),),
            ),
        ),
    )


def scopes(scope: Entity) -> Iterator[Entity]:
    """`scope` and all its parts."""
    yield scope
    for attribute, _ in CHILDREN[type(scope)]:
        for part in getattr(scope, attribute):
            yield from scopes(part)
