"""Ready-made plants for the demonstration. Everything about them is invented."""

from datetime import date
from uuid import UUID

from sems_exporter.simulator.plant.clock import SimulatedClock
from sems_exporter.simulator.plant.noise import uniform
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.plant.rare_plants import RARE_PLANTS
from sems_exporter.simulator.plant.specs import BatterySpec, HouseSpec, InverterSpec, PlantSpec, PvInputSpec

_PLACES = (
    ("Europe/Amsterdam", 52.1, 5.1),
    ("Europe/Madrid", 40.4, -3.7),
    ("Australia/Sydney", -33.8, 151.1),
    ("Europe/Warsaw", 52.2, 21.0),
    ("America/Sao_Paulo", -23.5, -46.6),
)


def demo_plants(count: int = 1, *, clock: SimulatedClock, seed: int = 1) -> list[Plant]:
    """`count` plants that begin at the clock's now.

    A hybrid home with a battery, then a pure grid inverter on the other side of the world, then a farm with two
    hybrids and two batteries, then the rare ones; further ones vary with `seed`.
    """
    return [Plant(_spec(place, seed), clock.now()) for place in range(count)]


def _spec(place: int, seed: int) -> PlantSpec:
    usual = (_sunny_home, _seaside_roof, _two_barns)
    if place < len(usual):
        return usual[place](seed)
    if place < len(usual) + len(RARE_PLANTS):
        return RARE_PLANTS[place - len(usual)](_station_id(seed, place), seed + place)
    return _varied(place, seed + place)


def _station_id(seed: int, index: int) -> str:
    words = [int(uniform(seed, f"station-{part}", index) * 2**32) for part in range(4)]
    return str(UUID(int=sum(word << (32 * place) for place, word in enumerate(words)), version=4))


def _serials(index: int, inverter: int = 0) -> tuple[str, str]:
    """The serial numbers of an inverter and of its battery."""
    number = f"{index * 10 + inverter + 1:04d}"
    return f"SIM5K{number}", f"SIMBAT{number}"


def _sunny_home(seed: int) -> PlantSpec:
    inverter, battery = _serials(0)
    hybrid = InverterSpec(
        inverter,
        rated_watts=6000.0,
        inputs=(PvInputSpec(3200.0, 35.0, 135.0, 380.0), PvInputSpec(2800.0, 35.0, 225.0, 340.0)),
        kind="store",
        phases=3,
        batteries=(BatterySpec(battery, 10_000.0, 5000.0, 5000.0),),
        model="SIM6K-ET",
    )
    return PlantSpec(
        station_id=_station_id(seed, 0),
        name="Sunny Home",
        zone="Europe/Amsterdam",
        latitude=52.1,
        longitude=5.1,
        inverters=(hybrid,),
        meter_serial="SIMMETER0001",
        dongle_serial="SIMDONGLE0001",
        seed=seed,
    )


def _seaside_roof(seed: int) -> PlantSpec:
    inverter = InverterSpec(
        _serials(1)[0],
        rated_watts=5000.0,
        inputs=(PvInputSpec(5600.0, 22.0, 350.0, 320.0),),
        model="SIM5K-DNS",
    )
    return PlantSpec(
        station_id=_station_id(seed, 1),
        name="Seaside Roof",
        zone="Australia/Melbourne",
        latitude=-37.9,
        longitude=145.0,
        inverters=(inverter,),
        house=HouseSpec(300.0, 500.0, 1300.0, 2200.0, 8.0),
        meter_serial="SIMMETER0011",
        commissioned=date(2022, 2, 14),
        currency="AUD",
        seed=seed + 1,
    )


def _two_barns(seed: int) -> PlantSpec:
    (east, east_battery), (west, west_battery) = _serials(2, 0), _serials(2, 1)
    return PlantSpec(
        station_id=_station_id(seed, 2),
        name="Two Barns",
        zone="Europe/Berlin",
        latitude=53.6,
        longitude=10.0,
        inverters=(
            _barn(east, 110.0, BatterySpec(east_battery, 14_000.0, 6000.0, 6000.0)),
            _barn(west, 250.0, BatterySpec(west_battery, 9_600.0, 4500.0, 4500.0, initial_state_of_charge=0.3)),
        ),
        house=HouseSpec(900.0, 1800.0, 2600.0, 2500.0, 16.0),
        meter_serial="SIMMETER0021",
        dongle_serial="SIMDONGLE0021",
        commissioned=date(2024, 6, 20),
        seed=seed + 2,
    )


def _barn(serial: str, azimuth: float, battery: BatterySpec) -> InverterSpec:
    inputs = (PvInputSpec(5200.0, 18.0, azimuth, 520.0), PvInputSpec(4800.0, 18.0, azimuth, 480.0))
    return InverterSpec(serial, 10_000.0, inputs, "store", 3, (battery,), "SIM10K-ET")


def _varied(index: int, seed: int) -> PlantSpec:
    zone, latitude, longitude = _PLACES[int(uniform(seed, "place", index) * len(_PLACES))]
    hybrid = uniform(seed, "hybrid", index) < 0.6
    peak = 2500.0 + 5500.0 * uniform(seed, "peak", index)
    inverter, battery = _serials(index)
    own_battery = BatterySpec(battery, 5000.0 + round(10.0 * uniform(seed, "capacity", index)) * 1000.0)
    towards_equator = 180.0 if latitude > 0 else 0.0
    return PlantSpec(
        station_id=_station_id(seed, index),
        name=f"Plant {index + 1}",
        zone=zone,
        latitude=latitude,
        longitude=longitude,
        inverters=(
            InverterSpec(
                inverter,
                rated_watts=round(peak / 1000.0) * 1000.0,
                inputs=(PvInputSpec(round(peak, -2), 30.0, towards_equator),),
                kind="store" if hybrid else "grid",
                phases=3 if peak > 5000.0 else 1,
                batteries=(own_battery,) if hybrid else (),
            ),
        ),
        meter_serial=f"SIMMETER{index * 10 + 1:04d}",
        dongle_serial=f"SIMDONGLE{index * 10 + 1:04d}",
        seed=seed,
    )
