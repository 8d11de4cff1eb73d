"""Result codes of the portal and what each means for us.

The portal writes them as numbers or strings, in both dialects; `str()` makes them one. Most were seen in captures or
in several independent clients; classes by first letter are inference and come last.
"""

from sems_exporter import errors

SUCCESS = frozenset({"0", "00000"})
SUCCESS_WITH_DATA = frozenset({"200"})

_CODES: dict[str, type[errors.PortalError]] = {
    "100000": errors.ServerFault,
    "100001": errors.SessionRejected,
    "100002": errors.SessionRejected,
    "100004": errors.ProtocolChanged,
    "100005": errors.CredentialsRejected,
    "100025": errors.PermissionDenied,
    "C0001": errors.ServerFault,
    "C0501": errors.CredentialsRejected,
    "C0602": errors.SessionRejected,
    "C0607": errors.SessionRejected,
    "Z0100": errors.SessionRejected,
    "GY0429": errors.RateLimited,
    "429": errors.RateLimited,
    "S0327": errors.RequestInvalid,
    "P0214": errors.RequestInvalid,
    "P0215": errors.RequestInvalid,
    "R0219": errors.RequestInvalid,
    "R0305": errors.RequestInvalid,
    "R000013": errors.RequestInvalid,
    "read_fail": errors.RequestInvalid,
    # A word in place of a code, for a station that the classic portal does not know.
    "innerexception": errors.StationUnknown,
}
_CLASSES: tuple[tuple[str, type[errors.PortalError]], ...] = (
    ("A02", errors.CredentialsRejected),
    ("A03", errors.SessionRejected),
    ("B", errors.ServerFault),
    ("S", errors.ServerFault),
)


def failure(code: str) -> type[errors.PortalError]:
    """The class of failure that `code` stands for; UnknownCode where nothing tells."""
    known = _CODES.get(code)
    if known is not None:
        return known
    if code[1:].isdigit():
        return next((cls for prefix, cls in _CLASSES if code.startswith(prefix)), errors.UnknownCode)
    return errors.UnknownCode


def status_failure(status: int) -> type[errors.PortalError] | None:
    """The class of failure that an HTTP status alone stands for, or None where the body decides."""
    exact = {
        401: errors.SessionRejected,
        403: errors.PermissionDenied,
        404: errors.RouteUnknown,
        408: errors.TimedOut,
        410: errors.RouteUnknown,
        429: errors.RateLimited,
        504: errors.TimedOut,
    }
    if status in exact:
        return exact[status]
    if status >= 500:
        return errors.ServerFault
    if 300 <= status < 400:
        return errors.AnswerUnreadable
    return errors.RequestInvalid if status >= 400 else None
