"""Write all dashboards."""

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
    if missing := states_without_a_word():
        sys.exit(f"Nothing was written. STATES in grafana/build/look.py has no word for {', '.join(missing)}.")
    for name, dashboard in dashboards().items():
        (FOLDER / f"{name}.json").write_text(text_of(dashboard), "utf-8")
