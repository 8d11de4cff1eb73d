"""A station that is not read, or whose data are old, is not called running."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sems_exporter.pipeline.staleness import Limits, apply_staleness
from tests.web.status.page_reader import HOME, NOW, page


@pytest.mark.parametrize("hours", [1, 10])
def test_no_badge_of_work_stands_beside_no_recent_data(hours: int) -> None:
    """Neither of the station nor of its devices."""
    old = replace(HOME, fetched_at=NOW - timedelta(hours=hours), data_timestamp=NOW - timedelta(hours=hours))

    text = " ".join(
        each.text for each in page(apply_staleness(old, NOW, Limits(1200.0, 900.0)).station).classed("badge")
    )

    assert "unknown" in text
    assert not any(word in text for word in ("running", "online", "charging"))


@pytest.mark.parametrize("elevation,word", [(-20.0, "night"), (-3.0, "unknown"), (30.0, "unknown"), (None, "unknown")])
def test_pv_power_that_is_left_out_at_night_is_not_called_unknown(elevation: float | None, word: str) -> None:
    """Nor is it called nothing: nobody has measured it."""
    dial = page(replace(HOME, pv_power=None, sun_elevation=elevation)).classed("gauge")[0]

    assert dial.text.startswith("PV")
    assert word in dial.text
    assert "0 W" not in dial.text
