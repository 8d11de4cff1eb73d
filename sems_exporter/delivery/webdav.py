"""Sending by HTTP: PUT under a temporary name, then MOVE, as WebDAV has it (RFC 4918)."""

from urllib.parse import urlunsplit

from sems_exporter import errors
from sems_exporter.config.deliveries import DeliverySettings
from sems_exporter.delivery.contents import Files
from sems_exporter.delivery.failures import DeliveryFailed
from sems_exporter.delivery.http_target import basic
from sems_exporter.delivery.secrets import revealed
from sems_exporter.portal.http.transport import HttpRequest, Transport
from sems_exporter.telemetry.delivery_metrics import Reason

TEMPORARY = ".part"
"""Ends the name of a file that is under way."""
CONTENT_TYPES = {".html": "text/html; charset=utf-8", ".json": "application/json", ".prom": "text/plain; version=0.0.4"}
_OF_STATUS = {
    401: Reason.LOGIN,
    403: Reason.DENIED,
    404: Reason.MISSING,
    409: Reason.MISSING,
    413: Reason.FULL,
    507: Reason.FULL,
}
_OF_ERROR: dict[type[errors.PortalError], Reason] = {
    errors.Unreachable: Reason.UNREACHABLE,
    errors.CertificateInvalid: Reason.CERTIFICATE,
    errors.TimedOut: Reason.TIMEOUT,
}


def send(target: DeliverySettings, files: Files, connection: Transport) -> int:
    """Send the files, in their order, and return how many bytes; raises DeliveryFailed."""
    login = target.login
    headers = {"Authorization": basic(login.username, revealed(login.password))} if login else {}
    base = urlunsplit(target.url)
    for name, content in files.items():
        url = base + name
        under_way = url if target.in_place else url + TEMPORARY
        kind = next((kind for ending, kind in CONTENT_TYPES.items() if url.endswith(ending)), "application/json")
        put = HttpRequest("deliver", "PUT", under_way, {**headers, "Content-Type": kind}, content=content)
        _exchange(connection, put)
        if not target.in_place:
            move = {**headers, "Destination": url, "Overwrite": "T"}
            _exchange(connection, HttpRequest("deliver", "MOVE", under_way, move))
    return sum(map(len, files.values()))


def _exchange(connection: Transport, request: HttpRequest) -> None:
    method = request.method
    try:
        status = connection.send(request).status
    except errors.PortalError as error:
        raise DeliveryFailed(_OF_ERROR.get(type(error), Reason.BROKEN), f"{method}: {error}") from error
    if status in (200, 201, 204):
        return
    hint = "; for a server that knows no MOVE there is in_place: true" if method == "MOVE" else ""
    raise DeliveryFailed(_OF_STATUS.get(status, Reason.REFUSED), f"{method} was answered with status {status}{hint}")
