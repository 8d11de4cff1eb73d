"""What a phone needs to put the page on its home screen."""

import json
import struct
import zlib

import pytest

from tests.homes import home
from tests.serving import Site
from tests.web.status.page_reader import HOME, page
from tests.web.test_app import ask


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(home())


def test_the_page_names_manifest_and_icons(site: Site) -> None:
    """The manifest with the password that the page was read with: browsers leave it out otherwise."""
    links = {e.attributes["rel"]: e.attributes for e in page(HOME).all("link")}

    assert links["manifest"]["crossorigin"] == "use-credentials"
    for link in links.values():
        assert ask(site.application, link["href"])[0] == 200


def test_the_manifest_names_icons_of_the_sizes_that_they_have(site: Site) -> None:
    status, headers, body = ask(site.application, "/manifest.webmanifest")
    manifest = json.loads(body)

    assert (status, headers["content-type"]) == (200, "application/manifest+json")
    assert {manifest["display"], manifest["start_url"]} == {"standalone", "./"}
    for icon in manifest["icons"]:
        status, headers, picture = ask(site.application, icon["src"].removeprefix("."))
        assert (status, headers["content-type"]) == (200, icon["type"])
        if icon["type"] == "image/png":
            assert picture[:8] == b"\x89PNG\r\n\x1a\n"
            assert "{}x{}".format(*struct.unpack(">II", picture[16:24])) == icon["sizes"]
            assert zlib.crc32(picture[12:29]) == struct.unpack(">I", picture[29:33])[0]
    assert {icon["sizes"] for icon in manifest["icons"]} == {"any", "192x192", "512x512"}
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}


def test_colours_of_the_frame_are_those_of_the_page() -> None:
    reader = page(HOME)
    grounds = [e.attributes["content"] for e in reader.all("meta", name="theme-color")]

    assert all(f"--ground: {ground};" in reader.all("style")[0].text for ground in grounds)
    assert len(set(grounds)) == 2


def test_there_is_nothing_that_shows_old_values_as_new() -> None:
    """No service worker, and no page that may be kept."""
    assert "serviceWorker" not in page(HOME).all("script")[0].text
    assert ask(Site(home()).application, "/")[1]["cache-control"] == "no-store"
