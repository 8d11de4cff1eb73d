"""The reference pages, written from the code: metrics.md, settings.md and portal-fields.md in docs.

python -m tools.references            writes them
python -m tools.references --check    names the one that differs from the code, and ends with 1
"""

import dataclasses
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import click

from sems_exporter import errors
from sems_exporter.config import options, passwords, types
from sems_exporter.config.options import Setting
from sems_exporter.exposition import families
from sems_exporter.exposition.families import all_families
from sems_exporter.exposition.samples import collect
from sems_exporter.model.diagnostics import Diagnostics, DropReason, Limited, Unknown
from sems_exporter.model.money import Money
from sems_exporter.model.plant import CHILDREN, Alarm, AlarmLevel, Station
from sems_exporter.model.schema import Entity, Family, Role, enumerations, info_labels, measures, registers
from sems_exporter.pipeline.staleness import StationView
from sems_exporter.telemetry import metrics
from tools import portal_fields
from tools.unfinished import Unfinished

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLE = "example"
"""Text of what is made only to learn its labels."""
NOTHING = "–"
S = TypeVar("S", bound=Entity)

STAYS: dict[Role, str] = {
    Role.LIVE: "An instantaneous value or a state. It goes when the data it is from are older than `data_max_age`, "
    "when the station was not read for `snapshot_max_age`, or when the device is offline. That something is offline "
    "stays for `data_max_age` after the portal said so, however old its data are.",
    Role.DAY: "A sum since midnight at the station. It goes at the next midnight, or when the station was not read for "
    "`snapshot_max_age`.",
    Role.MONTH: "The same for the month.",
    Role.YEAR: "The same for the year.",
    Role.LIFETIME: "A counter since commissioning. It stays, and it falls only where a restart at the portal lasts.",
    Role.STATIC: "A property of the installation. It stays.",
}
NO_ROLE = (
    "Texts and instants stay as long as the station or device is known, and that is at most a day after it was read "
    "last. Alarms stay while the station is up."
)
DROPPED: dict[DropReason, str] = {
    DropReason.SENTINEL: "A register with all bits set, or another number by which the portal says “nothing here”.",
    DropReason.OUT_OF_RANGE: "Outside the range in the tables above.",
    DropReason.UNREADABLE: "A text stands where a number should.",
    DropReason.UNIT: "The unit is unknown, or measures something else.",
    DropReason.FELL: "A counter came in lower than before. A lifetime counter is held at its last good value.",
    DropReason.ROSE: "An energy rose by more than the plant can make or use since it was last told. Held likewise.",
    DropReason.REPLAY: "The portal gives an energy of a day, month or year that is over for one of the present.",
    DropReason.UNPROVEN: "A first 0 of a lifetime, which a portal in trouble says as well; believed after a day.",
    DropReason.CONTRADICTED: "Told twice, and differently; or a lifetime below its own day, month or year.",
    DropReason.DIRECTION: "A power whose sign and arrow differ, and that adds up with the others neither way.",
    DropReason.NO_BATTERY: "A battery value of a station that has no battery.",
    DropReason.BAD_TIME: "A time that cannot be read, does not exist, or lies in the future.",
}
UNKNOWN: dict[Unknown, str] = {
    Unknown.DEVICE_TYPE: "A type of device.",
    Unknown.FACTOR: "A code of a device's reading.",
    Unknown.FIELD: "A field of an answer.",
    Unknown.STATUS: "A number that stands for a state.",
    Unknown.RESULT_CODE: "The code of a failed answer.",
    Unknown.UNIT: "A unit beside a number.",
}


