"""`sems-exporter call` against a simulated portal: what is asked, what is printed, and what is never sent."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sems_exporter.app import build_app
from sems_exporter.cli import call as calling
from sems_exporter.cli.call import Order
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.errors import SettingError
from sems_exporter.portal.read_calls import ReadCall, Target
from sems_exporter.portal.semsplus.read_calls import READ_CALLS
from sems_exporter.simulator import Answer, Plant, SimulatedPortal
from sems_exporter.telemetry.redaction import Secret

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settings(portal: SimulatedPortal, tmp_path: Path) -> ServerSettings:
    account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
    return ServerSettings((AccountSettings(account, state_dir=tmp_path, requests_per_minute=120),))


@pytest.fixture
def run(settings: ServerSettings, capsys: pytest.CaptureFixture[str]) -> Run:
    """Make a call; exit code, output and error output."""

    def made(*words: str, body: str | None = None, anonymous: bool = False, **about: Any) -> tuple[int, str, str]:
        code = calling.call(settings, Order(words, Target(**about), body, anonymous))
        said = capsys.readouterr()
        return code, said.out, said.err

    return made


def asked(portal: SimulatedPortal) -> list[str]:
    return [request.endpoint for request in portal.requests]


@pytest.mark.parametrize(
    "portal, line",
    [
        ("auto", "  flow              the powers of a station now [--station ID]\n"),
        ("classic", "  classic_stations"),
    ],
)
def test_the_calls_of_a_dialect_are_listed(portal: str, line: str) -> None:
    assert line in calling.listed(portal)


def test_it_prints_the_answer_as_it_came(portal: SimulatedPortal, run: Run) -> None:
    def marked(answer: dict[str, Any], _: Mapping[str, Any]) -> None:
        answer["data"]["unheardOf"] = "Grüße"

    portal.mutate("flow", marked)

    code, out, _ = run("flow")

    document = json.loads(out)
    assert code == 0
    assert document["code"] == "00000"
    assert document["data"]["unheardOf"] == "Grüße"


def test_the_type_of_a_device_is_looked_up(run: Run) -> None:
    code, out, _ = run("telemetry", device="SIM5K0001")

    assert code == 0
    assert "pac" in out.lower()


def test_a_device_that_is_not_named_is_told_with_those_there_are(run: Run) -> None:
    with pytest.raises(SettingError, match=r"--device: name a device .* there are SIM5K0001 \(INVERTER\)"):
        run("telemetry")


def test_a_day_is_asked_about(portal: SimulatedPortal, run: Run) -> None:
    days = []
    portal.mutate("statistics", lambda _, asked: days.append(asked["startTime"]))

    code, _, _ = run("statistics", day=date(2026, 6, 20))

    assert (code, days) == (0, ["2026-06-20 00:00:00"])


@pytest.mark.parametrize(
    "known", [each for each in READ_CALLS if each.needs == ("station",)], ids=lambda each: each.name
)
def test_a_call_by_name_and_by_path_is_the_same(plants: list[Plant], run: Run, known: ReadCall) -> None:
    by_name = run(known.name)[1]
    call = known.build(Target(station=plants[0].spec.station_id))

    code, by_path, _ = run(call.method, call.path, body=json.dumps(call.body) if call.method == "POST" else None)

    assert code == 0
    assert keys(json.loads(by_path)) == keys(json.loads(by_name))


def keys(part: Any) -> Any:
    """An answer without its values, which move on between two calls."""
    if isinstance(part, dict):
        return {key: keys(each) for key, each in part.items()}
    return [keys(each) for each in part[:1]] if isinstance(part, list) else None


def test_what_the_portal_refuses_is_shown_and_is_a_failure(run: Run) -> None:
    code, out, err = run("GET", "/sems-plant/api/nothing")

    assert code == 1
    assert "404" in out
    assert "route_unknown" in err


def test_anonymous_hides_who_and_where(run: Run) -> None:
    _, plain, _ = run("info")
    _, hidden, _ = run("info", anonymous=True)

    assert "Sunny Home" in plain
    assert "Sunny Home" not in hidden


def test_what_is_no_json_is_printed_harmlessly(portal: SimulatedPortal, run: Run) -> None:
    portal.script_always("flow", Answer(body=b"<html>\x1b[2Jno\xff</html>"))

    code, out, err = run("flow")

    assert code == 1
    assert out == "<html>\ufffd[2Jno\ufffd</html>\n"
    assert "unreadable" in err


@pytest.mark.parametrize(
    "words, body, said",
    [
        (("nonsense",), None, "nonsense is not known; there are stations, info"),
        (("GET",), None, "takes the name of a call, or GET or POST and a path"),
        (("flow", "again"), None, "flow is refused|FLOW is refused"),
        (("POST", "/sems-plant/api/stations/statistics"), "{", "--body: is not JSON"),
        (("POST", "/sems-plant/api/stations/statistics"), "[" * 100_000, "--body: is not JSON"),
        (("flow",), "{}", "belongs to a call by path"),
        (("POST", "/sems-remote/api/ev-charger/startCharge"), "{}", "only reads"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(
    portal: SimulatedPortal, run: Run, words: tuple[str, ...], body: str | None, said: str
) -> None:
    with pytest.raises(SettingError, match=said):
        run(*words, body=body)

    assert asked(portal) == []


def test_it_needs_one_account(settings: ServerSettings) -> None:
    [one] = settings.accounts
    two = replace(settings, accounts=(replace(one, name="first"), replace(one, name="second")))

    with pytest.raises(SettingError, match="only: a call is made for one account"):
        calling.call(two, Order(("flow",), Target()))


def test_a_shard_without_accounts_has_none_to_call_for(settings: ServerSettings) -> None:
    with pytest.raises(SettingError, match=r"only: a call is made for one account; .* none here"):
        calling.call(replace(settings, accounts=()), Order(("flow",), Target()))


def test_beside_a_running_exporter_it_never_signs_in(
    portal: SimulatedPortal, settings: ServerSettings, run: Run
) -> None:
    exporter = build_app(settings, SystemClock())
    exporter.poller.refresh()
    before = portal.login_attempts

    code, _, _ = run("flow")

    exporter.close()
    assert (code, portal.login_attempts) == (0, before)
