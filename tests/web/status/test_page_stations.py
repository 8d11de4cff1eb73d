"""What the status page says of a station: figures, gauges, ages, and what is not known."""

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from sems_exporter.model.plant import KWH, Battery, DeviceState, EvCharger
from sems_exporter.web.status.figures import words
from sems_exporter.web.status.gauges import dial_scale
from sems_exporter.web.status.moments import ago_text, clock_text
from tests.web.status.page_reader import EMPTY, HOME, NOW, page, shown


class TestFigures:
    """Numbers are those of the model, worded for people."""

    def test_import_and_export_stand_across_the_top_with_word_arrow_and_unit(self) -> None:
        """The first thing in a station's block is what flows to and from the grid."""
        reader = page(HOME)

        importing, exporting = reader.classed("flow")
        assert importing.text == "Import0 Wfrom the grid"
        assert exporting.text == "Export1.35 kWto the grid"
        assert [e.attributes["href"] for e in reader.all("use") if exporting in e.parents] == ["#i-up"]

    def test_marked_values_equal_the_model(self) -> None:
        """A script can compare the page with the metrics, labels included."""
        values = {
            (name, around["data-station"]): value for name, value, around in shown(page(HOME)) if "station" in name
        }

        assert values["sems_station_grid_export_power_watts", "plant-1"] == HOME.grid_export_power
        assert values["sems_station_pv_power_watts", "plant-1"] == HOME.pv_power
        assert values["sems_station_battery_state_of_charge_ratio", "plant-1"] == HOME.battery_state_of_charge
        assert values["sems_station_pv_energy_today_joules", "plant-1"] == HOME.pv_energy_today
        assert HOME.data_timestamp is not None
        assert values["sems_station_data_timestamp_seconds", "plant-1"] == HOME.data_timestamp.timestamp()

    def test_marked_device_values_carry_the_device(self) -> None:
        """Two inverters cannot be mixed up."""
        [(value, around)] = [(v, a) for n, v, a in shown(page(HOME)) if n == "sems_inverter_input_power_watts"]

        assert value == 3720.0
        assert (around["data-station"], around["data-inverter"], around["data-input"]) == ("plant-1", "INV1", "1")

    @pytest.mark.parametrize(
        "watts, text",
        [
            (0.0, "0 W"),
            (-0.4, "0 W"),
            (-12.0, "−12 W"),
            (999.4, "999 W"),
            (999.6, "1.00 kW"),
            (1351.0, "1.35 kW"),
            (9996.0, "10.0 kW"),
            (12_345.0, "12.3 kW"),
            (250_000.0, "250 kW"),
            (1_250_000.0, "1.25 MW"),
        ],
    )
    def test_power_is_worded_with_sensible_precision(self, watts: float, text: str) -> None:
        """Watts below a kilowatt, then three digits."""
        assert words(watts, "watts") == text

    @pytest.mark.parametrize(
        "value, unit, text",
        [
            (0.42 * KWH, "joules", "0.42 kWh"),
            (1234 * KWH, "joules", "1.23 MWh"),
            (0.98, "ratio", "98 %"),
            (-3.04, "celsius", "−3.0 °C"),
        ],
    )
    def test_other_units_are_those_of_a_householder(self, value: float, unit: str, text: str) -> None:
        """Base units stay in the metrics."""
        assert words(value, unit) == text

    def test_a_unit_without_wording_is_refused(self) -> None:
        """A bare number would mislead."""
        with pytest.raises(ValueError, match="volts"):
            words(230.0, "volts")

    def test_only_known_energies_of_today_are_shown(self) -> None:
        """Two known, two tiles."""
        assert [e.text for e in page(HOME).all("dt")] == ["PV", "Export"]


class TestDevices:
    """What only some devices of a kind tell stands in a line of its own."""

    def test_a_rack_names_its_system_and_tells_its_cells(self) -> None:
        """A rack beside its system is no second battery, and its cells are why it is listed."""
        rack = Battery(
            id="RACK1",
            system="BAT1",
            state=DeviceState.WAITING,
            state_of_charge=0.76,
            state_of_health=0.99,
            cell_temperature_min=22.5,
            cell_temperature_max=24.0,
        )
        reader = page(replace(HOME, batteries=(*HOME.batteries, rack)))

        system, shown_rack = (e.text for e in reader.all("tbody") if "data-battery" in e.attributes)
        assert "rack of" not in system
        assert "rack of BAT1" in shown_rack
        assert "Coldest cell 22.5 °C" in shown_rack
        assert "Warmest cell 24.0 °C" in shown_rack
        assert shown_rack.count("unknown") == 0

    @pytest.mark.parametrize(
        "power, session, text",
        [
            (7400.0, 3.2 * KWH, "Charging 7.40 kWSession 3.20 kWh"),
            (None, 16.16 * KWH, "Session 16.2 kWh"),
            (None, None, ""),
        ],
    )
    def test_a_charger_tells_power_and_session_where_known(
        self, power: float | None, session: float | None, text: str
    ) -> None:
        """A charger that charges nothing has no power, and nothing is said of it."""
        charger = EvCharger(
            id="EV1",
            state=DeviceState.AVAILABLE,
            charging_power=power,
            charging_power_limit=7400.0,
            session_energy=session,
        )
        [row] = [e for e in page(replace(EMPTY, ev_chargers=(charger,))).all("tbody") if "EV1" in e.text]

        assert row.text == f"EV1available7.40 kW{text}"


