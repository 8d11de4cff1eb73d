"""The settings of every account: of the one in the plain keys, or of each in the list `accounts` of the file."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from sems_exporter.config import options as declared
from sems_exporter.config import renamed
from sems_exporter.config.entries import NAME
from sems_exporter.config.options import ACCOUNTS, PER_ACCOUNT, Setting
from sems_exporter.config.settings import AccountSettings
from sems_exporter.errors import SettingError
from sems_exporter.telemetry.redaction import Secret

OWN = frozenset({"account", "password_file", "stations", "exclude_stations"})
"""What each account has for itself; everything else falls back on the plain key."""
BY_KEY: Mapping[str, Setting] = {setting.key: setting for setting in PER_ACCOUNT}
ALLOWED = ("name", *BY_KEY, "password")


def load_accounts(
    values: Mapping[str, Any], only_in_file: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[AccountSettings, ...]:
    """Validate what flags, environment and file say of each account; raise SettingError.

    `only_in_file` is what only the configuration file can hold, `password` and `accounts`, and `source`, its path.
    """
    if ACCOUNTS not in only_in_file:
        return (declared.build_account(values, only_in_file.get("password"), environ),)
    _refuse_both(values, only_in_file, environ)
    entries = only_in_file[ACCOUNTS]
    if not isinstance(entries, list) or not entries:
        raise SettingError(ACCOUNTS, "has to be a list with an entry for each account, each with name and account")
    source = only_in_file.get("source")
    found = tuple(_entry(f"{ACCOUNTS}[{place}]", entry, values, environ, source) for place, entry in enumerate(entries))
    _refuse_twice([one.name for one in found], "name", _variable)
    _refuse_twice([one.account.name for one in found], "account", str.casefold)
    return found


def only(found: tuple[AccountSettings, ...], name: str | None) -> tuple[AccountSettings, ...]:
    """Pick the account `name`, or all where it is None; raise SettingError where there is none."""
    if name is None:
        return found
    for one in found:
        if one.name == name:
            return (one,)
    names = ", ".join(one.name for one in found if one.name)
    there = f"there are {names}" if names else "there is no list of accounts in a configuration file"
    raise SettingError("only", f"no account is called {name!r}; {there}")


def _variable(name: str) -> str:
    """The environment variable with the password of the account of this name."""
    return f"{declared.PASSWORD_VARIABLE}_{re.sub('[^A-Z0-9]', '_', name.upper())}"


def _refuse_both(values: Mapping[str, Any], only_in_file: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """The plain keys describe one account, the list several; whoever has both means only one of them."""
    plain = sorted(key for key in OWN if values.get(key))
    if "password" in only_in_file or environ.get(declared.PASSWORD_VARIABLE):
        plain.append("password")
    if plain:
        raise SettingError(
            ACCOUNTS, f"there is a list of accounts and also {', '.join(plain)} for a single one; move it into the list"
        )


def _refuse_twice(texts: list[str], key: str, same: Callable[[str], str]) -> None:
    seen: dict[str, int] = {}
    for place, text in enumerate(texts):
        first = seen.setdefault(same(text), place)
        if first != place:
            raise SettingError(f"{ACCOUNTS}[{place}].{key}", f"is the same as {ACCOUNTS}[{first}].{key}")


def _entry(
    place: str, entry: object, values: Mapping[str, Any], environ: Mapping[str, str], source: Path | None
) -> AccountSettings:
    if not isinstance(entry, dict):
        raise SettingError(place, "has to be a mapping with name and account")
    entry = renamed.current(entry)
    name = _name(place, entry)
    own = {key: None if key in OWN else values[key] for key in BY_KEY}
    own |= dict.fromkeys(("stations", "exclude_stations"), ())
    own |= {key: _value(f"{place}.{key}", key, value) for key, value in entry.items() if key != "name"}
    secret = Secret(str(own["password"]), source) if "password" in own else None
    try:
        return declared.build_account({**values, **own}, secret, environ, name=name, variable=_variable(name))
    except SettingError as error:
        # The key is said with its place, and once.
        raise SettingError(f"{place}.{error.key}", str(error).removeprefix(f"{error.key}: ")) from None


def _name(place: str, entry: Mapping[str, object]) -> str:
    name = entry.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise SettingError(
            f"{place}.name",
            "needs a short text of letters, digits and . _ - that begins with a letter or digit; "
            "it becomes the label `account`",
        )
    return name


def _value(place: str, key: object, value: object) -> object:
    if key not in ALLOWED:
        raise SettingError(place, f"no such setting of an account; there are {', '.join(ALLOWED)}")
    if wrong := declared.unfit(str(key), value):
        raise SettingError(place, wrong)
    if key == "password":
        return value
    try:
        return BY_KEY[str(key)].type.convert(value, None, None)
    except click.BadParameter as error:
        raise SettingError(place, error.message) from None
