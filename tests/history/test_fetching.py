"""Asking for the past: what is asked, how fast, how often, and how far back."""

from datetime import date, timedelta
from pathlib import Path
from threading import Event

import pytest

from sems_exporter import errors
from sems_exporter.history.fetching import Fetcher, requests_per_minute
from sems_exporter.portal.past import CurveQuestion, DaysQuestion
from tests.clocks import FakeClock
from tests.history.pasts import NOW, Plant, archive_in, fetched, span

SINCE = date(2026, 9, 10)


def test_all_months_are_asked_and_then_all_weeks_the_newest_first(tmp_path: Path) -> None:
    plant = Plant()

    reach = fetched(plant, archive_in(tmp_path), span(plant, SINCE))

    months = [each.month for each in plant.asked if isinstance(each, DaysQuestion)]
    weeks = [each for each in plant.asked if isinstance(each, CurveQuestion)]
    assert months == [date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 1)]
    assert [each.first for each in weeks] == sorted((each.first for each in weeks), reverse=True)
    assert weeks[-1].first <= SINCE
    assert weeks[0].last == NOW.date(), "what has not come is not asked for"
    assert all((each.last - each.first).days < 7 for each in weeks)
    assert (reach.energies, reach.curves) == (date(2026, 9, 1), weeks[-1].first)


def test_a_second_run_asks_only_for_what_was_not_over(tmp_path: Path) -> None:
    plant = Plant()
    fetched(plant, archive_in(tmp_path), span(plant, SINCE))
    plant.asked.clear()

    fetched(plant, archive_in(tmp_path), span(plant, SINCE))

    assert len(plant.asked) == 2, "the month and the week under way"


@pytest.mark.parametrize("number", [1, 2, 4, 7])
def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path, number: int) -> None:
    plant = Plant()
    whole = Plant()
    fetched(whole, archive_in(tmp_path / "whole"), span(whole, SINCE))

    def killed(asked: int) -> None:
        if asked == number:
            raise KeyboardInterrupt

    plant.after = killed
    with pytest.raises(KeyboardInterrupt):
        fetched(plant, archive_in(tmp_path / "killed"), span(plant, SINCE))
    plant.after = lambda _: None
    fetched(plant, archive_in(tmp_path / "killed"), span(plant, SINCE))

    kept = {each.relative_to(tmp_path / "killed") for each in (tmp_path / "killed").rglob("*.gz")}
    assert kept == {each.relative_to(tmp_path / "whole") for each in (tmp_path / "whole").rglob("*.gz")}
    # The killed one, and of those before it the ones that are not over yet.
    assert len(plant.asked) <= len(whole.asked) + 3


def test_two_empty_months_in_a_row_are_the_end(tmp_path: Path) -> None:
    plant = Plant(begin=date(2026, 9, 1))

    reach = fetched(plant, archive_in(tmp_path), span(plant, date(2020, 1, 1)))

    months = [each.month for each in plant.asked if isinstance(each, DaysQuestion)]
    assert months[-1] == date(2026, 7, 1)
    assert reach.energies == date(2026, 9, 1)
    assert all(each.last >= plant.begin for each in plant.asked if isinstance(each, CurveQuestion))


def test_two_empty_weeks_in_a_row_end_the_curves_though_energies_go_on(tmp_path: Path) -> None:
    plant = Plant(begin=date(2026, 1, 1), curves_from=date(2026, 10, 15))

    reach = fetched(plant, archive_in(tmp_path), span(plant, date(2026, 1, 1)))

    weeks = [each for each in plant.asked if isinstance(each, CurveQuestion)]
    assert sum(each.last < plant.curves_from for each in weeks) == 2
    assert (reach.energies, reach.curves) == (date(2026, 1, 1), date(2026, 10, 15))


def test_weeks_without_any_energy_are_no_end_and_not_asked(tmp_path: Path) -> None:
    dark = [date(2026, 10, 1) + timedelta(days=number) for number in range(35)]
    plant = Plant(energies={(day, item): None for day in dark for item in ("proSystemTotalStats", "proPurchaseStats")})

    reach = fetched(plant, archive_in(tmp_path), span(plant, SINCE))

    weeks = [each for each in plant.asked if isinstance(each, CurveQuestion)]
    assert not [each for each in weeks if each.first in dark and each.last in dark]
    assert reach.curves is not None
    assert reach.curves < dark[0]


def test_the_pace_is_a_fifth_of_the_budget_of_the_account(tmp_path: Path) -> None:
    plant, clock = Plant(begin=date(2026, 1, 1)), FakeClock(NOW)

    fetched(plant, archive_in(tmp_path), span(plant, date(2026, 1, 1)), clock)

    assert requests_per_minute(30) == 6
    assert clock.monotonic() > (len(plant.asked) - 6) * 10


def test_what_fails_in_passing_is_asked_again_later(tmp_path: Path) -> None:
    plant, clock = Plant(failing=[errors.TimedOut("no answer"), errors.ServerFault("500")]), FakeClock(NOW)

    reach = fetched(plant, archive_in(tmp_path), span(plant, SINCE), clock)

    assert reach.energies == date(2026, 9, 1)
    assert [each for each in clock.waits if each in (30.0, 60.0)] == [30.0, 60.0]


def test_what_goes_on_failing_ends_the_run_and_keeps_what_there_is(tmp_path: Path) -> None:
    plant = Plant()

    def broken(asked: int) -> None:
        if asked > 3:
            raise errors.ServerFault("500")

    plant.after = broken
    with pytest.raises(errors.ServerFault):
        fetched(plant, archive_in(tmp_path), span(plant, SINCE))

    assert len(list(tmp_path.rglob("*.gz"))) == 3
    assert len(plant.asked) == 3 + 4


def test_a_pause_of_the_portal_is_kept(tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    plant = Plant(failing=[errors.RateLimited("too many", until=NOW + timedelta(seconds=900))])

    fetched(plant, archive_in(tmp_path), span(plant, SINCE), clock)

    assert max(clock.waits) >= 890


def test_no_sign_in_is_waited_for(tmp_path: Path) -> None:
    plant = Plant(failing=[errors.LoginWithheld("the brake is on")])

    with pytest.raises(errors.LoginWithheld):
        fetched(plant, archive_in(tmp_path), span(plant, SINCE))

    assert len(plant.asked) == 1


def test_what_is_missing_is_counted_before_anything_is_asked(tmp_path: Path) -> None:
    plant = Plant()
    archive = archive_in(tmp_path)
    fetcher = Fetcher(plant, archive, FakeClock(NOW), per_minute=6, stop=Event(), told=lambda *_: None)  # type: ignore[arg-type]

    before = fetcher.missing([span(plant, SINCE)])
    fetcher.fetch([span(plant, SINCE)])

    assert before == len(plant.asked)
    assert fetcher.missing([span(plant, SINCE)]) == 2


def test_progress_ends_with_all_done(tmp_path: Path) -> None:
    plant, told = Plant(), list[tuple[int, int]]()
    fetcher = Fetcher(
        plant,  # type: ignore[arg-type]
        archive_in(tmp_path),
        FakeClock(NOW),
        per_minute=6,
        stop=Event(),
        told=lambda done, total: told.append((done, total)),
    )

    fetcher.fetch([span(plant, date(2024, 1, 1))])

    assert told[-1][0] == told[-1][1] == len(plant.asked)
    assert told[0][1] > told[-1][1], "the portal goes less far back than was wanted"
