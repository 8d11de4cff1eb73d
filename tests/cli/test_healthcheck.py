"""What the health check of a container finds out, with servers of all kinds."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sems_exporter.cli import healthcheck
from sems_exporter.cli.healthcheck import answers
from tests.ports import unserved
from tests.serving import Site, served
from tests.web.certificates import HASH, Certificates
from tests.web.security.test_tls import MUTUAL, SECURED


@contextmanager
def saying(answer: bytes) -> Iterator[str]:
    """A server that says the same to everybody, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):  # when the test is over
                for _ in range(2):
                    with listening.accept()[0] as connection:
                        connection.recv(1000)
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f":{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"basic_auth_users: {{alice: '{HASH}'}}\n",
        SECURED,
        MUTUAL,
        MUTUAL + "  max_version: TLS12\n",
    ],
)
def test_a_living_exporter_is_healthy(tmp_path: Path, text: str) -> None:
    """Whatever it demands of others."""
    site = Site(web_config=Certificates(tmp_path).config(text))

    with served(site.application) as web:
        assert answers(f"127.0.0.1:{web.port}", may_be_secured=True)


def test_the_environment_says_where_and_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Certificates(tmp_path).config(SECURED)
    site = Site(web_config=config)

    with served(site.application) as web:
        monkeypatch.setenv("SEMS_WEB_LISTEN_ADDRESS", f":{web.port}")
        without = healthcheck.main()
        monkeypatch.setenv("SEMS_WEB_CONFIG_FILE", str(config))
        known = healthcheck.main()

    assert (without, known, healthcheck.main()) == (1, 0, 1)


def test_without_a_web_configuration_plain_http_has_to_do(tmp_path: Path) -> None:
    site = Site(web_config=Certificates(tmp_path).config(SECURED))

    with served(site.application) as web:
        assert not answers(f"127.0.0.1:{web.port}", may_be_secured=False)


@pytest.mark.parametrize("secured", [True, False])
def test_another_answer_is_none(secured: bool) -> None:
    with saying(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n") as address:
        assert not answers(address, may_be_secured=secured)


@pytest.mark.parametrize("secured", [True, False])
def test_nobody_there_is_not_healthy(secured: bool) -> None:
    with unserved() as port:
        assert not answers(f"127.0.0.1:{port}", may_be_secured=secured)


def test_one_that_hangs_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(healthcheck, "PATIENCE", 0.1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert not answers(f"127.0.0.1:{listening.getsockname()[1]}", may_be_secured=True)


def test_one_that_hangs_in_the_handshake_is_not_healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(healthcheck, "PATIENCE", 0.2)

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up_once() -> None:
            # On a slow machine all may be over before it comes to accept anybody.
            with suppress(OSError), listening.accept()[0] as connection:
                connection.recv(1000)

        threading.Thread(target=hang_up_once, daemon=True).start()
        assert not answers(f"127.0.0.1:{listening.getsockname()[1]}", may_be_secured=True)


def test_an_address_that_cannot_be_reached_is_not_healthy() -> None:
    assert not answers("nowhere.invalid:80", may_be_secured=True)
