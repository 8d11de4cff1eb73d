"""Energies of a station as sums over its devices, also when devices come and go."""

from dataclasses import replace

import pytest

from sems_exporter.model.plant import Battery, Inverter, Meter, PvInput, Station
from sems_exporter.pipeline.totals import totals
from tests.homes import NOON

BARE = Station(id="plant-1", fetched_at=NOON)


class TestTotals:
    """The station's energies from its devices, where the portal gives none."""

    def test_a_sum_over_all_inverters(self) -> None:
        station = replace(BARE, inverters=(Inverter(id="a", pv_energy=5.0), Inverter(id="b", pv_energy=7.0)))

        assert totals(station).pv_energy == 12.0

    def test_no_sum_while_one_inverter_is_silent(self) -> None:
        """Half a sum would be a fall."""
        station = replace(BARE, inverters=(Inverter(id="a", pv_energy=5.0), Inverter(id="b")))

        assert totals(station).pv_energy is None

    def test_what_only_serves_a_battery_is_not_waited_for_in_the_sum_of_pv(self) -> None:
        generator, converter = Inverter(id="a", pv_energy=5.0, ac_power=900.0), Inverter(id="b", ac_power=-700.0)

        assert totals(replace(BARE, inverters=(generator, converter))).pv_energy == 5.0

    @pytest.mark.parametrize(
        "dark",
        [
            Inverter(id="b", ac_power=0.0, pv_power=0.0),
            Inverter(id="b", ac_power=0.0, pv_energy_today=0.0),
            Inverter(id="b", ac_power=0.0, inputs=(PvInput(number="1"),)),
        ],
    )
    def test_what_has_pv_is_waited_for_in_the_sum_of_pv(self, dark: Inverter) -> None:
        assert totals(replace(BARE, inverters=(Inverter(id="a", pv_energy=5.0), dark))).pv_energy is None

    def test_no_sum_over_nothing(self) -> None:
        assert totals(BARE).pv_energy is None

    def test_the_portals_own_number_wins(self) -> None:
        station = replace(BARE, pv_energy=11.0, inverters=(Inverter(id="a", pv_energy=5.0),))

        assert totals(station).pv_energy == 11.0

    def test_today_is_summed_as_well(self) -> None:
        inverters = (Inverter(id="a", pv_energy_today=1.0), Inverter(id="b", pv_energy_today=2.0))
        station = replace(BARE, inverters=inverters)

        assert totals(station).pv_energy_today == 3.0

    def test_the_grid_is_what_the_only_meter_says(self) -> None:
        station = replace(
            BARE,
            meters=(Meter(id="m", grid_import_energy=40.0, grid_export_energy=80.0, grid_export_energy_today=3.0),),
            inverters=(Inverter(id="a", grid_import_energy=1.0), Inverter(id="b", grid_import_energy=1.0)),
        )

        shown = totals(station)

        assert (shown.grid_import_energy, shown.grid_export_energy) == (40.0, 80.0)
        assert shown.grid_export_energy_today == 3.0

    def test_two_meters_are_not_the_grid(self) -> None:
        """The second one may measure a heat pump."""
        meters = (Meter(id="m", grid_import_energy=40.0), Meter(id="n", grid_import_energy=4.0))

        assert totals(replace(BARE, meters=meters)).grid_import_energy is None

    def test_without_a_meter_the_only_inverter_may_speak_for_the_grid(self) -> None:
        one = replace(BARE, inverters=(Inverter(id="a", grid_import_energy=4.0),))
        two = replace(BARE, inverters=(*one.inverters, Inverter(id="b", grid_import_energy=4.0)))

        assert totals(one).grid_import_energy == 4.0
        assert totals(two).grid_import_energy is None

    @pytest.mark.parametrize("known, expected", [(True, 6.0), (None, None), (False, None)])
    def test_battery_energies_are_summed_only_where_there_is_a_battery(
        self, known: bool | None, expected: float | None
    ) -> None:
        """An inverter without one reports 0 kWh through it."""
        station = replace(BARE, has_battery=known, inverters=(Inverter(id="a", battery_charge_energy=6.0),))

        assert totals(station).battery_charge_energy == expected

    def test_an_inverter_without_a_battery_is_not_waited_for_in_the_sum_of_batteries(self) -> None:
        inverters = (Inverter(id="a", battery_charge_energy=6.0), Inverter(id="b", pv_energy=5.0))
        station = replace(BARE, has_battery=True, inverters=inverters, batteries=(Battery(id="x", inverter="a"),))

        assert totals(station).battery_charge_energy == 6.0

    def test_no_sum_while_the_inverter_of_a_battery_is_silent(self) -> None:
        station = replace(
            BARE,
            has_battery=True,
            inverters=(Inverter(id="a", battery_charge_energy=6.0), Inverter(id="b")),
            batteries=(Battery(id="x", inverter="a"), Battery(id="y", inverter="b")),
        )

        assert totals(station).battery_charge_energy is None

    def test_an_inverter_that_counts_for_a_battery_nobody_lists_counts(self) -> None:
        inverters = (Inverter(id="a", battery_charge_energy=6.0), Inverter(id="b", battery_charge_energy=1.0))
        station = replace(BARE, has_battery=True, inverters=inverters, batteries=(Battery(id="x", inverter="a"),))

        assert totals(station).battery_charge_energy == 7.0
