"""Answers of the real portal, captured by users of several clients; read from the folder that SEMS_PAYLOADS names."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = os.environ.get("SEMS_PAYLOADS", "")
needs_captures = pytest.mark.skipif(not FOLDER, reason="SEMS_PAYLOADS names no folder with captured answers")

METERED = "monitor_ms_singlephase_gridmeter_2025-06"
OFFLINE = "monitor_ns_offline_night_2026-01"
TRIMMED = "monitor_single_generating_trimmed_2025-09"
EMPTY = "monitor_empty_data_2026-09"
STORAGE = "invert_full_bp_battery_2022-04"
"""The registers of one inverter alone, as the web page's proxy gave them."""


def document(name: str) -> Any:
    """The capture `name`, which stands without "legacy_" and ".json"."""
    return json.loads((Path(FOLDER) / f"legacy_{name}.json").read_text(encoding="utf-8"))


def detail(name: str) -> Any:
    """What the captured monitor detail carries; one capture has it without its envelope."""
    found = document(name)
    if name == STORAGE:
        return {"info": {"powerstation_id": "plant-1", "time_span": -2.0}, "inverter": [{"invert_full": found}]}
    return found.get("data", found)
