"""The runbooks as simple pages, so that the address in a message opens on a phone."""

import re
from collections.abc import Iterator
from functools import cache
from html import escape
from importlib.resources import files

from sems_exporter.web.http.messages import HTML, Request, Response

PREFIX = "/runbooks/"
_FOLDER = files("sems_exporter.web.runbooks")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
_CODE = re.compile(r"`([^`]+)`")
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title>
{body}
<p><a href="./">All pages</a></p></html>
"""


def names() -> list[str]:
    """The alerts that have a page."""
    return sorted(entry.name.removesuffix(".md") for entry in _FOLDER.iterdir() if entry.name.endswith(".md"))


def paths() -> list[str]:
    """The paths of all pages, that of the list among them."""
    return [PREFIX, *(PREFIX + name for name in names())]


async def answer(request: Request) -> Response:
    """The page of an alert, or the list of all."""
    name = request.path.removeprefix(PREFIX)
    return Response(200, HTML, (_page(name) if name else _list()).encode())


@cache
def _page(name: str) -> str:
    text = _FOLDER.joinpath(f"{name}.md").read_text("utf-8")
    return _PAGE.format(title=name, body="\n".join(_blocks(text)))


@cache
def _list() -> str:
    items = "".join(f'<li><a href="{name}">{name}</a>' for name in names())
    return _PAGE.format(title="Runbooks", body=f"<h1>What to do</h1>\n<ul>{items}</ul>")


def _blocks(text: str) -> Iterator[str]:
    """The HTML of each paragraph, heading and list of a page; they use no more of Markdown than that."""
    for block in text.strip().split("\n\n"):
        if heading := re.fullmatch(r"(#+) (.+)", block):
            level = len(heading[1])
            yield f"<h{level}>{_inline(heading[2])}</h{level}>"
        elif block.startswith("- "):
            items = re.split(r"^- ", block, flags=re.MULTILINE)[1:]
            yield "<ul>" + "".join(f"<li>{_inline(item)}" for item in items) + "</ul>"
        else:
            yield f"<p>{_inline(block)}</p>"


def _inline(text: str) -> str:
    joined = _CODE.sub(r"<code>\1</code>", escape(" ".join(text.split()), quote=False))
    return _LINK.sub(_linked, joined)


def _linked(found: re.Match[str]) -> str:
    """A link to another page; what the documentation has is only named, because it is not served."""
    text, target = found[1], found[2]
    if "/" in target:
        return f"docs/{target.rpartition('/')[2].partition('#')[0]}"
    return f'<a href="{target.removesuffix(".md")}">{text}</a>'
