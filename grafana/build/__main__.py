"""Write all dashboards: `python -m grafana.build`, with `--into FOLDER` elsewhere than into grafana/dashboards."""

import argparse
import json
import sys
from pathlib import Path

from . import dashboards
from .look import Json, states_without_a_word

FOLDER = Path(__file__).parents[1] / "dashboards"


def text_of(dashboard: Json) -> str:
    """A dashboard as it stands in its file: sorted keys make differences small."""
    return json.dumps(dashboard, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m grafana.build", description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder for the dashboards")
    into = parser.parse_args().into
    if missing := states_without_a_word():
        sys.exit(f"Nothing was written. STATES in grafana/build/look.py has no word for {', '.join(missing)}.")
    into.mkdir(parents=True, exist_ok=True)
    for name, dashboard in dashboards().items():
        (into / f"{name}.json").write_text(text_of(dashboard), "utf-8")
