"""The recording rules and alerts over a day of simulated plants, evaluated every other minute by promtool.

promtool plays at the beginning of 1970, so instants among the values are moved there too.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.simulated.days import Exposed, exposed
from sems_exporter.simulator import SimulatedClock, demo_plants

RULES = Path(__file__).parents[1] / "prometheus" / "rules"
BEGIN = datetime(2026, 6, 20, 22, 30, tzinfo=UTC)
STEP = timedelta(minutes=10)
STEPS = 144
REPEATED = 2
"""Each value is given twice, every five minutes: what is older Prometheus does not show."""
MINUTES = STEPS * 10
FAULT = BEGIN + timedelta(hours=11), BEGIN + timedelta(hours=13)
GROUPS = [
    group for name in ("recording", "alerts") for group in yaml.safe_load((RULES / f"{name}.yml").read_text())["groups"]
]
ALL = [rule for group in GROUPS for rule in group["rules"]]
RECORDED = sorted({rule["record"] for rule in ALL if "record" in rule})
ALERTS = sorted({rule["alert"] for rule in ALL if "alert" in rule})
NEEDS_WEEKS = {"station:sems_pv_energy:kwh_3d_usual"}
NEEDS_TROUBLE = {
    "station:sems_data_old_by_day:seconds",
    "station:sems_silent_by_day:bool",
    "inverter:sems_offline_by_day:bool",
    "station:sems_pv_zero_by_day:watts",
    "station:sems_state:unusual",
    "inverter_phase:sems_voltage_high:seconds_1h",
}
EXPECTED = {
    "SemsInverterFault",  # one inverter fails for two hours
    "SemsAlarmActive",
    "SemsInverterPvZero",
    "SemsWatchdog",
}
"""All else stays silent all day."""
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
Series = dict[str, list[str]]


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Series:
    """Each series that a rule asks for, with a value every ten minutes; `_` where it is absent."""
    clock = SimulatedClock(BEGIN, speed=0)
    plants = demo_plants(3, clock=clock)
    plants[2].fail_inverter(*FAULT, "E-G3-0-12")
    pages = exposed(plants, clock, [BEGIN + number * STEP for number in range(STEPS)], tmp_path_factory.mktemp("state"))
    return as_series(pages) | {'up{job="sems",instance="demo"}': ["1"] * STEPS}


def as_series(pages: Iterable[Exposed]) -> Series:
    asked = {name for rule in ALL for name in re.findall(r"\bsems_\w+", str(rule))}
    found: Series = {}
    for number, (_, page) in enumerate(pages):
        for name, labels, value in samples(page):
            if name in asked:
                key = f'{name}{{job="sems",instance="demo"{"," if labels else ""}{labels}}}'
                found.setdefault(key, ["_"] * STEPS)[number] = moved(name, value)
    return found


def samples(page: str) -> Iterator[tuple[str, str, str]]:
    for line in page.splitlines():
        if match := SAMPLE.match(line):
            yield match[1], match[2] or "", match[3]


def moved(name: str, value: str) -> str:
    """Instants count from the beginning of the day; 0 means never and stays."""
    if not name.endswith("_timestamp_seconds") or float(value) == 0:
        return value
    return f"{float(value) - BEGIN.timestamp():.3f}"


def played(series: Series, folder: Path, promtool: str, *checks: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """What promtool says to the checks."""
    tests = {
        "rule_files": [str(RULES / "recording.yml"), str(RULES / "alerts.yml")],
        "evaluation_interval": "2m",
        "group_eval_order": [group["name"] for group in GROUPS],
        "tests": [
            {
                "interval": "5m",
                "input_series": [
                    {"series": key, "values": " ".join(v for v in values for _ in range(REPEATED))}
                    for key, values in series.items()
                ],
                "promql_expr_test": list(checks),
            }
        ],
    }
    file = folder / "day.yml"
    file.write_text(json.dumps(tests), "utf-8")
    return subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)


def holds(expr: str) -> dict[str, Any]:
    """A check that the expression has a result at the end of the day."""
    return {
        "expr": f"count({expr}) > bool 0",
        "eval_time": f"{MINUTES}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def is_empty(expr: str) -> dict[str, Any]:
    return {"expr": expr, "eval_time": f"{MINUTES}m", "exp_samples": []}


@pytest.mark.parametrize(
    "promtool", [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("promtool", "promtool3")]
)
def test_a_day_is_recorded_and_only_what_happened_is_told(series: Series, tmp_path: Path, promtool: str) -> None:
    """Every recording rule has data over a day with nights on two continents, and no alert errs."""
    recorded = [holds(f"last_over_time({name}[1d])") for name in RECORDED if name not in NEEDS_WEEKS | NEEDS_TROUBLE]
    quiet = [is_empty(f"last_over_time({name}[1d])") for name in NEEDS_TROUBLE]
    silent = "|".join(set(ALERTS) - EXPECTED)
    told = [holds(f'last_over_time(ALERTS{{alertname="{name}",alertstate="firing"}}[1d])') for name in EXPECTED]
    alerts = [is_empty(f'last_over_time(ALERTS{{alertname=~"{silent}",alertstate="firing"}}[1d])')]

    said = played(series, tmp_path, promtool, *recorded, *quiet, *told, *alerts)

    assert said.returncode == 0, said.stdout + said.stderr
