"""The web configuration file in the format of the Prometheus exporter-toolkit: TLS, passwords, headers.

What the file may say is in docs/web.md. A key that is not known, or that would do nothing, is refused.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sems_exporter.web.security.auth import NOBODY, BasicAuth
from sems_exporter.web.security.sections import Section, Wrong, document
from sems_exporter.web.security.tls import FILES, KEYS, Tls, tls_of

# The header names that can be set, and the values that some are limited to.
HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
# The last character of the salt holds two bits; with more in it, bcrypt refuses to check anything.
_BCRYPT = re.compile(r"\$2[aby]\$(?P<cost>0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
MOST_COST = 16
"""Cost of a bcrypt hash up to which a check takes seconds."""
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What the file says; without a file, nothing: plain HTTP for everybody. `files` are those it was read from."""

    tls: Tls | None = None
    headers: tuple[tuple[str, str], ...] = ()
    basic_auth: BasicAuth = NOBODY
    files: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def closed(self) -> set[str]:
        """Name what stands between a stranger and the metrics, by the key that sets it."""
        verified = self.tls is not None and self.tls.context.verify_mode is ssl.CERT_REQUIRED
        ways = {
            "tls_server_config": self.tls is not None,
            "basic_auth_users": self.basic_auth.asks,
            "tls_server_config.client_auth_type": verified,
        }
        return {key for key, stands in ways.items() if stands}

    def refuse_to_open(self, fresh: "WebConfig") -> None:
        """Raise Wrong where `fresh` would let in whom this keeps out.

        Whoever writes a file in place empties it first, and a full disk leaves it so.
        """
        if (fresh.tls is None) is not (self.tls is None):
            raise Wrong("tls_server_config", "TLS is switched on and off only by a restart")
        for key in sorted(self.closed - fresh.closed):
            raise Wrong(key, "nobody would be asked any more; that is switched off only by a restart")


def load(path: Path) -> WebConfig:
    """The file at `path` with all that it names; raises Wrong."""
    top = document(path, "tls_server_config", "http_server_config", "basic_auth_users", "rate_limit")
    if top.raw("rate_limit") is not None:
        raise top.wrong("rate_limit", "not supported: an answer is ready bytes, and connections are limited anyway")
    secured = Section(top.raw("tls_server_config"), "tls_server_config", *KEYS)
    return WebConfig(
        tls=tls_of(secured, path.parent),
        headers=_headers(Section(top.raw("http_server_config"), "http_server_config", "http2", "headers")),
        basic_auth=_basic_auth(top.raw("basic_auth_users")),
        files=(path, *_named_files(secured, path.parent)),
    )


def _named_files(secured: Section, folder: Path) -> tuple[Path, ...]:
    """The files that the section names."""
    return tuple(folder / name for key in FILES if (name := secured.text(key)))


def _headers(section: Section) -> tuple[tuple[str, str], ...]:
    if section.flag("http2", default=False):
        raise section.wrong("http2", "HTTP/1.1 is all there is; write false, or leave it out")
    chosen = Section(section.raw("headers"), "http_server_config.headers", *HEADERS)
    values = {name: chosen.text(name) for name in HEADERS}
    for name, value in values.items():
        if value and HEADERS[name] and value not in HEADERS[name]:
            raise chosen.wrong(name, f"can be {' or '.join(HEADERS[name])}")
        if value and not _PRINTABLE.fullmatch(value):
            raise chosen.wrong(name, "has to be one line of plain ASCII")
    return tuple((name.lower(), value) for name, value in values.items() if value)


def _basic_auth(users: object) -> BasicAuth:
    if users is None:
        return NOBODY
    if not isinstance(users, Mapping):
        raise Wrong("basic_auth_users", "has to be a mapping of names to bcrypt hashes")
    hashes = {}
    for name, hashed in users.items():
        if not isinstance(name, str) or ":" in name:
            raise Wrong(f"basic_auth_users.{name}", "a name is a text without a colon; write it in quotes")
        found = _BCRYPT.fullmatch(hashed) if isinstance(hashed, str) else None
        if found is None:
            raise Wrong(
                f"basic_auth_users.{name}", "is not followed by a bcrypt hash, which begins with $2y$, $2b$ or $2a$"
            )
        if int(found["cost"]) > MOST_COST:
            raise Wrong(
                f"basic_auth_users.{name}",
                f"is followed by a hash of cost {found['cost']}, and one check would take minutes or days; "
                f"{MOST_COST} is the most, 10 is usual",
            )
        hashes[name.encode()] = hashed.encode()
    return BasicAuth(hashes) if hashes else NOBODY
