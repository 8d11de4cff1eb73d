"""One station's curve: means of slots, holes, 48 hours and no more, and what a file may make of it."""

import zlib
from base64 import b64encode
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.curves.curve import KEPT_SECONDS, NOTHING, Curve, Powers, powers

STEP = 300
NOON = 5_936_664 * STEP
"""Unix time of a day in June 2026; a slot begins there."""
SLOT = NOON // STEP
FULL = Powers(5000.0, 700.0, -2300.0, -2000.0, 0.42)


def curve(*samples: tuple[float, Powers]) -> Curve:
    """Samples at seconds after noon, each noted when it was taken."""
    made = Curve(STEP)
    for after, measured in samples:
        made.add(NOON + after, measured, NOON + after)
    return made


def every(made: Curve) -> dict[int, Powers]:
    """All slots of which anything is known, counted from noon."""
    return {slot - SLOT: means for slot, means in made.known(0, 2**40)}


class TestSamples:
    """What polling gives, some samples a slot."""

    def test_a_slot_is_the_mean_of_its_samples(self) -> None:
        made = curve((10, FULL), (70, FULL._replace(pv=2000.0, charge=0.44)), (130, FULL._replace(pv=5000.0)))

        assert every(made) == {0: Powers(4000.0, 700.0, -2300.0, -2000.0, 0.427)}

    def test_what_is_not_known_takes_no_part_in_a_mean(self) -> None:
        made = curve((10, Powers(pv=1000.0)), (70, Powers(load=300.0)), (130, Powers(pv=3000.0)))

        assert every(made) == {0: Powers(pv=2000.0, load=300.0)}

    def test_an_answer_that_is_repeated_counts_once(self) -> None:
        made = curve((10, FULL), (70, FULL._replace(pv=1000.0)))
        for _ in range(3):
            made.add(NOON + 70, FULL._replace(pv=1000.0), NOON + 400)

        assert every(made)[0].pv == 3000.0

    def test_times_without_samples_are_holes(self) -> None:
        made = curve((0, FULL), (4 * STEP, FULL))

        assert list(every(made)) == [0, 4]
        assert made.at(SLOT + 2) == NOTHING

    def test_it_ends_after_48_hours(self) -> None:
        made = curve(*((after, FULL) for after in range(0, KEPT_SECONDS + 10 * STEP, STEP)))

        assert len(every(made)) == KEPT_SECONDS // STEP == made.slots
        assert min(every(made)) == 10

    def test_days_of_silence_leave_nothing_of_before(self) -> None:
        assert list(every(curve((0, FULL), (3 * KEPT_SECONDS, FULL)))) == [3 * KEPT_SECONDS // STEP]

    def test_what_is_older_than_48_hours_when_it_comes_is_left_out(self) -> None:
        made = curve((KEPT_SECONDS, FULL))
        made.add(NOON, FULL, NOON + KEPT_SECONDS)

        assert list(every(made)) == [KEPT_SECONDS // STEP]

    @pytest.mark.parametrize("back", [3600, 10 * KEPT_SECONDS])
    def test_a_clock_that_was_set_back_does_not_stop_it(self, back: int) -> None:
        """What is from a time that has not come is forgotten."""
        made = curve((-7200, FULL), (0, FULL))
        made.add(NOON - back, FULL, NOON - back)
        made.add(NOON - back + STEP, FULL, NOON - back + STEP)

        kept = {-7200 // STEP} if back == 3600 else set()
        assert set(every(made)) == kept | {-back // STEP, -back // STEP + 1}

    @given(st.lists(st.tuples(st.integers(0, 3 * KEPT_SECONDS), st.floats(0, 1e6)), max_size=40))
    def test_means_lie_between_the_samples(self, samples: list[tuple[int, float]]) -> None:
        made = curve(*((after, Powers(pv=watts)) for after, watts in sorted(samples)))

        for means in every(made).values():
            assert means.pv is not None
            assert min(w for _, w in samples) - 1 <= means.pv <= max(w for _, w in samples) + 1


class TestDirections:
    """Signs, of two attributes that are never negative."""

    def test_import_and_discharge_are_positive(self) -> None:
        told = {"grid_import_power": 500.0, "grid_export_power": 0.0}
        told |= {"battery_charge_power": 300.0, "battery_discharge_power": 0.0}

        assert powers(told) == Powers(grid=500.0, battery=-300.0)

    @pytest.mark.parametrize("name", ["grid_import_power", "grid_export_power", "battery_charge_power"])
    def test_a_direction_alone_is_no_power(self, name: str) -> None:
        assert powers({name: 500.0}) == NOTHING


class TestFilling:
    """What the portal knows of times when nobody here was looking."""

    def test_only_holes_are_filled(self) -> None:
        made = curve((0, Powers(pv=1.0)), (3 * STEP, Powers(pv=2.0)))
        made.fill({SLOT + slot: Powers(pv=9.0, load=9.0) for slot in range(-1, 4)})

        assert {slot: means.pv for slot, means in every(made).items()} == {-1: 9.0, 0: 1.0, 1: 9.0, 2: 9.0, 3: 2.0}
        assert every(made)[0].load is None

    def test_an_empty_curve_can_be_filled(self) -> None:
        made = Curve(STEP)
        made.fill({SLOT + 2: FULL, SLOT: FULL})

        assert list(every(made)) == [0, 2]


class TestOtherSteps:
    """A fleet has longer slots than a home."""

    def test_longer_slots_are_means(self) -> None:
        made = curve((0, Powers(pv=1000.0)), (STEP, Powers(pv=2000.0, load=50.0)), (7 * STEP, FULL))

        assert list(made.rebinned(900).known(0, 2**40)) == [
            (NOON // 900, Powers(pv=1500.0, load=50.0)),
            (NOON // 900 + 2, FULL),
        ]

    def test_shorter_slots_repeat_the_longer_one(self) -> None:
        made = Curve(900)
        made.add(NOON, FULL, NOON)

        assert every(made.rebinned(STEP)) == {0: FULL, 1: FULL, 2: FULL}

    def test_nothing_stays_nothing(self) -> None:
        assert every(Curve(STEP).rebinned(900)) == {}


class TestText:
    """The form on disk."""

    def test_what_was_written_is_read(self) -> None:
        made = curve(*((slot * STEP, FULL._replace(pv=float(slot))) for slot in range(0, 400, 3)))
        newest, text = made.encoded() or (0, "")

        assert every(Curve.decoded(STEP, newest, text)) == every(made)
        assert len(text) < 6000

    def test_an_empty_one_has_no_text(self) -> None:
        assert Curve(STEP).encoded() is None

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"no",
            zlib.compress(b"short"),
            zlib.compress(bytes(100_000_000)),
            zlib.compress(b"\xff\xff\xff\x7f" * (576 * 5)),
            zlib.compress(b"\xff\xff\xff\xff" * (576 * 5)),
        ],
        ids=["empty", "not compressed", "too short", "a bomb", "too much power", "a charge below zero"],
    )
    def test_anything_else_is_refused(self, raw: bytes) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
            Curve.decoded(STEP, SLOT, b64encode(raw).decode())

    def test_what_is_no_text_of_that_kind_is_refused(self) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - as above
            Curve.decoded(STEP, SLOT, "§")


def test_neighbours_are_a_step_apart() -> None:
    made = curve(*((slot * STEP, FULL) for slot in range(20)))

    assert {other - one for one, other in pairwise(every(made))} == {1}
