"""Every exception of the HTTP libraries has a name that was chosen for it, and none tells a secret."""

import http.client
import socket
import ssl
import sys

import pytest
import requests
import urllib3

from sems_exporter import errors
from sems_exporter.portal.http.exceptions import CAUGHT, MEANINGS, named

SECRET = "hunter2"
ADDRESS = f"https://127.0.0.1/?uid={SECRET}"


def descendants(cls: type[BaseException]) -> list[type[BaseException]]:
    below = [cls, *(inner for sub in cls.__subclasses__() for inner in descendants(sub))]
    return list(dict.fromkeys(below))


ROOTS = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)
LIBRARIES = ("requests", "urllib3", "http.client", "ssl", "socket")
OF_CONNECTIONS = [*descendants(ConnectionError), TimeoutError]
"""Of the exceptions that Python has for all purposes, those that a socket raises in the middle of its work."""
FOREIGN = [
    cls
    for cls in dict.fromkeys(cls for root in ROOTS for cls in descendants(root))
    if cls.__module__.startswith(LIBRARIES) or cls in OF_CONNECTIONS
    # Measuring coverage imports some modules twice; the first copies are nobody's.
    if getattr(sys.modules.get(cls.__module__), cls.__name__, None) is cls
]


def bare(cls: type[BaseException], *args: object) -> BaseException:
    """An instance of `cls` whatever its constructor wants."""
    made = cls.__new__(cls)
    made.args = args
    return made


def test_the_walk_finds_all_libraries() -> None:
    """Should a library hide its exceptions from the walk, the tests below would pass for nothing."""
    assert len(FOREIGN) > 75
    assert {cls.__module__.partition(".")[0] for cls in FOREIGN} >= {"requests", "urllib3", "http", "ssl", "socket"}


@pytest.mark.parametrize("cls", FOREIGN, ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_every_exception_is_listed_by_itself(cls: type[BaseException]) -> None:
    """A class that is new in a library must be given its meaning, not inherit one by chance."""
    assert cls in MEANINGS
    assert issubclass(cls, CAUGHT)


@pytest.mark.parametrize("cls", [*FOREIGN, OSError, ValueError], ids=lambda cls: f"{cls.__module__}.{cls.__name__}")
def test_a_name_is_one_of_the_portals_failures_and_tells_neither_secret_nor_address(cls: type[BaseException]) -> None:
    error = named(bare(cls, ADDRESS))

    assert type(error) in errors.leaves(errors.PortalError)
    assert SECRET not in str(error)
    assert "127.0.0.1" not in str(error)


@pytest.mark.parametrize(
    "error, meant",
    [
        (requests.ConnectionError(ADDRESS), errors.Unreachable),
        (requests.exceptions.SSLError(ADDRESS), errors.CertificateInvalid),
        (requests.exceptions.ProxyError(ADDRESS), errors.Unreachable),
        (requests.ConnectTimeout(ADDRESS), errors.Unreachable),
        (requests.ReadTimeout(ADDRESS), errors.TimedOut),
        (requests.exceptions.ChunkedEncodingError(ADDRESS), errors.ConnectionBroken),
        (requests.exceptions.ContentDecodingError(ADDRESS), errors.AnswerUnreadable),
        (urllib3.exceptions.DecodeError(ADDRESS), errors.AnswerUnreadable),
        (urllib3.exceptions.ProtocolError(ADDRESS), errors.ConnectionBroken),
        (http.client.LineTooLong("header line"), errors.ConnectionBroken),
        (http.client.BadStatusLine(ADDRESS), errors.ConnectionBroken),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), errors.Unreachable),
        (ssl.SSLCertVerificationError(1, "self-signed"), errors.CertificateInvalid),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), errors.ConnectionBroken),
        (TimeoutError(), errors.TimedOut),
        (ConnectionResetError(104, "reset"), errors.ConnectionBroken),
        (BrokenPipeError(32, "pipe"), errors.ConnectionBroken),
        (ConnectionRefusedError(111, "refused"), errors.Unreachable),
        (OSError(113, "No route to host"), errors.Unreachable),
        (ValueError(ADDRESS), errors.Unreachable),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else value.__name__,
)
def test_the_names_say_what_happened(error: BaseException, meant: type[errors.PortalError]) -> None:
    assert type(named(error)) is meant


def retried(reason: Exception) -> requests.RequestException:
    """`reason` in the wrappings in which it comes out of a session."""
    pool = urllib3.HTTPConnectionPool("127.0.0.1")
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, ADDRESS, reason))


@pytest.mark.parametrize(
    "error, meant",
    [
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", ConnectionResetError(104, "reset"))),
            errors.ConnectionBroken,
        ),
        (
            requests.ConnectionError(urllib3.exceptions.ProtocolError("aborted", OSError(5, "I/O"))),
            errors.ConnectionBroken,
        ),
        (retried(urllib3.exceptions.SSLError(ssl.SSLEOFError(8, "EOF"))), errors.ConnectionBroken),
        (retried(urllib3.exceptions.SSLError(ssl.SSLCertVerificationError(1, "old"))), errors.CertificateInvalid),
        (retried(urllib3.exceptions.ProxyError("proxy", TimeoutError())), errors.TimedOut),
        (retried(urllib3.exceptions.ProxyError("proxy", OSError("Tunnel failed: 403"))), errors.Unreachable),
    ],
)
def test_what_is_wrapped_counts_more_than_its_wrapping(error: BaseException, meant: type[errors.PortalError]) -> None:
    assert type(named(error)) is meant


def test_a_class_that_nobody_listed_is_named_after_its_nearest_ancestor() -> None:
    class New(urllib3.exceptions.ReadTimeoutError):
        pass

    assert type(named(bare(New))) is errors.TimedOut
