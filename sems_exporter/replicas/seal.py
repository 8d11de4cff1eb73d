"""Sessions are sealed before they go into the store, which others can read, with a key that only the replicas have."""

import base64
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sems_exporter.errors import SettingError
from sems_exporter.files import read_bounded
from sems_exporter.telemetry.redaction import MASKS

KEY = "state_key_file"
LARGEST = 4096
SHORTEST = 32
"""Characters of a key; 32 random bytes in base64 have 44."""
HOW = "make one with: openssl rand -base64 32"
PROOF = b"sems-exporter"
"""Sealed in the store, so that a replica with another key notices before it does anything."""


class SealBroken(Exception):
    """What is sealed was sealed with a key that this replica does not have."""


class Seal:
    """Seals with the first key of a file, and opens what any of its keys, a line each, has sealed."""

    def __init__(self, path: Path) -> None:
        self._fernet = MultiFernet([_fernet(key) for key in _keys(path)])

    def sealed(self, text: str) -> str:
        """The text, sealed."""
        return self._fernet.encrypt(text.encode()).decode()

    def opened(self, sealed: str | bytes) -> str:
        """The text; raises SealBroken."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SealBroken from None


def _keys(path: Path) -> list[str]:
    try:
        lines = read_bounded(path, LARGEST).decode("ascii").split()
    except OSError as error:
        raise SettingError(KEY, f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingError(KEY, f"{path} holds no key; {HOW}") from None
    if not lines or min(map(len, lines)) < SHORTEST:
        raise SettingError(KEY, f"{path} holds no key of {SHORTEST} characters or more; {HOW}")
    for line in lines:
        MASKS.learn(line)
    return lines


def _fernet(key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"sems-exporter session").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
