"""Sending by FTP, plain or with TLS that is asked for after the connection (RFC 4217).

A file is sent under a temporary name, its size compared where the server tells it, and then renamed: in plain FTP a
connection that breaks off looks like the end of a file.
"""

import ftplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from typing import cast
from urllib.parse import unquote

from sems_exporter.config.deliveries import DeliverySettings
from sems_exporter.delivery.contents import Files
from sems_exporter.delivery.failures import DeliveryFailed
from sems_exporter.delivery.secrets import revealed
from sems_exporter.telemetry.delivery_metrics import Reason

TEMPORARY = ".part"
"""Ends the name of a file that is under way."""
MOST_SAID_BYTES = 256 * 1024
"""Bytes that a server may say in one session."""
PIECE_BYTES = 4096
LONGEST = 200
ANONYMOUS = ("anonymous", "anonymous@")
_FULL = ("452", "552")
_LOGIN = ("530", "532", "331", "332")


class _Bounded(ftplib.FTP):
    """Ends by itself, whatever the server does."""

    ends_at = 0.0
    _said = 0
    _unread = b""
    _read_from: socket.socket | None = None

    def getline(self) -> str:
        """The next line, whatever its bytes mean. ftplib waits anew for each of them, and takes UTF-8 alone."""
        if self._read_from is not self.sock:
            # What was said before TLS began is not behind it.
            self._read_from, self._unread = self.sock, b""
        while b"\n" not in self._unread:
            self._unread += self._received()
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")

    def _received(self) -> bytes:
        if self.sock is None:
            raise EOFError
        self.sock.settimeout(self.left())
        found = self.sock.recv(PIECE_BYTES)
        if not found:
            raise EOFError
        self._said += len(found)
        if self._said > MOST_SAID_BYTES:
            raise DeliveryFailed(Reason.BROKEN, "the server says more than anybody can read")
        return found

    def left(self, _: object = None) -> float:
        """Seconds that the whole session may still last; raises TimeoutError when there are none."""
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Plain(_Bounded):
    pass


class _Tls(_Bounded, ftplib.FTP_TLS):
    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        """Open a data connection that goes on with the TLS session of the control connection.

        Servers such as vsftpd and ProFTPD insist on that, and Python does not do it by itself.
        """
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - what is below is TLS
        session = cast("ssl.SSLSocket", self.sock).session
        return self.context.wrap_socket(connection, server_hostname=self.host, session=session), size


def send(target: DeliverySettings, files: Files) -> int:
    """Send the files, in their order, and return how many bytes; raises DeliveryFailed."""
    with _failures_named(), _session(target) as ftp:
        folder, _, own = unquote(target.url.path).removeprefix("/").rpartition("/")
        if folder or target.url.path.startswith("//"):
            _enter(ftp, folder or "/")
        for name, content in files.items():
            _store(ftp, name or own, content, in_place=target.in_place)
    return sum(map(len, files.values()))


@contextmanager
def _session(target: DeliverySettings) -> Iterator[_Bounded]:
    """A session that is signed in; it is left politely, or cut where that is not possible."""
    ftp = _new(target)
    ftp.ends_at = time.monotonic() + target.timeout
    login = (target.login.username, revealed(target.login.password)) if target.login else ANONYMOUS
    try:
        ftp.connect(target.url.hostname or "", target.url.port or ftplib.FTP_PORT, timeout=target.timeout)
        if isinstance(ftp, _Tls):
            _begin_tls(ftp)
        ftp.login(*login)
        if isinstance(ftp, _Tls):
            ftp.prot_p()
        yield ftp
        with suppress(ftplib.Error, OSError, EOFError):
            ftp.quit()
    finally:
        ftp.close()


def _new(target: DeliverySettings) -> _Bounded:
    if target.url.scheme == "ftp":
        return _Plain(encoding="utf-8")
    context = ssl.create_default_context(cafile=str(target.tls.ca_file) if target.tls.ca_file else None)
    return _Tls(context=context, encoding="utf-8")


def _begin_tls(ftp: _Tls) -> None:
    try:
        ftp.auth()
    except ftplib.Error as error:
        raise DeliveryFailed(
            Reason.CERTIFICATE, f"the server offers no TLS, so no password was sent: {_said(error)}"
        ) from None


def _enter(ftp: ftplib.FTP, folder: str) -> None:
    try:
        ftp.cwd(folder)
    except ftplib.error_perm as error:
        raise DeliveryFailed(Reason.MISSING, f"the folder {folder} cannot be entered: {_said(error)}") from None


def _store(ftp: _Bounded, name: str, content: bytes, *, in_place: bool) -> None:
    under_way = name if in_place else name + TEMPORARY
    ftp.storbinary(f"STOR {under_way}", BytesIO(content), callback=ftp.left)
    size = None
    with suppress(ftplib.error_perm):  # not every server knows the command
        size = ftp.size(under_way)
    if size is not None and size != len(content):
        raise DeliveryFailed(Reason.BROKEN, f"{size} of {len(content)} bytes of {name} arrived")
    if in_place:
        return
    try:
        ftp.rename(under_way, name)
    except ftplib.error_perm as error:
        # Some servers put nothing in the place of what is there, and say so.
        if "exist" not in str(error).lower():
            raise
        with suppress(ftplib.error_perm):
            ftp.delete(name)
        ftp.rename(under_way, name)


@contextmanager
def _failures_named() -> Iterator[None]:
    try:
        yield
    except DeliveryFailed:
        raise
    except ftplib.Error as error:
        raise DeliveryFailed(_reason(str(error)[:3]), f"the server refused: {_said(error)}") from error
    except ssl.SSLCertVerificationError as error:
        raise DeliveryFailed(
            Reason.CERTIFICATE, f"the certificate cannot be verified: {error.verify_message}"
        ) from error
    except ssl.SSLError as error:
        raise DeliveryFailed(Reason.CERTIFICATE, f"TLS failed: {error.reason}") from error
    except TimeoutError as error:
        raise DeliveryFailed(Reason.TIMEOUT, "not done in time") from error
    except (EOFError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError) as error:
        raise DeliveryFailed(Reason.BROKEN, "the connection broke off") from error
    except OSError as error:
        raise DeliveryFailed(Reason.UNREACHABLE, f"no connection: {error.strerror or error}") from error
    except (ValueError, OverflowError) as error:
        # ftplib reads numbers of the server's: of ports, of sizes.
        raise DeliveryFailed(Reason.BROKEN, "the server says what is no FTP") from error


def _reason(code: str) -> Reason:
    if code in _FULL:
        return Reason.FULL
    if code in _LOGIN:
        return Reason.LOGIN
    return Reason.DENIED if code in ("550", "553") else Reason.REFUSED


def _said(error: Exception) -> str:
    return str(error)[:LONGEST]
