"""What a list leaves out, and when that is believed."""

from sems_exporter.portal.roster import BELIEVED_AFTER, Roster
from tests.clocks import FakeClock
from tests.homes import NOON


def roster(most: int = 10) -> tuple[Roster[str], FakeClock]:
    clock = FakeClock(NOON)
    return Roster(clock, str, most), clock


def test_what_is_missing_once_is_still_there() -> None:
    known, clock = roster()
    known.seen("ab")
    clock.advance(60)

    assert known.seen("") == ("a", "b")
    assert known.doubted == 2
    assert known.seen("ba") == ("b", "a")
    assert known.doubted == 0


def test_what_is_missing_for_an_hour_is_gone() -> None:
    known, clock = roster()
    known.seen("ab")
    known.seen("a")
    clock.advance(BELIEVED_AFTER - 1)
    assert known.seen("a") == ("a", "b")

    clock.advance(1)

    assert known.seen("a") == ("a",)
    assert known.doubted == 0


def test_one_that_returns_in_between_is_missed_anew() -> None:
    known, clock = roster()
    for listed in ("ab", "a", "ab", "a", "a"):
        known.seen(listed)
        clock.advance(BELIEVED_AFTER / 2)

    assert known.seen("a") == ("a",)
    known.seen("ab")
    clock.advance(BELIEVED_AFTER)
    assert known.seen("a") == ("a", "b")


def test_others_each_time_do_not_pile_up() -> None:
    known, _ = roster(most=3)

    sizes = [len(known.seen([f"{number}a", f"{number}b"])) for number in range(50)]

    assert max(sizes) == 3
