"""The web configuration file: what it may say, and how it is refused where it would do nothing or harm."""

import errno
import ssl
import tempfile
from pathlib import Path

import pytest
import trustme

from sems_exporter.errors import SettingError
from sems_exporter.web.security.web_config import WebConfig, load
from tests.web.certificates import HASH, Certificates, encrypted, pem

SECURED = "tls_server_config: {cert_file: server.pem, key_file: server.key"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates of all kinds."""
    made = Certificates(tmp_path_factory.mktemp("web"))
    (made.folder / "encrypted.key").write_bytes(encrypted(made.server))
    (made.folder / "text.pem").write_text("not a certificate\n", "utf-8")
    (made.folder / "other.key").write_bytes(pem(trustme.CA().issue_cert("localhost").private_key_pem))
    return made.folder


def read(folder: Path, text: str | bytes) -> WebConfig:
    path = folder / "web.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path)


class TestAccepted:
    """What it may say."""

    @pytest.mark.parametrize("text", ["", "# nothing\n", "tls_server_config:\n", "basic_auth_users: {}\n", "{}"])
    def test_a_file_that_says_nothing_changes_nothing(self, folder: Path, text: str) -> None:
        config = read(folder, text)

        assert (config.tls, config.headers, config.basic_auth.asks) == (None, (), False)

    def test_files_are_named_from_where_the_file_stands(self, folder: Path) -> None:
        config = read(folder, SECURED + "}")

        assert config.tls is not None
        assert config.files == (folder / "web.yml", folder / "server.pem", folder / "server.key")

    def test_certificate_and_key_may_stand_in_it(self, folder: Path) -> None:
        texts = {"cert": (folder / "server.pem").read_text(), "key": (folder / "server.key").read_text()}
        inline = "".join(
            f"  {key}: |\n" + "".join(f"    {line}\n" for line in text.splitlines()) for key, text in texts.items()
        )

        assert read(folder, f"tls_server_config:\n{inline}").tls is not None

    def test_named_files_need_no_place_for_others(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A container whose file system is read-only may have none."""
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "absent"))

        assert read(folder, SECURED + "}").tls is not None

    @pytest.mark.parametrize("curve", ["CurveP256", "CurveP384", "CurveP521", "X25519"])
    def test_a_curve_may_be_chosen(self, folder: Path, curve: str) -> None:
        assert read(folder, f"{SECURED}, curve_preferences: [{curve}]}}").tls is not None

    def test_headers_are_those_of_the_toolkit(self, folder: Path) -> None:
        config = read(
            folder,
            "http_server_config:\n  http2: false\n  headers:\n    Strict-Transport-Security: max-age=31536000\n"
            "    X-Frame-Options: deny\n    X-XSS-Protection: ''\n",
        )

        assert dict(config.headers) == {"strict-transport-security": "max-age=31536000", "x-frame-options": "deny"}

    @pytest.mark.parametrize("version", ["2a", "2b", "2y"])
    def test_hashes_of_every_tool_are_taken(self, folder: Path, version: str) -> None:
        assert read(folder, f"basic_auth_users:\n  alice: {HASH.replace('2b', version)}\n").basic_auth.asks


