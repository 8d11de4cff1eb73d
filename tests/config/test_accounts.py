"""The list `accounts` of the configuration file."""

from pathlib import Path

import pytest

from sems_exporter.config import accounts
from sems_exporter.config.options import ACCOUNT, LOGGING, POLLING, WEB
from sems_exporter.config.settings import AccountSettings, login_url
from sems_exporter.errors import SettingError
from sems_exporter.telemetry.redaction import Secret

PLAIN = {setting.key: setting.default for setting in (*ACCOUNT, *POLLING, *WEB, *LOGGING)}
NORTH = {"name": "north", "account": "north@example.com", "password": "secret north"}
SOUTH = {"name": "south", "account": "south@example.com", "password": "secret south"}


def made(*entries: object, plain: dict[str, object] | None = None, **environ: str) -> tuple[AccountSettings, ...]:
    return accounts.load_accounts({**PLAIN, **(plain or {})}, {"accounts": list(entries)}, environ)


def refused(*entries: object, plain: dict[str, object] | None = None, **environ: str) -> str:
    with pytest.raises(SettingError) as raised:
        made(*entries, plain=plain, **environ)
    assert "secret" not in str(raised.value)
    return str(raised.value)


def test_each_account_has_its_own_password_region_budget_and_stations() -> None:
    special = {"region": "au", "requests_per_minute": 60, "stations": ["Solar*"], "exclude_stations": "a, b"}

    north, south = made(NORTH, {**SOUTH, **special})

    assert (north.name, north.account.name, north.account.password.reveal()) == (
        "north",
        "north@example.com",
        "secret north",
    )
    assert (north.account.login_url, north.requests_per_minute, north.stations) == (login_url("global"), 30, ())
    assert (south.name, south.account.login_url, south.requests_per_minute) == ("south", login_url("au"), 60)
    assert (south.stations, south.exclude_stations) == (("Solar*",), ("a", "b"))


def test_what_an_account_leaves_open_is_as_the_plain_key_says() -> None:
    plain = {"region": "eu", "portal": "semsplus", "requests_per_minute": 10, "interval": 600.0}

    north, south = made(NORTH, {**SOUTH, "portal": "classic"}, plain=plain)

    assert (north.portal, north.account.region, north.requests_per_minute) == ("semsplus", "eu", 10)
    assert (south.portal, south.account.region, south.interval) == ("classic", "eu", 600.0)


def test_passwords_come_from_file_then_variable_then_the_entry(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("from file\n")
    north, south = {**NORTH, "password_file": str(path)}, {**SOUTH, "name": "roof-2"}

    found = made(north, south, SEMS_PASSWORD_NORTH="variable", SEMS_PASSWORD_ROOF_2="from variable")

    assert [one.account.password.reveal() for one in found] == ["from file", "from variable"]


def test_the_plain_settings_have_one_account_without_a_name() -> None:
    values = {**PLAIN, "account": "me@example.com"}

    [one] = accounts.load_accounts(values, {"password": Secret("secret")}, {})

    assert (one.name, one.account.name, one.account.password.reveal()) == ("", "me@example.com", "secret")


@pytest.mark.parametrize(
    "entry, expected",
    [
        ("north", "accounts[1]: has to be a mapping"),
        ({**SOUTH, "name": None}, "accounts[1].name: needs a short text"),
        ({**SOUTH, "name": "a b"}, "accounts[1].name: needs a short text"),
        ({**SOUTH, "name": "../x"}, "accounts[1].name: needs a short text"),
        ({"account": "south@example.com", "password": "secret"}, "accounts[1].name: needs a short text"),
        ({"name": "south", "password": "secret"}, "accounts[1].account: missing"),
        ({"name": "south", "account": "south@example.com"}, "accounts[1].password: missing; set password_file"),
        ({**SOUTH, "password_file": "/no/such/file"}, "accounts[1].password_file: /no/such/file cannot be read"),
        ({**SOUTH, "password": 123}, "accounts[1].password: write it in quotes"),
        ({**SOUTH, "interval": 60}, "accounts[1].interval: no such setting of an account; there are name, account"),
        ({**SOUTH, "state_dir": "/x"}, "accounts[1].state_dir: no such setting"),
        ({**SOUTH, "region": "mars"}, "accounts[1].region: 'mars' is not one of"),
        ({**SOUTH, "requests_per_minute": 1}, "accounts[1].requests_per_minute: 1 is not in the range"),
        ({**SOUTH, "region": None}, "accounts[1].region: needs a value"),
        ({**SOUTH, "region": ["eu"]}, "accounts[1].region: takes one value"),
        ({**SOUTH, "stations": [{"id": 1}]}, "accounts[1].stations: is not a list of texts"),
        ({**SOUTH, "login_url": "http://example.com/x"}, "accounts[1].login_url: has to begin with https://"),
        ({**SOUTH, "name": "North"}, "accounts[1].name: is the same as accounts[0].name"),
        ({**SOUTH, "account": "North@Example.com"}, "accounts[1].account: is the same as accounts[0].account"),
    ],
)
def test_a_mistake_is_told_with_its_place(entry: object, expected: str) -> None:
    assert refused(NORTH, entry).startswith(expected)


def test_a_missing_password_names_the_variable_that_would_do() -> None:
    assert "SEMS_PASSWORD_ROOF_2" in refused({"name": "roof-2", "account": "roof@example.com"})


@pytest.mark.parametrize("entries", [[], {}, "north", None, 5])
def test_the_list_has_to_be_one(entries: object) -> None:
    with pytest.raises(SettingError, match=r"^accounts: has to be a list"):
        accounts.load_accounts(PLAIN, {"accounts": entries}, {})


@pytest.mark.parametrize(
    "plain, environ, named",
    [
        ({"account": "me@example.com"}, {}, "account"),
        ({"password_file": "/x"}, {}, "password_file"),
        ({"stations": ("a",)}, {}, "stations"),
        ({}, {"SEMS_PASSWORD": "secret"}, "password"),
    ],
)
def test_a_list_beside_a_single_account_is_refused(
    plain: dict[str, object], environ: dict[str, str], named: str
) -> None:
    """One of them would be ignored, and nobody could tell which."""
    said = refused(NORTH, plain=plain, **environ)

    assert said.startswith("accounts: there is a list of accounts and also")
    assert named in said


def test_one_account_of_the_list_can_be_picked() -> None:
    found = made(NORTH, SOUTH)

    assert [one.name for one in accounts.only(found, "south")] == ["south"]
    assert accounts.only(found, None) is found
    with pytest.raises(SettingError, match=r"^only: no account is called 'west'; there are north, south"):
        accounts.only(found, "west")
