"""Shards: which accounts belong to which, and what is said where that cannot be."""

import socket
from collections import Counter

import click
import pytest

from sems_exporter.config.settings import Account, AccountSettings, Shard
from sems_exporter.config.sharding import ShardOfTotal, sharded
from sems_exporter.errors import SettingError
from sems_exporter.rendezvous import spread
from sems_exporter.telemetry.redaction import Secret

NAMES = [f"account-{number}" for number in range(100)]


def account(name: str) -> AccountSettings:
    return AccountSettings(Account(f"{name}@example.com", Secret("secret"), "https://example.com"), name=name)


ACCOUNTS = tuple(account(name) for name in NAMES)


def read(text: str) -> Shard:
    return ShardOfTotal().convert(text, None, None)


def refused(text: str) -> str:
    with pytest.raises(click.BadParameter) as raised:
        read(text)
    return raised.value.message


def test_every_account_belongs_to_one_shard() -> None:
    parts = [sharded(ACCOUNTS, Shard(number, 5), None) for number in range(1, 6)]

    assert Counter(one.name for part in parts for one in part) == Counter(NAMES)
    assert all(part for part in parts)


def test_a_further_shard_takes_accounts_and_moves_none_between_the_others() -> None:
    before, after = ({name: Shard(1, total).of(name).number for name in NAMES} for total in (5, 6))

    moved = {name for name in NAMES if before[name] != after[name]}
    assert moved
    assert {after[name] for name in moved} == {6}


def test_which_shard_an_account_belongs_to_is_the_same_in_every_version() -> None:
    """Two versions side by side, as in a rollout, must not both read one."""
    assert [Shard(1, 5).of(name).number for name in ("north", "south", "roof-2")] == [2, 5, 1]


@pytest.mark.parametrize("text, shard", [("2/5", Shard(2, 5)), (" 1/1 ", Shard(1, 1))])
def test_a_shard_is_written_as_a_number_of_a_total(text: str, shard: Shard) -> None:
    assert read(text) == shard


@pytest.mark.parametrize("text", ["2", "0/5", "6/5", "1/0", "-1/5", "1/5/2", "one/five", "1/1001", "auto"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize("host, number", [("sems-exporter-0", 1), ("sems-exporter-4.sems.default.svc", 5)])
def test_the_pod_of_a_stateful_set_knows_its_shard(monkeypatch: pytest.MonkeyPatch, host: str, number: int) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)

    assert read("auto/5") == Shard(number, 5)


@pytest.mark.parametrize("host, said", [("sems-exporter-5", "no shard 6 of 5"), ("raspberrypi", "raspberrypi")])
def test_a_host_that_is_none_of_the_pods_is_told(monkeypatch: pytest.MonkeyPatch, host: str, said: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)

    assert said in refused("auto/5")


def test_a_single_account_cannot_be_shared_out() -> None:
    with pytest.raises(SettingError, match="shard: shares out the list"):
        sharded((account(""),), Shard(1, 2), None)


def test_an_account_of_another_shard_is_not_read_here() -> None:
    """Its own exporter has its session; a second one would end that."""
    own = Shard(1, 5).of("north")
    other = Shard(own.number % 5 + 1, 5)

    assert sharded((account("north"),), own, "north")
    with pytest.raises(SettingError, match=f"only: .*belongs to shard {own}"):
        sharded((account("north"),), other, "north")


def test_members_differ_by_no_more_than_one_name() -> None:
    found = Counter(spread(NAMES, ["a", "b", "c"]).values())

    assert sorted(found.values()) == [33, 33, 34]
    assert spread(NAMES, []) == {}


def test_a_member_that_goes_leaves_most_names_where_they_are() -> None:
    before, after = spread(NAMES, ["a", "b", "c"]), spread(NAMES, ["a", "b"])

    stayed = [name for name in NAMES if before[name] == after[name]]
    assert len(stayed) > len(NAMES) / 2
