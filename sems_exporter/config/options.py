"""Every setting once: its key, flag, variable, type, default and meaning. Command line and reference follow from it."""

import importlib.util
import os
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import platformdirs

from sems_exporter.config import renamed, yaml_file
from sems_exporter.config.passwords import VARIABLE, password, sendable
from sems_exporter.config.passwords import from_file as secret_from
from sems_exporter.config.settings import (
    DELIVERIES,
    PORTALS,
    REGIONS,
    REMOTE_WRITE,
    Account,
    AccountSettings,
    FileSettings,
    ServerSettings,
    SharedStoreSettings,
    login_url,
)
from sems_exporter.config.sharding import ShardOfTotal
from sems_exporter.config.state_url import StateUrl
from sems_exporter.config.types import (
    Duration,
    ExternalUrl,
    FilePath,
    Hosts,
    ListenAddress,
    LoginUrl,
    PromPath,
    Texts,
    UrlPath,
)
from sems_exporter.config.yaml_file import KeyTwice, NotYaml
from sems_exporter.errors import SettingError
from sems_exporter.files import read_bounded
from sems_exporter.tariffs.configuration import KEYS as TARIFF_KEYS
from sems_exporter.tariffs.tariff import NO_TARIFFS, TariffSettings
from sems_exporter.telemetry.logs import FORMATS, LEVELS

