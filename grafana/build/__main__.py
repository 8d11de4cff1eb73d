"""Write all dashboards: `python -m grafana.build`, in English into grafana/dashboards, else into build/dashboards."""

import argparse
import json
import sys
from pathlib import Path

from languages import LANGUAGES, PSEUDO
from languages.catalogues import translator

from . import dashboards
from .look import Json, states_without_a_word
from .texts import translated

ROOT = Path(__file__).parents[2]
ENGLISH, OTHERS = ROOT / "grafana" / "dashboards", ROOT / "build" / "dashboards"


def text_of(dashboard: Json) -> str:
    """A dashboard as it stands in its file: sorted keys make differences small."""
    return json.dumps(dashboard, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def files(language: str = "en") -> dict[str, str]:
    """The names of the files and what stands in them."""
    made = dashboards()
    if language != "en":
        made = {name: translated(board, language, translator(language)) for name, board in made.items()}
    return {f"{name}.json": text_of(board) for name, board in made.items()}


def write(folder: Path, language: str) -> None:
    """Write the dashboards of a language into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files(language).items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m grafana.build", description=__doc__)
    parser.add_argument("--into", type=Path, help="folder for the dashboards")
    kinds = ("en", *LANGUAGES, PSEUDO, "all")
    parser.add_argument("--language", choices=kinds, default="en", help="all: each but English, in a folder of its own")
    asked = parser.parse_args()
    if missing := states_without_a_word():
        sys.exit(f"Nothing was written. STATES in grafana/build/look.py has no word for {', '.join(missing)}.")
    if asked.language == "all":
        for language in LANGUAGES:
            write((asked.into or OTHERS) / language, language)
    else:
        write(asked.into or (ENGLISH if asked.language == "en" else OTHERS / asked.language), asked.language)
