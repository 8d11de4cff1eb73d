"""Ways to the store: with a password, by TLS, through sentinels; and what is said where there is none."""

import subprocess
from pathlib import Path

import pytest
import trustme

from sems_exporter.config.state_url import StateUrl
from sems_exporter.replicas.shared_store import SharedStore, StoreAway
from sems_exporter.telemetry.redaction import Secret
from tests.e2e.program import until
from tests.ports import free_port
from tests.replicas.server import PROGRAM, Server, running

pytestmark = pytest.mark.needs("redis-server")


def store(url: str, password: str = "") -> SharedStore:
    return SharedStore(StateUrl().convert(url, None, None), Secret(password) if password else None)


def answers(found: SharedStore) -> bool:
    """Tell whether it does what it is asked."""
    try:
        return bool(found.run("return 1", []) == 1)
    except StoreAway:
        return False


def test_a_password_opens_it_and_a_wrong_one_is_not_repeated(server: Server) -> None:
    server.client.config_set("requirepass", "right-password")
    try:
        assert answers(store(server.url, "right-password"))
        for wrong in ("wrong-password", ""):
            with pytest.raises(StoreAway) as raised:
                store(server.url, wrong).run("return 1", [])
            assert "wrong-password" not in str(raised.value)
    finally:
        server.client.config_set("requirepass", "")


def test_tls_wants_a_certificate_that_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, port = trustme.CA(), free_port()
    certificate = authority.issue_cert("localhost")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    options = ["--tls-port", str(port), "--tls-auth-clients", "no"]
    options += ["--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem", "--tls-ca-cert-file", "ca.pem"]
    with running(tmp_path, "127.0.0.1", *options):
        assert not answers(store(f"valkeys://localhost:{port}"))

        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

        assert answers(store(f"valkeys://localhost:{port}"))
        assert not answers(store(f"valkeys://127.0.0.1:{port}"))


def test_sentinels_know_the_master(server: Server, tmp_path: Path) -> None:
    port = free_port()
    settings = tmp_path / "sentinel.conf"
    settings.write_text(f"port {port}\nbind 127.0.0.1\nsentinel monitor mine 127.0.0.1 {server.port} 1\n")
    sentinel = subprocess.Popen([PROGRAM, str(settings), "--sentinel"], stdout=subprocess.DEVNULL)
    try:
        until(lambda: answers(store(f"valkey://127.0.0.1:{port}?sentinel=mine")))
        assert not answers(store(f"valkey://127.0.0.1:{port}?sentinel=other"))
    finally:
        sentinel.kill()
        sentinel.wait()


def test_a_script_that_fails_is_told_without_what_was_asked(server: Server) -> None:
    with pytest.raises(StoreAway) as raised:
        store(server.url).run("return redis.call('HGET', KEYS[1])", ["a secret key"])

    assert "a secret key" not in str(raised.value)
