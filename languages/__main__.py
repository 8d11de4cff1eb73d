"""Bring the catalogues in line with the English texts, and the page's tables with them: `python -m languages`."""

import sys

from . import LANGUAGES, page_tables
from .catalogues import FOLDER, missing, text_of
from .messages import messages, page_messages


def main() -> int:
    """Write catalogues and tables, and say what is to be translated; 1 where something is."""
    found, lacking = messages(), 0
    for language in LANGUAGES:
        path = FOLDER / f"{language}.po"
        path.write_text(text_of(language, found), "utf-8")
        (page_tables.FOLDER / f"{language}.json").write_text(page_tables.text_of(language, page_messages()), "utf-8")
        if untold := missing(language, found):
            lacking += len(untold)
            print(f"languages/{path.name}: {len(untold)} texts to translate, beginning with {untold[0]!r}")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
