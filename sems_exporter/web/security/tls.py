"""The section tls_server_config as an ssl.SSLContext: what ssl can do to the letter, and a refusal of the rest."""

import ipaddress
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sems_exporter.files import read_bounded
from sems_exporter.web.security.sections import Section

KEYS = (
    "cert",
    "key",
    "client_ca",
    "cert_file",
    "key_file",
    "client_ca_file",
    "client_auth_type",
    "client_allowed_sans",
    "min_version",
    "max_version",
    "cipher_suites",
    "prefer_server_cipher_suites",
    "curve_preferences",
)
FILES = ("cert_file", "key_file", "client_ca_file")

_VERSIONS = {"TLS13": ssl.TLSVersion.TLSv1_3, "TLS12": ssl.TLSVersion.TLSv1_2}
_OLD = ("TLS11", "TLS10")
_CLIENT_AUTH = {
    "NoClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_UNVERIFIED = ("RequestClientCert", "RequireAnyClientCert", "RequireClientCert")
_CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
# Go's names of the suites that it counts as secure, and OpenSSL's.
_SUITES = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
_ALWAYS_ON = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")


@dataclass(frozen=True, slots=True)
class Tls:
    """How to speak TLS, and which names a client's certificate has to have; any where that is None."""

    context: ssl.SSLContext
    allowed_sans: frozenset[str] | None

    def admits(self, certificate: Mapping[str, object] | None) -> bool:
        """Tell whether a client with this certificate (as `getpeercert` gives it) may come in."""
        if self.allowed_sans is None:
            return True
        names = cast("Sequence[tuple[str, str]]", (certificate or {}).get("subjectAltName", ()))
        return any(_name(kind, text) in self.allowed_sans for kind, text in names)


def tls_of(section: Section, folder: Path) -> Tls | None:
    """The section as an object, None where it is empty; files are named from `folder`. Raises Wrong."""
    if not section:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load_certificate(context, section, folder)
    _set_versions(context, section)
    _set_suites(context, section)
    _set_curve(context, section)
    _set_client_auth(context, section, folder)
    return Tls(context, _allowed_sans(section, context.verify_mode))


def _load_certificate(context: ssl.SSLContext, section: Section, folder: Path) -> None:
    # ssl reads both from files only. What stands in the section goes to some that are the owner's alone, and gone soon.
    with ExitStack() as passing:
        certificate, key = (_file(section, name, folder, passing) for name in ("cert", "key"))
        try:
            # Without a password given here, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(certificate, key, password="")
        except (OSError, ValueError):
            # Also a file that has gone since it was looked at, because it is being replaced.
            raise section.wrong(
                "cert_file", "certificate and key do not work; are both PEM, the key without a passphrase, and a pair?"
            ) from None


def _file(section: Section, name: str, folder: Path, passing: ExitStack) -> Path:
    """The file that holds NAME, made for as long as `passing` lasts where the section holds it itself."""
    content = _pem(section, name, folder)
    if not content:
        raise section.wrong(f"{name}_file", f"missing; TLS needs {name}_file or {name}")
    if named := section.text(f"{name}_file"):
        return folder / named
    try:
        place = Path(passing.enter_context(tempfile.TemporaryDirectory(prefix="sems-exporter-")))
        (place / name).write_bytes(content)
    except OSError as error:
        raise section.wrong(name, f"needs a temporary file, and none can be made: {error.strerror}") from None
    return place / name


def _pem(section: Section, name: str, folder: Path) -> bytes:
    """The content of NAME or of the file NAME_file; empty where neither is given."""
    inline, file = section.text(name), section.text(f"{name}_file")
    if inline and file:
        raise section.wrong(name, f"give {name} or {name}_file, not both")
    if not file:
        return inline.encode()
    try:
        return read_bounded(folder / file)
    except OSError as error:
        raise section.wrong(f"{name}_file", f"{file} cannot be read: {error.strerror}") from None


def _set_versions(context: ssl.SSLContext, section: Section) -> None:
    for key in ("min_version", "max_version"):
        if section.text(key) in _OLD:
            raise section.wrong(
                key, "TLS 1.0 and 1.1 are broken, and OpenSSL does not speak them; there are TLS12, TLS13"
            )
    low = section.choice("min_version", ssl.TLSVersion.TLSv1_2, _VERSIONS)
    high = section.choice("max_version", ssl.TLSVersion.TLSv1_3, _VERSIONS)
    if low > high:
        raise section.wrong("max_version", "is lower than min_version")
    context.minimum_version, context.maximum_version = low, high


def _set_suites(context: ssl.SSLContext, section: Section) -> None:
    if not section.flag("prefer_server_cipher_suites", default=True):
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    named = section.texts("cipher_suites")
    if not named:
        return
    if context.minimum_version is ssl.TLSVersion.TLSv1_3:
        raise section.wrong("cipher_suites", "would do nothing: the suites of TLS 1.3 cannot be chosen")
    for name in named:
        if name in _ALWAYS_ON:
            raise section.wrong("cipher_suites", f"{name} is one of TLS 1.3, which are always on; leave it out")
        if name not in _SUITES:
            raise section.wrong("cipher_suites", f"{name!r} is none of {', '.join(_SUITES)}")
    try:
        context.set_ciphers(":".join(_SUITES[name] for name in named))
    except ssl.SSLError:
        raise section.wrong("cipher_suites", "this system's OpenSSL allows none of them") from None


def _set_curve(context: ssl.SSLContext, section: Section) -> None:
    named = section.texts("curve_preferences")
    if len(named) > 1:
        raise section.wrong("curve_preferences", "Python's ssl takes one curve or its own order; name one or none")
    if named and named[0] not in _CURVES:
        raise section.wrong("curve_preferences", f"{named[0]!r} is none of {', '.join(_CURVES)}")
    if named:
        context.set_ecdh_curve(_CURVES[named[0]])


def _set_client_auth(context: ssl.SSLContext, section: Section, folder: Path) -> None:
    if section.text("client_auth_type") in _UNVERIFIED:
        raise section.wrong(
            "client_auth_type",
            "Python's ssl asks for no certificate that it does not verify; there are " + ", ".join(_CLIENT_AUTH),
        )
    mode = section.choice("client_auth_type", ssl.CERT_NONE, _CLIENT_AUTH)
    authority = _pem(section, "client_ca", folder)
    if mode is ssl.CERT_NONE and authority:
        raise section.wrong("client_auth_type", "missing; without it client_ca_file would do nothing")
    if mode is ssl.CERT_NONE:
        return
    if not authority:
        # The authorities that the system trusts would let in whoever has a certificate of any web site.
        raise section.wrong("client_ca_file", "missing; needed to verify the certificates of clients")
    try:
        context.load_verify_locations(cadata=authority.decode())
    except (ssl.SSLError, ValueError):
        raise section.wrong("client_ca_file", "holds no certificates in PEM form") from None
    context.verify_mode = mode
    # As in Go, what stands in that file is trusted, whoever signed it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN


def _allowed_sans(section: Section, mode: ssl.VerifyMode) -> frozenset[str] | None:
    if section.raw("client_allowed_sans") is None:
        return None
    if mode is not ssl.CERT_REQUIRED:
        raise section.wrong("client_allowed_sans", "needs client_auth_type: RequireAndVerifyClientCert")
    return frozenset(section.texts("client_allowed_sans"))


def _name(kind: str, text: str) -> str:
    """A name in a certificate as people write it; OpenSSL spells IPv6 addresses out."""
    if kind != "IP Address":
        return text if kind in ("DNS", "email", "URI") else ""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return ""