def metrics_page() -> str:
    """All of docs/metrics.md."""
    return f"""# Metrics

<!-- Written by `make references` from the code; change it there. -->

Base units only: watts, joules (1 kWh = 3.6e6 J), volts, amperes, hertz, degrees Celsius, seconds, ratios from 0 to 1.
The two directions of the grid and of the battery are separate series and never negative: import and export, charge and
discharge. A value that is not known is absent: it is never 0 and never the value of before. A station has only the
series that the portal has values for.

The names are those of the plain text format and of queries. In OpenMetrics the family of a counter is named without
`_total`, that of an info series without `_info`.

How long a value stays:

{_table(("Stays", "Meaning"), [*((role.value, _described(STAYS, "STAYS", role)) for role in Role), (NOTHING, NO_ROLE)])}

{"".join(_section(scope) for scope in CHILDREN)}## The exporter itself

These tell what the exporter asked, what came of it, and what it left out. Those of
[shards](fleet.md#shards) are there where the list of accounts is shared out, those of leases and their store where
[replicas](replicas.md) share one, whose series of the process carry `replica` as well. Where the settings name
[several accounts](fleet.md#several-accounts), every series but those of the process carries `account` as well.

{_table(("Name", "Type", "Labels", "Meaning"), own_rows())}

Linux adds `process_cpu_seconds_total`, `process_open_fds`, `process_max_fds`, `process_start_time_seconds`,
`process_resident_memory_bytes` and `process_virtual_memory_bytes`.

{_closed_lists()}"""


def settings_page() -> str:
    """All of docs/settings.md."""
    by_key = {one.key: one for one in options.SETTINGS}
    rows = [(_code(key), _code(one.option), _code(one.variable), *_value_rules(one)) for key, one in by_key.items()]
    password_file, variable = by_key["password_file"], passwords.VARIABLE
    return f"""# Settings

<!-- Written by `make references` from the code; change it there. -->

A flag wins over the environment variable, and that over the configuration file.

{_table(("Key", "Flag", "Variable", "Allowed", "Default", "Meaning"), rows)}

## Configuration file

`--config.file FILE` or `{options.FILE_VARIABLE}` names a YAML file with any of the keys above, or with a list of
[several accounts](fleet.md#several-accounts), with [tariffs](tariffs.md), [deliveries](delivery.md#sending) and
[remote write](delivery.md#remote-write). A key that is not known or stands twice ends the start with a message, and a
warning tells of a variable that looks misspelt. Paths count from the folder in which the exporter is started. The file
is a regular one of 256 KiB at most. Numbers are decimal; `1:30`, to YAML the number 90, is a text.

```yaml
account: visitor@example.com
password_file: /etc/sems-exporter/password
interval: 5m
```

## Password

The password is never a flag, because every user of a machine can read the flags of its programs. It comes from the
first of these that there is. One that is empty, blank, or holds a control character such as a line break is refused.

1. The file that `{password_file.option}`, `{password_file.variable}` or the key `{password_file.key}` names.
2. `{variable.lower()}` among the credentials of systemd (`LoadCredential`), or in `{passwords.CONTAINER_SECRETS}`.
3. The variable `{variable}`.
4. The key `password` in the configuration file, in quotes.

## State directory

Where `state_dir` is not set, it is the directory that systemd hands over in `STATE_DIRECTORY`, else the one for the
user's state; on Linux that is `~/.local/state/sems-exporter`. [SECURITY.md](../SECURITY.md) tells what is kept there.
"""


def _check_model() -> None:
    """Raise Unfinished where the model declares what the rest of it does not know."""
    for scope in (*CHILDREN, *(kind for children in CHILDREN.values() for _, kind in children)):
        if scope not in CHILDREN:
            raise Unfinished(f"{scope.__name__} has no row of its own in CHILDREN in model/plant.py.")
        for attribute, declared in enumerations(scope).items():
            if "unknown" not in [word.value for word in declared.words]:
                words = declared.words.__name__
                raise Unfinished(f"{words}, the words of {scope.__name__}.{attribute}, lack UNKNOWN in model/plant.py.")
        described = {found.name for found in dataclasses.fields(scope)}
        for attribute, _ in CHILDREN[scope]:
            if attribute not in described:
                raise Unfinished(f"CHILDREN in model/plant.py names {attribute!r}, which {scope.__name__} lacks.")


def _section(scope: type[Entity]) -> str:
    heads = ("Name", "Type", "Labels", "Unit", "Range", "Stays", "Meaning")
    rows = [_family_row(found) for found in all_families() if found.scope is scope]
    return f"## {scope.noun[:1].upper()}{scope.noun[1:]}\n\n{_table(heads, rows)}\n\n"


