"""Where the sun stands, against what any almanac says, and what a clear sky would give."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.model.plant import Station
from sems_exporter.pipeline.derived_values import derived
from sems_exporter.pipeline.sun import clear_sky_power, elevation

EQUINOX = datetime(2026, 3, 20, 12, 7, tzinfo=UTC)
"""The sun crosses the meridian of Greenwich seven minutes late in March."""
MIDSUMMER = datetime(2026, 6, 21, tzinfo=UTC)
MIDWINTER = datetime(2026, 12, 21, tzinfo=UTC)
AMSTERDAM = (52.37, 4.9)
AMSTERDAM_NOON = timedelta(hours=11, minutes=42)
TROMSO = (69.65, 18.96)

STATION = Station(id="plant-1", fetched_at=EQUINOX, latitude=52.1, longitude=5.1, installed_power=6000.0)


class TestElevation:
    """Degrees above the horizon."""

    def test_the_sun_is_overhead_at_noon_of_the_equinox_on_the_equator(self) -> None:
        assert elevation(0.0, 0.0, EQUINOX) == pytest.approx(90, abs=0.5)

    def test_midsummer_noon_in_amsterdam(self) -> None:
        """90 - 52.37 + 23.44 degrees, and a hundredth of refraction."""
        assert elevation(*AMSTERDAM, MIDSUMMER + AMSTERDAM_NOON) == pytest.approx(61.1, abs=0.3)

    def test_midwinter_noon_in_amsterdam(self) -> None:
        assert elevation(*AMSTERDAM, MIDWINTER + AMSTERDAM_NOON) == pytest.approx(14.2, abs=0.3)

    def test_midnight_is_below_the_horizon(self) -> None:
        assert elevation(*AMSTERDAM, MIDSUMMER - timedelta(minutes=20)) == pytest.approx(-14.2, abs=0.3)

    def test_midwinter_noon_in_sydney_is_low_and_in_the_north(self) -> None:
        """June is winter there, and noon comes two hours after midnight in Greenwich."""
        assert elevation(-33.87, 151.21, MIDSUMMER + timedelta(hours=1, minutes=57)) == pytest.approx(32.7, abs=0.3)

    @pytest.mark.parametrize("hour", range(24))
    def test_the_polar_night_has_no_sun(self, hour: int) -> None:
        assert elevation(*TROMSO, MIDWINTER + timedelta(hours=hour)) < 0

    @pytest.mark.parametrize("hour", range(24))
    def test_the_midnight_sun_does_not_set(self, hour: int) -> None:
        assert elevation(*TROMSO, MIDSUMMER + timedelta(hours=hour)) > 0

    def test_the_zone_of_the_instant_does_not_matter(self) -> None:
        local = (MIDSUMMER + AMSTERDAM_NOON).astimezone(ZoneInfo("Europe/Amsterdam"))

        assert elevation(*AMSTERDAM, local) == pytest.approx(elevation(*AMSTERDAM, MIDSUMMER + AMSTERDAM_NOON))

    @given(
        st.integers(-90, 90),
        st.integers(-180, 180),
        st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    )
    def test_everywhere_and_always_there_is_one(self, latitude: int, longitude: int, instant: datetime) -> None:
        """Poles and the date line included."""
        assert -90 <= elevation(latitude, longitude, instant) <= 90


class TestClearSky:
    """Watts under a clear sky."""

    @given(st.floats(-90, 0))
    def test_nothing_while_the_sun_is_down(self, height: float) -> None:
        assert clear_sky_power(6000.0, height) == 0.0

    @given(st.floats(-90, 90), st.floats(-90, 90))
    def test_a_higher_sun_never_gives_less(self, one: float, other: float) -> None:
        low, high = sorted((one, other))

        assert clear_sky_power(6000.0, low) <= clear_sky_power(6000.0, high)

    @given(st.floats(1, 1e8), st.floats(-90, 90))
    def test_it_stays_near_the_installed_power(self, installed: float, height: float) -> None:
        assert 0 <= clear_sky_power(installed, height) <= 1.1 * installed

    def test_overhead_it_is_about_the_installed_power(self) -> None:
        assert clear_sky_power(6000.0, 90.0) == pytest.approx(6000, rel=0.05)

    def test_twice_the_modules_give_twice_the_power(self) -> None:
        assert clear_sky_power(12_000.0, 30.0) == pytest.approx(2 * clear_sky_power(6000.0, 30.0))


class TestOfStations:
    """What a station shows of it."""

    def test_a_station_shows_both(self) -> None:
        shown = derived(STATION, EQUINOX)

        assert shown.sun_elevation == pytest.approx(38, abs=1)
        assert shown.clear_sky_power == pytest.approx(clear_sky_power(6000.0, 38.0), rel=0.05)

    def test_neighbours_show_the_same(self) -> None:
        """Whole degrees go in: the curve of a day must not tell the address."""
        one, other = derived(STATION, EQUINOX), derived(replace(STATION, latitude=52.4, longitude=4.8), EQUINOX)

        assert one.sun_elevation == other.sun_elevation == elevation(52, 5, EQUINOX)
        assert one.clear_sky_power == other.clear_sky_power

    def test_a_degree_further_it_is_another(self) -> None:
        one, other = derived(STATION, EQUINOX), derived(replace(STATION, latitude=53.1), EQUINOX)

        assert one.sun_elevation != other.sun_elevation

    def test_whole_degrees_are_near_enough(self) -> None:
        exact = elevation(52.1, 5.1, EQUINOX)

        assert derived(STATION, EQUINOX).sun_elevation == pytest.approx(exact, abs=1.0)

    @pytest.mark.parametrize("place", ["latitude", "longitude"])
    def test_without_a_place_there_is_no_sun(self, place: str) -> None:
        shown = derived(replace(STATION, **{place: None}), EQUINOX)  # type: ignore[arg-type]

        assert (shown.sun_elevation, shown.clear_sky_power) == (None, None)

    def test_without_modules_there_is_a_sun_but_no_power(self) -> None:
        shown = derived(replace(STATION, installed_power=None), EQUINOX)

        assert shown.sun_elevation is not None
        assert shown.clear_sky_power is None

    def test_by_night_a_clear_sky_gives_nothing(self) -> None:
        """A known zero, not a gap."""
        assert derived(STATION, EQUINOX + timedelta(hours=12)).clear_sky_power == 0.0
