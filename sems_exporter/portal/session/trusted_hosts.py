"""Which hosts may see the token: the data host is named by the sign-in answer, so it is not trusted blindly."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from sems_exporter import protocol
from sems_exporter.config.settings import is_loopback
from sems_exporter.errors import GatewayRefused

# Parsers of addresses disagree on what ends a host: in "evil.org\.goodwe.com" the HTTP library reads evil.org.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|[0-9a-f:]+")


def trusted(url: object, allowed_hosts: Iterable[str]) -> str:
    """`url` without a trailing slash, if the token may be sent there; raises GatewayRefused otherwise.

    https on GoodWe's domains and the default port; beside these only the hosts that the user allows, written as
    "host" or "host:port". Plain http and any port only for allowed loopback hosts.
    """
    if not isinstance(url, str) or not url.isascii():
        raise GatewayRefused("the sign-in answer names no usable data host")
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise GatewayRefused("the data host in the sign-in answer cannot be read") from error
    if not _HOST.fullmatch(host) or "@" in parts.netloc or parts.query or parts.fragment:
        raise GatewayRefused("the sign-in answer names an odd data address")
    if not _allowed(parts.scheme.lower(), host, port, {entry.strip().lower() for entry in allowed_hosts}):
        raise GatewayRefused(
            f"the sign-in answer names the data host {parts.scheme}://{host[:80]}, which is not GoodWe's; "
            "if you trust it, add it to allowed_hosts (SEMS_ALLOWED_HOSTS)"
        )
    return parts._replace(path=_path(parts.path)).geturl()


def _allowed(scheme: str, host: str, port: int | None, own: set[str]) -> bool:
    named = host in own or f"{host}:{port}" in own
    if is_loopback(host):
        return named and scheme in {"http", "https"}
    if scheme != "https":
        return False
    if f"{host}:{port or 443}" in own:
        return True
    return port in (None, 443) and (host in own or protocol.current().hosts.trusts(host))


def _path(path: str) -> str:
    # A migrated classic sign-in names ".../sems/", but the plant services live below /web/sems (seen 2026-09).
    bare = path.rstrip("/")
    return "/web/sems" if bare == "/sems" else bare
