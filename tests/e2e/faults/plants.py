"""What happens to plants, and must not look like a fault of the exporter."""

from datetime import UTC, datetime, timedelta

from tests.e2e.faults.row import HOUR, Row
from tests.e2e.faults.world import Shape, World


def as_it_is(_: World) -> None:
    """The sun and the calendar do the rest."""


def grid_outage(world: World) -> None:
    start = world.clock.now() + timedelta(minutes=1)
    world.plants[0].grid_outage(start, start + timedelta(minutes=30))


def inverter_fault(world: World) -> None:
    # From the next minute on: what has been told already does not change.
    start = world.clock.now() + timedelta(minutes=1)
    world.plants[0].fail_inverter(start, start + timedelta(minutes=30), "E-G3-0-12")


ROWS = (
    Row(
        name="grid outage",
        happens="The grid is gone; PV and battery carry what they can.",
        then="Import and export are 0. A frequency of 0 Hz is no reading and is left out.",
        play=grid_outage,
        moves="dropped:out_of_range",
        live=None,
        absent=("sems_inverter_grid_frequency_hertz",),
    ),
    Row(
        name="inverter fault with alarm",
        happens="The inverter stands still and the portal shows an alarm.",
        then="The state is `fault` and the alarm is counted.",
        play=inverter_fault,
        live=None,
        present=("sems_alarm_info",),
    ),
    Row(
        name="dusk",
        happens="The sun goes down; the portal leaves PV power out.",
        then="PV power is absent then, not 0.",
        play=as_it_is,
        shape=Shape(start=datetime(2026, 6, 10, 18, 50, tzinfo=UTC)),
        lasts=2.5 * HOUR,
        absent=("sems_station_pv_power_watts",),
    ),
    Row(
        name="dawn",
        happens="The sun comes up.",
        then="PV power comes with it.",
        play=as_it_is,
        shape=Shape(start=datetime(2026, 6, 11, 2, 30, tzinfo=UTC)),
        lasts=2.5 * HOUR,
        live=None,
        present=("sems_station_pv_power_watts",),
    ),
    Row(
        name="clocks go forward",
        happens="A day of 23 hours.",
        then="Times stay right, and “today” ends at the station's own midnight.",
        play=as_it_is,
        shape=Shape(start=datetime(2026, 3, 29, 0, 40, tzinfo=UTC)),
        lasts=HOUR,
    ),
    Row(
        name="clocks go back",
        happens="A day of 25 hours, in which one hour comes twice.",
        then="Times stay right: an hour that comes twice is never taken for the other.",
        play=as_it_is,
        shape=Shape(start=datetime(2026, 10, 24, 23, 40, tzinfo=UTC)),
        lasts=3 * HOUR,
    ),
)
