"""The store that the replicas share: Valkey or Redis, asked in scripts that are a whole each, and never asked twice."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from valkey import Valkey
from valkey.backoff import NoBackoff
from valkey.exceptions import ResponseError, ValkeyError
from valkey.retry import Retry
from valkey.sentinel import Sentinel

from sems_exporter.config.state_url import StoreAddress
from sems_exporter.telemetry.redaction import Secret

log = logging.getLogger(__name__)

PREFIX = "sems"
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.0
"""A store beside the replicas answers within a millisecond; one that takes longer than this is away."""
LONGEST_REASON = 200


class StoreAway(Exception):
    """The store could not be asked, gave no answer, or refused. Whether it did what it was asked is not known."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one account, which is known by its digest."""

    account: str

    def of(self, kind: str) -> str:
        """The key of what is kept under this name."""
        return f"{PREFIX}:{self.account}:{kind}"


REPLICAS = f"{PREFIX}:replicas"
NEWS = f"{PREFIX}:news"
SEAL = f"{PREFIX}:seal"


class SharedStore:
    """Runs scripts in the store. May be used by several threads."""

    def __init__(self, address: StoreAddress, password: Secret | None = None) -> None:
        self.place = str(address)
        self._client = _client(address, password)
        self._lock = threading.Lock()
        self._scripts: dict[str, Any] = {}

    def run(self, script: str, keys: Sequence[str], words: Sequence[object] = ()) -> Any:
        """What the script returns; raises StoreAway."""
        with self._lock:
            known = self._scripts.get(script)
            if known is None:
                known = self._scripts[script] = self._client.register_script(script)
        try:
            return known(keys=list(keys), args=list(words))
        except (ValkeyError, OSError, ValueError) as error:
            raise StoreAway(_reason(error)) from error

    def put_first(self, key: str, value: bytes) -> bytes:
        """Put a value where there is none, and return the one that is there then; raises StoreAway."""
        try:
            self._client.set(key, value, nx=True)
            found = self._client.get(key)
        except (ValkeyError, OSError, ValueError) as error:
            raise StoreAway(_reason(error)) from error
        return found if isinstance(found, bytes) else value

    def close(self) -> None:
        """Drop the connections."""
        self._client.close()


def _client(address: StoreAddress, password: Secret | None) -> Any:
    # Whether a write that got no answer was done is not known, so nothing is sent a second time behind our back.
    options: dict[str, Any] = {
        "username": address.user or None,
        "password": password.reveal() if password else None,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
    }
    if address.secure:
        options |= {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True}
    if address.sentinel:
        sentinels: Any = Sentinel(list(address.hosts), sentinel_kwargs=_of_sentinels(options), **options)  # type: ignore[no-untyped-call]
        return sentinels.master_for(address.sentinel, db=address.database)
    [(host, port)] = address.hosts
    return Valkey(host=host, port=port, db=address.database, **options)


def _of_sentinels(options: dict[str, Any]) -> dict[str, Any]:
    """The sentinels' own connections: the password is the store's."""
    return {name: value for name, value in options.items() if name not in ("username", "password")}


def _reason(error: Exception) -> str:
    """Name the failure without what was asked."""
    if isinstance(error, ResponseError):
        return f"it says {str(error).partition(' script:')[0][:LONGEST_REASON]}"
    return str(error)[:LONGEST_REASON] or type(error).__name__


def text(raw: object) -> str:
    """A text as the store gives it."""
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else "" if raw is None else str(raw)
