"""The rules from prometheus/source with the thresholds of values.toml: `python -m prometheus.build`.

Without arguments it writes prometheus/rules, and what alertmanager.yml holds beside the owner's receiver into the
examples of the folder alertmanager. With `--values FILE --into FOLDER` it writes the rules for thresholds of one's own.
"""

import argparse
import re
from pathlib import Path

from prometheus.values import Values, WrongValue, loaded

HERE = Path(__file__).parent
SOURCE, RULES, EXAMPLES = HERE / "source", HERE / "rules", HERE / "alertmanager"
MARK = re.compile(r"<<(\w+)(?:\|(\w+))?>>")
WRITTEN = "# Written by `make rules` from prometheus/source and prometheus/values.toml; change it there.\n"
ALERT = re.compile(r"^ +- alert: (\w+)$", re.MULTILINE)


def made(values: Values) -> dict[str, str]:
    """The rule files by name; raises WrongValue where `values` switch off what there is not."""
    texts = {path.name: path.read_text("utf-8") for path in sorted(SOURCE.glob("*.yml"))}
    known = {name for text in texts.values() for name in ALERT.findall(text)}
    for name in values.without:
        if name not in known:
            raise WrongValue(f"without: there is no alert {name}; there are {', '.join(sorted(known))}")
    return {name: WRITTEN + _filled(_without(text, values.without), values) for name, text in texts.items()}


def _filled(text: str, values: Values) -> str:
    return MARK.sub(lambda mark: values.text(mark[1], mark[2] or ""), text)


def _without(text: str, names: tuple[str, ...]) -> str:
    """The text without the alerts of these names. Rules stand apart by an empty line, with the comment on each."""
    if not names:
        return text
    kept = []
    for part in text.split("\n\n"):
        found = ALERT.search(part)
        if found is None or found[1] not in names:
            kept.append(part)
        elif heading := re.match(r"(?s)(.*? rules:\n)", part):
            kept.append(heading[1].rstrip("\n"))  # the first rule of its group
    # Under the heading of a group there is no empty line.
    return re.sub(r"(?m)^( +rules:)\n\n", r"\1\n", "\n\n".join(kept))


def routed(example: str) -> str:
    """An example of a receiver with the routes and inhibitions of alertmanager.yml."""
    whole = (HERE / "alertmanager.yml").read_text("utf-8")
    shared = whole[whole.index("\nroute:") : whole.index("\nreceivers:")]
    own = example[example.index("\nreceivers:") : example.index("  - name: quiet")]
    return example[: example.index("\nroute:")] + shared + own + whole[whole.index("  - name: quiet") :]


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(prog="python -m prometheus.build", description=__doc__)
    parser.add_argument("--values", help="file with values of your own")
    parser.add_argument("--into", type=Path, default=RULES, help="folder for the rules")
    asked = parser.parse_args()
    try:
        files = made(loaded(asked.values))
    except WrongValue as wrong:
        parser.exit(2, f"{wrong}\n")
    asked.into.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (asked.into / name).write_text(text, "utf-8")
    if asked.into == RULES:
        for path in EXAMPLES.glob("*.yml"):
            path.write_text(routed(path.read_text("utf-8")), "utf-8")
    else:
        for path in RULES.glob("*.yml"):  # those that have no thresholds
            if path.name not in files:
                (asked.into / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
