"""The runbooks open in a browser, by the address that is in a message."""

import re
from html.parser import HTMLParser

import pytest
import yaml

from sems_exporter.web.runbooks import pages
from tests.serving import Site
from tests.test_rules import ROOT
from tests.web.test_app import ask


class Checked(HTMLParser):
    """The links and headings of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


def test_every_alert_links_to_a_page_that_the_exporter_serves() -> None:
    application = Site().application
    groups = yaml.safe_load((ROOT / "prometheus" / "rules" / "alerts.yml").read_text("utf-8"))["groups"]
    links = {rule["annotations"]["runbook_url"] for group in groups for rule in group["rules"]}

    answers = {link: ask(application, link.removeprefix("http://localhost:10736")) for link in links}

    assert [link for link, (status, _, _) in answers.items() if status != 200] == []
    assert all(b"<h2>What to do</h2>" in body for _, _, body in answers.values())


@pytest.mark.parametrize("path", pages.paths())
def test_a_page_is_html_without_a_trace_of_markdown(path: str) -> None:
    _, headers, body = ask(Site().application, path)
    found = Checked()
    found.feed(body.decode())

    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "script" not in found.tags
    assert not re.search(r"^(#|- )|\]\(|`", re.sub(r"<[^>]+>", "", body.decode()), re.MULTILINE)
    assert [link for link in found.links if link != "./" and f"/runbooks/{link}" not in pages.paths()] == []


@pytest.mark.parametrize(
    "path", ["/runbooks/SemsNothing", "/runbooks/SemsPvLow.md", "/runbooks/../app.py", "/runbooks"]
)
def test_there_is_no_other_page(path: str) -> None:
    assert ask(Site().application, path)[0] == 404
