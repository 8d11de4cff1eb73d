"""How a refresh went, and how the polling of several accounts goes as a whole."""

from datetime import timedelta

import pytest

from sems_exporter import errors
from sems_exporter.polling.results import Health, RefreshResult, together
from tests.homes import NOON

LATER = NOON + timedelta(seconds=60)


def test_one_account_speaks_for_itself() -> None:
    health = Health(up=True, last_success=NOON, next_refresh=LATER)

    assert together({"": health}) is health


@pytest.mark.parametrize(
    "north, south, whole",
    [
        (True, True, True),
        (True, False, False),
        (True, None, None),
        (None, False, False),
        (None, None, None),
    ],
)
def test_all_is_well_only_where_every_account_is(north: bool | None, south: bool | None, whole: bool | None) -> None:
    assert together({"north": Health(up=north), "south": Health(up=south)}).up is whole


def test_the_last_good_refresh_is_that_of_the_account_that_waits_longest() -> None:
    north, south = Health(up=True, last_success=NOON), Health(up=True, last_success=LATER)

    assert together({"north": north, "south": south}).last_success == NOON
    assert together({"north": north, "south": Health()}).last_success is None


def test_the_next_refresh_is_the_first_that_comes() -> None:
    north, south = Health(next_refresh=LATER), Health(next_refresh=NOON)

    assert together({"north": north, "south": south, "west": Health()}).next_refresh == NOON


def test_problems_name_their_account() -> None:
    whole = together({"north": Health(problem="wrong password"), "south": Health(), "west": Health(problem="gone")})

    assert whole.problem == "account north: wrong password; account west: gone"


@pytest.mark.parametrize(
    "outcome, up",
    [
        pytest.param(RefreshResult(stations=2, read=2, tried={"a", "b"}), True, id="all read"),
        pytest.param(
            RefreshResult(stations=2, read=2, overviews=2, tried={"a", "b"}), True, id="read and seen in the list"
        ),
        pytest.param(RefreshResult(stations=2, overviews=1, tried={"a"}), True, id="only seen in the list"),
        pytest.param(RefreshResult(stations=2), True, id="all read through another account"),
        pytest.param(RefreshResult(stations=2, tried={"a", "b"}), False, id="none read"),
        pytest.param(RefreshResult(stations=0), False, id="no stations"),
        pytest.param(
            RefreshResult(stations=2, read=1, tried={"a"}, whole=errors.RateLimited("pause")), False, id="cut off"
        ),
    ],
)
def test_an_account_is_up_where_something_of_it_was_heard(outcome: RefreshResult, up: bool) -> None:
    assert outcome.up is up


def test_a_way_is_missing_where_all_that_failed_failed_on_it() -> None:
    """The list may be an hour old, so that only the stations tell."""
    lost, refused = errors.Unreachable("no way"), errors.PermissionDenied("no")

    assert RefreshResult().finds_way
    assert not RefreshResult(whole=lost).finds_way
    assert not RefreshResult(read=1, by_station={"a": lost}).finds_way
    assert RefreshResult(by_station={"a": lost, "b": refused}).finds_way
    assert RefreshResult(new=1, by_station={"a": lost}).finds_way
    assert RefreshResult(whole=refused).finds_way
