from datetime import UTC, datetime

import pytest

from sems_exporter.simulator.plant.sun import clear_sky, on_plane, sun_position, under_clouds

# Solar noon: 12:00 UTC less 4 minutes per degree east, corrected by the equation of time of the day.
MIDSUMMER_NOON = datetime(2026, 6, 21, 11, 41, 30, tzinfo=UTC).timestamp()  # at 5.1 degrees east
MIDWINTER_NOON = datetime(2026, 12, 21, 11, 37, 40, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "noon,latitude,elevation,azimuth",
    [
        (MIDSUMMER_NOON, 52.1, 90 - 52.1 + 23.44, 180),
        (MIDWINTER_NOON, 52.1, 90 - 52.1 - 23.44, 180),
        (MIDSUMMER_NOON, -37.9, 90 - 37.9 - 23.44, 0),
        (MIDWINTER_NOON, -37.9, 90 - 37.9 + 23.44, 0),
    ],
)
def test_noon_at_the_solstices(noon: float, latitude: float, elevation: float, azimuth: float) -> None:
    sun = sun_position(noon, latitude, 5.1)

    assert sun.elevation == pytest.approx(elevation, abs=0.1)
    assert (sun.azimuth - azimuth + 180) % 360 - 180 == pytest.approx(0, abs=1.0)


def test_rises_in_the_east_and_sets_in_the_west() -> None:
    morning, evening = (sun_position(MIDSUMMER_NOON + hours * 3600, 52.1, 5.1) for hours in (-6, 6))

    assert 60 < morning.azimuth < 120
    assert 240 < evening.azimuth < 300


def test_light_is_plausible() -> None:
    sun = sun_position(MIDSUMMER_NOON, 52.1, 5.1)
    sky = clear_sky(sun.elevation)

    assert 850 < on_plane(sky, sun, 35, 180) < 1150
    assert on_plane(sky, sun, 35, 0) < 0.6 * on_plane(sky, sun, 35, 180)
    assert 50 < on_plane(under_clouds(sky, 1.0), sun, 35, 180) < 250
    assert clear_sky(-0.1) == (0.0, 0.0)


def test_clouds_only_take_light_away() -> None:
    sun = sun_position(MIDSUMMER_NOON, 52.1, 5.1)
    levels = [on_plane(under_clouds(clear_sky(40), cover / 10), sun, 30, 180) for cover in range(11)]

    assert levels == sorted(levels, reverse=True)