if TYPE_CHECKING:
    from sems_exporter.config.deliveries import DeliverySettings
    from sems_exporter.config.remote_write import RemoteWriteSettings


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `key` is its name in the file and, with SEMS_ before it, in the environment."""

    key: str
    type: click.ParamType[Any]
    default: Any
    help: str
    flag: str = ""

    @property
    def option(self) -> str:
        """The flag."""
        return f"--{self.flag or self.key.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"SEMS_{self.key.upper()}"

    @property
    def shown_default(self) -> str:
        """The default as a person would write it, "" where there is none."""
        if self.default in (None, ()):
            return ""
        return f"{self.default:g}s" if isinstance(self.type, Duration) else str(self.default)


ACCOUNT = (
    Setting("account", click.STRING, None, "E-mail address of the SEMS+ account."),
    Setting("password_file", FilePath(), None, "File that holds the password, and nothing else."),
    Setting(
        "portal",
        click.Choice(PORTALS),
        "auto",
        "Dialect of the portal; auto is SEMS+, or classic should that change.",
    ),
    Setting("region", click.Choice(REGIONS), "global", "Where the account was made; global finds most."),
    Setting("login_url", LoginUrl(), None, "Full sign-in address of the portal, in place of the region's."),
    Setting(
        "allowed_hosts",
        Hosts(),
        (),
        "Further hosts (host or host:port) that data may be fetched from, beside GoodWe's.",
    ),
    Setting(
        "state_dir",
        FilePath("directory"),
        None,
        "Directory for session and counters, so that a restart needs no sign-in.",
    ),
    Setting("requests_per_minute", click.IntRange(5, 120), 30, "Most requests to the portal in a minute."),
)
PORTAL = (
    Setting(
        "portal_file",
        FilePath(),
        None,
        "TOML file with what the portal has changed since this version; docs/portal-changes.md tells what it holds.",
    ),
)
POLLING = (
    Setting(
        "stations",
        Texts(),
        (),
        "Stations to read, by id or by a pattern of their names such as `Solar*`; all of the account where empty.",
    ),
    Setting("exclude_stations", Texts(), (), "Stations to leave out, written likewise; this wins over `stations`."),
    Setting(
        "interval", Duration(60, 3600), 300.0, "Time between two refreshes; the portal has nothing new below 60 s."
    ),
    Setting(
        "data_max_age",
        Duration(60, 86400),
        1200.0,
        "Age of the portal's data from which live values are left out; at least five minutes more than `interval`.",
    ),
    Setting(
        "snapshot_max_age",
        Duration(60, 86400),
        None,
        "Time without a good answer after which a station counts as down; 3 x interval where not set.",
    ),
)
WEB = (
    Setting("web_listen_address", ListenAddress(), ":10736", "Address to listen on.", "web.listen-address"),
    Setting("web_telemetry_path", UrlPath(), "/metrics", "Path of the metrics.", "web.telemetry-path"),
    Setting(
        "web_config_file",
        FilePath(),
        None,
        "File with TLS, passwords and headers of the web server; docs/web.md tells what it holds.",
        "web.config.file",
    ),
    Setting(
        "web_external_url",
        ExternalUrl(),
        None,
        "Address by which Prometheus reaches this exporter, for /sd; where not set, the one that it asked by.",
        "web.external-url",
    ),
)
LOGGING = (
    Setting("log_level", click.Choice(LEVELS), "info", "Least important level that is logged.", "log.level"),
    Setting("log_format", click.Choice(FORMATS), "logfmt", "Format of log lines.", "log.format"),
)
SHARING = (
    Setting(
        "shard",
        ShardOfTotal(),
        None,
        "Part of the list of accounts to read, such as 2/5; auto/5 in a StatefulSet.",
    ),
    Setting(
        "state_url",
        StateUrl(),
        None,
        "Valkey or Redis that several exporters with these accounts share, in place of `state_dir`; docs/replicas.md.",
    ),
    Setting("state_password_file", FilePath(), None, "File that holds the password of that store."),
    Setting("state_key_file", FilePath(), None, "File that holds the key by which sessions are sealed in that store."),
    Setting("replica", click.STRING, None, "Name of this exporter among those; the name of the host where not set."),
)
FILES = (
    Setting("textfile", PromPath(), None, "File for the textfile collector of node exporter; docs/delivery.md."),
    Setting("json_file", FilePath(), None, "File for stations and values as `once --format json` prints them."),
    Setting("article_file", FilePath(), None, "File with a flat JSON object for each inverter, in the classic keys."),
    Setting("page_dir", FilePath("directory"), None, "Directory for the status page and its data, to be published."),
)
"""What is written after each refresh."""
SETTINGS = (*ACCOUNT, *PORTAL, *POLLING, *WEB, *LOGGING, *SHARING, *FILES)
PER_ACCOUNT = (*(setting for setting in ACCOUNT if setting.key != "state_dir"), *POLLING[:2])
"""What an entry of the list `accounts` may hold, beside its name and password."""
ACCOUNTS = "accounts"
LISTS = tuple(setting.key for setting in SETTINGS if isinstance(setting.type, Texts))
FILE_ONLY = (ACCOUNTS, *TARIFF_KEYS, DELIVERIES, REMOTE_WRITE)
"""What only the configuration file can hold, with rules for what is in it."""
NOTHING: Mapping[str, Any] = MappingProxyType({})
PASSWORD_VARIABLE = VARIABLE
FILE_VARIABLE = "SEMS_CONFIG_FILE"


def from_file(path: str) -> dict[str, Any]:
    """The settings in the YAML file at `path`; raises SettingError that names the file or the key."""
    try:
        document = yaml_file.document(read_bounded(Path(path), yaml_file.LARGEST))
    except OSError as error:
        raise SettingError("config.file", f"{path} cannot be read: {error.strerror}") from error
    except KeyTwice as error:
        raise SettingError(error.key, f"is given twice in {path}") from None
    except NotYaml as error:
        raise SettingError("config.file", f"{path}{error.where} is not valid YAML") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SettingError("config.file", f"{path} has to be a mapping of keys to values")
    for text in renamed.notices({*document, *_keys_of_accounts(document.get(ACCOUNTS))}):
        # Not logged: how to log is a setting itself, and not known yet.
        click.echo(f"sems-exporter: {text}", err=True)
    document = renamed.current(document)
    for key, value in document.items():
        _refuse_unfit(key, value, path)
    return document


def _keys_of_accounts(entries: object) -> set[object]:
    listed = entries if isinstance(entries, list) else []
    return {key for entry in listed if isinstance(entry, dict) for key in entry}


def _refuse_unfit(key: object, value: object, path: str) -> None:
    allowed = [setting.key for setting in SETTINGS] + ["password", *FILE_ONLY]
    if key not in allowed:
        near = get_close_matches(str(key), allowed, n=1)
        way_out = f"is {near[0]} meant?" if near else f"there are {', '.join(allowed)}"
        raise SettingError(str(key), f"no such setting in {path}; {way_out}")
    if key in FILE_ONLY:
        return
    if wrong := unfit(str(key), value):
        raise SettingError(str(key), f"{wrong} (set in {path})")


def unfit(key: str, value: object) -> str:
    """Say what is wrong with the kind of `value`, which stands at `key` in the file; "" if nothing is."""
    if value is None:
        return "needs a value"
    if key == "password":
        # Without quotes yes would be True, and 2026-01-01 a day.
        return "" if isinstance(value, str) else "write it in quotes; without them it is no text"
    if isinstance(value, dict | set | bytes):
        return "takes a list of texts, not a mapping" if key in LISTS else "takes one value, not a mapping"
    if isinstance(value, list) and key not in LISTS:
        return "takes one value, not a list"
    return ""


def build_account(
    values: Mapping[str, Any],
    in_file: object,
    environ: Mapping[str, str],
    *,
    name: str = "",
    variable: str = PASSWORD_VARIABLE,
) -> AccountSettings:
    """Build the settings of one account from what flags, environment and file gave; raise SettingError.

    `in_file` is the password that stands in the file, `variable` the environment variable that may hold it.
    """
    if not values.get("account"):
        raise SettingError(
            "account",
            "missing; set SEMS_ACCOUNT (or --account) to the e-mail address of your SEMS+ account, name the file that "
            "`sems-exporter init` writes with --config.file, or try `sems-exporter demo`, which needs none",
        )
    account = Account(
        name=sendable("account", str(values["account"]).strip()),
        password=password(values, in_file, environ, variable),
        login_url=values["login_url"] or login_url(values["region"]),
        allowed_hosts=(*values["allowed_hosts"], *_login_host(values["login_url"])),
        region=values["region"],
        own_login_url=bool(values["login_url"]),
    )
    return AccountSettings(
        account=account,
        name=name,
        portal=values["portal"],
        stations=tuple(dict.fromkeys(values["stations"])),
        exclude_stations=tuple(dict.fromkeys(values["exclude_stations"])),
        interval=values["interval"],
        requests_per_minute=values["requests_per_minute"],
        state_dir=state_directory(values["state_dir"], environ),
    )


def build_settings(
    values: Mapping[str, Any],
    accounts: tuple[AccountSettings, ...],
    tariffs: TariffSettings = NO_TARIFFS,
    only_in_file: Mapping[str, Any] = NOTHING,
) -> ServerSettings:
    """Build the settings of a process that reads these accounts from what flags, environment and file gave."""
    found = ServerSettings(
        accounts,
        data_max_age=values["data_max_age"],
        snapshot_max_age=values["snapshot_max_age"] or 3 * values["interval"],
        listen_address=values["web_listen_address"],
        telemetry_path=values["web_telemetry_path"],
        web_config_file=Path(file) if (file := values["web_config_file"]) else None,
        external_url=values["web_external_url"],
        log_level=values["log_level"],
        log_format=values["log_format"],
        tariffs=tariffs,
        portal_file=Path(file) if (file := values.get("portal_file")) else None,
        shard=values.get("shard"),
        shared=shared_store(values),
        deliveries=_deliveries(only_in_file),
        remote_write=_remote_write(only_in_file),
    )
    read = (
        only_in_file.get("source"),
        found.web_config_file,
        found.portal_file,
        found.shared.key_file if found.shared else None,
        *(secret.source for secret in found.secrets),
    )
    return replace(found, files=_written(values, read))


def _written(values: Mapping[str, Any], read: Iterable[Path | None]) -> FileSettings:
    """The files to be written; raises SettingError where two are one, or one of them is `read` by the exporter."""
    found = {one.key: Path(path) for one in FILES if (path := values.get(one.key))}
    taken = {os.path.realpath(path) for path in read if path is not None}
    for key, path in found.items():
        if (place := os.path.realpath(path)) in taken:
            raise SettingError(key, f"{path} is another file of these settings, and would be written over")
        taken.add(place)
    return FileSettings(**found)


def shared_store(values: Mapping[str, Any]) -> SharedStoreSettings | None:
    """The store that replicas share, if there is one; raises SettingError."""
    url = values.get("state_url")
    if url is None:
        return None
    if missing := [name for name in ("cryptography", "valkey") if importlib.util.find_spec(name) is None]:
        raise SettingError(
            "state_url", f"needs {' and '.join(missing)}; install them: pip install 'sems-exporter[replicas]'"
        )
    if not (key := values["state_key_file"]):
        raise SettingError(
            "state_key_file",
            "missing; a store is shared, so sessions are sealed in it: make a key with `openssl rand -base64 32`, and "
            "give every replica the same",
        )
    name = values["replica"] or socket.gethostname()
    if not re.fullmatch(r"[\w.-]{1,253}", name, re.ASCII):
        raise SettingError("replica", f"{name!r} is no name of letters, digits and . _ -")
    file = values["state_password_file"]
    return SharedStoreSettings(url, Path(key), secret_from("state_password_file", Path(file)) if file else None, name)


def _deliveries(only_in_file: Mapping[str, Any]) -> "tuple[DeliverySettings, ...]":
    if DELIVERIES not in only_in_file:
        return ()
    from sems_exporter.config.deliveries import load_deliveries  # noqa: PLC0415 - most exporters have none

    return load_deliveries(only_in_file[DELIVERIES])


def _remote_write(only_in_file: Mapping[str, Any]) -> "tuple[RemoteWriteSettings, ...]":
    if REMOTE_WRITE not in only_in_file:
        return ()
    from sems_exporter.config.remote_write import load_remote_write  # noqa: PLC0415 - as above

    return load_remote_write(only_in_file[REMOTE_WRITE])


def state_directory(chosen: str | None, environ: Mapping[str, str]) -> Path:
    """Return the directory for state: the chosen one, else systemd's state directory, else the user's."""
    if chosen:
        return Path(chosen)
    systemd = environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(systemd) if systemd else Path(platformdirs.user_state_dir("sems-exporter", appauthor=False))


def _login_host(own: str | None) -> tuple[str, ...]:
    # Who chose a sign-in address of their own trusts that host with the password, hence with the token.
    return ((urlsplit(own).hostname or "").lower(),) if own else ()
