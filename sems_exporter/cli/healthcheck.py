"""Ask an exporter on this machine whether it answers, for the health check of a container."""

import http.client
import os
import ssl

PATIENCE = 4.0
"""Seconds to wait for an answer."""


def main() -> int:
    """The exit code for the container's health check, which goes by the environment alone and costs next to nothing."""
    address = os.environ.get("SEMS_WEB_LISTEN_ADDRESS") or ":10736"
    return 0 if answers(address, may_be_secured=bool(os.environ.get("SEMS_WEB_CONFIG_FILE"))) else 1


def answers(address: str, *, may_be_secured: bool) -> bool:
    """Tell whether what listens on `address` ("host:port", host may be empty) says that it is healthy.

    Where TLS is possible and the exporter refuses plain HTTP, it is asked over TLS; and where it hangs up on that
    too, it wants a certificate, which only a living exporter does.
    """
    host, _, port = address.rpartition(":")
    place = host.strip("[]") or "localhost", int(port)
    plain = _healthy(http.client.HTTPConnection(*place, timeout=PATIENCE))
    if plain is not None or not may_be_secured:
        return bool(plain)
    # It is asked only whether it lives, and nothing is told to it: no certificate has to be trusted for that.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return _healthy(http.client.HTTPSConnection(*place, timeout=PATIENCE, context=context)) is not False


def _healthy(connection: http.client.HTTPConnection) -> bool | None:
    """Tell whether the answer is good; None if the other side took the connection and will not speak in this way."""
    try:
        connection.connect()
    except (TimeoutError, ConnectionRefusedError):
        return False
    except OSError as error:
        return None if isinstance(error, ssl.SSLError | ConnectionError) else False
    try:
        connection.request("GET", "/-/healthy")
        status = connection.getresponse().status
    except TimeoutError:
        return False
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()
    # So answers a port that speaks TLS alone.
    return None if status == http.client.BAD_REQUEST else status == http.client.OK
