"""One HTTP exchange with the portal, bounded in time and size, with every failure named."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies

from sems_exporter import errors
from sems_exporter.portal.http.bounded_sockets import Allowance, BoundedAdapter, Patience, allowing
from sems_exporter.portal.http.envelope import HttpResponse
from sems_exporter.portal.http.exceptions import CAUGHT, named

LARGEST = 4 * 1024 * 1024
"""Bytes of an answer after decompression; the largest capture has 37 KB."""
MOST_RECEIVED = LARGEST + 1024 * 1024
"""Bytes on the wire, so that headers and trailers end as well."""
PATIENCE = Patience()
CHUNK = 64 * 1024
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request: `endpoint` is the short name for metrics and logs.

    `body` is sent as JSON, `form` as a web form, `content` as it is.
    """

    endpoint: str
    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    form: dict[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect leads anywhere.

        Even where none is followed, requests would prepare the next request, and for that unpack the whole body.
        """


class Transport:
    """A kept-alive HTTP session without cookies, .netrc or redirects, bounded by `patience` in every phase.

    `permit` is asked right before anything is written to a connection, and raises where that may not be.
    `authorities` is the file of those that may vouch for a server, in place of the usual ones; `certificate` are the
    files of a certificate of our own and of its key.
    """

    def __init__(
        self,
        patience: Patience | None = None,
        timer: Callable[[], float] = time.monotonic,
        permit: Callable[[], None] = lambda: None,
        *,
        authorities: str | None = None,
        certificate: tuple[str, str] | None = None,
    ) -> None:
        self._permit = permit
        self._patience = patience or PATIENCE
        self._timer = timer
        self._session = _Session()
        self._session.cert = certificate
        self._authorities = authorities or next(
            (os.environ[name] for name in _CA_VARIABLES if os.environ.get(name)), DEFAULT_CA_BUNDLE_PATH
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, BoundedAdapter(self._authorities))
        # .netrc would replace our own headers; proxies and CA bundles are taken from the environment by hand below.
        self._session.trust_env = False
        # A session is what the state file knows, never what a jar happens to hold.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    def send(self, request: HttpRequest) -> HttpResponse:
        """The complete answer of any status; raises a PortalError where none came within the limits."""
        if request.url.lower().startswith("https:") and not os.access(self._authorities, os.R_OK):
            raise errors.CertificateInvalid(
                f"the certificates of the authorities cannot be read from {self._authorities}; see REQUESTS_CA_BUNDLE"
            )
        try:
            with (
                allowing(Allowance(self._patience, MOST_RECEIVED, self._timer, self._permit)),
                self._session.request(
                    request.method,
                    request.url,
                    headers={"Accept": "application/json, text/plain, */*", **request.headers},
                    json=request.body,
                    data=request.form if request.content is None else request.content,
                    timeout=(self._patience.connect, self._patience.read),
                    allow_redirects=False,
                    stream=True,
                    proxies=get_environ_proxies(request.url, no_proxy=None),
                    verify=self._authorities,
                ) as response,
            ):
                cookies = dict(response.cookies.items())
                headers = response.headers
                body = _body(response)
                return HttpResponse(
                    response.status_code, body, headers.get("Retry-After"), cookies, headers.get("Date")
                )
        except CAUGHT as error:
            raise named(error) from error

    def close(self) -> None:
        """Close kept connections."""
        self._session.close()


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    # read1 returns what one read of the socket brings and decompresses no more than it was asked for.
    while chunk := response.raw.read1(CHUNK, decode_content=True):
        body += chunk
        if len(body) > LARGEST:
            raise errors.AnswerTooLarge(f"more than {LARGEST} bytes")
    return bytes(body)
