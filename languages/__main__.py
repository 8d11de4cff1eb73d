"""Bring the catalogues in line with the English texts: `python -m languages`."""

import sys

from . import LANGUAGES
from .catalogues import FOLDER, missing, text_of
from .messages import messages


def main() -> int:
    """Write the catalogues, and say what is to be translated; 1 where something is."""
    found, lacking = messages(), 0
    for language in LANGUAGES:
        path = FOLDER / f"{language}.po"
        path.write_text(text_of(language, found), "utf-8")
        if untold := missing(language, found):
            lacking += len(untold)
            print(f"{path}: {len(untold)} texts to translate, beginning with {untold[0]!r}")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
