"""Plants as few owners have them, for whatever asks a portal about them. Everything about them is invented."""

from datetime import date
from typing import Any

from sems_exporter.simulator.plant.specs import (
    BatterySpec,
    EvChargerSpec,
    HouseSpec,
    InverterSpec,
    InverterType,
    NightCharge,
    PlantSpec,
    PvInputSpec,
)

_ROOF = (PvInputSpec(3400.0, 35.0, 150.0, 380.0), PvInputSpec(3000.0, 35.0, 240.0, 340.0))


def cabinet(station_id: str, seed: int) -> PlantSpec:
    """An all-in-one with two racks, whose owner entered its power as the installed one; a car charges every evening."""
    battery = BatterySpec("SIMAIOBAT0031", 20_000.0, 5000.0, 5000.0, racks=("SIMRACK0031", "SIMRACK0032"))
    return _dutch(
        station_id,
        seed,
        "Cabinet",
        _hybrid("SIMAIO0031", battery, model="SIM5K-ESA", device_type="ENERGY_STORAGE_INTEGRATED_CABINET"),
        meter_serial="SIMMETER0031",
        dongle_serial="SIMDONGLE0031",
        installed_watts=5000.0,
        ev_charger=EvChargerSpec("SIMEV0031", evenings=1.0, needs_model=True),
    )


def without_meter(station_id: str, seed: int) -> PlantSpec:
    """A hybrid that measures the grid by itself, with a rack that says nothing; no car ever comes to its charger."""
    return _dutch(
        station_id,
        seed,
        "No Meter",
        _hybrid("SIM5K0041", BatterySpec("SIMBAT0041", 10_000.0), model="SIM5K-ET"),
        measures_grid=True,
        dongle_serial="SIMDONGLE0041",
        rack_serial="SIMRACK0041",
        ev_charger=EvChargerSpec("SIMEV0041", evenings=0.0, needs_model=True),
    )


def night_tariff(station_id: str, seed: int) -> PlantSpec:
    """A hybrid with two batteries, which are charged from the grid at night."""
    batteries = (
        BatterySpec("SIMBAT0051", 9_600.0, 3000.0, 3000.0),
        BatterySpec("SIMBAT0052", 4_800.0, 1500.0, 1500.0, initial_state_of_charge=0.3),
    )
    return _dutch(
        station_id,
        seed,
        "Night Tariff",
        _hybrid("SIM5K0051", *batteries, model="SIM5K-ET"),
        house=HouseSpec(500.0, 1100.0, 2200.0),
        meter_serial="SIMMETER0051",
        night_charge=NightCharge(),
    )


def two_makers(station_id: str, seed: int) -> PlantSpec:
    """A grid inverter beside one of another maker."""
    other = InverterSpec("", 3000.0, (PvInputSpec(3200.0, 30.0, 200.0),))
    return _dutch(
        station_id,
        seed,
        "Two Makers",
        InverterSpec("SIM5K0061", 5000.0, _ROOF, model="SIM5K-DNS"),
        meter_serial="SIMMETER0061",
        third_party=other,
    )


def chinese(station_id: str, seed: int) -> PlantSpec:
    """A grid inverter on the Chinese gateway."""
    inverter = InverterSpec("SIM5K0071", 10_000.0, _ROOF, phases=3, model="SIM10K-SDT", device_type="INVERTER_GRID")
    return PlantSpec(
        station_id=station_id,
        name="Shanghai",
        zone="Asia/Shanghai",
        latitude=31.2,
        longitude=121.5,
        inverters=(inverter,),
        commissioned=date(2025, 3, 1),
        currency="CNY",
        seed=seed,
        china=True,
    )


RARE_PLANTS = (cabinet, without_meter, night_tariff, two_makers, chinese)


def _hybrid(serial: str, *batteries: BatterySpec, model: str, device_type: InverterType = "INVERTER") -> InverterSpec:
    return InverterSpec(serial, 5000.0, _ROOF, "store", 1, batteries, model, device_type, reports_signal=False)


def _dutch(station_id: str, seed: int, name: str, *inverters: InverterSpec, **more: Any) -> PlantSpec:
    return PlantSpec(station_id, name, "Europe/Amsterdam", 52.1, 5.1, inverters, seed=seed, **more)
