"""Which data hosts may see the token."""

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from sems_exporter.errors import GatewayRefused
from sems_exporter.portal.session.trusted_hosts import trusted

GOODWE = ("semsportal.com", "goodwe.com", "sems.com.cn")


@pytest.mark.parametrize(
    "address, base",
    [
        ("https://eu-gateway.semsportal.com/web/sems", "https://eu-gateway.semsportal.com/web/sems"),
        ("https://eu-gateway.semsportal.com/web/sems/", "https://eu-gateway.semsportal.com/web/sems"),
        ("https://eu-gateway.semsportal.com/web/sems//", "https://eu-gateway.semsportal.com/web/sems"),
        (" https://au-gateway.semsportal.com/web/sems\n", "https://au-gateway.semsportal.com/web/sems"),
        ("https://eu-gateway.semsportal.com/sems/", "https://eu-gateway.semsportal.com/web/sems"),
        ("https://eu-gateway.semsportal.com/sems", "https://eu-gateway.semsportal.com/web/sems"),
        ("https://hz-gateway.sems.com.cn/web/sems", "https://hz-gateway.sems.com.cn/web/sems"),
        ("https://semsplus.goodwe.com:443/web/sems", "https://semsplus.goodwe.com:443/web/sems"),
        ("HTTPS://EU-Gateway.SemsPortal.COM/web/sems", "https://EU-Gateway.SemsPortal.COM/web/sems"),
        ("https://eu-gateway.semsportal.com", "https://eu-gateway.semsportal.com"),
    ],
)
def test_goodwes_own_hosts_are_trusted_and_paths_are_tidied(address: str, base: str) -> None:
    assert trusted(address, ()) == base


@pytest.mark.parametrize(
    "address",
    [
        "http://eu-gateway.semsportal.com/web/sems",
        "ftp://eu-gateway.semsportal.com/web/sems",
        "//eu-gateway.semsportal.com/web/sems",
        "eu-gateway.semsportal.com/web/sems",
        "https://evil.org/web/sems",
        "https://evilgoodwe.com/web/sems",
        "https://goodwe.com.evil.org/web/sems",
        "https://goodwe.com/web/sems",
        "https://semsportal.com.evil.org/",
        "https://evil-semsportal.com/web/sems",
        "https://eu-gateway.evil-semsportal.com/web/sems",
        "https://eu-gateway.semsportal.com./web/sems",
        "https://eu-gateway..semsportal.com/web/sems",
        "https://-.semsportal.com/web/sems",
        "https://_.semsportal.com/web/sems",
        "https://eu-gateway.semsportal.com:0443@evil.org/",
        "https://evil.org#.semsportal.com/",
        "https://evil.org?.semsportal.com/",
        "https://evil.org\\\\.semsportal.com/",
        "https:\\\\eu-gateway.semsportal.com\\web\\sems",
        "https:/eu-gateway.semsportal.com/web/sems",
        "https://eu-gateway.semsportal.com\u3002evil.org/",
        "https://\u24d4u-gateway.semsportal.com/web/sems",
        "https://eu-gateway.semsportal.\uff43om/web/sems",
        "https://eu-gateway.semsportal.com.:443@evil.org/",
        "https://eu-gateway.semsportal.com@evil.org/web/sems",
        "https://user:secret@eu-gateway.semsportal.com/web/sems",
        "https://@eu-gateway.semsportal.com/web/sems",
        "https://eu-gateway.semsportal.com:8443/web/sems",
        "https://eu-gateway.semsportal.com:80/web/sems",
        "https://eu-gateway.semsportal.com:x/web/sems",
        "https://eu-gateway.semsportal.com:99999/web/sems",
        "https://eu-gateway.semsportal.com/web/sems?next=https://evil.org",
        "https://eu-gateway.semsportal.com/web/sems#evil",
        "https://evil.org\\.semsportal.com/web/sems",
        "https://evil.org\\@eu-gateway.semsportal.com/",
        "https://evil.org%2f.semsportal.com/web/sems",
        "https://evil.org .semsportal.com/web/sems",
        "https://evil.org;.semsportal.com/web/sems",
        "https://eu-gateway.semsportal.com\t.evil.org/",
        "https://eu-gateway.s\u0435msportal.com/web/sems",
        "https://eu-gateway\u3002semsportal.com/web/sems",
        "https://evil.org/\u2100.semsportal.com",
        "https://xn--semsportal-x.com/web/sems",
        "https://.semsportal.com/web/sems",
        "https://[::1]/web/sems",
        "https://[::1/web/sems",
        "https://127.0.0.1/web/sems",
        "http://localhost/web/sems",
        "https:///web/sems",
        "javascript:alert(1)",
        "",
        None,
        7,
        True,
        {"api": "https://eu-gateway.semsportal.com"},
        ["https://eu-gateway.semsportal.com"],
    ],
)
def test_any_other_address_is_refused(address: object) -> None:
    with pytest.raises(GatewayRefused):
        trusted(address, ())


def test_a_refusal_names_the_host_and_the_setting_but_no_credentials() -> None:
    with pytest.raises(GatewayRefused, match=r"my-proxy\.example.*allowed_hosts"):
        trusted("https://my-proxy.example/web/sems", ())
    with pytest.raises(GatewayRefused) as refusal:
        trusted("https://me:hunter2@my-proxy.example/web/sems", ())

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "address, allowed",
    [
        ("https://my-proxy.example/web/sems", "my-proxy.example"),
        ("https://my-proxy.example/web/sems", " My-Proxy.Example "),
        ("https://my-proxy.example:8443/web/sems", "my-proxy.example:8443"),
        ("https://my-proxy.example/web/sems", "my-proxy.example:443"),
        ("http://127.0.0.1:18080/web/sems", "127.0.0.1:18080"),
        ("http://127.0.0.1:18080/web/sems", "127.0.0.1"),
        ("http://localhost:18080/web/sems", "localhost"),
        ("http://[::1]:18080/web/sems", "::1"),
    ],
)
def test_a_host_that_the_user_allows_is_trusted(address: str, allowed: str) -> None:
    assert trusted(address, (allowed,)) == address


@pytest.mark.parametrize(
    "address, allowed",
    [
        ("http://my-proxy.example/web/sems", "my-proxy.example"),
        ("https://my-proxy.example:8443/web/sems", "my-proxy.example"),
        ("https://my-proxy.example:8444/web/sems", "my-proxy.example:8443"),
        ("https://sub.my-proxy.example/web/sems", "my-proxy.example"),
        ("http://127.0.0.1:18080/web/sems", "127.0.0.1:18081"),
        ("http://127.0.0.2:18080/web/sems", "127.0.0.1"),
        ("http://192.168.1.5:18080/web/sems", "192.168.1.5:18080"),
        ("ftp://127.0.0.1/web/sems", "127.0.0.1"),
    ],
)
def test_an_allowed_host_is_trusted_only_as_it_is_written(address: str, allowed: str) -> None:
    with pytest.raises(GatewayRefused):
        trusted(address, (allowed,))


@given(st.text(alphabet="evil.org\\/@:%#?;& \t[]0189semsportal.com", max_size=30), st.sampled_from(GOODWE))
def test_whatever_is_trusted_the_http_library_contacts_goodwe_too(start: str, domain: str) -> None:
    try:
        base = trusted(f"https://{start}.{domain}/web/sems", ())
    except GatewayRefused:
        return

    try:
        contacted = requests.Request("GET", f"{base}/sems-plant").prepare().url or ""
    except requests.RequestException:
        return

    assert contacted.split("/")[2].removesuffix(":443").endswith(f".{domain}")
