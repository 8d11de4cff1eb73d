"""The doctor's round: ask each program in turn, tell each finding, and give a verdict."""

from collections.abc import Callable, Generator, Iterator

import click

from sems_exporter.cli.doctor import alerting, rules, scraping
from sems_exporter.cli.doctor.findings import Finding, Verdict, problem
from sems_exporter.cli.doctor.http_api import Api, NoAnswer
from sems_exporter.cli.terminal import legible
from sems_exporter.clock import Clock


def examine(prometheus: Api, alertmanager: Api | None, clock: Clock) -> int:
    """Tell what is found; 1 if something of it is a problem."""
    problems = 0
    for finding in _all(prometheus, alertmanager, clock):
        problems += finding.verdict is Verdict.PROBLEM
        click.echo("\n".join(map(legible, finding.lines)))
    click.echo(f"\n{problems} problem{'' if problems == 1 else 's'}" if problems else "\nall is well")
    return 1 if problems else 0


def _all(prometheus: Api, alertmanager: Api | None, clock: Clock) -> Iterator[Finding]:
    answers = yield from _asking("Prometheus", prometheus, lambda api: scraping.examined(api, clock))
    if answers:
        yield from _asking("Prometheus", prometheus, rules.examined)
        yield from _asking("Prometheus", prometheus, rules.dashboards)
        told = alertmanager is not None
        yield from _asking("Prometheus", prometheus, lambda api: alerting.sent(api, asks_alertmanager=told))
    if alertmanager:
        yield from _asking("Alertmanager", alertmanager, alerting.received)


def _asking(name: str, api: Api, ask: Callable[[Api], Iterator[Finding]]) -> Generator[Finding, None, bool]:
    """What is found; that a question was not answered is a finding, too."""
    try:
        yield from ask(api)
    except NoAnswer as error:
        yield problem(f"{name} at {api.address} does not tell: {error}", f"see that {name} runs and is reached there")
        return False
    return True
