"""What each exception of the HTTP libraries means for us.

Every class that may surface is listed by itself, so that a new one in a newer library fails a test instead of passing
for something it is not. The texts are ours: those of the libraries hold addresses, and addresses hold ids.
"""

import http.client
import socket
import ssl
from collections.abc import Iterator

import requests.exceptions as by_requests
import urllib3.exceptions as by_urllib3
from urllib3.util.ssl_match_hostname import CertificateError

from sems_exporter import errors

Kinds = tuple[type[BaseException], ...]

_LISTED: tuple[tuple[type[errors.PortalError], str, Kinds], ...] = (
    (
        errors.Unreachable,
        "the name of the host cannot be resolved",
        (by_urllib3.NameResolutionError, socket.gaierror, socket.herror),
    ),
    (
        errors.Unreachable,
        "no connection in time",
        (by_requests.ConnectTimeout, by_urllib3.ConnectTimeoutError),
    ),
    (
        errors.Unreachable,
        "no connection",
        (
            by_urllib3.NewConnectionError,
            ConnectionRefusedError,
            # Wrappers; what they wrap is looked at first.
            by_requests.RequestException,
            by_requests.ConnectionError,
            by_requests.RetryError,
            by_urllib3.HTTPError,
            by_urllib3.PoolError,
            by_urllib3.RequestError,
            by_urllib3.MaxRetryError,
            # The pool has no free connection, or was closed meanwhile.
            by_urllib3.EmptyPoolError,
            by_urllib3.FullPoolError,
            by_urllib3.ClosedPoolError,
        ),
    ),
    (errors.Unreachable, "the proxy refused", (by_requests.ProxyError, by_urllib3.ProxyError)),
    (
        errors.Unreachable,
        "the address cannot be used",
        (
            by_requests.URLRequired,
            by_requests.MissingSchema,
            by_requests.InvalidSchema,
            by_requests.InvalidURL,
            by_requests.InvalidProxyURL,
            by_urllib3.LocationValueError,
            by_urllib3.LocationParseError,
            by_urllib3.URLSchemeUnknown,
            by_urllib3.ProxySchemeUnknown,
            by_urllib3.ProxySchemeUnsupported,
            by_urllib3.HostChangedError,
            http.client.InvalidURL,
            UnicodeError,
        ),
    ),
    (
        errors.Unreachable,
        "the request cannot be sent",
        (
            by_requests.InvalidHeader,
            by_requests.InvalidJSONError,
            by_requests.UnrewindableBodyError,
            by_urllib3.UnrewindableBodyError,
            by_urllib3.TimeoutStateError,
            http.client.NotConnected,
            http.client.ImproperConnectionState,
            http.client.CannotSendRequest,
            http.client.CannotSendHeader,
        ),
    ),
    (
        errors.CertificateInvalid,
        "the certificate cannot be verified",
        (ssl.SSLCertVerificationError, CertificateError),
    ),
    (
        errors.CertificateInvalid,
        "TLS failed",
        (ssl.SSLError, by_requests.SSLError, by_urllib3.SSLError),
    ),
    (
        errors.TimedOut,
        "no answer in time",
        (
            TimeoutError,
            by_requests.Timeout,
            by_requests.ReadTimeout,
            by_urllib3.TimeoutError,
            by_urllib3.ReadTimeoutError,
        ),
    ),
    (
        errors.AnswerUnreadable,
        "the answer could not be decompressed",
        (by_requests.ContentDecodingError, by_urllib3.DecodeError),
    ),
    (
        errors.AnswerUnreadable,
        "the answer makes no sense",
        (
            by_requests.HTTPError,
            by_requests.JSONDecodeError,
            by_requests.TooManyRedirects,
            by_urllib3.ResponseError,
            by_urllib3.InvalidHeader,
            by_urllib3.HeaderParsingError,
        ),
    ),
    (
        errors.ConnectionBroken,
        "the connection broke off",
        (
            by_requests.ChunkedEncodingError,
            by_requests.StreamConsumedError,
            by_urllib3.ProtocolError,
            by_urllib3.ResponseNotChunked,
            by_urllib3.BodyNotHttplibCompatible,
            by_urllib3.IncompleteRead,
            by_urllib3.InvalidChunkLength,
            ConnectionError,
            ConnectionAbortedError,
            ConnectionResetError,
            BrokenPipeError,
            # An end in the middle of TLS says nothing about the certificate; seen at the hk gateway.
            ssl.SSLEOFError,
            ssl.SSLZeroReturnError,
            ssl.SSLSyscallError,
            ssl.SSLWantReadError,
            ssl.SSLWantWriteError,
            # What cannot be parsed as HTTP is no answer at all.
            http.client.HTTPException,
            http.client.IncompleteRead,
            http.client.BadStatusLine,
            http.client.LineTooLong,
            http.client.RemoteDisconnected,
            http.client.ResponseNotReady,
            http.client.UnknownProtocol,
            http.client.UnknownTransferEncoding,
            http.client.UnimplementedFileMode,
        ),
    ),
)
MEANINGS = {kind: (failure, text) for failure, text, kinds in _LISTED for kind in kinds}
"""The failure and its text by exact class."""

CAUGHT = (by_requests.RequestException, by_urllib3.HTTPError, http.client.HTTPException, OSError, ValueError)
"""The roots of everything that the HTTP libraries raise."""


def named(error: BaseException) -> errors.PortalError:
    """The portal failure that an exception of the HTTP libraries stands for; its text holds no address or header."""
    for cause in reversed(list(_causes(error))):
        for kind in type(cause).__mro__:
            if kind in MEANINGS:
                failure, text = MEANINGS[kind]
                return failure(text)
    return errors.Unreachable("no connection")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and what it wraps, outermost first; the libraries hand that over as `reason` or among the arguments."""
    yield error
    inside = (getattr(error, "reason", None), *error.args)
    inner = next((each for each in inside if isinstance(each, BaseException) and each is not error), None)
    if inner is not None:
        yield from _causes(inner)
