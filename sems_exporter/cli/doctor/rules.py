"""Whether the rules of this version are loaded and work, and whether the dashboards' queries are answered."""

from collections import defaultdict
from collections.abc import Iterator

from sems_exporter.cli.doctor import shared_files
from sems_exporter.cli.doctor.findings import Finding, few, good, note, problem
from sems_exporter.cli.doctor.http_api import Api, NoAnswer, labels, mapping, number, objects, text

LONGEST_INTERVAL = 240.0
"""Seconds between two evaluations: some rules look at their own last value, which is shown for five minutes."""
ALWAYS = "SemsWatchdog"
"""The alert that fires always, so that its silence is noticed."""
Rule = dict[str, object]


def examined(prometheus: Api) -> Iterator[Finding]:
    """What there is to say of rules; raises NoAnswer."""
    groups = objects(mapping(prometheus.data("/api/v1/rules")).get("groups"))
    loaded: dict[str, list[Rule]] = defaultdict(list)
    for group in groups:
        for rule in objects(group.get("rules")):
            loaded[text(rule.get("name"))].append(rule)
    wanted = shared_files.rules()
    copy = (
        f"copy {shared_files.folder('rules')}/*.yml to where rule_files of prometheus.yml looks, and reload Prometheus"
    )
    missing = wanted.keys() - loaded.keys()
    if missing == wanted.keys():
        yield problem("none of the rules of this version is loaded, so nothing alerts", copy)
        return
    if missing:
        yield problem(f"{len(missing)} of {len(wanted)} rules are not loaded: {few(missing)}", copy)
    ours = {name: rules for name, rules in loaded.items() if name in wanted}
    yield from _health(ours)
    if other := [name for name, rules in ours.items() if not _same(prometheus, wanted[name], rules)]:
        yield note(f"{len(other)} rules are not those of this version: {few(other)}", copy)
    elif not missing:
        yield good(f"all {sum(map(len, wanted.values()))} rules of this version are loaded")
    yield from _intervals(groups, wanted)
    if firing := _firing(ours):
        yield note(f"alerts that fire now: {few(firing)}", "the exporter has a page for each, at /runbooks/NAME")


def _health(ours: dict[str, list[Rule]]) -> Iterator[Finding]:
    failing = {name: text(rule.get("lastError")) for name, rules in ours.items() for rule in rules if _fails(rule)}
    for name, reason in sorted(failing.items()):
        yield problem(
            f"the rule {name} fails: {reason}",
            "where it speaks of duplicate series or many-to-many, the exporter is scraped twice; see above",
        )


def _fails(rule: Rule) -> bool:
    return rule.get("health") == "err"


def _same(prometheus: Api, wanted: list[str], loaded: list[Rule]) -> bool:
    """Tell whether the expressions of one name say the same in whatever form; True where that cannot be told."""
    try:
        mine = {_canonical(prometheus, expr) for expr in wanted}
        return mine <= {_canonical(prometheus, text(rule.get("query"))) for rule in loaded}
    except NoAnswer:
        return True


def _canonical(prometheus: Api, expr: str) -> str:
    return text(prometheus.data("/api/v1/format_query", {"query": expr}))


def _intervals(groups: list[dict[str, object]], wanted: dict[str, list[str]]) -> Iterator[Finding]:
    slow = [
        text(group.get("name"))
        for group in groups
        if number(group.get("interval")) > LONGEST_INTERVAL
        and any(text(rule.get("name")) in wanted for rule in objects(group.get("rules")))
    ]
    if slow:
        yield problem(
            f"rules are evaluated less than every four minutes ({few(slow)}), "
            "and some look at their own last value, which is gone after five",
            "set evaluation_interval: 1m in prometheus.yml",
        )


def _firing(ours: dict[str, list[Rule]]) -> list[str]:
    return [
        labels(alert.get("labels")).get("alertname", "")
        for rules in ours.values()
        for rule in rules
        for alert in objects(rule.get("alerts"))
        if alert.get("state") == "firing"
        if labels(alert.get("labels")).get("alertname") != ALWAYS
    ]


def dashboards(prometheus: Api) -> Iterator[Finding]:
    """Tell whether what the dashboards ask is answered, and which of them would be empty."""
    empty, asked, answered = [], 0, 0
    for title, queries in shared_files.dashboards().items():
        found = 0
        for query in queries:
            try:
                found += bool(prometheus.series(query.expr))
            except NoAnswer as error:
                yield problem(
                    f"dashboard {title}, panel {query.panel}: {error}",
                    "with more stations than the limits of Prometheus allow, see docs/performance.md",
                )
        asked, answered = asked + len(queries), answered + found
        if queries and not found:
            empty.append(title)
    if empty:
        yield note(
            f"dashboards without any data: {few(empty)}",
            "a plant without the devices in question has none; else see the findings above",
        )
    yield good(f"the dashboards ask {asked} queries, of which {answered} have data now")
