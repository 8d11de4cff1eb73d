"""From the books of a plant to its description at an instant, device by device."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sems_exporter.simulator.plant import electrics
from sems_exporter.simulator.plant.battery import capacity_joules
from sems_exporter.simulator.plant.energy import Ledger, by_period, inverter_energies, station_energies
from sems_exporter.simulator.plant.plant_state import (
    BatteryState,
    EvChargerState,
    InverterState,
    PhaseState,
    PlantState,
)
from sems_exporter.simulator.plant.solver import STEP_SECONDS, StepPowers, stored_after_step
from sems_exporter.simulator.plant.specs import PlantSpec


@dataclass(frozen=True, slots=True)
class PlantSnapshot:
    """A plant `seconds` into the step that `ledger` opens, with the powers of that step."""

    spec: PlantSpec
    zone: ZoneInfo
    ledger: Ledger
    powers: StepPowers
    seconds: float

    def state(self, instant: datetime) -> PlantState:
        """The whole station, stamped with `instant`."""
        charger = self.spec.ev_charger
        stored = stored_after_step(self.spec, self.ledger.stored, self.powers, self.seconds)
        totals = [t + rate * self.seconds for t, rate in zip(self.ledger.totals, self.powers.rates, strict=True)]
        inverters = self._inverters(totals, stored)
        return PlantState(
            instant=instant.astimezone(UTC),
            local_time=instant.astimezone(self.zone),
            pv_watts=sum(self.powers.pv_watts),
            battery_watts=sum(self.powers.battery_watts),
            load_watts=self.powers.load_watts,
            grid_watts=self.powers.grid_watts,
            state_of_charge=sum(stored) / sum(map(capacity_joules, self.spec.batteries)) if stored else None,
            energy=by_period(totals, self.ledger.begins, station_energies),
            inverters=inverters,
            meter_phases=self._meter_phases(inverters),
            grid_up=self.powers.grid_up,
            ev_charger=EvChargerState(charger, self.powers.ev_watts) if charger else None,
            third_party_watts=self.powers.third_watts if self.spec.third_party else None,
        )

    @property
    def _timestamp(self) -> int:
        return self.ledger.step * STEP_SECONDS

    def _inverters(self, totals: list[float], stored: list[float]) -> tuple[InverterState, ...]:
        batteries = iter(self._batteries(stored))
        return tuple(
            self._inverter(index, totals, tuple(next(batteries) for _ in spec.batteries))
            for index, spec in enumerate(self.spec.inverters)
        )

    def _inverter(self, index: int, totals: list[float], batteries: tuple[BatteryState, ...]) -> InverterState:
        spec, powers = self.spec.inverters[index], self.powers
        ac_watts = powers.pv_watts[index] + sum(battery.watts for battery in batteries)
        modules = zip(spec.inputs, powers.input_watts[index], strict=True)
        return InverterState(
            spec=spec,
            running=powers.running[index],
            pv_watts=powers.pv_watts[index],
            ac_watts=ac_watts,
            inputs=tuple(electrics.input_state(entry, watts) for entry, watts in modules),
            phases=tuple(self._phase(phase, ac_watts / spec.phases) for phase in range(spec.phases)),
            hertz=electrics.grid_hertz(self.spec, self._timestamp) if powers.grid_up else 0.0,
            temperature_celsius=electrics.inverter_celsius(powers.air_celsius, abs(ac_watts) / spec.rated_watts),
            batteries=batteries,
            energy=by_period(totals, self.ledger.begins, lambda vector: inverter_energies(vector, index)),
        )

    def _batteries(self, stored: list[float]) -> list[BatteryState]:
        age = electrics.age_years(self.spec, date.fromordinal(self.ledger.day))
        return [
            electrics.battery_state(spec, joules, watts, self.powers.air_celsius, age)
            for spec, joules, watts in zip(self.spec.batteries, stored, self.powers.battery_watts, strict=True)
        ]

    def _meter_phases(self, inverters: tuple[InverterState, ...]) -> tuple[PhaseState, ...]:
        """What each phase exports: what the inverters feed into it less its share of the load."""
        if not self.spec.metered:
            return ()
        made = [0.0] * self.spec.phases
        for inverter in inverters:
            for phase, state in enumerate(inverter.phases):
                made[phase] += state.watts
        shares = electrics.load_shares(self.spec, self._timestamp)
        return tuple(
            self._phase(phase, made[phase] - self.powers.load_watts * share if self.powers.grid_up else 0.0)
            for phase, share in enumerate(shares)
        )

    def _phase(self, phase: int, watts: float) -> PhaseState:
        if not self.powers.grid_up:
            return PhaseState(watts, 0.0, 0.0)
        volts = electrics.phase_volts(self.spec, self._timestamp, phase, self.powers.grid_watts)
        return electrics.phase_state(volts, watts)
