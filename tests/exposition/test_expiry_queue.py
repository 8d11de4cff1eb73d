"""When something changes by age, known without looking at every station."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.exposition.expiry_queue import NEVER, ExpiryQueue
from tests.homes import NOON

INSTANTS = st.none() | st.integers(0, 20).map(lambda seconds: NOON + timedelta(seconds=seconds))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), INSTANTS), max_size=300), st.integers(0, 20))
def test_the_next_is_the_earliest_of_the_latest_words(changes: list[tuple[str, datetime | None]], seconds: int) -> None:
    deadlines = ExpiryQueue()
    for station, until in changes:
        deadlines.put(station, until)

    known = {station: until for station, until in dict(changes).items() if until is not None}
    now = NOON + timedelta(seconds=seconds)
    assert deadlines.next == min(known.values(), default=NEVER)
    assert deadlines.due(now) == {station: until for station, until in known.items() if until <= now}


def test_what_is_due_stays_due_until_it_was_dealt_with() -> None:
    """Otherwise a fault in between would keep an old value for ever."""
    deadlines = ExpiryQueue()
    deadlines.put("a", NOON)

    assert deadlines.due(NOON) == deadlines.due(NOON) == {"a": NOON}
    deadlines.put("a", None)
    assert deadlines.due(NOON) == {}


def test_years_of_polls_leave_nothing_behind() -> None:
    deadlines = ExpiryQueue()

    for number in range(10_000):
        deadlines.put(f"plant-{number % 3}", NOON + timedelta(seconds=number))

    assert len(deadlines._heap) < 100