def _family_row(found: Family) -> tuple[str, ...]:
    measure = found.measure
    span = f"{_number(measure.low)} to {_number(measure.high)}" if measure else NOTHING
    stays = found.role.value if found.role else NOTHING
    names = _codes(labels().get(found.name, ()))
    return (_code(found.sample_name), found.kind.value, names, found.unit or NOTHING, span, stays, found.help)


def _number(value: float) -> str:
    digits, _, power = f"{value:g}".replace("-", "−").partition("e")
    return f"{digits}e{power.removeprefix('+').lstrip('0')}" if power else digits


@cache
def labels() -> dict[str, list[str]]:
    """The labels of each family of the model, by its name, taken from a station that has everything."""
    shown = StationView(_example(Station), up=True, until=None)
    return {
        name: list(dict.fromkeys(key for sample in samples for key in re.findall(r'(\w+)="', sample.labels)))
        for name, samples in collect([shown]).by_family.items()
    }


def _example(scope: type[S]) -> S:
    """A `scope` with every value, every text and one of each of its parts."""
    start = datetime.fromtimestamp(0, UTC)
    names = {found.name for found in dataclasses.fields(scope)}
    values: dict[str, object] = {scope.key: EXAMPLE}
    values.update(dict.fromkeys(info_labels(scope), EXAMPLE))
    values.update(dict.fromkeys([*measures(scope), *registers(scope)], 1))
    values.update(dict.fromkeys({"data_timestamp", "fetched_at"} & names, start))
    values.update({attribute: (_example(kind),) for attribute, kind in CHILDREN[scope]})
    values.update({name: declared.unknown for name, declared in enumerations(scope).items()})
    if issubclass(scope, Station):
        level = AlarmLevel.UNKNOWN
        values["money"] = _example_money()
        values["alarms"] = (Alarm(device=EXAMPLE, code=EXAMPLE, level=level, name=EXAMPLE, started_at=start),)
    return scope(**values)  # type: ignore[arg-type] # as declared


def _example_money() -> Money:
    energies = {EXAMPLE: 1.0}
    money = Money(tariff=EXAMPLE, currency=EXAMPLE, unpriced=energies, estimated=energies)
    amounts: dict[str, Any] = dict.fromkeys((*families.PRICES, *families.MONEY), 1.0)
    return dataclasses.replace(money, **amounts)


def own_rows() -> list[tuple[str, ...]]:
    """Name, type, labels and help of each family about the exporter."""
    own, findings = metrics.complete(), Diagnostics()
    own.endpoints((EXAMPLE,))
    findings.drop(EXAMPLE, DropReason.SENTINEL)
    own.findings(findings)
    return [
        (
            _code(family.name + ("_total" if family.type == "counter" else "")),
            family.type,
            _codes(sorted({label for sample in family.samples for label in sample.labels} - {"le"})),
            family.documentation,
        )
        for family in own.registry.collect()
        if not family.name.startswith("process_")
    ]


def _closed_lists() -> str:
    failures = [(_code(leaf.reason), _documented(leaf)) for leaf in errors.leaves(errors.PortalError)]
    dropped = [(_code(why), _described(DROPPED, "DROPPED", why)) for why in DropReason]
    unknown = [(_code(kind), _described(UNKNOWN, "UNKNOWN", kind)) for kind in Unknown]
    internal = (_code(metrics.INTERNAL), "A fault of the exporter itself.")
    return f"""## Values of labels

These lists are closed: no answer of the portal can add to them.

{"".join(_enumerations())}`level` of an alarm: {_codes(AlarmLevel)}.

`reason` of `sems_values_dropped_total`, whose `metric` is the series that the value would have gone to:

{_table(("Reason", "Why the value is not published"), dropped)}

`kind` of `sems_portal_unknown_total`; the log names each new word once:

{_table(("Kind", "What is new"), unknown)}

`kind` of `sems_portal_limited_total`, of which more came than is kept ([trust.md](trust.md)): {_codes(Limited)}.

`reason` of `sems_refresh_failures_total`:

{_table(("Reason", "What happened"), [*failures, internal])}

`outcome` of `sems_portal_logins_total`: {_codes(metrics.LOGIN_OUTCOMES)}.

`outcome` of `sems_portal_requests_total`: {_codes(metrics.OUTCOMES)}.
"""


