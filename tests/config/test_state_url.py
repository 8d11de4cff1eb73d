"""Addresses of a store that replicas share."""

import click
import pytest

from sems_exporter.config.state_url import StateUrl, StoreAddress


def read(text: str) -> StoreAddress:
    return StateUrl().convert(text, None, None)


@pytest.mark.parametrize(
    "text, address",
    [
        ("valkey://store", StoreAddress((("store", 6379),))),
        ("redis://store:7000/2", StoreAddress((("store", 7000),), 2)),
        ("valkeys://sems@store", StoreAddress((("store", 6379),), user="sems", secure=True)),
        ("rediss://[::1]:6380", StoreAddress((("::1", 6380),), secure=True)),
        ("valkey://a,b:7,c?sentinel=m", StoreAddress((("a", 26379), ("b", 7), ("c", 26379)), sentinel="m")),
    ],
)
def test_addresses_are_written_as_everywhere(text: str, address: StoreAddress) -> None:
    assert read(text) == address
    assert read(str(address)) == StoreAddress(address.hosts, address.database, "", address.secure, address.sentinel)


@pytest.mark.parametrize(
    "text", ["store", "http://store", "valkey://", "valkey://a,b", "valkey://a/b", "valkey://a?x=1", "valkey://a:x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        read(text)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(click.BadParameter) as raised:
        read("valkey://user:very-secret@store")

    assert "state_password_file" in raised.value.message
    assert "very-secret" not in raised.value.message
