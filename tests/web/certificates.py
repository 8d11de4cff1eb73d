"""Certificates of an authority of the test's own, in the files that a web configuration names."""

from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization

HASH = "$2b$04$YMlmB/yomAdJDQC2oZEMr.ySHC0RVPeKBIWoqnnj2RFSJpLJIyslS"
"""A bcrypt hash of PASSWORD, as cheap as bcrypt allows."""
PASSWORD = "hunter2hunter2"


class Certificates:
    """A server's certificate and key, and the authority that signs those of its clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.server = self.authority.issue_cert("localhost", "127.0.0.1")
        self.write("ca", self.authority.cert_pem)
        self.renew()

    def renew(self, server: trustme.LeafCert | None = None) -> None:
        """Write the server's certificate, perhaps another one."""
        self.server = server or self.server
        self._put("server.pem", b"".join(blob.bytes() for blob in self.server.cert_chain_pems))
        self._put("server.key", pem(self.server.private_key_pem))

    def client(self, *names: str, authority: trustme.CA | None = None) -> Path:
        """A file with certificate and key of a client."""
        path = self.folder / f"{names[0]}.pem"
        path.write_bytes(pem((authority or self.authority).issue_cert(*names).private_key_and_cert_chain_pem))
        return path

    def write(self, name: str, blob: trustme.Blob) -> Path:
        """A file NAME.pem."""
        return self._put(f"{name}.pem", blob.bytes())

    def config(self, text: str) -> Path:
        """The web configuration file."""
        return self._put("web.yml", text.encode())

    def _put(self, name: str, content: bytes) -> Path:
        """Write it whole and as another file: no server sees half of it, or takes it for what was there a tick ago."""
        part = self.folder / f"{name}.part"
        part.write_bytes(content)
        return part.replace(self.folder / name)


def pem(blob: trustme.Blob) -> bytes:
    """The text of a blob."""
    return blob.bytes()


def encrypted(certificate: trustme.LeafCert) -> bytes:
    """Its key, with a passphrase."""
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
