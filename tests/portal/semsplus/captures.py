"""Answers of the real portal, captured by users of several clients; read from the folder that SEMS_PAYLOADS names."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = os.environ.get("SEMS_PAYLOADS", "")
needs_captures = pytest.mark.skipif(not FOLDER, reason="SEMS_PAYLOADS names no folder with captured answers")


def path(name: str) -> Path:
    """The file of the capture `name`, which stands without "semsplus_" and ".json"."""
    return Path(FOLDER) / f"semsplus_{name}.json"


def document(name: str) -> Any:
    """A capture as a whole."""
    return json.loads(path(name).read_text(encoding="utf-8"))


def data(name: str) -> Any:
    """What the captured answer carries."""
    return document(name)["data"]
