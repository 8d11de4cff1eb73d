"""What follows from the portal's numbers, and what must not be concluded from them."""

from dataclasses import replace

import pytest

from sems_exporter.model.plant import Battery, DeviceState, Inverter, PvInput, Station
from sems_exporter.pipeline import derived_values
from tests.homes import NOON

BARE = Station(id="plant-1", fetched_at=NOON)
BALANCED = replace(
    BARE,
    has_battery=True,
    pv_power=5000.0,
    load_power=700.0,
    grid_import_power=0.0,
    grid_export_power=2300.0,
    battery_charge_power=2000.0,
    battery_discharge_power=0.0,
)


def derived(station: Station) -> Station:
    return derived_values.derived(station, NOON)


def with_powers(**powers: float | None) -> Station:
    return replace(BALANCED, **powers)  # type: ignore[arg-type]


class TestResidual:
    """Sources minus sinks: far from 0 a meter is missing, or a sign is wrong."""

    def test_a_balanced_house_has_none(self) -> None:
        assert derived(BALANCED).power_residual == 0.0

    @pytest.mark.parametrize(
        "name, sign",
        [
            ("pv_power", 1),
            ("battery_discharge_power", 1),
            ("grid_import_power", 1),
            ("load_power", -1),
            ("battery_charge_power", -1),
            ("grid_export_power", -1),
        ],
    )
    def test_sources_count_up_and_sinks_count_down(self, name: str, sign: int) -> None:
        station = with_powers(**{name: getattr(BALANCED, name) + 123.45})

        assert derived(station).power_residual == sign * 123.45

    @pytest.mark.parametrize("name", ["pv_power", "load_power", "grid_import_power", "grid_export_power"])
    def test_one_unknown_flow_leaves_it_unknown(self, name: str) -> None:
        assert derived(with_powers(**{name: None})).power_residual is None

    def test_a_running_generator_leaves_it_unknown(self) -> None:
        assert derived(with_powers(generator_power=2000.0)).power_residual is None
        assert derived(with_powers(generator_power=0.0)).power_residual == 0.0

    def test_without_a_battery_its_flows_are_nothing(self) -> None:
        station = with_powers(
            has_battery=None, battery_charge_power=None, battery_discharge_power=None, grid_export_power=4300.0
        )

        assert derived(station).power_residual == 0.0

    def test_a_silent_battery_leaves_it_unknown(self) -> None:
        assert derived(with_powers(battery_discharge_power=None)).power_residual is None

    def test_rounding_noise_is_no_residual_and_zero_has_no_sign(self) -> None:
        station = with_powers(pv_power=0.1 + 0.2, load_power=0.3, grid_export_power=0.0, battery_charge_power=0.0)

        assert str(derived(station).power_residual) == "0.0"


class TestDevices:
    """What the parts of a device tell about the whole."""

    def test_an_inverters_pv_power_is_the_sum_of_its_inputs(self) -> None:
        inverter = Inverter(id="a", inputs=(PvInput(number="1", power=3000.0), PvInput(number="2", power=2000.0)))

        [shown] = derived(replace(BARE, inverters=(inverter,))).inverters

        assert shown.pv_power == 5000.0

    def test_an_input_that_is_silent_makes_the_sum_unknown(self) -> None:
        inverter = Inverter(id="a", inputs=(PvInput(number="1", power=3000.0), PvInput(number="2")))

        [shown] = derived(replace(BARE, inverters=(inverter,))).inverters

        assert shown.pv_power is None

    def test_the_portals_own_pv_power_wins(self) -> None:
        inverter = Inverter(id="a", pv_power=1.0, inputs=(PvInput(number="1", power=3000.0),))

        [shown] = derived(replace(BARE, inverters=(inverter,))).inverters

        assert shown.pv_power == 1.0

    @pytest.mark.parametrize(
        "charge, discharge, state",
        [
            (2000.0, 0.0, DeviceState.CHARGING),
            (0.0, 900.0, DeviceState.DISCHARGING),
            (0.0, 0.0, DeviceState.WAITING),
            (None, 0.0, None),
            (0.0, None, None),
        ],
    )
    def test_a_batterys_powers_tell_its_state(
        self, charge: float | None, discharge: float | None, state: DeviceState | None
    ) -> None:
        battery = Battery(id="b", charge_power=charge, discharge_power=discharge)

        [shown] = derived(replace(BARE, batteries=(battery,))).batteries

        assert shown.state is state

    def test_a_batterys_own_word_wins(self) -> None:
        battery = Battery(id="b", state=DeviceState.FAULT, charge_power=1.0, discharge_power=0.0)

        [shown] = derived(replace(BARE, batteries=(battery,))).batteries

        assert shown.state is DeviceState.FAULT


