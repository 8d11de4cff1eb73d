"""What puts the page on the home screen of a phone or tablet: a manifest, and icons made from `icon.svg`.

`make icons` draws the others from it.
"""

import json
from collections.abc import Awaitable, Callable
from functools import cache
from importlib.resources import files

from sems_exporter.web.http.messages import Request, Response

MANIFEST = "/manifest.webmanifest"
NAME, SHORT_NAME = "SEMS exporter", "SEMS"
GROUND = "#f3f5f8"
_ICONS = {
    "/icon.svg": ("image/svg+xml", "any"),
    "/icon-192.png": ("image/png", "192x192"),
    "/icon-512.png": ("image/png", "512x512"),
}


def routes() -> dict[str, Callable[[Request], Awaitable[Response]]]:
    """The manifest and all icons."""
    return {MANIFEST: _manifest, **dict.fromkeys(_ICONS, _icon)}


async def _manifest(_: Request) -> Response:
    document = {
        "name": NAME,
        "short_name": SHORT_NAME,
        "start_url": "./",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "icons": [
            # Nothing of them is lost where a system cuts its own shape out.
            {"src": f".{path}", "type": kind, "sizes": sizes, "purpose": purpose}
            for path, (kind, sizes) in _ICONS.items()
            for purpose in ("any", "maskable")
        ],
    }
    return Response(200, "application/manifest+json", json.dumps(document).encode())


async def _icon(request: Request) -> Response:
    return Response(200, _ICONS[request.path][0], _file(request.path.removeprefix("/")))


@cache
def _file(name: str) -> bytes:
    return files("sems_exporter.web.status").joinpath(name).read_bytes()
