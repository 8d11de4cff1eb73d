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
