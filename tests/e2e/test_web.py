"""The program's web side as its users and their enemies meet it."""

import resource
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sems_exporter.simulator import SimulatedPortal
from tests.e2e.program import ANY_PORT, PATIENCE, UNHURRIED, finished, running
from tests.ports import unserved
from tests.web.certificates import HASH, PASSWORD, Certificates
from tests.web.security.test_auth import ALICE, basic

SECURED = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
USERS = f"basic_auth_users: {{alice: '{HASH}'}}\n"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Variables of an exporter whose portal is not there."""
    return {
        "SEMS_ACCOUNT": "demo@example.com",
        "SEMS_PASSWORD": "demo",
        "SEMS_LOGIN_URL": "http://127.0.0.1:9/login",
        "SEMS_STATE_DIR": str(tmp_path / "state"),
    }


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def asked(address: str, certificates: Certificates, header: str) -> bytes:
    """What comes back for a scrape over TLS with this Authorization."""
    context = ssl.create_default_context(cafile=str(certificates.folder / "ca.pem"))
    with (
        socket.create_connection(("127.0.0.1", port_of(address)), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(
            f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: {header}\r\nConnection: close\r\n\r\n".encode()
        )
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_with_tls_and_a_password_it_serves_whoever_knows_it(
    settings: dict[str, str], certificates: Certificates
) -> None:
    settings["SEMS_WEB_CONFIG_FILE"] = str(certificates.config(SECURED + USERS))
    with running(ANY_PORT, "--log.level=debug", **settings) as program:
        right = asked(program.address, certificates, ALICE)
        wrong = asked(program.address, certificates, basic("alice", PASSWORD + "x"))
        listening = f"--web.listen-address=127.0.0.1:{port_of(program.address)}"
        probed = finished("healthy", listening, **settings).returncode
        certificates.config("basic_auth_users: {alice: plainpassword}")
        program.printed("the web configuration stays as it was")
        still = asked(program.address, certificates, ALICE)
        code = program.end()

    assert program.address.startswith("https://")
    assert right.startswith(b"HTTP/1.1 200")
    assert b"\nsems_up 0.0\n" in right
    assert wrong.startswith(b"HTTP/1.1 401")
    assert (probed, still[:12], code) == (0, b"HTTP/1.1 200", 0)
    for secret in (PASSWORD, HASH, ALICE.split()[1], "plainpassword"):
        assert secret not in program.output
    assert "Traceback" not in program.output


def test_healthy_ends_with_1_where_nobody_is(settings: dict[str, str]) -> None:
    with unserved() as port:
        assert finished("healthy", f"--web.listen-address=127.0.0.1:{port}", **settings).returncode == 1


@pytest.mark.parametrize(
    "text, line",
    [
        ("tls_server_confg: {}", "web_config_file: tls_server_confg: no such key"),
        (f"basic_auth_users: {{alice: {PASSWORD}}}", "web_config_file: basic_auth_users.alice: is not followed by"),
        (
            "tls_server_config: {cert_file: no.pem}",
            "web_config_file: tls_server_config.cert_file: no.pem cannot be read",
        ),
    ],
)
def test_a_web_configuration_that_cannot_work_is_a_line_and_exit_code_2(
    settings: dict[str, str], certificates: Certificates, text: str, line: str
) -> None:
    done = finished(ANY_PORT, f"--web.config.file={certificates.config(text)}", **settings)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"sems-exporter: {line}")
    assert PASSWORD not in done.stderr


@pytest.mark.parametrize("text", ["", SECURED])
def test_it_ends_in_time_whoever_hangs(tmp_path: Path, certificates: Certificates, text: str) -> None:
    """The portal, clients in the middle of a head or a handshake, clients that never read, and idle ones."""
    release, hung = threading.Event(), threading.Event()

    def hang(_: dict[str, Any], __: Mapping[str, Any]) -> None:
        hung.set()
        release.wait(2 * PATIENCE)

    with SimulatedPortal() as portal, ExitStack() as opened:
        portal.mutate("stations", hang)
        settings = {
            "SEMS_ACCOUNT": "demo@example.com",
            "SEMS_PASSWORD": "demo",
            "SEMS_LOGIN_URL": portal.login_url,
            "SEMS_STATE_DIR": str(tmp_path / "state"),
            "SEMS_WEB_CONFIG_FILE": str(certificates.config(text)),
        }
        with running(ANY_PORT, command=UNHURRIED, **settings) as program:
            assert hung.wait(PATIENCE)
            clients = []
            for start in (b"", b"GET /metr", b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01"):
                clients.append(opened.enter_context(socket.create_connection(("127.0.0.1", port_of(program.address)))))
                clients[-1].sendall(start)
            unread = opened.enter_context(socket.socket())
            unread.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            unread.connect(("127.0.0.1", port_of(program.address)))
            unread.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 2000)
            code = program.end()
            release.set()

    assert code == 0
    assert "Traceback" not in program.output


def test_without_files_left_it_goes_on(settings: dict[str, str]) -> None:
    """Connections beyond what the system allows, then one that wants its metrics."""
    with running(ANY_PORT, **settings) as program, ExitStack() as opened:
        program.refreshed()
        resource.prlimit(program.process.pid, resource.RLIMIT_NOFILE, (30, 30))
        for _ in range(150):
            opened.enter_context(socket.create_connection(("127.0.0.1", port_of(program.address)), PATIENCE))

        answers = [program.get("/metrics")[0] for _ in range(3)]
        code = program.end()

    assert (answers, code) == ([200] * 3, 0)
    assert "Traceback" not in program.output


def test_what_strangers_send_is_no_event(settings: dict[str, str], certificates: Certificates) -> None:
    """Scanners fill no log."""
    settings["SEMS_WEB_CONFIG_FILE"] = str(certificates.config(SECURED))
    with running(ANY_PORT, **settings) as program:
        program.printed("refresh failed")
        before = program.output
        for text in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 100, b""):
            with socket.create_connection(("127.0.0.1", port_of(program.address)), PATIENCE) as connection:
                connection.sendall(text)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1000)
        code = program.end()

    assert (program.output[len(before) :].strip(), code) == ("", 0)