class TestShares:
    """How much of today the plant covered itself."""

    def today(self, **values: float | bool | None) -> Station:
        told = {
            "has_battery": True,
            "pv_energy_today": 20.0,
            "load_energy_today": 10.0,
            "grid_import_energy_today": 2.0,
            "grid_export_energy_today": 8.0,
            "battery_charge_energy_today": 4.0,
        }
        return derived(replace(BARE, **(told | values)))  # type: ignore[arg-type]

    def test_consumption_less_what_was_bought_is_ones_own(self) -> None:
        shown = self.today()

        assert shown.self_sufficiency_today == 0.8
        assert shown.self_consumption_today == 0.5

    def test_what_the_portal_counts_wins(self) -> None:
        assert self.today(self_consumption_energy_today=5.0).self_sufficiency_today == 0.5

    def test_shares_stay_between_none_and_all(self) -> None:
        assert self.today(grid_import_energy_today=50.0).self_sufficiency_today == 0.0
        assert self.today(self_consumption_energy_today=11.0).self_sufficiency_today == 1.0

    def test_a_battery_charged_from_the_grid_is_no_loss_of_ones_own(self) -> None:
        """Whatever was bought for it counts neither way."""
        shown = self.today(pv_energy_today=0.0, grid_export_energy_today=0.0, grid_import_energy_today=16.0)

        assert shown.self_sufficiency_today == 0.0

    @pytest.mark.parametrize(
        "name",
        ["pv_energy_today", "grid_import_energy_today", "grid_export_energy_today", "battery_charge_energy_today"],
    )
    def test_one_unknown_energy_leaves_them_unknown(self, name: str) -> None:
        shown = self.today(**{name: None})

        assert (shown.self_sufficiency_today, shown.self_consumption_today) == (None, None)

    def test_nothing_of_nothing_is_not_known(self) -> None:
        assert self.today(load_energy_today=0.0).self_sufficiency_today is None

    def test_yield_is_told_as_hours_at_full_power(self) -> None:
        assert self.today(installed_power=5.0).full_load_time_today == 4.0


class TestSun:
    """Where the sun stands, without telling where the plant is."""

    def test_no_place_no_sun(self) -> None:
        shown = derived(replace(BARE, installed_power=6000.0))

        assert (shown.sun_elevation, shown.clear_sky_power) == (None, None)

    def test_a_june_noon_is_high_and_a_june_night_is_dark(self) -> None:
        """Amsterdam, 10:00 and 23:00 UTC: about 55 degrees, and below the horizon."""
        place = replace(BARE, latitude=52.1, longitude=5.1, installed_power=6000.0)

        noon = derived_values.derived(place, NOON)
        night = derived_values.derived(place, NOON.replace(hour=23))

        assert noon.sun_elevation == pytest.approx(57, abs=4)
        assert noon.clear_sky_power is not None
        assert 3000 < noon.clear_sky_power < 6500
        assert night.sun_elevation is not None
        assert night.sun_elevation < 0
        assert night.clear_sky_power == 0.0
