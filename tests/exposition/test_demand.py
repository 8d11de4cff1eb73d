"""When the next scrape is to be expected."""

import pytest

from sems_exporter.exposition.demand import LATELY, Demand


def asked(*moments: float) -> Demand[str]:
    demand = Demand[str]()
    for moment in moments:
        demand.note("a", moment)
    return demand


@pytest.mark.parametrize(
    "moment, expected",
    [(117.9, False), (118.0, True), (119.5, True), (121.0, True), (121.1, False), (139.0, False)],
)
def test_it_comes_after_the_same_time_again_and_may_be_a_little_late(moment: float, expected: bool) -> None:
    assert asked(80, 100).expects(lambda _: True, moment, 2) is expected


def test_nobody_knows_after_the_first() -> None:
    assert not asked(100).expects(lambda _: True, 101, 2)


def test_where_scrapes_follow_each_other_the_next_is_always_expected() -> None:
    assert asked(100, 100.01).expects(lambda _: True, 100.02, 2)


def test_only_what_is_meant_counts() -> None:
    assert not asked(80, 100).expects(lambda key: key == "b", 120, 2)


def test_what_was_asked_for_lately_is_wanted() -> None:
    assert asked(100).wants("a", 100 + LATELY)
    assert not asked(100).wants("a", 101 + LATELY)
    assert not asked(100).wants("b", 100)
