"""What a setting can be: durations, lists, addresses and paths, and what is said of a text that is none."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

from sems_exporter.config.settings import is_loopback, login_url

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")
_LISTEN = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]*):(\d{1,5})")
START_YEARS = range(2000, 2100)
"""Years in which a simulation may begin: times before are not believed, and long histories take time to work out."""
NO_USER = "has to be an address without a user and a password"
"""Said of an address with @; without the address, because what stands there is a secret."""


class Duration(click.ParamType[float]):
    """Seconds, or a Prometheus duration such as 5m or 1h30m, within limits."""

    name = "duration"

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    @property
    def span(self) -> str:
        """The limits as a person would write them."""
        return f"{self.low:g}s..{self.high:g}s"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        match = _DURATION.fullmatch(str(value).strip())
        if match is None or not any(match.groups()):
            self.fail(f"{value!r} is not a duration; write seconds or something like 5m or 1h30m", param, ctx)
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        total = days * 86400 + hours * 3600 + minutes * 60 + seconds
        if not self.low <= total <= self.high:
            self.fail(f"{value!r} is not within {self.low:.0f} s and {self.high:.0f} s", param, ctx)
        return total


class Texts(click.ParamType[tuple[str, ...]]):
    """A list: in the file a YAML list, elsewhere separated by commas."""

    name = "list"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The items, without blanks and empty ones."""
        items = value if isinstance(value, list | tuple) else str(value).split(",")
        if any(isinstance(item, dict | list) for item in items):
            self.fail("is not a list of texts", param, ctx)
        return tuple(text for item in items if (text := str(item).strip()))


class Hosts(Texts):
    """A list of hosts, without https:// and path: in the file a YAML list, elsewhere separated by commas."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The hosts."""
        hosts = super().convert(value, param, ctx)
        for text in hosts:
            if "@" in text:
                self.fail(NO_USER, param, ctx)
            if not re.fullmatch(r"[\w.:-]+", text, re.ASCII):
                self.fail(f"{text!r} is not a host such as data.example.com or data.example.com:8443", param, ctx)
        return hosts


class FilePath(click.ParamType[str]):
    """A path; `~` at its beginning is the home directory."""

    def __init__(self, name: str = "file") -> None:
        self.name = name

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The path; a shell has replaced `~` itself, but nobody else does."""
        try:
            return str(Path(str(value)).expanduser()) if value else ""
        except RuntimeError:
            self.fail(f"{value!r} begins with ~, and the home directory is not known", param, ctx)


class PromPath(FilePath):
    """A path that ends in .prom, because the textfile collector reads no other."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The path."""
        path = super().convert(value, param, ctx)
        if path and not path.endswith(".prom"):
            self.fail(f"{path!r} has to end in .prom; the textfile collector reads no other files", param, ctx)
        return path


class LoginUrl(click.ParamType[str]):
    """A full sign-in address: https, or http to this machine."""

    name = "url"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address."""
        text = str(value).strip()
        try:
            parts = urlsplit(text)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        if "@" in text:
            self.fail(NO_USER, param, ctx)
        if not host or port == 0:
            self.fail(f"{text!r} is not a full address such as {login_url('global')}", param, ctx)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
            self.fail("has to begin with https://; plain http is for this machine only", param, ctx)
        return text


class ListenAddress(click.ParamType[str]):
    """Where to listen: ":port" for all interfaces, "host:port" or "[v6]:port"."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address."""
        match = _LISTEN.fullmatch(str(value).strip())
        if match is None or int(match[2]) > 65535:
            self.fail(f"{value!r} is not host:port, [v6]:port or :port", param, ctx)
        return match[0]


class StartTime(click.ParamType[datetime]):
    """A UTC time at which a simulation may begin."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time, aware."""
        try:
            time = datetime.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-06-21, 2026-06-21T10:00 or '2026-06-21 10:00'", param, ctx)
        if time.year not in START_YEARS:
            self.fail(f"{value!r} has to be in the years {START_YEARS[0]} to {START_YEARS[-1]}", param, ctx)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


class Day(click.ParamType[date]):
    """A day."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day."""
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-10-25", param, ctx)


class Zone(click.ParamType[ZoneInfo]):
    """A time zone by its name."""

    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        """The zone."""
        try:
            return ZoneInfo(str(value).strip())
        except (ValueError, OSError, LookupError):
            self.fail(f"{value!r} is not a time zone such as Europe/Berlin", param, ctx)


class UrlPath(click.ParamType[str]):
    """A path below which the web server answers."""

    name = "path"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The path."""
        text = str(value).strip()
        taken = text == "/sd" or text.startswith(("/-/", "/api/", "/icon", "/manifest", "/runbooks"))
        if taken or not re.fullmatch(r"/[\w./-]*\w", text):
            self.fail(
                f"{text!r} is not a path such as /metrics; /, /sd, /api/..., /icon..., /manifest..., /runbooks/... and "
                "/-/... are taken",
                param,
                ctx,
            )
        return text


class ExternalUrl(click.ParamType[str]):
    """A full address of this exporter, as others reach it: http or https, and a path if a proxy adds one."""

    name = "url"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address, without a slash at its end."""
        text = str(value).strip().rstrip("/")
        if "@" in text:
            self.fail(NO_USER, param, ctx)
        if not re.fullmatch(r"https?://([\w.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[\w./-]*)?", text, re.ASCII):
            self.fail(f"{text!r} is not a full address such as https://host:port", param, ctx)
        return text
