"""The list `deliveries`: what may stand in it, and where a mistake is said to be."""

from pathlib import Path
from typing import Any

import pytest
import trustme

from sems_exporter.config.deliveries import DeliverySettings, load_deliveries
from sems_exporter.errors import SettingError
from tests.web.certificates import encrypted

PASSWORD = "correct horse battery"
LEAST = {"url": "ftps://web.example.com/htdocs/sems.json", "send": "json"}


@pytest.fixture
def password(tmp_path: Path) -> str:
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    return str(path)


def authority(folder: Path) -> Path:
    trustme.CA().cert_pem.write_to_path(str(folder / "ca.pem"))
    return folder / "ca.pem"


def loaded(**entry: Any) -> DeliverySettings:
    [found] = load_deliveries([LEAST | entry])
    return found


def test_an_address_and_a_kind_are_enough() -> None:
    found = loaded()

    assert (found.name, found.kind, found.timeout) == ("web.example.com", "json", 60.0)
    assert (found.login, found.in_place, found.tls.ca_file) == (None, False, None)


def test_the_page_goes_into_a_folder(password: str, tmp_path: Path) -> None:
    found = loaded(
        url="https://dav.example.com:8443/solar/",
        send="page",
        name="dav",
        username="me",
        password_file=password,
        timeout="2m",
        tls_config={"ca_file": str(authority(tmp_path))},
    )

    assert (found.name, found.kind, found.timeout) == ("dav", "page", 120.0)
    assert found.login is not None
    assert (found.login.username, found.login.password.reveal()) == ("me", PASSWORD)
    assert found.tls.ca_file == tmp_path / "ca.pem"


def test_files_without_certificates_are_refused(password: str, tmp_path: Path) -> None:
    """And a key with a passphrase, which would be asked for on the terminal."""
    client = trustme.CA().issue_cert("me")
    for name, content in (("cert", client.cert_chain_pems[0].bytes()), ("key", encrypted(client))):
        (tmp_path / name).write_bytes(content)
    pair = {"cert_file": str(tmp_path / "cert"), "key_file": str(tmp_path / "key")}

    for key, told in (("ca_file", {"ca_file": password}), ("cert_file", pair)):
        with pytest.raises(SettingError) as caught:
            loaded(url="https://dav.example.com/x", tls_config=told)
        assert caught.value.key == f"deliveries[0].tls_config.{key}"
        assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "told, place",
    [
        ({}, "deliveries"),
        ([], "deliveries"),
        (["ftp://x/y"], "deliveries[0]"),
        ([LEAST | {"ftp": 1}], "deliveries[0].ftp"),
        ([LEAST | {"password": PASSWORD}], "deliveries[0].password"),
        ([{"send": "json"}], "deliveries[0].url"),
        ([LEAST | {"url": "web.example.com/x"}], "deliveries[0].url"),
        ([LEAST | {"url": "sftp://web.example.com/x"}], "deliveries[0].url"),
        ([LEAST | {"url": f"ftp://me:{PASSWORD}@web.example.com/x"}], "deliveries[0].url"),
        ([LEAST | {"url": "ftps://web.example.com:990/x"}], "deliveries[0].url"),
        ([LEAST | {"url": "ftps://web.example.com:0x/x"}], "deliveries[0].url"),
        ([LEAST | {"url": "ftps://web.example.com/"}], "deliveries[0].url"),
        ([LEAST | {"url": "ftps://web.example.com"}], "deliveries[0].url"),
        ([LEAST | {"url": "https://web.example.com/x?token=1"}], "deliveries[0].url"),
        ([LEAST | {"url": "ftps://web.example.com/a\r\nDELE b"}], "deliveries[0].url"),
        ([LEAST | {"url": "ftps://web.example.com/a%0d%0aDELE%20b"}], "deliveries[0].url"),
        ([LEAST | {"url": 7}], "deliveries[0].url"),
        ([LEAST | {"send": "page"}], "deliveries[0].url"),
        ([LEAST | {"send": "csv"}], "deliveries[0].send"),
        ([{"url": LEAST["url"]}], "deliveries[0].send"),
        ([LEAST | {"username": "me"}], "deliveries[0]"),
        ([LEAST | {"username": "me", "password_file": "/nowhere/password"}], "deliveries[0].password_file"),
        ([LEAST | {"name": "json"}], "deliveries[0].name"),
        ([LEAST | {"name": "two words"}], "deliveries[0].name"),
        ([LEAST, LEAST], "deliveries[1].name"),
        ([LEAST | {"timeout": "1s"}], "deliveries[0].timeout"),
        ([LEAST | {"in_place": "yes"}], "deliveries[0].in_place"),
        ([LEAST | {"tls_config": {"ca_file": "/nowhere/ca.pem"}}], "deliveries[0].tls_config.ca_file"),
        ([LEAST | {"tls_config": {"insecure_skip_verify": True}}], "deliveries[0].tls_config.insecure_skip_verify"),
        ([LEAST | {"tls_config": {"cert_file": "/x"}}], "deliveries[0].tls_config.cert_file"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_secrets(told: object, place: str) -> None:
    with pytest.raises(SettingError) as wrong:
        load_deliveries(told)

    assert str(wrong.value).startswith(f"{place}: ")
    assert "horse" not in str(wrong.value)


@pytest.mark.parametrize(
    "url, warned",
    [
        ("ftp://web.example.com/x", True),
        ("http://web.example.com/x", True),
        ("ftps://web.example.com/x", False),
        ("https://web.example.com/x", False),
        ("http://127.0.0.1:8080/x", False),
    ],
)
def test_a_password_that_everybody_on_the_way_can_read_is_warned_of(password: str, url: str, *, warned: bool) -> None:
    assert bool(loaded(url=url, username="me", password_file=password).warning) is warned
    assert loaded(url=url).warning == ""
