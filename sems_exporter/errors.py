"""Everything that can go wrong, as one tree.

    SemsError
    ├── SettingError                  a setting is missing or wrong; ends the start with exit code 2
    ├── StartError                    the surroundings refuse the start (port in use, ...); exit code 1
    ├── Stopping                      the program is ending, so nothing more is sent
    └── PortalError                   the portal, or the way to it
        ├── Unreachable               refused, no route, name not found: nothing reached the portal
        ├── CertificateInvalid        TLS would not verify
        ├── TimedOut                  no complete answer in time
        ├── ConnectionBroken          reset or ended in the middle of an answer
        ├── AnswerTooLarge            more bytes than any honest answer has
        ├── AnswerUnreadable          a redirect, HTML, broken JSON, or JSON of another shape
        ├── AnswerEmpty               success, but nothing in it
        ├── ServerFault               5xx, or a code that means one
        ├── RequestInvalid            the portal dislikes our parameters
        ├── RouteUnknown              404: this address no longer exists
        ├── ProtocolChanged           the portal wants another protocol than ours
        ├── UnknownCode               a result code nobody has described
        ├── PermissionDenied          this account may not read this one resource
        ├── SessionRejected           the token is not, or no longer, good
        ├── RateLimited               the whole account has to pause
        ├── GatewayRefused            the portal named a data host that we will not trust
        ├── StationUnknown            a station that the settings name, or that is asked for, is none of the account's
        └── LoginFailed               a sign-in was tried and gave no session
            ├── CredentialsRejected   account or password wrong
            ├── AgreementPending      the owner must accept new terms first
            ├── MfaRequired           two-step login is on
            ├── LoginRefused          any other refusal; may pass
            └── LoginWithheld         no sign-in was tried: the brake is on

`reason` of each class is the label value its metrics carry.
"""

from copy import copy
from datetime import datetime
from typing import ClassVar, Self


class SemsError(Exception):
    """Root of all failures that the exporter foresees."""

    reason: ClassVar[str] = "error"


class SettingError(SemsError):
    """A setting is missing or wrong. The message names the key and says what is allowed."""

    reason = "setting"
    LONGEST: ClassVar[int] = 1000
    """Characters of each of the two; what a file holds in the place of a key can be all of it."""

    def __init__(self, key: str, message: str) -> None:
        self.key = _shortened(key, self.LONGEST)
        super().__init__(f"{self.key}: {_shortened(message, self.LONGEST)}")


class StartError(SemsError):
    """Something around us refuses the start, for example a port that is in use."""

    reason = "start"


class Stopping(SemsError):
    """The program is ending, so a request was not sent. Nothing has failed."""

    reason = "stopping"


class PortalError(SemsError):
    """The portal, or the way to it, failed."""

    reason = "portal"

    def bare(self) -> Self:
        """The same without its way here, to be kept: a traceback holds all that was at hand, down to whole answers."""
        return copy(self)


class Unreachable(PortalError):
    """Nothing reached the portal: refused, no route, name not found."""

    reason = "unreachable"


class CertificateInvalid(PortalError):
    """The TLS handshake or the certificate failed."""

    reason = "certificate"


class TimedOut(PortalError):
    """No complete answer within the deadline."""

    reason = "timeout"


class ConnectionBroken(PortalError):
    """The connection ended in the middle of an answer."""

    reason = "broken"


class AnswerTooLarge(PortalError):
    """The answer is larger than any honest one."""

    reason = "too_large"


class AnswerUnreadable(PortalError):
    """A redirect, HTML, broken JSON, or JSON of another shape."""

    reason = "unreadable"


class AnswerEmpty(PortalError):
    """The portal reported success and delivered nothing."""

    reason = "empty"


class ServerFault(PortalError):
    """The portal reports a fault of its own."""

    reason = "server_fault"


class RequestInvalid(PortalError):
    """The portal dislikes the parameters of a request."""

    reason = "request_invalid"


class RouteUnknown(PortalError):
    """The address of a request no longer exists (HTTP 404)."""

    reason = "route_unknown"


class ProtocolChanged(PortalError):
    """The portal wants another protocol than the one spoken (100004)."""

    reason = "protocol_changed"


class UnknownCode(PortalError):
    """A result code that is in no list."""

    reason = "unknown_code"


class PermissionDenied(PortalError):
    """The account may not read this one resource (100025, HTTP 403)."""

    reason = "denied"


class SessionRejected(PortalError):
    """The token is not, or no longer, good."""

    reason = "session_rejected"


class RateLimited(PortalError):
    """The whole account has to pause until the given instant."""

    reason = "rate_limited"

    def __init__(self, message: str, retry_after: float | None = None, until: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.until = until


class GatewayRefused(PortalError):
    """The sign-in named a data host outside the allow-list, or one without https."""

    reason = "gateway_refused"


class StationUnknown(PortalError):
    """The settings name a station that the account does not show, or the portal knows none of that id."""

    reason = "station_unknown"


class LoginFailed(PortalError):
    """A sign-in gave no session."""

    reason = "login_failed"


class CredentialsRejected(LoginFailed):
    """Account or password are wrong."""

    reason = "credentials_rejected"


class AgreementPending(LoginFailed):
    """The owner must accept new terms in the app or on the web page first."""

    reason = "agreement_pending"


class MfaRequired(LoginFailed):
    """The account has two-step login."""

    reason = "mfa_required"


class LoginRefused(LoginFailed):
    """The portal refused a sign-in for another reason; it may pass."""

    reason = "login_refused"


class LoginWithheld(LoginFailed):
    """No sign-in was tried: the brake that protects the account is on."""

    reason = "login_withheld"

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


def leaves(root: type[SemsError]) -> list[type[SemsError]]:
    """The classes of the tree below `root` that have no subclass, in order of definition."""
    below = root.__subclasses__()
    return [leaf for cls in below for leaf in leaves(cls)] or [root]


WHOLE_ACCOUNT = (RateLimited, LoginFailed, GatewayRefused)
"""Failures that make every further request of the account pointless or harmful."""
ON_THE_WAY = (Unreachable, TimedOut, CertificateInvalid, ConnectionBroken)
"""Failures between us and the portal, which may have cost half a minute each."""


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-longest // 2 :]}"
