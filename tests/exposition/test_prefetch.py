"""When the next scrape is to be expected."""

import pytest

from sems_exporter.exposition.prefetch import FORGET_SECONDS, ScrapeTimes


def asked(*moments: float) -> ScrapeTimes[str]:
    scrapes = ScrapeTimes[str]()
    for moment in moments:
        scrapes.note("a", moment)
    return scrapes


@pytest.mark.parametrize(
    "moment, expected",
    [(117.9, False), (118.0, True), (119.5, True), (121.0, True), (121.1, False), (139.0, False)],
)
def test_it_comes_after_the_same_time_again_and_may_be_a_little_late(moment: float, expected: bool) -> None:
    assert asked(80, 100).expected(moment, 2) == ["a"] * expected


def test_nobody_knows_after_the_first() -> None:
    assert asked(100).expected(101, 2) == []


def test_where_scrapes_follow_each_other_the_next_is_always_expected() -> None:
    assert asked(100, 100.01).expected(100.02, 2) == ["a"]


def test_what_was_asked_for_lately_is_not_forgotten() -> None:
    assert asked(100).forget(100 + FORGET_SECONDS) == []
    assert asked(100).forget(101 + FORGET_SECONDS) == ["a"]


def test_what_is_forgotten_is_not_expected() -> None:
    scrapes = asked(0, 1000)
    scrapes.forget(2000)

    assert scrapes.expected(2000, 2) == []
