"""The list `deliveries` of the configuration file: what is sent where."""

from dataclasses import dataclass
from urllib.parse import SplitResult, unquote

from sems_exporter.config.entries import Entry, listed
from sems_exporter.config.settings import DELIVERIES
from sems_exporter.config.targets import Login, Tls, address, is_open, tls
from sems_exporter.errors import SettingError

OF_DELIVERY = ("name", "url", "send", "username", "password_file", "tls_config", "timeout", "in_place")
HINTS = {"password": "stands in a file of its own; name that with password_file"}
KINDS = ("textfile", "json", "article", "page")
SCHEMES = ("ftp", "ftps", "http", "https")
IMPLICIT_FTPS_PORT = 990


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """One server, and what is sent there after each refresh; `timeout` in seconds, for all of it."""

    name: str
    url: SplitResult
    kind: str
    login: Login | None = None
    tls: Tls = Tls()  # noqa: RUF009 - frozen
    timeout: float = 60.0
    in_place: bool = False

    @property
    def warning(self) -> str:
        """A sentence where others on the way can read the password, else ""."""
        if self.login is None or not is_open(self.url):
            return ""
        return (
            f"{DELIVERIES}: {self.name} is sent to by {self.url.scheme}://, by which everybody on the way can read the "
            f"password; use {self.url.scheme}s:// if the server offers it"
        )


def load_deliveries(told: object) -> tuple[DeliverySettings, ...]:
    """Validate the list; raises SettingError with the place of what is wrong."""
    found: dict[str, DeliverySettings] = {}
    for entry in listed(DELIVERIES, told, OF_DELIVERY, HINTS):
        one = _delivery(entry, taken=(*KINDS, *found))
        found[one.name] = one
    return tuple(found.values())


def _delivery(entry: Entry, taken: tuple[str, ...]) -> DeliverySettings:
    kind = entry.one_of("send", KINDS)
    url = address(entry, SCHEMES, "ftps://web.example.com/htdocs/sems.json")
    if url.query:
        raise entry.wrong("url", "has to end with the path; ? has no meaning here")
    if not unquote(url.path).isprintable():
        raise entry.wrong("url", "has a control character in its path")
    if url.scheme == "ftps" and url.port == IMPLICIT_FTPS_PORT:
        raise entry.wrong("url", "port 990 begins with TLS; ftps:// asks for it on the usual port, so leave 990 out")
    if kind == "page" and not url.path.endswith("/"):
        raise entry.wrong("url", "has to end with / because the page is a folder of files")
    if kind != "page" and not url.path.rpartition("/")[2]:
        raise entry.wrong("url", "has to end with the name of the file")
    return DeliverySettings(
        name=entry.name(url.hostname or "", taken),
        url=url,
        kind=kind,
        login=_login(entry),
        tls=tls(entry, ("ca_file",) if url.scheme == "ftps" else ("ca_file", "cert_file", "key_file")),
        timeout=entry.seconds("timeout", 60.0, 5.0, 600.0),
        in_place=entry.flag("in_place"),
    )


def _login(entry: Entry) -> Login | None:
    username, password = entry.text("username"), entry.secret("password_file")
    if bool(username) != (password is not None):
        raise SettingError(entry.place, "username and password_file go together")
    return Login(username, password) if password is not None else None
