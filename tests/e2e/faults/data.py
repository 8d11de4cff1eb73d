"""Well-formed answers that are not true."""

from datetime import UTC, datetime, timedelta

from tests.e2e.faults.row import HOUR, Row, plays
from tests.e2e.faults.world import Shape, World

BEFORE_MIDNIGHT = datetime(2026, 6, 11, 21, 50, tzinfo=UTC)
"""Ten to twelve in Amsterdam."""
DAY = timedelta(days=1)


def freeze(world: World) -> None:
    """What the devices report last is true of this instant, whenever somebody asked before."""
    world.truth.instants.append(world.clock.now())
    world.portal.play("frozen_device")


ROWS = (
    Row(
        name="midnight replay",
        happens="From 23:58 to 00:20 the counters of the day are those of the evening before.",
        then="They are absent until they restart.",
        play=plays("midnight_replay"),
        moves="dropped:replay",
        shape=Shape(start=BEFORE_MIDNIGHT, before=DAY),
        lasts=HOUR / 2,
        live=True,
    ),
    Row(
        name="counter zero blip",
        happens="For one answer all lifetime counters are 0.",
        then="They are held at their last good value.",
        play=plays("counter_zero_blip"),
        moves="dropped:fell",
        present=("sems_station_pv_energy_joules_total", "sems_meter_grid_export_energy_joules_total"),
    ),
    Row(
        name="sentinels",
        happens="Device values are the numbers that stand for “not available”: 6553.5 V, 65535 %, 4294967295 h.",
        then="They are left out.",
        play=plays("sentinels"),
        moves="dropped:sentinel",
        live=None,
        absent=("sems_inverter_temperature_celsius", "sems_battery_voltage_volts"),
        present=("sems_station_pv_power_watts",),
    ),
    Row(
        name="frozen device",
        happens="The dongle has stopped to report, and the portal repeats its last report as if it were new.",
        then="Live values go when the report is 20 minutes old.",
        play=freeze,
        live=False,
        lasts=1800,
        present=("sems_station_pv_energy_joules_total", "sems_station_info"),
    ),
    Row(
        name="inverter missing",
        happens="The inverter is not listed any more.",
        then="After an hour its series are absent; what the station itself tells stays.",
        play=plays("inverter_missing"),
        live=None,
        lasts=2 * HOUR,
        absent=("sems_inverter_",),
        present=("sems_station_pv_power_watts",),
    ),
    Row(
        name="plant without inverters",
        happens="The list of inverters is empty.",
        then="Likewise.",
        play=plays("no_inverters"),
        live=None,
        lasts=2 * HOUR,
        absent=("sems_inverter_",),
        present=("sems_station_pv_power_watts",),
    ),
    Row(
        name="battery vanished",
        happens="No battery is mentioned any more.",
        then="Its series are absent.",
        play=plays("battery_vanished"),
        live=None,
        lasts=2 * HOUR,
        absent=("sems_battery_", "sems_station_battery_state_of_charge_ratio"),
        present=("sems_station_pv_power_watts", "sems_inverter_"),
    ),
)
