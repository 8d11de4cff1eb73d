"""Guards around every test: no network beyond this machine, no real account, and no silent skips where all is at hand.

Connections are held back by pytest-socket (`--allow-hosts` in pyproject.toml); name look-ups and the environment here.
"""

import logging
import os
import shutil
import socket
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any

import hypothesis
import pytest

from sems_exporter.portal.http import transport
from sems_exporter.portal.http.bounded_sockets import Patience
from sems_exporter.telemetry.redaction import MASKS, Masks

# How long an example takes says how busy the machine is, and nothing of what is tested; and a run of all tests tries
# what the last one tried, so that nothing fails by chance. `--hypothesis-profile=searching` looks for new examples.
hypothesis.settings.register_profile("repeatable", hypothesis.settings.get_profile("ci"))
hypothesis.settings.register_profile(
    "searching", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("repeatable")

LOOPBACK = {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::", ""}

HOW_TO_GET = {
    "prometheus": "Debian's package prometheus",
    "promtool": "Debian's package prometheus",
    "prometheus-alertmanager": "Debian's package prometheus-alertmanager",
    "amtool": "Debian's package prometheus-alertmanager",
    "chromium": "Debian's package chromium",
    "redis-server": "Debian's package redis-server",
    "prometheus3": ".ci/prometheus3 FOLDER, then FOLDER/bin in PATH",
    "promtool3": ".ci/prometheus3 FOLDER, then FOLDER/bin in PATH",
}

MAY_NOT_SKIP = os.environ.get("SEMS_NO_SKIPS") == "1"
WITHOUT = set(os.environ.get("SEMS_WITHOUT", "").split())
"""Programs that are known to be absent: the tests that need them are left out, which is no skip."""

KEPT = {"SEMS_PAYLOADS", "SEMS_NO_SKIPS", "SEMS_WITHOUT"}
"""Settings of the test run itself; every other SEMS_ variable is the exporter's and might hold a real account."""


@pytest.fixture(scope="session", autouse=True)
def _nothing_leaves_this_machine() -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", _local_only(socket.getaddrinfo))
        for name in list(os.environ):
            if (name.startswith("SEMS_") and name not in KEPT) or name.lower().endswith("_proxy"):
                patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _secrets_of_one_test_are_none_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, nothing in vars(Masks()).items():
        monkeypatch.setattr(MASKS, name, nothing)


@pytest.fixture(autouse=True)
def _the_log_of_one_test_is_none_of_the_next() -> None:
    # Whoever runs the program sets the level for the whole process.
    logging.getLogger("sems_exporter").setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _a_portal_of_a_test_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine is no slow portal; whoever tries a slow one says how patient the exporter is with it.
    monkeypatch.setattr(transport, "PATIENCE", Patience(connect=60.0, read=60.0, whole=300.0))


def _local_only(look_up: Any) -> Any:
    def getaddrinfo(host: str | bytes | None, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if name in LOOPBACK:
            return look_up(host, *args, **options)
        if name.endswith(".invalid"):  # reserved: exists nowhere, so this is the true answer
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        message = f"a test looked up {name!r}; only this machine and names under .invalid may be asked for"
        raise RuntimeError(message)

    return getaddrinfo


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need a program of which the caller said that it is not there."""
    left_out = [item for item in items if WITHOUT & set(_needed(item))]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `needs("promtool")` where there is no promtool."""
    absent = [program for program in _needed(item) if shutil.which(program) is None]
    if absent:
        pytest.skip(f"not installed: {', '.join(f'{program} ({HOW_TO_GET[program]})' for program in absent)}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what was left out, and how to have it run."""
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.getreports("skipped"))
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"left out: {tests} tests; {reason.removeprefix('Skipped: ')}")
    for program in sorted(WITHOUT):
        terminalreporter.write_line(f"left out: the tests that need {program} ({HOW_TO_GET[program]})")


def _needed(item: pytest.Item) -> Sequence[str]:
    return [program for marker in item.iter_markers("needs") for program in marker.args]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test into a failure where nothing may skip."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn the skip of a whole file into a failure where nothing may skip."""
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if MAY_NOT_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"SEMS_NO_SKIPS=1: everything is at hand here, so nothing may skip. It said: {reason}"
