"""How servers are reached that something is sent to by HTTP."""

import base64

from sems_exporter.config.targets import Tls
from sems_exporter.portal.http.bounded_sockets import Patience
from sems_exporter.portal.http.transport import Transport


def transport(tls: Tls, timeout: float) -> Transport:
    """Connections to a target, each exchange with it no longer than `timeout` seconds."""
    pair = (str(tls.cert_file), str(tls.key_file)) if tls.cert_file else None
    authorities = str(tls.ca_file) if tls.ca_file else None
    return Transport(Patience(timeout, timeout, timeout), authorities=authorities, certificate=pair)


def basic(username: str, password: str) -> str:
    """The value of the header Authorization."""
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"
