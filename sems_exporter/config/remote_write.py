"""The list `remote_write` of the configuration file, in the keys of Prometheus' own."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlunsplit

from sems_exporter.config.entries import Entry, listed
from sems_exporter.config.settings import REMOTE_WRITE
from sems_exporter.config.targets import Login, Tls, address, is_open, tls
from sems_exporter.errors import SettingError
from sems_exporter.telemetry.redaction import Secret

OF_TARGET = (
    "name",
    "url",
    "remote_timeout",
    "headers",
    "basic_auth",
    "authorization",
    "tls_config",
    "queue_config",
    "labels",
)
_IN_A_FILE = "stands in a file of its own; name that with "
HINTS = {
    "bearer_token": f"{_IN_A_FILE}authorization.credentials_file",
    "bearer_token_file": "is authorization.credentials_file here, as in newer versions of Prometheus",
    "write_relabel_configs": "is not offered; all series are sent, or an agent scrapes and relabels",
    "proxy_url": "is not offered; the variables HTTPS_PROXY and NO_PROXY are heeded",
}
BASIC_HINTS = {"password": f"{_IN_A_FILE}password_file"}
AUTHORIZATION_HINTS = {"credentials": f"{_IN_A_FILE}credentials_file"}
OF_QUEUE = ("max_samples_per_send", "min_backoff", "max_backoff", "sample_age_limit", "max_bytes")
QUEUE_HINTS = dict.fromkeys(
    ("capacity", "max_shards", "min_shards", "batch_send_deadline", "retry_on_http_429"),
    "has no meaning here: the queue is on disk, its samples go minute by minute, and 429 is always tried again",
)
OWN_HEADERS = frozenset(
    {
        "authorization",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-prometheus-remote-write-version",
    }
)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How much is sent at once and kept until it arrived; times in seconds."""

    samples_per_request: int = 2000
    min_backoff: float = 1.0
    max_backoff: float = 60.0
    age_limit: float = 48 * 3600.0
    most_bytes: int = 256 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class RemoteWriteSettings:
    """One receiver; `timeout` in seconds, for one request. `labels` come to each series that has none of the name."""

    name: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    basic: Login | None = None
    scheme: str = "Bearer"
    credentials: Secret | None = None
    tls: Tls = Tls()  # noqa: RUF009 - frozen
    timeout: float = 30.0
    queue: QueueSettings = QueueSettings()
    labels: tuple[tuple[str, str], ...] = ()
    is_open: bool = False

    @property
    def secret(self) -> Secret | None:
        """The password or token, where there is one."""
        return self.credentials if self.basic is None else self.basic.password

    @property
    def warning(self) -> str:
        """A sentence where others on the way can read the password, else ""."""
        if self.secret is None or not self.is_open:
            return ""
        return (
            f"{REMOTE_WRITE}: {self.name} is written to by http://, by which everybody on the way can read the "
            "password; use https:// if the receiver offers it"
        )


def load_remote_write(told: object) -> tuple[RemoteWriteSettings, ...]:
    """Validate the list; raises SettingError with the place of what is wrong."""
    found: dict[str, RemoteWriteSettings] = {}
    for entry in listed(REMOTE_WRITE, told, OF_TARGET, HINTS):
        one = _target(entry, taken=tuple(found))
        found[one.name] = one
    return tuple(found.values())


def _target(entry: Entry, taken: tuple[str, ...]) -> RemoteWriteSettings:
    url = address(entry, ("http", "https"), "https://prometheus.example.com/api/v1/write")
    basic, (scheme, credentials) = _basic(entry), _authorization(entry)
    if basic is not None and credentials is not None:
        raise SettingError(entry.place, "basic_auth and authorization exclude each other")
    return RemoteWriteSettings(
        name=entry.name(url.hostname or "", taken),
        url=_whole(url),
        headers=_headers(entry),
        basic=basic,
        scheme=scheme,
        credentials=credentials,
        tls=tls(entry),
        timeout=entry.seconds("remote_timeout", 30.0, 1.0, 300.0),
        queue=_queue(entry),
        labels=_labels(entry),
        is_open=is_open(url),
    )


def _whole(url: SplitResult) -> str:
    return urlunsplit(url._replace(path=url.path or "/"))


def _basic(entry: Entry) -> Login | None:
    told = entry.within("basic_auth", ("username", "password_file"), BASIC_HINTS)
    if told is None:
        return None
    username, password = told.text("username"), told.secret("password_file")
    if not username or password is None:
        raise SettingError(told.place, "needs username and password_file")
    return Login(username, password)


def _authorization(entry: Entry) -> tuple[str, Secret | None]:
    told = entry.within("authorization", ("type", "credentials_file"), AUTHORIZATION_HINTS)
    if told is None:
        return "Bearer", None
    scheme, credentials = told.text("type", "Bearer"), told.secret("credentials_file")
    if credentials is None:
        raise told.wrong("credentials_file", "is missing")
    if not _HEADER.fullmatch(scheme) or scheme.lower() == "basic":
        raise told.wrong("type", "has to be one word such as Bearer; for Basic there is basic_auth")
    return scheme, credentials


def _headers(entry: Entry) -> tuple[tuple[str, str], ...]:
    found = entry.texts("headers")
    for name, text in found.items():
        place = f"{entry.at('headers')}.{name}"
        if name.lower() in OWN_HEADERS:
            raise SettingError(place, "is set by the exporter")
        if not _HEADER.fullmatch(name) or not text.isascii():
            raise SettingError(place, "is no header of HTTP")
    return tuple(found.items())


def _queue(entry: Entry) -> QueueSettings:
    told = entry.within("queue_config", OF_QUEUE, QUEUE_HINTS)
    if told is None:
        return QueueSettings()
    default = QueueSettings()
    found = QueueSettings(
        told.number("max_samples_per_send", default.samples_per_request, 100, 50_000),
        told.seconds("min_backoff", default.min_backoff, 0.03, 3600.0),
        told.seconds("max_backoff", default.max_backoff, 1.0, 3600.0),
        told.seconds("sample_age_limit", default.age_limit, 60.0, 30 * 86400.0),
        told.number("max_bytes", default.most_bytes, MEBIBYTE, 64 * 1024 * MEBIBYTE),
    )
    if found.min_backoff > found.max_backoff:
        raise told.wrong("min_backoff", "is longer than max_backoff")
    return found


def _labels(entry: Entry) -> tuple[tuple[str, str], ...]:
    found = entry.texts("labels")
    for name in found:
        if not _LABEL.fullmatch(name):
            raise SettingError(f"{entry.at('labels')}.{name}", "is no name of a label: letters, digits and _, no __")
    return tuple(found.items())
