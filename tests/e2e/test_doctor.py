"""`doctor` beside the real programs, set up by the project's own files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.alarm_chain import Webhook, alertmanager, listening, prometheus
from tests.e2e.program import ANY_PORT, Program, finished, running, until


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    with listening() as webhook:
        yield webhook


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("prometheus", marks=pytest.mark.needs("prometheus", "prometheus-alertmanager")),
        pytest.param("prometheus3", marks=pytest.mark.needs("prometheus3", "prometheus-alertmanager")),
    ],
)
def test_it_finds_the_projects_own_installation_in_order(name: str, webhook: Webhook, tmp_path: Path) -> None:
    """All but the retention, which the test leaves at what Prometheus has by itself."""
    with (
        running("demo", "--start", "2026-06-21T10:00", ANY_PORT) as exporter,
        alertmanager(tmp_path, webhook) as alerts,
        prometheus(
            name, tmp_path, exporter.address.removeprefix("http://"), alerts.address.removeprefix("http://")
        ) as scraper,
    ):
        until(lambda: '"value"' in scraper.get("/api/v1/query?query=sems_up")[1])
        said = told(scraper, alerts)

    assert "answers at" in said
    assert 'the exporter is scraped as job="sems", instance="127.0.0.1:' in said
    assert "rules of this version are loaded" in said
    assert "rules are not" not in said
    assert "fails" not in said
    assert 'the receiver "owner" tells by webhook' in said
    assert f"Prometheus hands alerts to {alerts.address}" in said
    assert [line for line in said.splitlines() if line.startswith("PROBLEM")] == [
        "PROBLEM Prometheus forgets after 15d, and rules look back 30 days"
    ]


def told(scraper: Program, alerts: Program) -> str:
    doctor = finished("doctor", "--prometheus", scraper.address, "--alertmanager", alerts.address)
    assert (doctor.returncode, doctor.stderr) == (1, "")
    return doctor.stdout
