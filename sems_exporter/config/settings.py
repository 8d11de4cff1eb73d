"""What the exporter is told: validated, immutable objects. `cli` fills them from flags, environment and file."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sems_exporter.config.state_url import StoreAddress
from sems_exporter.errors import SettingError
from sems_exporter.protocol.loading import packaged
from sems_exporter.rendezvous import chosen
from sems_exporter.tariffs.tariff import NO_TARIFFS, TariffSettings
from sems_exporter.telemetry.redaction import Secret

if TYPE_CHECKING:
    from sems_exporter.config.deliveries import DeliverySettings
    from sems_exporter.config.remote_write import RemoteWriteSettings


def is_loopback(host: str) -> bool:
    """Tell whether `host` can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


DELIVERIES, REMOTE_WRITE = "deliveries", "remote_write"
"""Keys of lists that only the configuration file can hold."""
REGIONS = ("global", "eu", "au", "us", "hk", "cn")
"""Where an account was made; hk is what the portal calls International."""
PORTALS = ("auto", "semsplus", "classic")


def login_url(region: str) -> str:
    """The SEMS+ sign-in address of a region, as this version knows it: an account is known by it, whatever changes."""
    return packaged().semsplus.written.sign_in.of(region)


@dataclass(frozen=True, slots=True)
class Account:
    """One account and how it is reached.

    `login_url` is the full sign-in address; `own_login_url` tells that it is the user's choice, not the region's.
    """

    name: str
    password: Secret
    login_url: str
    allowed_hosts: tuple[str, ...] = ()
    region: str = "global"
    own_login_url: bool = True

    @property
    def is_chinese(self) -> bool:
        """Tell whether the account is one of the portal for mainland China, which wants to be told."""
        return self.region == "cn"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """How one account is read; times in seconds.

    `name` is what the list `accounts` calls the account, "" where there is no such list.
    """

    account: Account
    name: str = ""
    portal: str = "auto"
    stations: tuple[str, ...] = ()
    exclude_stations: tuple[str, ...] = ()
    interval: float = 300.0
    requests_per_minute: int = 30
    state_dir: Path = field(default_factory=Path)


@dataclass(frozen=True, slots=True)
class SharedStoreSettings:
    """The store that replicas share: where it is, its password, the file with the key of what is sealed in it.

    `replica` is the name of this one.
    """

    url: StoreAddress
    key_file: Path
    password: Secret | None
    replica: str


@dataclass(frozen=True, slots=True)
class Shard:
    """The part `number`, from 1, of `total`."""

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def has(self, account: str) -> bool:
        """Tell whether the account of this name belongs to the shard."""
        return self.of(account) == self

    def of(self, account: str) -> "Shard":
        """The shard, of as many, that the account of this name belongs to."""
        return Shard(int(chosen(account, [str(number) for number in range(1, self.total + 1)])), self.total)


@dataclass(frozen=True, slots=True)
class FileSettings:
    """Where what is known is written after each refresh; None where it is not wanted."""

    textfile: Path | None = None
    json_file: Path | None = None
    article_file: Path | None = None
    page_dir: Path | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is to be written."""
        return any((self.textfile, self.json_file, self.article_file, self.page_dir))


NO_FILES = FileSettings()


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What concerns the process as a whole, and the accounts that it reads, of which a shard may have none.

    Times are in seconds.
    """

    accounts: tuple[AccountSettings, ...]
    data_max_age: float = 1200.0
    snapshot_max_age: float = 900.0
    listen_address: str = ":10736"
    telemetry_path: str = "/metrics"
    web_config_file: Path | None = None
    external_url: str | None = None
    log_level: str = "info"
    log_format: str = "logfmt"
    tariffs: TariffSettings = NO_TARIFFS
    portal_file: Path | None = None
    shard: Shard | None = None
    shared: SharedStoreSettings | None = None
    files: FileSettings = NO_FILES
    deliveries: "tuple[DeliverySettings, ...]" = ()
    remote_write: "tuple[RemoteWriteSettings, ...]" = ()

    def only_account(self, order: str) -> AccountSettings:
        """The one account; raises SettingError, which begins with `order`, where there are several or none."""
        if len(self.accounts) == 1:
            return self.accounts[0]
        names = ", ".join(one.name for one in self.accounts) or "none here"
        raise SettingError("only", f"{order}; name it with --only, there are {names}")

    @property
    def delivers(self) -> bool:
        """Tell whether anything is brought to those who do not scrape."""
        return bool(self.files or self.deliveries or self.remote_write)

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Return the passwords of all accounts and targets."""
        logins = (one.login.password for one in self.deliveries if one.login is not None)
        receivers = (one.secret for one in self.remote_write if one.secret is not None)
        return (*(one.account.password for one in self.accounts), *logins, *receivers)
