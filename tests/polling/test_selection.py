"""Which stations of an account are read."""

import pytest

from sems_exporter.polling.selection import Choice, Selection
from sems_exporter.portal import StationRef

LISTED = tuple(
    StationRef(key, name)
    for key, name in (("id-1", "Solar North"), ("id-2", "Solar South"), ("ID-3", "Barn [old]"), ("id-4", None))
)


def chosen(*wanted: str, excluded: tuple[str, ...] = ()) -> Choice:
    return Selection(wanted, excluded).of(LISTED)


def ids(choice: Choice) -> list[str]:
    return [ref.id for ref in choice.stations]


@pytest.mark.parametrize(
    "wanted, expected",
    [
        ((), ["id-1", "id-2", "ID-3", "id-4"]),
        (("id-2",), ["id-2"]),
        (("id-3",), ["ID-3"]),
        (("id-2", "id-1", "id-2"), ["id-2", "id-1"]),
        (("Solar*",), ["id-1", "id-2"]),
        (("solar ?outh",), ["id-2"]),
        (("*north", "barn*"), ["id-1", "ID-3"]),
        (("Barn [old]",), ["ID-3"]),
        (("*", "id-4"), ["id-1", "id-2", "ID-3", "id-4"]),
    ],
)
def test_stations_are_named_by_id_or_by_a_pattern_of_their_names(wanted: tuple[str, ...], expected: list[str]) -> None:
    assert ids(chosen(*wanted)) == expected


def test_a_name_of_one_station_does_not_match_as_part_of_another() -> None:
    assert ids(chosen("Solar")) == []


def test_what_is_excluded_is_left_out_even_if_it_is_wanted() -> None:
    choice = chosen("Solar*", excluded=("*south", "id-4"))

    assert ids(choice) == ["id-1"]
    assert (choice.missing, choice.excluding_nothing) == ((), ())


def test_words_that_no_station_answers_to_are_told_with_some_that_would() -> None:
    choice = chosen("Moon*", "id-1", excluded=("id-9",))

    assert ids(choice) == ["id-1"]
    assert (choice.missing, choice.excluding_nothing) == (("Moon*",), ("id-9",))
    assert choice.examples == "id-1 (Solar North), id-2 (Solar South), ID-3 (Barn [old]), id-4"


@pytest.mark.parametrize(
    "stations, told", [(5, "S0, S1, S2, S3, S4"), (6, "S0, S1, S2, S3, S4 and 1 more")], ids=["few", "more"]
)
def test_of_a_large_account_only_a_few_are_told(stations: int, told: str) -> None:
    choice = Selection(("typo",)).of(StationRef(f"S{number}") for number in range(stations))

    assert choice.examples == told


def test_an_empty_account_has_none() -> None:
    assert Selection(("typo",)).of(()).examples == "none"
