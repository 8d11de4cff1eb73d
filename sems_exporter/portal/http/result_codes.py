"""Result codes of the portal and what each means for us, as portal.toml has them.

The portal writes them as numbers or strings, in both dialects; `str()` makes them one. Classes by first letters are
inference and come last.
"""

from sems_exporter import errors, protocol


def is_success(code: str, data: object) -> bool:
    """Tell whether `code` is that of a success which carries `data`."""
    results = protocol.current().results
    return code in results.success or (code in results.success_with_data and bool(data))


def failure(code: str) -> type[errors.PortalError]:
    """The class of failure that `code` stands for; UnknownCode where nothing tells."""
    results = protocol.current().results
    known = results.codes.get(code)
    if known is not None:
        return known
    if code[1:].isdigit():
        return next((cls for prefix, cls in results.prefixes if code.startswith(prefix)), errors.UnknownCode)
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
