"""Servers that something is sent to: addresses without secrets, and how they are reached."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sems_exporter.config.entries import Entry
from sems_exporter.config.settings import is_loopback
from sems_exporter.config.types import NO_USER
from sems_exporter.errors import SettingError
from sems_exporter.files import read_bounded
from sems_exporter.telemetry.redaction import Secret

LARGEST_CERTIFICATES = 1024 * 1024
OF_TLS = ("ca_file", "cert_file", "key_file")
TLS_HINTS = {"insecure_skip_verify": "is not offered; name the server's own certificate with ca_file instead"}
_URL = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Tls:
    """Files with who may vouch for the server, and with a certificate of our own; None for the system's, and none."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A user name, and the file that has the password. It is read for each attempt, so that it can be changed."""

    username: str
    password: Secret


def address(entry: Entry, schemes: tuple[str, ...], example: str) -> SplitResult:
    """The parts of `url`; raises SettingError, whose text holds nothing of an address with a password in it."""
    text = entry.text("url")
    if not text:
        raise entry.wrong("url", f"missing; an address such as {example}")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if "@" in parts.netloc:
        raise entry.wrong("url", NO_USER)
    if parts.scheme not in schemes or not host or not _URL.fullmatch(text) or parts.fragment:
        raise entry.wrong("url", f"has to be an address such as {example}, beginning with {', '.join(schemes)}")
    return parts


def is_open(parts: SplitResult) -> bool:
    """Tell whether others on the way can read what is sent there."""
    return parts.scheme in ("http", "ftp") and not is_loopback(parts.hostname or "")


def tls(entry: Entry, allowed: tuple[str, ...] = OF_TLS) -> Tls:
    """What `tls_config` says; raises SettingError where a file cannot be read."""
    told = entry.within("tls_config", allowed, TLS_HINTS)
    if told is None:
        return Tls()
    files = {key: told.file(key) for key in allowed}
    for key, path in files.items():
        if path is not None:
            _readable(told, key, path)
    found = Tls(**files)
    if (found.cert_file is None) != (found.key_file is None):
        raise SettingError(told.place, "cert_file and key_file go together")
    _usable(told, found)
    return found


def _usable(entry: Entry, files: Tls) -> None:
    """Raise SettingError where the files hold no certificates, which would be found out at the first connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if files.ca_file:
            context.load_verify_locations(files.ca_file)
    except ssl.SSLError:
        raise entry.wrong("ca_file", f"{files.ca_file} holds no certificates in PEM") from None
    try:
        if files.cert_file:
            # Without a text in place of it, a passphrase would be asked for on the terminal.
            context.load_cert_chain(files.cert_file, files.key_file, password="")
    except ssl.SSLError:
        raise entry.wrong(
            "cert_file", f"{files.cert_file} and {files.key_file} are no certificate and its key in PEM, unencrypted"
        ) from None


def _readable(entry: Entry, key: str, path: Path) -> None:
    try:
        read_bounded(path, LARGEST_CERTIFICATES)
    except OSError as error:
        raise entry.wrong(key, f"{path} cannot be read: {error.strerror}") from error
