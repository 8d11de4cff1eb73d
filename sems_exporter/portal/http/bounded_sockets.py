"""Connections that keep within an allowance of seconds and bytes in every phase of an exchange.

The timeouts of the HTTP libraries hold for one read each, so that a byte every nine seconds of status line, header or
trailer lasts for ever. Here each look-up, connect and read gets no more than what is left of the whole exchange, and
each byte that comes in is counted before anybody parses it. No second thread watches: the reading thread stops itself.
"""

import errno
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from sems_exporter import errors

Addresses: TypeAlias = Sequence[tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for one connect, for one read, and for a whole exchange from the look-up to the last byte."""

    connect: float = 5.0
    read: float = 10.0
    whole: float = 30.0


class Allowance:
    """What is left of one exchange. `permit` raises where nothing may be sent any more."""

    def __init__(
        self,
        patience: Patience,
        most_bytes: int,
        timer: Callable[[], float] = time.monotonic,
        permit: Callable[[], None] = lambda: None,
    ) -> None:
        self.permit = permit
        self._patience = patience
        self._timer = timer
        self._until = timer() + patience.whole
        self._most_bytes = self._bytes_left = most_bytes

    @property
    def connect_seconds(self) -> float:
        """For the next look-up, connect or handshake."""
        return min(self._patience.connect, self._left())

    @property
    def read_seconds(self) -> float:
        """For the next read."""
        return min(self._patience.read, self._left())

    def spend(self, received: int) -> None:
        """Count bytes that came in; raises AnswerTooLarge when they are too many."""
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise errors.AnswerTooLarge(f"more than {self._most_bytes} bytes on the wire")

    def _left(self) -> float:
        left = self._until - self._timer()
        if left <= 0:
            raise errors.TimedOut(f"no complete answer within {self._patience.whole:g} s")
        return left


_ALLOWANCE: ContextVar[Allowance] = ContextVar("allowance")
"""Of the exchange that this thread is in; a kept connection serves one exchange after the other."""


@contextmanager
def allowing(allowance: Allowance) -> Iterator[None]:
    """Hold every connection that is used inside to `allowance`."""
    token = _ALLOWANCE.set(allowance)
    try:
        yield
    finally:
        _ALLOWANCE.reset(token)


class _BoundedSocket(socket.socket):
    def sendall(self, *args: Any) -> None:
        # As late as can be: what was allowed before the look-up and the connect may not be any more.
        _ALLOWANCE.get().permit()
        super().sendall(*args)

    def recv_into(self, *args: Any) -> int:
        allowance = _ALLOWANCE.get()
        self.settimeout(allowance.read_seconds)
        received = super().recv_into(*args)
        allowance.spend(received)
        return received


class _TlsSocket(_BoundedSocket, ssl.SSLSocket):
    def recv(self, *args: Any) -> bytes:
        # TLS through a proxy that is reached by TLS reads in this way.
        allowance = _ALLOWANCE.get()
        self.settimeout(allowance.read_seconds)
        received = super().recv(*args)
        allowance.spend(len(received))
        return received


class _LookUps:
    """Name look-ups that can be given up.

    The C library's cannot be interrupted, so each runs in a thread of its own; the next one for the same name waits
    for the one under way instead of starting another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, int], Future[Addresses]] = {}

    def addresses(self, host: str, port: int, seconds: float) -> Addresses:
        """Look `host` up; raises TimeoutError after `seconds`, or what the look-up raised."""
        with self._lock:
            future = self._under_way.get((host, port))
            if future is None:
                future = Future()
                _begin(lambda: self._look_up(host, port, future))
                # Its end waits for the lock that is held here.
                self._under_way[host, port] = future
        return future.result(seconds)

    def _look_up(self, host: str, port: int, future: "Future[Addresses]") -> None:
        found: Addresses = ()
        failure: OSError | ValueError | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:  # ValueError: a name that cannot be encoded
            failure = error
        with self._lock:
            del self._under_way[host, port]
        future.set_exception(failure) if failure else future.set_result(found)


def _begin(look_up: Callable[[], None]) -> None:
    try:
        threading.Thread(target=look_up, name="look-up", daemon=True).start()
    except RuntimeError as error:
        # The system has no further thread to give, now.
        raise OSError(errno.EAGAIN, str(error)) from error


_LOOK_UPS = _LookUps()


@contextmanager
def _failing_like_urllib3(connection: HTTPConnection) -> Iterator[None]:
    """Raise what fails on the way to a server in the exceptions of urllib3, as it would do itself."""
    try:
        yield
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "no connection in time") from error
    except OSError as error:
        raise NewConnectionError(connection, "no connection") from error


def _tls_context() -> ssl.SSLContext:
    context = create_urllib3_context()
    context.sslsocket_class = _TlsSocket
    return context


class _PlainConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        """Connect to one of the addresses of the host, whichever answers first in their order."""
        allowance, host = _ALLOWANCE.get(), self.host.strip("[]")
        failure = OSError("the name has no address")
        with _failing_like_urllib3(self):
            for family, kind, protocol, _, address in _LOOK_UPS.addresses(host, self.port, allowance.connect_seconds):
                own = _BoundedSocket(family, kind, protocol)
                try:
                    for option in self.socket_options or ():
                        own.setsockopt(*option)
                    own.settimeout(allowance.connect_seconds)
                    own.connect(address)
                    own.settimeout(allowance.connect_seconds)  # for the TLS handshake
                except BaseException as error:
                    own.close()
                    if not isinstance(error, OSError):
                        raise
                    failure = error
                else:
                    return own
            raise failure


class _TlsConnection(_PlainConnection, HTTPSConnection):
    def connect(self) -> None:
        self.ssl_context = _tls_context()
        super().connect()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class BoundedAdapter(HTTPAdapter):
    """Sends the requests of a session through bounded connections; to be used inside `allowing`.

    `authorities` is the file or folder of the authorities that may vouch for a proxy that is reached by TLS.
    """

    def __init__(self, authorities: str) -> None:
        self._authorities = authorities
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the connections to servers bounded ones."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Likewise through a proxy; one of SOCKS brings connections of its own."""
        if proxy.lower().startswith("socks"):
            return super().proxy_manager_for(proxy, **options)
        context = _tls_context()
        where = self._authorities
        context.load_verify_locations(*((None, where) if Path(where).is_dir() else (where,)))
        manager = super().proxy_manager_for(proxy, proxy_ssl_context=context, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager
