"""What the declarations promise to those who build dashboards and alerts on the names."""

import dataclasses
import math
import re
from collections.abc import Callable

import pytest

from sems_exporter.exposition.families import all_families, families_of
from sems_exporter.model.plant import (
    CHILDREN,
    Battery,
    Device,
    DeviceState,
    Inverter,
    Meter,
    Path,
    Phase,
    Station,
    StationState,
    label_value,
    transform,
)
from sems_exporter.model.schema import Entity, Family, Kind, Measure, Role, family, info_labels, measures
from tests.homes import home

FAMILIES = list(all_families())
DECLARED = [found for found in FAMILIES if found.measure is not None]
SAMPLES = {found.sample_name for found in FAMILIES}
BASE_UNITS = {
    "watts",
    "vars",
    "joules",
    "volts",
    "amperes",
    "hertz",
    "celsius",
    "ratio",
    "seconds",
    "ohms",
    "degrees",
    "dbm",
}
NOT_BASE = re.compile(r"kwh|_wh\b|watt_?hours|kilo|kw\b|mega|percent|millis|minutes|hours|fahrenheit|_(?:k|m)?w\b")

FLOWS = ("pv", "load", "grid_import", "grid_export", "battery_charge", "battery_discharge")
FIXED = [
    *(f"sems_station_{flow}_power_watts" for flow in FLOWS),
    *(f"sems_station_{flow}_energy_joules_total" for flow in FLOWS),
    *(f"sems_station_{flow}_energy_today_joules" for flow in FLOWS),
    "sems_station_battery_state_of_charge_ratio",
    "sems_station_data_timestamp_seconds",
    "sems_station_state",
    "sems_station_info",
    "sems_station_up",
    "sems_inverter_ac_power_watts",
    "sems_inverter_pv_power_watts",
    "sems_inverter_temperature_celsius",
    "sems_inverter_pv_energy_joules_total",
    "sems_inverter_state",
    "sems_inverter_phase_voltage_volts",
    "sems_inverter_input_power_watts",
    "sems_inverter_input_voltage_volts",
    "sems_inverter_input_current_amperes",
    "sems_battery_state_of_charge_ratio",
    "sems_battery_state_of_health_ratio",
    "sems_battery_voltage_volts",
    "sems_battery_temperature_celsius",
    "sems_battery_charge_power_watts",
    "sems_battery_discharge_power_watts",
    "sems_meter_grid_import_power_watts",
    "sems_meter_grid_export_power_watts",
    "sems_meter_grid_import_energy_joules_total",
    "sems_meter_grid_export_energy_joules_total",
    "sems_alarms_active",
]
"""Names that other people's dashboards and alerts lean on."""


def each_of(families: list[Family]) -> Callable[[Callable[[Family], None]], Callable[[], None]]:
    """Make a rule for one family a test of all; where it fails, pytest shows the family."""

    def decorate(rule: Callable[[Family], None]) -> Callable[[], None]:
        def test() -> None:
            assert families
            for found in families:
                rule(found)

        test.__doc__ = rule.__doc__
        return test

    return decorate


def declared(found: Family) -> Measure:
    assert found.measure is not None
    return found.measure


@pytest.mark.parametrize("name", FIXED)
def test_names_that_others_lean_on_stay(name: str) -> None:
    assert name in SAMPLES


def test_no_two_families_share_a_name() -> None:
    names = [found.name for found in FAMILIES]

    assert len(names) == len(set(names))
    assert len(SAMPLES) == len(names)


@each_of(FAMILIES)
def test_name_begins_with_prefix_and_scope(found: Family) -> None:
    assert re.fullmatch(r"sems(_[a-z][a-z0-9]*)+", found.name)
    assert found.name.startswith((f"sems_{found.scope.scope}", "sems_alarm"))


@each_of(FAMILIES)
def test_name_speaks_of_base_units_only(found: Family) -> None:
    """Promtool lets kilowatt hours and percent pass."""
    assert not NOT_BASE.search(found.name)


@each_of(FAMILIES)
def test_unit_ends_its_name(found: Family) -> None:
    """OpenMetrics demands it, and nobody has to guess."""
    if found.unit:
        assert found.unit in BASE_UNITS
        assert found.name.endswith(f"_{found.unit}")
    else:
        assert not found.name.endswith(tuple(BASE_UNITS))


@each_of(FAMILIES)
def test_only_counters_end_in_total(found: Family) -> None:
    assert found.sample_name.endswith("_total") is (found.kind is Kind.COUNTER)
    assert not found.name.endswith(("_total", "_info", "_created", "_bucket", "_sum", "_count"))


@each_of(FAMILIES)
def test_help_is_one_sentence_of_text(found: Family) -> None:
    """Nothing in it needs an escape, so that every parser reads the same."""
    assert len(found.help) > 10
    assert found.help.endswith(".")
    assert not set(found.help) & set('\n\\"')
    assert found.help[0].isupper() or found.help.startswith(("pv", "1 "))


@each_of(DECLARED)
def test_range_is_finite_and_not_empty(found: Family) -> None:
    measure = declared(found)

    assert math.isfinite(measure.low)
    assert math.isfinite(measure.high)
    assert measure.low < measure.high


