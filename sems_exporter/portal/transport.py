"""One HTTP exchange with the portal, bounded in time and size, with every failure named."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3
from requests.utils import get_environ_proxies

from sems_exporter import errors
from sems_exporter.portal.envelope import Answer

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
DEADLINE = 30.0
"""Seconds that one exchange may take in all."""
LARGEST = 4 * 1024 * 1024
"""Bytes of an answer after decompression; the largest capture has 37 KB."""
CHUNK = 64 * 1024
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request: `endpoint` is the short name for metrics and logs; `body` is sent as JSON, `form` as a web form."""

    endpoint: str
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    form: dict[str, str] | None = field(default=None, repr=False)


class Transport:
    """A kept-alive HTTP session without cookies from disk, .netrc or redirects."""

    def __init__(self, session: requests.Session | None = None, timer: Callable[[], float] = time.monotonic) -> None:
        self._session = session or requests.Session()
        # .netrc would replace our own headers; proxies and CA bundles are taken from the environment by hand below.
        self._session.trust_env = False
        self._timer = timer
        self._verify = next((os.environ[name] for name in _CA_VARIABLES if os.environ.get(name)), True)

    def send(self, exchange: Exchange) -> Answer:
        """The complete answer of any status; raises a PortalError where none came within the limits."""
        deadline = self._timer() + DEADLINE
        try:
            with self._session.request(
                exchange.method,
                exchange.url,
                headers={"Accept": "application/json, text/plain, */*", **exchange.headers},
                json=exchange.body,
                data=exchange.form,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                allow_redirects=False,
                stream=True,
                proxies=get_environ_proxies(exchange.url, no_proxy=None),
                verify=self._verify,
            ) as response:
                body = self._body(response, deadline)
                cookies = dict(response.cookies.items())
                # A session is what the state file knows, never what a jar happens to hold.
                self._session.cookies.clear()
                return Answer(response.status_code, body, response.headers.get("Retry-After"), cookies)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise named(error) from error

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        body = bytearray()
        # read1 returns what one read of the socket brings, so that a drip of single bytes meets the deadline.
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > LARGEST:
                raise errors.AnswerTooLarge(f"more than {LARGEST} bytes")
            if self._timer() > deadline:
                raise errors.TimedOut(f"no complete answer within {DEADLINE:.0f} s")
        return bytes(body)

    def close(self) -> None:
        """Close kept connections."""
        self._session.close()


_NAMED: tuple[tuple[tuple[type[BaseException], ...], type[errors.PortalError], str], ...] = (
    ((requests.exceptions.SSLError, urllib3.exceptions.SSLError), errors.CertificateInvalid, "TLS failed"),
    ((requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError), errors.Unreachable, "no connection in time"),
    ((requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError), errors.TimedOut, "no answer in time"),
    ((requests.exceptions.ProxyError, urllib3.exceptions.ProxyError), errors.Unreachable, "the proxy refused"),
    (
        (requests.exceptions.ContentDecodingError, urllib3.exceptions.DecodeError),
        errors.AnswerUnreadable,
        "the answer could not be decompressed",
    ),
    (
        (
            requests.exceptions.ChunkedEncodingError,
            urllib3.exceptions.ProtocolError,
            urllib3.exceptions.IncompleteRead,
            urllib3.exceptions.InvalidChunkLength,
            ConnectionResetError,
            BrokenPipeError,
        ),
        errors.ConnectionBroken,
        "the connection broke off",
    ),
    ((requests.ConnectionError, urllib3.exceptions.HTTPError, OSError), errors.Unreachable, "no connection"),
    ((ValueError,), errors.Unreachable, "the address cannot be used"),
)


def named(error: BaseException) -> errors.PortalError:
    """The portal failure that an exception of the HTTP libraries stands for; its text holds no address or header."""
    causes = [error, *_causes(error)]
    if any(isinstance(cause, urllib3.exceptions.ProtocolError) for cause in causes[1:]):
        return errors.ConnectionBroken("the connection broke off")
    for kinds, failure, text in _NAMED:
        if isinstance(error, kinds):
            return failure(text)
    return errors.Unreachable("no connection")


def _causes(error: BaseException) -> list[BaseException]:
    # requests wraps the urllib3 exception as its first argument, urllib3 as `reason`.
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return [inner, *_causes(inner)] if isinstance(inner, BaseException) and inner is not error else []