K = TypeVar("K", bound=Enum)


def _described(texts: Mapping[K, str], table: str, member: K) -> str:
    if member not in texts:
        raise Unfinished(
            f"{type(member).__name__}.{member.name} has no description: add it to {table} in tools/references.py."
        )
    return texts[member]


def _documented(leaf: type[errors.SemsError]) -> str:
    if not leaf.__dict__.get("__doc__"):
        raise Unfinished(f"{leaf.__name__} in errors.py has no docstring, which is its description in docs/metrics.md.")
    if "reason" not in leaf.__dict__:
        raise Unfinished(f"{leaf.__name__} in errors.py has no reason of its own, the word that metrics use.")
    return _first_line(leaf)


def _enumerations() -> list[str]:
    """The words of each enumeration, once for all metrics that have them."""
    users: dict[tuple[str, str], list[str]] = {}
    for found in all_families():
        if found.enumeration:
            users.setdefault((found.attribute, _codes(found.enumeration.words)), []).append(found.sample_name)
    return [f"`{name}` of {_codes(metrics)}: {words}.\n\n" for (name, words), metrics in users.items()]


def _value_rules(setting: Setting) -> tuple[str, str, str]:
    default = setting.shown_default
    return _allowed(setting.type), _code(default) if default else NOTHING, setting.help


def _allowed(kind: click.ParamType[object]) -> str:
    match kind:
        case click.Choice():
            return _codes(str(choice) for choice in kind.choices)
        case click.IntRange():
            return f"{kind.min} to {kind.max}"
        case types.Duration():
            low, high = kind.low, kind.high
            return f"{low:g} s to {high:g} s, as seconds or like `5m` or `1h30m`"
    return "Text." if isinstance(kind, click.types.StringParamType) else _first_line(type(kind))


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(_code(text) for text in texts) or NOTHING


def _code(text: str) -> str:
    return f"`{text}`"


def _first_line(thing: type) -> str:
    return (thing.__doc__ or "").partition("\n")[0]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ("---",) * len(heads), *rows))


def fields_page() -> str:
    """docs/portal-fields.md."""
    rows = [tuple(map(_plain, entry)) for entry in (*portal_fields.semsplus(), *portal_fields.classic())]
    count = len(portal_fields.semsplus())
    heads = ("block", "field", "metric, or why none")
    return (
        "# Fields of the portal\n\nWhich metric carries which field of the portal's answers, in both dialects, and why "
        "the others have none.\nWritten by `make references`; do not edit.\n\n"
        f"## SEMS+\n\n{_table(heads, rows[:count])}\n\n## Classic: monitor detail\n\n{_table(heads, rows[count:])}\n"
    )


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {"metrics.md": metrics_page, "settings.md": settings_page, "portal-fields.md": fields_page}


def outdated(docs: Path) -> list[str]:
    """The pages in the folder `docs` that differ from the code."""
    paths = {docs / name: page for name, page in PAGES.items()}
    return [path.name for path, page in paths.items() if not path.is_file() or path.read_text("utf-8") != page()]


def write(docs: Path) -> None:
    """Write all pages into the folder `docs`."""
    texts = {name: page() for name, page in PAGES.items()}
    docs.mkdir(exist_ok=True)
    for name, text in texts.items():
        (docs / name).write_text(text, "utf-8")


@click.command(help=__doc__.partition("\n")[0])
@click.option("--check", is_flag=True, help="Write nothing; end with 1 where a page differs from the code.")
def main(*, check: bool) -> None:
    """Write the pages, or compare them."""
    try:
        _check_model()
        if not check:
            write(DOCS)
        elif differing := outdated(DOCS):
            sys.exit(f"out of date: {', '.join(differing)}; run make references")
    except Unfinished as gap:
        sys.exit(f"Nothing was written. {gap}")


if __name__ == "__main__":
    main()