@each_of(DECLARED)
def test_range_suits_its_unit(found: Family) -> None:
    measure = declared(found)

    if measure.unit == "ratio":
        assert measure.high == 1
        assert measure.low in (0, -1)
    elif measure.unit == "celsius":
        assert -100 <= measure.low < 0 < measure.high <= 200
    elif measure.unit == "hertz":
        assert measure.low <= 49
        assert measure.high >= 61
    elif measure.unit in ("volts", "amperes", "joules", "ohms", "seconds"):
        assert measure.low >= 0


@each_of(DECLARED)
def test_where_a_value_may_be_negative_the_help_says_so(found: Family) -> None:
    measure = declared(found)
    told = r"negative|signed|minus|as the portal gives it| - |DC power of all"

    if measure.low < 0 and measure.unit != "celsius":
        assert re.search(told, measure.help)


@each_of(DECLARED)
def test_a_direction_of_its_own_is_never_negative(found: Family) -> None:
    if re.search(r"import|export|charge|consumption", found.attribute):
        assert declared(found).low >= 0


@each_of(DECLARED)
def test_sums_since_commissioning_are_counters_and_period_sums_are_gauges(found: Family) -> None:
    role = declared(found).role

    assert (found.kind is Kind.COUNTER) is (role is Role.LIFETIME)
    for ending, expected in (("_today", Role.DAY), ("_month", Role.MONTH), ("_year", Role.YEAR)):
        assert found.attribute.endswith(ending) is (role is expected)


@each_of(DECLARED)
def test_a_period_cannot_exceed_a_lifetime(found: Family) -> None:
    """A day's bound is a full day at the highest power a station may have."""
    whole = found.attribute.removesuffix("_today").removesuffix("_month").removesuffix("_year")
    if whole != found.attribute and whole in measures(found.scope):
        assert declared(found).high <= measures(found.scope)[whole].high


@each_of(DECLARED)
def test_attribute_is_unknown_until_somebody_tells(found: Family) -> None:
    """None, never 0."""
    [field] = [f for f in dataclasses.fields(found.scope) if f.name == found.attribute]

    assert field.default is None


def test_the_name_follows_from_class_attribute_and_unit() -> None:
    found = family(Battery, "voltage")

    assert (found.name, found.sample_name, found.unit, found.kind) == (
        "sems_battery_voltage_volts",
        "sems_battery_voltage_volts",
        "volts",
        Kind.GAUGE,
    )


def test_a_lifetime_counter_has_its_total_only_on_samples() -> None:
    found = family(Inverter, "pv_energy")

    assert (found.name, found.sample_name) == (
        "sems_inverter_pv_energy_joules",
        "sems_inverter_pv_energy_joules_total",
    )


@pytest.mark.parametrize("scope", CHILDREN, ids=lambda scope: scope.__name__)
def test_every_scope_has_a_label_and_says_which_attribute_fills_it(scope: type[Entity]) -> None:
    assert re.fullmatch(r"[a-z_]+", scope.label)
    assert scope.key in {field.name for field in dataclasses.fields(scope)}
    assert scope.noun


@pytest.mark.parametrize("scope", [Station, Inverter, Battery, Meter])
def test_stations_and_devices_have_state_info_and_instant(scope: type[Entity]) -> None:
    names = {found.sample_name for found in families_of(scope)}

    base = f"sems_{scope.scope}"
    assert {f"{base}_info", f"{base}_state", f"{base}_data_timestamp_seconds"} <= names


@pytest.mark.parametrize("scope", CHILDREN, ids=lambda scope: scope.__name__)
def test_no_personal_data_becomes_a_label(scope: type[Entity]) -> None:
    assert not set(info_labels(scope)) & {"address", "owner", "email", "phone", "latitude", "longitude"}


def test_states_are_closed_lists_with_a_place_for_the_unknown() -> None:
    assert "unknown" in set(StationState)
    assert "unknown" in set(DeviceState)


def test_a_change_reaches_every_part_once_with_its_place() -> None:
    """Parts come before what holds them, so that a device can be judged by its parts."""
    seen: list[Path] = []

    def note(scope: Entity, path: Path) -> Entity:
        seen.append(path)
        return scope

    same = transform(home(), note)

    assert same == home()
    assert ("station", "plant-1", "inverter", "INV1", "inverter_phase", "L3") in seen
    assert seen[-1] == ("station", "plant-1")
    assert len(seen) == len(set(seen)) == 1 + 1 + 2 + 3 + 1 + 1 + 1


def test_a_change_of_a_part_shows_in_the_whole() -> None:
    def cooler(scope: Entity, _: Path) -> Entity:
        return dataclasses.replace(scope, temperature=20.0) if isinstance(scope, Inverter) else scope

    assert transform(home(), cooler).inverters[0].temperature == 20.0


def test_a_part_is_told_from_its_siblings_by_its_key() -> None:
    assert label_value(Phase(name="L2")) == "L2"
    assert label_value(Device(id="X1")) == "X1"