class TestUnknown:
    """What is not known is a dash and a word, never a zero."""

    def test_a_station_without_values_shows_no_number(self) -> None:
        """Nothing is invented, and the reader is told."""
        reader = page(EMPTY)

        assert [e.text for e in reader.all("p") if e.parents[-1] in reader.classed("flow")] == ["– unknown"] * 2
        assert not [name for name, _, _ in shown(reader) if name != "sems_up"]
        assert "No recent data." in reader.main
        assert not re.search(r"\d (W|kW|kWh|%)", reader.main)

    def test_one_unknown_value_stays_alone(self) -> None:
        """A load that is not known does not hide the rest."""
        reader = page(replace(HOME, load_power=None))

        labels = [e.attributes["aria-label"] for e in reader.all("svg", role="img")]
        assert labels == ["PV: 6.63 kW, 68 % of 9.8 kW", "Load: unknown", "Battery: 76 %"]
        assert "No recent data." not in reader.main

    def test_an_unknown_state_is_named(self) -> None:
        """No state is not the state running."""
        assert [e.text for e in page(EMPTY).classed("badge")] == ["OK", "unknown"]


class TestGauges:
    """PV, load and, where there is one, the battery."""

    @pytest.mark.parametrize("battery, titles", [(True, ["PV", "Load", "Battery"]), (False, ["PV", "Load"])])
    def test_a_battery_gauge_only_with_a_battery(self, battery: bool, titles: list[str]) -> None:
        """A plant without a battery has no empty battery."""
        reader = page(replace(HOME, has_battery=battery))

        assert [e.text for e in reader.all("figcaption")] == titles

    def test_a_battery_nobody_mentions_is_not_shown(self) -> None:
        """Unknown and without a trace: no gauge."""
        assert "Battery" not in page(EMPTY).main

    @pytest.mark.parametrize(
        "charge, discharge, text",
        [
            (2468.0, 0.0, "charging 2.47 kW"),
            (0.0, 542.0, "discharging 542 W"),
            (0.0, 0.0, "idle 0 W"),
            (None, 0.0, "– power unknown"),
        ],
    )
    def test_the_battery_says_which_way(self, charge: float | None, discharge: float | None, text: str) -> None:
        """In words, beside the level."""
        reader = page(replace(HOME, battery_charge_power=charge, battery_discharge_power=discharge))

        assert reader.classed("detail")[-1].text == text

    @pytest.mark.parametrize("pv, arcs", [(4900.0, ["50.0 200"]), (20_000.0, ["100.0 200"]), (-12.0, [])])
    def test_the_arc_is_the_share_of_installed_power(self, pv: float, arcs: list[str]) -> None:
        """Never beyond the scale, and none at night."""
        reader = page(replace(HOME, pv_power=pv, load_power=0.0, has_battery=False))

        assert [e.attributes["stroke-dasharray"] for e in reader.classed("arc")] == arcs

    @pytest.mark.parametrize("value, scale", [(0.0, 1e3), (1200.0, 2e3), (5000.0, 5e3), (5001.0, 1e4), (3e6, 5e6)])
    def test_a_scale_is_a_round_number(self, value: float, scale: float) -> None:
        """1, 2 or 5 times a power of ten."""
        assert dial_scale(value) == scale


class TestAge:
    """How old the data are is always said."""

    def test_fresh_data_have_a_local_time_and_an_age(self) -> None:
        """In the station's zone, not the reader's or the server's."""
        [age] = page(HOME).classed("age")

        assert age.text.endswith("data from 12:03, 2 min ago")

    @pytest.mark.parametrize("minutes, hidden", [(14, True), (16, False)])
    def test_old_data_are_flagged(self, minutes: int, hidden: bool) -> None:
        """Beyond the age that the exporter trusts."""
        reader = page(replace(HOME, data_timestamp=NOW - timedelta(minutes=minutes)))

        [flag] = [e for e in reader.classed("badge") if e.text == "old data"]
        assert ("hidden" in flag.attributes) is hidden

    def test_a_station_without_zone_is_told_in_utc(self) -> None:
        """A time without its zone would mislead."""
        assert clock_text(NOW, None, NOW) == "10:05 UTC"

    def test_another_day_is_named(self) -> None:
        """23:50 in Berlin was yesterday, although it is the same day in UTC."""
        assert clock_text(NOW - timedelta(hours=12.25), ZoneInfo("Europe/Berlin"), NOW) == "2026-06-20 23:50"

    @pytest.mark.parametrize(
        "seconds, text",
        [(-5, "just now"), (45, "45 s ago"), (125, "2 min ago"), (2 * 3600, "2 h ago"), (3 * 86400, "3 days ago")],
    )
    def test_ages_are_worded(self, seconds: float, text: str) -> None:
        """In the largest fitting unit."""
        assert ago_text(seconds) == text