class TestRefused:
    """Each refusal names the key, and none of them a secret."""

    @pytest.mark.parametrize(
        "text, named",
        [
            ("tls_server_confg: {}", "tls_server_confg: no such key"),
            ("tls_server_config: {cert_fil: x}", "tls_server_config.cert_fil: no such key"),
            ("http_server_config: {headers: {Server: x}}", "http_server_config.headers.Server: no such key"),
            ("http_server_config: {http3: true}", "http_server_config.http3: no such key"),
            ("rate_limit: {interval: 1s}", "rate_limit: not supported"),
            ("basic_auth_users: {}\nbasic_auth_users: {}", "basic_auth_users: is given twice"),
            ("- a list", ".*/web.yml: has to be a mapping"),
            ("tls_server_config: yes please", "tls_server_config: has to be a mapping"),
            ("a: [", ".*/web.yml: is not valid YAML, line 1, column 5"),
            (b"\xff\xfe\x00", ".*/web.yml: is not valid YAML"),
            ("a: !!python/object:os.system {}", ".*/web.yml: is not valid YAML"),
            (f"basic_auth_users: {{\"\\ud800\": '{HASH}'}}", ".*/web.yml: is not valid YAML, line 1, column 20"),
            ('tls_server_config: {cert: "\\ud800"}', ".*/web.yml: is not valid YAML, line 1, column 27"),
            ('tls_server_config:\n  cert_file: "a\\0"', ".*/web.yml: is not valid YAML, line 2, column 14"),
            ("[" * 5000, ".*/web.yml: is not valid YAML"),
        ],
    )
    def test_what_is_no_such_file(self, folder: Path, text: str | bytes, named: str) -> None:
        with pytest.raises(SettingError, match=f"^web_config_file: {named}"):
            read(folder, text)

    def test_a_file_that_is_not_there(self, folder: Path) -> None:
        with pytest.raises(SettingError, match=r"^web_config_file: .*/absent\.yml: cannot be read: No such file"):
            load(folder / "absent.yml")

    @pytest.mark.parametrize(
        "tls, named",
        [
            ("min_version: TLS12", "cert_file: missing"),
            ("cert_file: server.pem", "key_file: missing"),
            ("cert_file: server.pem, key_file: absent.key", "key_file: absent.key cannot be read"),
            ("cert_file: server.pem, cert: x, key_file: server.key", "cert: give cert or cert_file, not both"),
            ("cert_file: server.pem, key_file: other.key", "cert_file: certificate and key do not work"),
            ("cert_file: server.pem, key_file: encrypted.key", "cert_file: certificate and key do not work"),
            ("cert_file: text.pem, key_file: server.key", "cert_file: certificate and key do not work"),
            ("cert_file: 12", "cert_file: has to be a text"),
        ],
    )
    def test_certificates_that_cannot_be_used(self, folder: Path, tls: str, named: str) -> None:
        with pytest.raises(SettingError, match=rf"^web_config_file: tls_server_config\.{named}"):
            read(folder, f"tls_server_config: {{{tls}}}")

    def test_a_certificate_within_where_no_file_can_be_made(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "absent"))

        with pytest.raises(
            SettingError, match=r"tls_server_config\.cert: needs a temporary file, and none can be made"
        ):
            read(folder, "tls_server_config: {cert: x, key: y}")

    def test_a_certificate_that_is_replaced_at_that_very_moment(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def gone(*_: object, **__: object) -> None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")

        monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", gone)

        with pytest.raises(SettingError, match=r"tls_server_config\.cert_file: certificate and key do not work"):
            read(folder, SECURED + "}")

    @pytest.mark.parametrize(
        "more, named",
        [
            ("min_version: TLS11", "min_version: TLS 1.0 and 1.1"),
            ("max_version: TLS10", "max_version: TLS 1.0 and 1.1"),
            ("min_version: SSL3", "min_version: 'SSL3' is none of"),
            ("min_version: TLS13, max_version: TLS12", "max_version: is lower"),
            ("cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]", "cipher_suites: 'TLS_RSA_WITH_RC4_128_SHA' is none of"),
            ("cipher_suites: [TLS_AES_128_GCM_SHA256]", "cipher_suites: TLS_AES_128_GCM_SHA256 is one of TLS 1.3"),
            (
                "min_version: TLS13, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]",
                "cipher_suites: would do nothing",
            ),
            ("cipher_suites: x", "cipher_suites: has to be a list"),
            ("cipher_suites: [1]", "cipher_suites: has to be a list of texts"),
            ("prefer_server_cipher_suites: 1", "prefer_server_cipher_suites: has to be true or false"),
            ("curve_preferences: [X25519, CurveP256]", "curve_preferences: Python's ssl takes one curve"),
            ("curve_preferences: [X448]", "curve_preferences: 'X448' is none of"),
            ("client_auth_type: RequestClientCert", "client_auth_type: Python's ssl"),
            ("client_auth_type: RequireAnyClientCert", "client_auth_type: Python's ssl"),
            ("client_auth_type: RequireClientCert", "client_auth_type: Python's ssl"),
            ("client_auth_type: Maybe", "client_auth_type: 'Maybe' is none of"),
            ("client_auth_type: RequireAndVerifyClientCert", "client_ca_file: missing"),
            ("client_auth_type: VerifyClientCertIfGiven, client_ca_file: text.pem", "client_ca_file: holds no"),
            ("client_ca_file: ca.pem", "client_auth_type: missing"),
            ("client_allowed_sans: [me]", "client_allowed_sans: needs client_auth_type"),
            (
                "client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem, client_allowed_sans: [me]",
                "client_allowed_sans: needs client_auth_type",
            ),
        ],
    )
    def test_what_ssl_cannot_do_to_the_letter(self, folder: Path, more: str, named: str) -> None:
        with pytest.raises(SettingError, match=rf"^web_config_file: tls_server_config\.{named}"):
            read(folder, f"{SECURED}, {more}}}")

    @pytest.mark.parametrize(
        "text, named",
        [
            ("{http2: true}", "http2: HTTP/1.1 is all there is"),
            ("{headers: {X-Frame-Options: ALLOW}}", "headers.X-Frame-Options: can be deny or sameorigin"),
            ("{headers: {X-Content-Type-Options: sniff}}", "headers.X-Content-Type-Options: can be nosniff"),
            ('{headers: {X-XSS-Protection: "1\\r\\nSet-Cookie: x"}}', "headers.X-XSS-Protection: has to be one line"),
            ("{headers: {X-XSS-Protection: 0}}", "headers.X-XSS-Protection: has to be a text"),
        ],
    )
    def test_headers_nobody_may_send(self, folder: Path, text: str, named: str) -> None:
        with pytest.raises(SettingError, match=rf"^web_config_file: http_server_config\.{named}"):
            read(folder, f"http_server_config: {text}")

    @pytest.mark.parametrize(
        "users, named",
        [
            ("alice", "basic_auth_users: has to be a mapping"),
            ("{alice: hunter2hunter2}", "basic_auth_users.alice: is not followed by a bcrypt hash"),
            (f"{{alice: '{HASH[:-1]}'}}", "basic_auth_users.alice: is not followed by a bcrypt hash"),
            (f"{{alice: '{HASH[:28]}z{HASH[29:]}'}}", "basic_auth_users.alice: is not followed by a bcrypt hash"),
            (f"{{1: '{HASH}'}}", "basic_auth_users.1: a name is a text"),
            (f"{{'a:b': '{HASH}'}}", "basic_auth_users.a:b: a name is a text"),
            (
                f"{{alice: '{HASH.replace('$04$', '$17$')}'}}",
                "basic_auth_users.alice: is followed by a hash of cost 17",
            ),
            ("{alice: null}", "basic_auth_users.alice: is not followed by a bcrypt hash"),
        ],
    )
    def test_users_who_could_never_come_in(self, folder: Path, users: str, named: str) -> None:
        with pytest.raises(SettingError, match=f"^web_config_file: {named}") as caught:
            read(folder, f"basic_auth_users: {users}")

        assert "hunter2" not in str(caught.value)
        assert HASH[:-1] not in str(caught.value)
