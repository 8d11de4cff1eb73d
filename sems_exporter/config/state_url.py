"""The address of a store that replicas share."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import click

SECURE = {"valkey": False, "redis": False, "valkeys": True, "rediss": True}
"""Schemes, and whether they mean TLS."""
PORT = 6379
SENTINEL_PORT = 26379
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where the store listens, or the sentinels that know which server is the master called `sentinel`."""

    hosts: tuple[tuple[str, int], ...]
    database: int = 0
    user: str = ""
    secure: bool = False
    sentinel: str = ""

    def __str__(self) -> str:
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        master = f"?sentinel={self.sentinel}" if self.sentinel else ""
        return f"valkey{'s' if self.secure else ''}://{hosts}/{self.database}{master}"


class StateUrl(click.ParamType[StoreAddress]):
    """Address of a Valkey or Redis: `valkey://` or `redis://` host:port, with `valkeys://` or `rediss://` for TLS."""

    name = "url"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> StoreAddress:
        """The address."""
        if isinstance(value, StoreAddress):
            return value
        try:
            parts = urlsplit(str(value).strip())
            wanted = parse_qs(parts.query, strict_parsing=bool(parts.query))
        except ValueError:
            self.fail("is not an address such as valkey://store:6379", param, ctx)
        if ":" in parts.netloc.rpartition("@")[0]:
            # Not repeated: it is a secret.
            self.fail("holds a password; write that into a file and name it with state_password_file", param, ctx)
        if parts.scheme not in SECURE:
            self.fail("has to begin with valkey://, redis://, valkeys:// or rediss://", param, ctx)
        if set(wanted) - {"sentinel"} or parts.fragment or not re.fullmatch(r"(/\d{0,3})?", parts.path):
            self.fail("may end with /DATABASE and with ?sentinel=MASTER, and with nothing else", param, ctx)
        sentinel = wanted.get("sentinel", [""])[-1]
        user, _, listed = parts.netloc.rpartition("@")
        hosts = [_HOST.fullmatch(one) for one in listed.split(",")]
        if not all(hosts) or (len(hosts) > 1 and not sentinel):
            self.fail("names no host such as store:6379, or several without ?sentinel=MASTER", param, ctx)
        port = SENTINEL_PORT if sentinel else PORT
        return StoreAddress(
            tuple((one[1].strip("[]"), int(one[2] or port)) for one in hosts if one),
            int(parts.path.strip("/") or 0),
            unquote(user),
            SECURE[parts.scheme],
            sentinel,
        )
