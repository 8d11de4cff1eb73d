"""Shards: several exporters with one list of accounts, each of which reads a part, without a word to each other."""

import re
import socket

import click

from sems_exporter.config.settings import AccountSettings, Shard
from sems_exporter.errors import SettingError

MOST_SHARDS = 1000
_SHARD = re.compile(r"(auto|\d{1,4})/(\d{1,4})")
_ORDINAL = re.compile(r"-(\d{1,4})(?:\..*)?")
"""Ends the host name of a pod of a StatefulSet."""


class ShardOfTotal(click.ParamType[Shard]):
    """One shard of all, such as `2/5`; `auto/5` takes the number from the host name of a pod of a StatefulSet."""

    name = "shard"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        """The shard."""
        if isinstance(value, Shard):
            return value
        match = _SHARD.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r} is not a shard of all, such as 2/5, or auto/5 in a StatefulSet", param, ctx)
        total = int(match[2])
        if not 1 <= total <= MOST_SHARDS:
            self.fail(f"{value!r} is not within 1 and {MOST_SHARDS} shards", param, ctx)
        number = int(match[1]) if match[1] != "auto" else self._from_host(param, ctx)
        if not 1 <= number <= total:
            self.fail(f"there is no shard {number} of {total}; the first one is 1 (of a StatefulSet: -0)", param, ctx)
        return Shard(number, total)

    def _from_host(self, param: click.Parameter | None, ctx: click.Context | None) -> int:
        host = socket.gethostname()
        ordinal = _ORDINAL.search(host)
        if ordinal is None or ordinal.end() != len(host):
            self.fail(
                f"auto takes the number from a host name such as sems-exporter-0, and this one is {host!r}", param, ctx
            )
        return int(ordinal[1]) + 1


def sharded(found: tuple[AccountSettings, ...], shard: Shard | None, only: str | None) -> tuple[AccountSettings, ...]:
    """Those of the accounts that belong to the shard, perhaps none; all without a shard.

    Raises SettingError where there is nothing to share out, or where the one account that is wanted is another's.
    """
    if shard is None:
        return found
    if not all(one.name for one in found):
        raise SettingError("shard", "shares out the list `accounts` of the configuration file, and there is none")
    own = tuple(one for one in found if shard.has(one.name))
    if only is not None and not own:
        raise SettingError("only", f"account {only!r} belongs to shard {shard.of(only)}, and this one is {shard}")
    return own
