"""A contact sheet: `python -m grafana.pictures.sheet SHEET.png FOLDER...` puts equal names of pictures side by side."""

import argparse
import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.browser import browsing

WIDTH = 700
"""Pixels of each picture."""
STYLE = f"""body {{ margin: 16px; background: #444; color: #eee; font: 20px sans-serif }}
td {{ vertical-align: top; padding: 8px }} img {{ width: {WIDTH}px }} img.narrow {{ width: 300px }}"""


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(prog="python -m grafana.pictures.sheet", description=__doc__)
    parser.add_argument("sheet", type=Path, help="the picture to write")
    parser.add_argument("folders", nargs="+", type=Path, help="folders with pictures, such as before and after")
    asked = parser.parse_args()
    names = sorted({path.name for folder in asked.folders for path in folder.glob("*.png")})
    if not names:
        parser.exit(2, "There are no pictures (*.png) in these folders.\n")
    rows = "".join(_row(name, asked.folders) for name in names)
    heads = "".join(f"<th>{escape(folder.name)}</th>" for folder in asked.folders)
    with TemporaryDirectory() as work, browsing("chromium") as browser:
        page = Path(work) / "sheet.html"
        page.write_text(
            f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><table><tr>{heads}</tr>{rows}</table>", "utf-8"
        )
        opened = browser.visit(page.as_uri(), (WIDTH + 24) * len(asked.folders) + 40, 900, phone=False)
        opened.wait_for("[...document.images].every((one) => one.complete)")
        opened.unroll()
        opened.settle()
        asked.sheet.write_bytes(base64.b64decode(opened.picture()))
        opened.close()


def _row(name: str, folders: Sequence[Path]) -> str:
    cells = "".join(_cell(folder / name) for folder in folders)
    return f"<tr><td colspan={len(folders)}>{escape(name)}</td></tr><tr>{cells}</tr>"


def _cell(picture: Path) -> str:
    if not picture.exists():
        return "<td>not there</td>"
    narrow = ' class="narrow"' if "-narrow-" in picture.name else ""
    return f'<td><img{narrow} src="{picture.resolve().as_uri()}" alt=""></td>'


if __name__ == "__main__":
    main()
