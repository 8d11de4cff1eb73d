"""Lifetime import and export of a plant without a listed meter: the sum of the portal's calendar years."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.model.plant import KWH
from sems_exporter.portal.client import Call
from tests.portal.semsplus.homes import JUNE_NOON, SharedClock
from tests.portal.semsplus.plants import Account, answers, device, energies, factors

BOUGHT = {2026: 9216.08, 2025: 4000.0, 2023: 100.0}
SOLD = {2026: 388.67, 2025: 1000.0}


def year(call: Call) -> dict[str, Any]:
    """The energies of the calendar year that is asked for."""
    number = int(call.body["startTime"][:4])
    assert call.body["startTime"] == f"{number}-01-01 00:00:00"
    assert (call.body["endTime"], call.body["dimension"]) == (f"{number}-12-31 23:59:59", "year")
    return energies(str(number), proPurchaseStats=BOUGHT.get(number), proGridStats=SOLD.get(number))


def hybrid(*more: dict[str, Any], start: Any = None, **changed: Any) -> Account:
    """A hybrid that reads the grid by its own meter."""
    told = answers(
        device("INV1", "INVERTER", subtype="store"),
        *more,
        flow={"pSystem": 1.0, "pGrid": -0.5, "pConsum": 1.5},
        **{"telemetry INV1": factors(pAc=("1", "kW")), "statistics_year": year, **changed},
    )
    return Account(told, SharedClock(start) if start else SharedClock())


def grown_up(account: Account) -> None:
    """Refresh until all years are known."""
    for _ in range(9):
        account.read()
        account.clock.advance(300)


def test_the_years_add_up_to_a_lifetime_and_are_shown_only_together() -> None:
    account = hybrid()

    shown = []
    for _ in range(9):
        shown.append(account.read().grid_import_energy)
        account.clock.advance(300)

    # A year that is over in each refresh: 2025, 2024 which is empty, 2023, and two empty ones before it, these twice.
    assert shown[:7] == [None] * 7
    assert shown[7] == shown[8] == pytest.approx((9216.08 + 4000 + 100) * KWH)
    assert account.read().grid_export_energy == pytest.approx(1388.67 * KWH)


def test_years_that_are_over_are_asked_until_they_are_known_and_the_present_one_once_a_day() -> None:
    account = hybrid()
    grown_up(account)
    asked = account.client.asked["statistics_year"]

    for _ in range(48):
        account.clock.advance(3600)
        account.read()

    assert asked == 1 + 5 + 3
    # The present year on each day, and once more each of the three that were empty.
    assert account.client.asked["statistics_year"] == asked + 2 + 3


def test_at_most_one_year_that_is_over_is_asked_in_a_refresh() -> None:
    account = hybrid()

    account.read()

    assert account.client.asked["statistics_year"] == 2


def test_a_plant_is_not_looked_for_beyond_fifteen_years() -> None:
    account = hybrid(statistics_year=lambda call: energies(call.body["startTime"][:4], proPurchaseStats=1.0))

    for _ in range(20):
        account.read()
        account.clock.advance(300)

    assert account.client.asked["statistics_year"] == 15
    assert account.read().grid_import_energy == 15 * KWH


def test_with_a_meter_the_meter_counts_also_while_it_is_missing_for_a_moment() -> None:
    account = hybrid(
        device("METER1", "SMART_METER", 1),
        **{"telecounting METER1": factors(proPurchaseStatsTotal=("7", "kWh")), "telemetry METER1": factors()},
    )

    assert account.shown().grid_import_energy == 7 * KWH
    account.answers["devices"] = answers(device("INV1", "INVERTER", subtype="store"))["devices"]
    grown_up(account)

    assert account.shown().grid_import_energy == 7 * KWH
    assert account.client.asked["statistics_year"] == 0


@pytest.mark.parametrize(
    "changed", [{"flow": {"refreshTime": "2026-06-10T12:30:00", "pSystem": 1.0}}, {"devices": None}]
)
def test_a_plant_that_shows_no_grid_or_no_inverter_is_not_asked(changed: dict[str, Any]) -> None:
    account = hybrid(**{"telemetry INV1": factors(pAc=("1", "kW"))})
    account.answers |= changed

    grown_up(account)

    assert account.client.asked["statistics_year"] == 0


def test_an_inverter_that_counts_the_grid_itself_counts() -> None:
    account = hybrid(**{"telecounting INV1": factors(proPurchaseStatsTotal=("5", "kWh"))})

    assert account.shown().grid_import_energy == 5 * KWH
    assert account.client.asked["statistics_year"] == 0


def test_as_long_as_a_year_does_not_answer_there_is_no_lifetime() -> None:
    failed = errors.AnswerEmpty("nothing")
    account = hybrid(statistics_year=lambda call: failed if "2025" in call.body["startTime"] else year(call))

    grown_up(account)

    assert account.read().grid_import_energy is None


def test_after_new_year_nothing_of_the_old_one_counts_twice() -> None:
    """After midnight the portal repeats the old year's energies as the new one's."""

    def replaying(call: Call) -> dict[str, Any]:
        number = int(call.body["startTime"][:4])
        return energies(str(number), proPurchaseStats=BOUGHT.get(min(number, 2026)))

    account = hybrid(start=datetime(2026, 12, 31, 20, tzinfo=UTC), statistics_year=replaying)
    grown_up(account)
    before = account.read().grid_import_energy

    account.clock.advance(timedelta(hours=3) / timedelta(seconds=1))

    assert before == pytest.approx((9216.08 + 4000 + 100) * KWH)
    assert account.read().grid_import_energy == before


def test_the_old_year_is_asked_again_until_it_has_settled() -> None:
    account = hybrid(start=datetime(2026, 12, 31, 20, tzinfo=UTC))
    grown_up(account)
    account.clock.advance(40 * 3600)
    account.read()
    account.answers["statistics_year"] = lambda call: (
        energies(call.body["startTime"][:4], proPurchaseStats=9300.0, proGridStats=400.0)
        if call.body["startTime"] >= "2026"
        else year(call)
    )
    account.clock.advance(86_400)

    total = account.read().grid_import_energy

    assert total == pytest.approx((9300 + 9300 + 4000 + 100) * KWH)


@pytest.mark.parametrize("moment", [2025, 2023])
def test_a_year_that_is_empty_for_a_moment_does_not_lack_until_the_next_start(moment: int) -> None:
    """The portal answers with a success and nothing in it now and then."""
    wrong = [moment]

    def now_and_then(call: Call) -> dict[str, Any]:
        number = int(call.body["startTime"][:4])
        if number in wrong:
            wrong.remove(number)
            return energies(str(number))
        return year(call)

    account = hybrid(statistics_year=now_and_then)
    grown_up(account)
    grown_up(account)

    assert wrong == []
    assert account.read().grid_import_energy == pytest.approx((9216.08 + 4000 + 100) * KWH)


@pytest.mark.parametrize("little", [{}, {"proPurchaseStats": 0.0, "proGridStats": 0.0}, {"proGridStats": 388.67}])
@pytest.mark.parametrize("minutes", [5, 60, 400])
def test_a_present_year_without_what_its_month_has_is_asked_again_and_shown_nowhere(
    little: dict[str, float], minutes: int
) -> None:
    account = hybrid(statistics_month=energies("2026-06", proPurchaseStats=70.0))
    began = account.clock.now()

    def in_disorder(call: Call) -> dict[str, Any]:
        moment = account.clock.now() - began < timedelta(minutes=minutes)
        return energies("2026", **little) if "2026" in call.body["startTime"] and moment else year(call)

    account.answers["statistics_year"] = in_disorder
    shown = []
    for _ in range((minutes + 60) // 5 + 9):
        shown.append(account.read().grid_import_energy)
        account.clock.advance(300)

    assert {round(value / KWH, 2) for value in shown if value is not None} == {13_316.08}
    assert shown[-1] is not None
    assert account.client.asked["statistics_year"] <= 10 + minutes // 20


def test_a_present_year_that_is_empty_for_a_moment_leaves_the_lifetime_as_it_was() -> None:
    account = hybrid()
    grown_up(account)
    before = account.read().grid_import_energy
    account.answers["statistics_year"] = lambda call: energies(call.body["startTime"][:4])
    account.clock.advance(86_400)

    during = account.read().grid_import_energy
    account.clock.advance(1500)
    account.answers["statistics_year"] = lambda _: energies("2026", proPurchaseStats=9300.0, proGridStats=400.0)
    account.read()
    account.clock.advance(300)

    assert during == before
    assert account.read().grid_import_energy == pytest.approx((9300 + 4000 + 100) * KWH)


def test_a_year_before_the_plant_that_has_not_settled_may_be_empty() -> None:
    account = hybrid(
        start=datetime(2027, 1, 10, 12, tzinfo=UTC),
        statistics_year=lambda call: energies(
            call.body["startTime"][:4], proPurchaseStats=40.0 if "2027" in call.body["startTime"] else None
        ),
    )
    grown_up(account)
    grown_up(account)

    assert account.read().grid_import_energy == pytest.approx(40 * KWH)


def test_a_past_year_that_was_empty_for_an_hour_is_asked_once_more_on_a_later_day() -> None:
    began = JUNE_NOON

    def in_disorder(call: Call) -> dict[str, Any]:
        wrong = "2025" in call.body["startTime"] and account.clock.now() - began < timedelta(hours=1)
        return energies("2025") if wrong else year(call)

    account = hybrid(statistics_year=in_disorder)
    grown_up(account)
    for _ in range(60):
        account.clock.advance(3600)
        account.read()

    assert account.read().grid_import_energy == pytest.approx((9216.08 + 4000 + 100) * KWH)


def test_a_present_year_that_tells_less_than_it_did_leaves_the_lifetime_as_it_was() -> None:
    account = hybrid()
    grown_up(account)
    before = account.read()
    account.answers["statistics_year"] = lambda call: energies(call.body["startTime"][:4], proPurchaseStats=12.0)
    account.clock.advance(86_400)

    during = account.read()

    assert during.grid_import_energy == before.grid_import_energy
    assert during.grid_export_energy == before.grid_export_energy


def test_a_present_year_with_less_than_its_day_is_shown_nowhere() -> None:
    day = energies("2026-06-10", proPurchaseStats=20.0, proGridStats=5.0)
    account = hybrid(statistics=day)
    account.answers["statistics_year"] = lambda call: (
        energies("2026", proPurchaseStats=1.0) if "2026" in call.body["startTime"] else year(call)
    )

    grown_up(account)

    assert account.read().grid_import_energy is None
