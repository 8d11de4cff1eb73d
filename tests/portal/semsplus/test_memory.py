"""What is remembered of answers and refusals, and what is not."""

import gc
import traceback
import weakref

import pytest

from sems_exporter import errors
from sems_exporter.portal.semsplus.answer_cache import AnswerCache
from tests.clocks import FakeClock
from tests.homes import NOON

KEY = ("devices", "a station")


class Answer:
    """Something that a request brought."""


def refusal(memory: AnswerCache, seen: "list[weakref.ref[Answer]]") -> errors.PermissionDenied:
    """What the memory raises of a call that is refused; `seen` holds the answers."""

    def ask() -> None:
        assert memory.get(KEY) is None
        with memory.keeping_refusal(KEY):
            answer = Answer()
            seen.append(weakref.ref(answer))
            raise errors.PermissionDenied("not yours")

    with pytest.raises(errors.PermissionDenied, match="not yours") as raised:
        ask()
    return raised.value


def test_a_remembered_refusal_lets_go_of_the_answer_that_it_came_from() -> None:
    memory, seen = AnswerCache(FakeClock(NOON)), list["weakref.ref[Answer]"]()

    refusal(memory, seen)
    gc.collect()

    assert [answer() for answer in seen] == [None]


def test_a_refusal_that_is_raised_again_and_again_does_not_grow() -> None:
    memory, seen = AnswerCache(FakeClock(NOON)), list["weakref.ref[Answer]"]()
    refusal(memory, seen)

    depths = [len(traceback.extract_tb(refusal(memory, seen).__traceback__)) for _ in range(5)]

    assert len(set(depths)) == 1
    assert len(seen) == 1, "nobody was asked again"


@pytest.mark.parametrize("key", [("statistics", "a station"), ("info", "a station")])
def test_an_answer_from_a_time_that_has_not_come_is_asked_for_again(key: tuple[str, str]) -> None:
    """Its age is not known; kept on, it would stand still for as long as the clock was set back."""
    clock = FakeClock(NOON)
    memory = AnswerCache(clock)
    memory.put(key, "before")

    clock.jump(-7200)

    assert memory.last(key) is None
    assert memory.get(key) is None
    assert memory.put(key, "now").value == "now"


def test_a_clock_that_is_set_back_does_not_make_a_refusal_last() -> None:
    clock = FakeClock(NOON)
    memory = AnswerCache(clock)
    refusal(memory, [])
    clock.jump(-86_400)

    clock.advance(1801)

    assert memory.get(KEY) is None, "allowed again"
