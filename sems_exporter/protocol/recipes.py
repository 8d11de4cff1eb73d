"""Recipes of hashes within known parts: the signature of a request, and the password of a sign-in."""

import base64
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from sems_exporter.protocol import templates
from sems_exporter.protocol.calls import refuse_names
from sems_exporter.protocol.shapes import ProtocolError

HASHES = ("md5", "sha1", "sha256", "sha512")
ENCODINGS = ("base64", "plain")


class Recipe(NamedTuple):
    """The hash of `text` in hexadecimal is {digest}; `result` is what is sent, as it is or in base64."""

    hash: str
    result: str
    encoding: str
    text: str = "{password}"

    def made(self, values: Mapping[str, object]) -> str:
        """The outcome for these values."""
        text = templates.text(self.text, values).encode()
        digest = hashlib.new(self.hash, text, usedforsecurity=False).hexdigest()
        result = templates.text(self.result, {**values, "digest": digest})
        return base64.b64encode(result.encode()).decode() if self.encoding == "base64" else result


def refuse_recipe(path: str, recipe: Recipe, allowed: frozenset[str]) -> None:
    """Raise ProtocolError where a recipe is none of known parts."""
    if recipe.hash not in HASHES:
        raise ProtocolError(f"{path}.hash", f"has to be one of {', '.join(HASHES)}")
    if recipe.encoding not in ENCODINGS:
        raise ProtocolError(f"{path}.encoding", f"has to be one of {', '.join(ENCODINGS)}")
    if not recipe.result.isascii() or not recipe.result.isprintable():
        raise ProtocolError(f"{path}.result", "has to be one line of ASCII")
    refuse_names(f"{path}.text", recipe.text, allowed)
    refuse_names(f"{path}.result", recipe.result, allowed | {"digest"})
