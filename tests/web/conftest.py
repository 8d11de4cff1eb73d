"""The server as it runs everywhere: with its two accelerators, and without them."""

import sys

import pytest


@pytest.fixture(params=["accelerated", "plain"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Httptools and uvloop, or h11 and asyncio, which is all that some small boards have."""
    if request.param == "plain":
        monkeypatch.setitem(sys.modules, "uvicorn.protocols.http.httptools_impl", None)
        monkeypatch.setitem(sys.modules, "uvloop", None)
    return str(request.param)
