"""The web configuration file in the format of the Prometheus exporter-toolkit: TLS, passwords, headers.

What the file may say is in docs/web.md. A key that is not known, or that would do nothing, is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sems_exporter.web.auth import NOBODY, Gatekeeper
from sems_exporter.web.sections import UNFIT, Section, Wrong, document
from sems_exporter.web.tls import FILES, KEYS, Tls, tls_of

# The header names that can be set, and the values that some are limited to.
HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
# The last character of the salt holds two bits; with more in it, bcrypt refuses to check anything.
_BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
_PRINTABLE = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What the file says; without a file, nothing: plain HTTP for everybody. `files` are those it was read from."""

    tls: Tls | None = None
    headers: tuple[tuple[str, str], ...] = ()
    gatekeeper: Gatekeeper = NOBODY
    files: tuple[Path, ...] = field(default=(), repr=False)


def load(path: Path) -> WebConfig:
    """The file at `path` with all that it names; raises Wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Wrong(str(path), f"cannot be read: {error.strerror}") from None
    top = document(content, "tls_server_config", "http_server_config", "basic_auth_users", "rate_limit")
    if top.raw("rate_limit") is not None:
        raise top.wrong("rate_limit", "not supported: an answer is ready bytes, and connections are limited anyway")
    secured = Section(top.raw("tls_server_config"), "tls_server_config", *KEYS)
    return WebConfig(
        tls=tls_of(secured, path.parent),
        headers=_headers(Section(top.raw("http_server_config"), "http_server_config", "http2", "headers")),
        gatekeeper=_gatekeeper(top.raw("basic_auth_users")),
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


def _gatekeeper(users: object) -> Gatekeeper:
    if users is None:
        return NOBODY
    if not isinstance(users, Mapping):
        raise Wrong("basic_auth_users", "has to be a mapping of names to bcrypt hashes")
    hashes = {}
    for name, hashed in users.items():
        if not isinstance(name, str) or ":" in name or UNFIT.search(name):
            raise Wrong(f"basic_auth_users.{name}", "a name is a text without a colon; write it in quotes")
        if not isinstance(hashed, str) or not _BCRYPT.fullmatch(hashed):
            raise Wrong(
                f"basic_auth_users.{name}", "is not followed by a bcrypt hash, which begins with $2y$, $2b$ or $2a$"
            )
        hashes[name.encode()] = hashed.encode()
    return Gatekeeper(hashes) if hashes else NOBODY
