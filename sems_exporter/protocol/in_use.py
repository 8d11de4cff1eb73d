"""The protocol that counts now: the package's, or one with a user's file laid over it, for the whole process.

There is one portal, so there is one protocol, whatever the account. Who reads it asks anew each time, so that a changed
file counts from the next request and the next answer on.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

from sems_exporter.protocol.classic import Classic
from sems_exporter.protocol.loading import Protocol, packaged
from sems_exporter.protocol.semsplus import SemsPlus

P = ParamSpec("P")
T = TypeVar("T")


class _InUse:
    protocol: Protocol | None = None


def current() -> Protocol:
    """What counts now; the package's own until `use` says otherwise."""
    found = _InUse.protocol
    if found is None:
        found = _InUse.protocol = packaged()
    return found


def use(protocol: Protocol | None) -> None:
    """Let `protocol` count from now on; None for the package's own."""
    _InUse.protocol = protocol


def semsplus() -> SemsPlus:
    """SEMS+ as it counts now."""
    return current().semsplus


def classic() -> Classic:
    """The classic dialect as it counts now."""
    return current().classic


def cached(size: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """`lru_cache` for a function that goes by the protocol: what another one has given is never taken."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @lru_cache(maxsize=size)
        def by_protocol(_: Protocol, *args: P.args, **options: P.kwargs) -> T:
            return function(*args, **options)

        @wraps(function)
        def call(*args: P.args, **options: P.kwargs) -> T:
            return by_protocol(current(), *args, **options)  # type: ignore[arg-type] # as hashable as for lru_cache itself

        return call

    return decorate
