"""The table of faults for people: docs/faults.md, or the terminal.

python -m tests.e2e.faults.page            writes docs/faults.md
python -m tests.e2e.faults.page --print    prints it
"""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.e2e.faults.row import COUNTERS, Row
from tools.unfinished import Unfinished

Table = dict[str, tuple[Row, ...]]
ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "faults.md"
OPENING = """# Faults

<!-- Written by `make faults` from the table that the tests play; change it there. -->

What the portal, the way to it, the account, the plant and the disk are known to do, and what the exporter makes of it.
Each row is played by the simulated portal against the whole exporter, over real connections, for 25 minutes or longer.
In every one of them:

- `/metrics` answers 200, and both formats can be parsed strictly;
- nothing is shown that was not true of the plant a short while before; live values go when they are 20 minutes old;
- of the counters of trouble exactly those move that the row names;
- neither password, digest, token, user id nor account name stands in the metrics, on the page or in the log;
- sign-ins keep their distances, and nothing is sent while the portal wants a pause;
- when the fault is over, all is there again: mostly at the next refresh, at the latest within the time that a refusal
  is remembered.

“From the start” means that the exporter has neither a session nor a value yet. *Sign-ins* are those that the portal
sees while the fault lasts. Where a row says that `sems_up` is 0, so does the status page, with a sentence.
"""


def whole(load: Callable[[], Table]) -> Table:
    """Load the table; raises Unfinished, with the place, for a row that lacks a field, or has one that is none."""
    try:
        return load()
    except TypeError as error:
        row = traceback.extract_tb(error.__traceback__)[-1]
        place = Path(row.filename).resolve()
        name = place.relative_to(ROOT) if place.is_relative_to(ROOT) else place
        raise Unfinished(
            f"{name}, line {row.lineno}: {error}; Row in tests/e2e/faults/row.py says what it takes."
        ) from error


def _table() -> Table:
    # Here, because the rows are made as the module is imported.
    from tests.e2e.faults.table import TABLE  # noqa: PLC0415

    return TABLE


def page() -> str:
    """Write all of docs/faults.md."""
    legend = "\n".join(f"- *{word}*: `{metric}`, {label}" for word, (metric, label) in COUNTERS.items())
    chapters = "\n".join(_chapter(title, rows) for title, rows in whole(_table).items())
    return f"{OPENING}\nThe counters in the tables, and the label that tells:\n\n{legend}\n\n{chapters}"


def _chapter(title: str, rows: tuple[Row, ...]) -> str:
    head = "| Fault | What the exporter does | What moves | `sems_up` | Sign-ins |\n| --- | --- | --- | --- | --- |"
    return "\n".join([f"## {title}", "", head, *map(_line, rows), ""])


def _line(row: Row) -> str:
    if not (row.name and row.happens and row.then):
        raise Unfinished(f"The row {row.name!r} needs a name, and words in happens and then: they are the page.")
    name = f"**{row.name[0].upper()}{row.name[1:]}**. {row.happens}"
    return f"| {name} | {row.then} | {_moves(row)} | {int(row.up)} | {row.logins or 'none'} |"


def _moves(row: Row) -> str:
    by_counter: dict[str, list[str]] = {}
    for move in row.moves.split():
        counter, _, value = move.partition(":")
        if counter not in COUNTERS or not value:
            raise Unfinished(
                f"The row {row.name!r} has {move!r} in moves; it takes counter:value with one of {', '.join(COUNTERS)}."
            )
        by_counter.setdefault(counter, []).append(f"`{value}`")
    return (
        "; ".join(f"{counter} {', '.join(by_counter[counter])}" for counter in COUNTERS if counter in by_counter) or "–"
    )


if __name__ == "__main__":
    try:
        text = page()
    except Unfinished as gap:
        sys.exit(f"Nothing was written. {gap}")
    if "--print" in sys.argv:
        print(text)  # noqa: T201
    else:
        PAGE.write_text(text, encoding="utf-8")
